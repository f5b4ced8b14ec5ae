using System.CommandLine;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.PluginProtocol;

namespace SecFlow.Cli.Plugins;

/// <summary>Reads a recorded report through an installed plugin's `parse`, in the real host and sandbox.</summary>
internal static class ParseCommand
{
    public static Command Create(Terminal terminal)
    {
        var id = new Argument<string>("ID") { Description = "An installed plugin, or an alias of it." };
        var file = Options.File("FILE", "What the tool wrote.");
        var format = Options.Format("table", "json");
        var data = Options.Data();
        var command = new Command("parse", "Findings of a recorded report on stdout: {\"findings\": [...], \"verdicts\": [...]}.") { id, file, format, data };
        command.SetAction(async (parsed, ct) =>
        {
            await using var installation = await Installation.OpenAsync(parsed.GetRequiredValue(data), terminal, ct);
            var name = parsed.GetRequiredValue(id);
            var plugin = await installation.Services.GetRequiredService<PluginRegistry>().FindAsync(name, ct)
                ?? throw new SecFlowException(Codes.NotFound, $"No enabled plugin `{name}` is installed; `secflow plugin list` shows those that are.");
            var collector = new PluginCollector(terminal);
            var request = new PluginRequest(installation.Actor, plugin.Row.Digest, Guid.Empty, "parse");
            await using var session = await installation.Services.GetRequiredService<PluginRunner>().OpenAsync(request, ct);
            var work = new PluginWork { Entry = PluginEntry.Parse, RawFiles = new Dictionary<string, string>(StringComparer.Ordinal) { ["stdout"] = parsed.GetRequiredValue(file).FullName } };
            var outcome = await session.RunAsync(work, collector, ct);
            if (outcome.Error is not null)
            {
                throw new SecFlowException(outcome.Error);
            }

            await WriteAsync(terminal, collector, parsed.GetRequiredValue(format));
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task WriteAsync(Terminal terminal, PluginCollector collector, string format)
    {
        if (format == "json")
        {
            await Output.WriteJsonAsync(terminal, new JsonObject { ["findings"] = collector.Findings, ["verdicts"] = collector.Verdicts });
            return;
        }

        Output.WriteTable(terminal, ["severity", "rule", "title", "location"], collector.Findings.Select(f => (IReadOnlyList<string>)[Text(f, "severity"), Text(f, "ruleId"), Text(f, "title"), Text(f, "location")]));
        await terminal.Error.WriteLineAsync($"{collector.Findings.Count} finding(s)");
    }

    private static string Text(JsonNode? record, string name) => (record as JsonObject)?[name]?.ToString() ?? "";
}
