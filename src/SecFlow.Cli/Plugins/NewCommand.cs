using System.CommandLine;
using System.Text;
using SecFlow.Cli.Plugins.Scaffolding;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Cli.Plugins;

/// <summary>Makes the folder of a new plugin that builds, lints and passes its tests at once.</summary>
internal static class NewCommand
{
    private const int LongestTitle = 100;

    /// <summary>Categories whose plugins look at targets and create findings, which is what the template does.</summary>
    private static readonly string[] Creating = ["discovery", "scan", "analysis"];

    public static Command Create(Terminal terminal)
    {
        var id = new Argument<string>("ID") { Description = "category.name, such as scan.hello." };
        var js = new Option<bool>("--js") { Description = "Plain ES5 instead of TypeScript: needs no Node." };
        var gitHub = new Option<bool>("--github") { Description = "With .github/workflows/release.yml, which signs keylessly and makes a release for each tag." };
        var directory = new Option<string?>("--dir") { Description = "Folder to make (default: ID in the current folder).", HelpName = "DIR" };
        var title = new Option<string?>("--title") { Description = "Title of 1 to 100 characters (default: from the id).", HelpName = "TEXT" };
        var command = new Command("new", "Make a new plugin: manifest, config schema, README, script, types, unit test and fixture.") { id, js, gitHub, directory, title };
        command.SetAction(async (parsed, _) =>
        {
            var name = parsed.GetRequiredValue(id);
            CheckId(name);
            var text = CheckTitle(parsed.GetValue(title) ?? TitleOf(name));
            var folder = Path.GetFullPath(parsed.GetValue(directory) ?? name);
            if (Path.Exists(folder))
            {
                throw new SecFlowException(Codes.OptionInvalid, $"'{Path.GetFileName(folder)}' is there already; nothing is overwritten. Choose another folder with --dir, or remove it.");
            }

            var files = Scaffold.Files(name, text, parsed.GetValue(js), parsed.GetValue(gitHub));
            Scaffold.Write(folder, files);
            foreach (var file in files.Keys)
            {
                await terminal.Out.WriteLineAsync($"{Path.GetFileName(folder)}/{file}");
            }

            var shown = parsed.GetValue(directory) ?? name;
            await terminal.Error.WriteLineAsync(parsed.GetValue(js)
                ? $"next: secflow plugin test {shown}"
                : $"next: npm install --prefix {shown} (once, for the compiler), then secflow plugin build {shown} and secflow plugin test {shown}");
            if (parsed.GetValue(gitHub))
            {
                await terminal.Error.WriteLineAsync("release: push the folder as a repository of its own, then a tag equal to the version (v0.1.0). Its packages are signed by https://github.com/OWNER/REPOSITORY/.github/workflows/release.yml@refs/tags/v0.1.0; the first lines of the workflow say what a trust policy names.");
            }

            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>What the manifest would say about the id, said before anything is written.</summary>
    private static void CheckId(string id)
    {
        var manifest = $"apiVersion: secflow/v1\nid: {System.Text.Json.JsonSerializer.Serialize(id)}\nversion: 0.1.0\ntitle: x\nintrusiveness: safe\n";
        var problems = ManifestReader.Read(Encoding.UTF8.GetBytes(manifest)).Problems;
        if (problems.Count > 0)
        {
            throw new SecFlowException([.. problems.Select(p => new Diagnostic(Codes.OptionInvalid, p.Message))]);
        }

        if (!Creating.Contains(id.Split('.')[0], StringComparer.Ordinal))
        {
            throw new SecFlowException(Codes.OptionInvalid, $"'{id}': plugins of the category {id.Split('.')[0]} work on findings of others, for which there is no template yet. Begin with one of {string.Join(", ", Creating)}, then change id, inputs and script.");
        }
    }

    private static string CheckTitle(string title) => title.Trim().Length is > 0 and <= LongestTitle && !title.Any(char.IsControl)
        ? title.Trim()
        : throw new SecFlowException(Codes.OptionInvalid, $"--title: expected 1 to {LongestTitle} characters in one line, found {title.Length}.");

    private static string TitleOf(string id)
    {
        var words = id[(id.IndexOf('.', StringComparison.Ordinal) + 1)..].Replace('.', ' ').Replace('-', ' ');
        var title = char.ToUpperInvariant(words[0]) + words[1..];
        return title.Length > LongestTitle ? title[..LongestTitle] : title;
    }
}
