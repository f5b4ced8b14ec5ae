using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Cli.Plugins;

/// <summary>Keeps what a script emits to one port and forgets the rest.</summary>
internal sealed class SilentOutput : IPluginOutput
{
    public List<JsonNode?> Records { get; } = [];

    public ValueTask EmitAsync(string port, IReadOnlyList<JsonNode?> records, CancellationToken ct)
    {
        Records.AddRange(records);
        return ValueTask.CompletedTask;
    }

    public ValueTask VerdictAsync(Verdict verdict, string reason, string? target, IReadOnlyList<string> checks, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask LogAsync(string level, string text, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask ProgressAsync(double percent, string text, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask RefusedAsync(Diagnostic diagnostic, CancellationToken ct) => ValueTask.CompletedTask;
}
