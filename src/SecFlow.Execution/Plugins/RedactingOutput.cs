using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Plugins;

/// <summary>Takes the secrets of the run out of everything that a plugin says, before anybody stores or shows it.</summary>
internal sealed class RedactingOutput(IPluginOutput inner, SecretValues secrets) : IPluginOutput
{
    public ValueTask EmitAsync(string port, IReadOnlyList<JsonNode?> records, CancellationToken ct) =>
        inner.EmitAsync(port, secrets.IsEmpty ? records : [.. records.Select(secrets.Redact)], ct);

    public ValueTask VerdictAsync(Verdict verdict, string reason, string? target, IReadOnlyList<string> checks, CancellationToken ct) =>
        inner.VerdictAsync(verdict, secrets.Redact(reason), target, secrets.IsEmpty ? checks : [.. checks.Select(secrets.Redact)], ct);

    public ValueTask LogAsync(string level, string text, CancellationToken ct) => inner.LogAsync(level, secrets.Redact(text), ct);

    public ValueTask ProgressAsync(double percent, string text, CancellationToken ct) => inner.ProgressAsync(percent, secrets.Redact(text), ct);

    public ValueTask ArtifactAsync(string name, string mediaType, string text, CancellationToken ct) => inner.ArtifactAsync(secrets.Redact(name), mediaType, secrets.Redact(text), ct);

    public ValueTask RefusedAsync(Diagnostic diagnostic, CancellationToken ct) => inner.RefusedAsync(diagnostic with { Message = secrets.Redact(diagnostic.Message) }, ct);
}
