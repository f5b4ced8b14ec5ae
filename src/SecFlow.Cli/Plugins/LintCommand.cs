using System.CommandLine;
using SecFlow.Cli.Plugins.Building;

namespace SecFlow.Cli.Plugins;

/// <summary>Everything that can be wrong with a plugin's folder, at once.</summary>
internal static class LintCommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = BuildCommand.Folder();
        var command = new Command("lint", "Check manifest, config schema, package rules, README, script and fixtures; every problem as file:line:column, exit code 1 when there is one.") { folder };
        command.SetAction(async (parsed, ct) =>
        {
            var author = AuthorFolder.Open(parsed.GetRequiredValue(folder));
            var problems = await FolderLint.RunAsync(author, await DevelopmentBench.OpenAsync(ct), ct);
            await FileProblem.WriteAsync(terminal, problems);
            await terminal.Error.WriteLineAsync($"{Path.GetFileName(author.Path)}: {(problems.Count == 0 ? "no problems" : $"{problems.Count} problem(s)")}");
            return problems.Count == 0 ? ExitCodes.Done : ExitCodes.Rejected;
        });
        return command;
    }
}
