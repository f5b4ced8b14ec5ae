using System.CommandLine;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Tools;

namespace SecFlow.Cli.Plugins;

/// <summary>The plugins that the installation knows.</summary>
internal static class ListCommand
{
    public static Command Create(Terminal terminal)
    {
        var data = Options.Data();
        var format = Options.Format("table", "json");
        var command = new Command("list", "The plugins of the installation: version, state, signer, and which only read recorded reports because a tool of theirs does not run here.") { data, format };
        command.SetAction(async (parsed, ct) =>
        {
            await using var installation = await Installation.OpenAsync(parsed.GetRequiredValue(data), terminal, ct);
            var plugins = await installation.Services.GetRequiredService<PluginRegistry>().ListAsync(ct);
            var recordedOnly = await installation.Services.GetRequiredService<ToolService>().RecordedOnlyAsync(installation.Actor, ct);
            if (parsed.GetRequiredValue(format) == "json")
            {
                await Output.WriteJsonAsync(terminal, new JsonObject { ["plugins"] = new JsonArray([.. plugins.Select(p => Describe(p, recordedOnly.GetValueOrDefault(p.Row.PluginId)))]) });
                return ExitCodes.Done;
            }

            Output.WriteTable(
                terminal,
                ["plugin", "version", "state", "trust", "signer", "here", "title"],
                plugins.Select(p => (IReadOnlyList<string>)[p.Row.PluginId, p.Row.Version, p.Row.State.ToString(), p.Row.TrustState, p.Row.Signer ?? "", recordedOnly.ContainsKey(p.Row.PluginId) ? "recorded-only" : "runs", p.Row.Title]));
            return ExitCodes.Done;
        });
        return command;
    }

    private static JsonObject Describe(InstalledPlugin plugin, Diagnostic? recordedOnly) => new()
    {
        ["id"] = plugin.Row.PluginId,
        ["aliases"] = new JsonArray([.. plugin.Manifest.Aliases.Select(a => JsonValue.Create(a))]),
        ["version"] = plugin.Row.Version,
        ["title"] = plugin.Row.Title,
        ["state"] = plugin.Row.State.ToString(),
        ["stateReason"] = plugin.Row.StateReason,
        ["trust"] = plugin.Row.TrustState,
        ["signer"] = plugin.Row.Signer,
        ["rule"] = plugin.Row.TrustRule,
        ["digest"] = plugin.Row.Digest,
        ["intrusiveness"] = plugin.Manifest.Intrusiveness.ToString().ToLowerInvariant(),
        ["recordedOnly"] = recordedOnly is null ? null : new JsonObject { ["code"] = recordedOnly.Code, ["message"] = recordedOnly.Message },
        ["network"] = plugin.Manifest.Permissions.Network.ToString().ToLowerInvariant(),
    };
}
