using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Cli.Plugins;

/// <summary>Keeps what a plugin says in memory, up to the limits of a node; logs go to stderr.</summary>
internal sealed class PluginCollector(Terminal terminal) : IPluginOutput
{
    public JsonArray Findings { get; } = [];

    /// <summary>Records of other ports, by port.</summary>
    public JsonObject Records { get; } = [];

    public JsonArray Verdicts { get; } = [];

    /// <summary>Texts of the files that a report wrote, by name.</summary>
    public JsonObject Artifacts { get; } = [];

    public ValueTask EmitAsync(string port, IReadOnlyList<JsonNode?> records, CancellationToken ct)
    {
        var list = port == "findings" ? Findings : Records[port] as JsonArray;
        if (list is null)
        {
            list = [];
            Records[port] = list;
        }

        var room = (int)Limits.FindingsPerNode.Default - list.Count;
        foreach (var record in records.Take(Math.Max(0, room)))
        {
            list.Add(record?.DeepClone());
        }

        return records.Count <= room ? ValueTask.CompletedTask : throw new SecFlowException(Codes.LimitRecords, $"Port {port}: more than {Limits.FindingsPerNode.Default} records.");
    }

    public ValueTask VerdictAsync(Verdict verdict, string reason, string? target, IReadOnlyList<string> checks, CancellationToken ct)
    {
        Verdicts.Add((JsonNode)new JsonObject { ["verdict"] = verdict.ToString().ToLowerInvariant(), ["reason"] = reason, ["target"] = target, ["checks"] = new JsonArray([.. checks.Select(c => JsonValue.Create(c))]) });
        return ValueTask.CompletedTask;
    }

    public async ValueTask LogAsync(string level, string text, CancellationToken ct) => await terminal.Error.WriteLineAsync($"{level}: {Output.Plain(text)}");

    public ValueTask ProgressAsync(double percent, string text, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask ArtifactAsync(string name, string mediaType, string text, CancellationToken ct)
    {
        var whole = (string?)Artifacts[name] + text;
        Artifacts[name] = whole.Length <= Limits.PackageBytes.Default && Artifacts.Count <= 8
            ? whole
            : throw new SecFlowException(Codes.LimitOutput, $"The files hold more than {Limits.PackageBytes.Default} characters, or are more than 8. Write less.");
        return ValueTask.CompletedTask;
    }

    public async ValueTask RefusedAsync(Diagnostic diagnostic, CancellationToken ct) => await CliApp.SayAsync(terminal, diagnostic);
}
