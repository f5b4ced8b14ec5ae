using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Resources;
using SecFlow.Execution.Resources;

namespace SecFlow.Cli.Resources;

/// <summary>What was imported.</summary>
internal static class ListCommand
{
    public static Command Create(Terminal terminal)
    {
        var data = Options.Data();
        var format = Options.Format("table", "json");
        var command = new Command("list", "The wordlists, data sets and templates of the installation.") { data, format };
        command.SetAction(async (parsed, ct) =>
        {
            await using var installation = await Installation.OpenAsync(parsed.GetRequiredValue(data), terminal, ct);
            var resources = await installation.Services.GetRequiredService<ResourceService>().ListAsync(installation.Actor, ct);
            if (parsed.GetRequiredValue(format) == "json")
            {
                await Output.WriteJsonAsync(terminal, new JsonObject { ["resources"] = new JsonArray([.. resources.Select(Describe)]) });
                return ExitCodes.Done;
            }

            Output.WriteTable(
                terminal, ["resource", "entries", "bytes", "data of", "imported", "by"],
                resources.Select(r => (IReadOnlyList<string>)[Uri(r), r.Entries.ToString(CultureInfo.InvariantCulture), r.Size.ToString(CultureInfo.InvariantCulture), r.DataDate ?? "", r.ImportedAt.ToString("u", CultureInfo.InvariantCulture), r.ImportedBy]));
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Uri(Resource resource) => $"res://{resource.Type}/{resource.Name}:{resource.Version}";

    private static JsonObject Describe(Resource resource) => new()
    {
        ["uri"] = Uri(resource),
        ["digest"] = resource.Digest,
        ["bytes"] = resource.Size,
        ["entries"] = resource.Entries,
        ["dataDate"] = resource.DataDate,
        ["origin"] = resource.Origin,
        ["importedBy"] = resource.ImportedBy,
        ["importedAt"] = resource.ImportedAt,
    };
}
