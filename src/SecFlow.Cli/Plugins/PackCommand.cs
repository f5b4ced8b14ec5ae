using System.CommandLine;
using SecFlow.Execution.Plugins;

namespace SecFlow.Cli.Plugins;

/// <summary>Makes an unsigned package of a plugin's folder.</summary>
internal static class PackCommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<DirectoryInfo>("FOLDER") { Description = "The plugin's folder: plugin.yaml, index.js, config.schema.json, ..." }.AcceptExistingOnly();
        var output = new Option<FileInfo?>("--output", "-o") { Description = "The zip to write (default: ID-VERSION.zip in the current folder)." };
        var command = new Command("pack", "Check a plugin's folder and write its package (zip with SHA256SUMS).") { folder, output };
        command.SetAction(async (parsed, ct) =>
        {
            var package = PackageWriter.Pack(parsed.GetRequiredValue(folder).FullName);
            var file = parsed.GetValue(output) ?? new FileInfo(PackageFile.NameOf(package));
            await PackageFile.WriteAsync(package, file.FullName, ct);
            await terminal.Out.WriteLineAsync($"{package.Digest}  {file.Name}");
            return ExitCodes.Done;
        });
        return command;
    }
}
