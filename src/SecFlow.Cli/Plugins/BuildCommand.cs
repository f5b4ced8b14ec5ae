using System.CommandLine;
using SecFlow.Cli.Plugins.Building;

namespace SecFlow.Cli.Plugins;

/// <summary>Compiles a plugin's TypeScript to the one ES5 file that runs, and lets the real host parse it.</summary>
internal static class BuildCommand
{
    public static Argument<string> Folder() => new("DIR") { Description = "The plugin's folder (default: the current one).", DefaultValueFactory = _ => "." };

    public static Command Create(Terminal terminal)
    {
        var folder = Folder();
        var command = new Command("build", "Compile index.ts to index.js (ES5, with a source map beside it) and check it in the real plugin host; problems as file:line:column.") { folder };
        command.SetAction(async (parsed, ct) =>
        {
            var author = AuthorFolder.Open(parsed.GetRequiredValue(folder));
            author.Manifest();
            var problems = await RunAsync(author, await DevelopmentBench.OpenAsync(ct), ct);
            await FileProblem.WriteAsync(terminal, problems);
            await terminal.Error.WriteLineAsync(problems.Count == 0 ? $"{Path.GetFileName(author.Path)}: {(author.IsTypeScript ? "built and checked" : "checked (there is no index.ts to build)")}" : $"{Path.GetFileName(author.Path)}: {problems.Count} problem(s), nothing was written that does not compile");
            return problems.Count == 0 ? ExitCodes.Done : ExitCodes.Rejected;
        });
        return command;
    }

    /// <summary>Builds what there is to build and checks the script; the problems, none when all is well.</summary>
    public static async Task<IReadOnlyList<FileProblem>> RunAsync(AuthorFolder author, DevelopmentBench bench, CancellationToken ct)
    {
        if (author.IsTypeScript)
        {
            var compilation = await new TypeScriptCompiler(bench.Sandbox).CompileAsync(author, [], ct);
            if (compilation.Problems.Count > 0 || compilation.Script is null)
            {
                return compilation.Problems;
            }

            await PluginBuild.WriteAsync(author, compilation, ct);
        }

        return await ScriptCheck.RunAsync(bench.Session, PluginBuild.Read(author), ct);
    }
}
