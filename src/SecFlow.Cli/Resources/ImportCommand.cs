using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Resources;

namespace SecFlow.Cli.Resources;

/// <summary>Imports a file that plugins work with.</summary>
internal static class ImportCommand
{
    public static Command Create(Terminal terminal)
    {
        var name = new Argument<string>("TYPE/NAME") { Description = $"Such as wordlist/mine or cve/kev. Types: {string.Join(", ", ResourceUri.Types)}." };
        var file = Options.File("FILE", "A wordlist; NVD JSON 2.0, CISA KEV or EPSS; a template of nuclei. Texts also as .gz.");
        var version = new Option<string?>("--label") { Description = "Version under which it is kept (default: date of the data and start of the digest).", HelpName = "VERSION" };
        var data = Options.Data();
        var command = new Command("import", "Imports a wordlist, a data set of CVEs or templates for plugins.") { name, file, version, data };
        command.SetAction(async (parsed, ct) =>
        {
            var parts = parsed.GetRequiredValue(name).Split('/', 2);
            if (parts.Length != 2)
            {
                throw new SecFlowException(Codes.ResourceInvalid, $"'{parts[0]}' is not TYPE/NAME, such as wordlist/mine. Types: {string.Join(", ", ResourceUri.Types)}.");
            }

            await using var installation = await Installation.OpenAsync(parsed.GetRequiredValue(data), terminal, ct);
            await using var content = parsed.GetRequiredValue(file).OpenRead();
            var resource = await installation.Services.GetRequiredService<ResourceService>()
                .ImportAsync(installation.Actor, new ResourceImport(parts[0], parts[1], parsed.GetValue(version), Path.GetFileName(parsed.GetRequiredValue(file).Name)), content, ct);
            await terminal.Out.WriteLineAsync($"res://{resource.Type}/{resource.Name}:{resource.Version} {resource.Digest} ({resource.Entries} entries, {resource.Size} bytes{(resource.DataDate is null ? "" : ", data of " + resource.DataDate)})");
            return ExitCodes.Done;
        });
        return command;
    }
}
