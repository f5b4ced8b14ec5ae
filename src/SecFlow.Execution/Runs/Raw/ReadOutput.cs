using System.Globalization;
using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Runs.Raw;

/// <summary>A finding that was read: its fingerprint, its severity as the author writes it, its record as JSON.</summary>
internal sealed record ReadFinding(string Fingerprint, string Severity, string Data);

/// <summary>
/// What a plugin says while it reads again what a run kept. The same rules as for a node (<see cref="FindingStaging"/>), but nothing is stored yet: a reading counts as a whole or not at all.
/// 1. Records are checked against the schema and the run's targets; a finding is kept once.
/// 2. At most <see cref="Limits.FindingsPerNode"/> findings and <see cref="MostBytes"/> of records together; more ends the reading with that limit.
/// 3. Datasets of other types and verdicts belong to the run: they are counted, and change nothing.
/// </summary>
internal sealed class ReadOutput(PluginManifest manifest, IReadOnlyList<ScopedTarget> targets) : IPluginOutput
{
    public const long MostBytes = 256L * 1024 * 1024;

    private const int MostReasons = 5;
    private const int MostVerdicts = 100;
    private readonly ScopeMarks _scope = new(targets);
    private readonly HashSet<string> _fingerprints = new(StringComparer.Ordinal);
    private readonly List<ReadFinding> _findings = [];
    private readonly List<string> _reasons = [];
    private long _bytes;

    public IReadOnlyList<ReadFinding> Findings => _findings;

    public int Rejected { get; private set; }

    /// <summary>The first reasons of rejections.</summary>
    public IReadOnlyList<string> Reasons => _reasons;

    /// <summary>What the plugin said of targets now, in its order.</summary>
    public List<string> Verdicts { get; } = [];

    /// <summary>The limit that was reached; null while none is.</summary>
    public Diagnostic? LimitReached { get; private set; }

    public ValueTask EmitAsync(string port, IReadOnlyList<JsonNode?> records, CancellationToken ct)
    {
        if (port == "findings" || manifest.Outputs.Any(output => output.Name == port && output.Type == "findings"))
        {
            foreach (var record in records)
            {
                Take(record);
            }
        }

        return LimitReached is null ? ValueTask.CompletedTask : throw new SecFlowException(LimitReached);
    }

    public ValueTask VerdictAsync(Verdict verdict, string reason, string? target, IReadOnlyList<string> checks, CancellationToken ct)
    {
        if (Verdicts.Count < MostVerdicts)
        {
            var about = targets.FirstOrDefault(t => t.Id.ToString() == target)?.Name ?? target;
            Verdicts.Add($"{(about is null ? "" : about + ": ")}{verdict.ToString().ToLowerInvariant()}, {(reason.Length > 300 ? reason[..300] : reason)}");
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask LogAsync(string level, string text, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask ProgressAsync(double percent, string text, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask RefusedAsync(Diagnostic diagnostic, CancellationToken ct) => ValueTask.CompletedTask;

    private void Take(JsonNode? raw)
    {
        var (record, _, problem) = RecordCheck.Finding(raw, targets);
        if (record is null || _scope.IsElsewhere(record["location"]!.GetValue<string>()))
        {
            Rejected++;
            if (_reasons.Count < MostReasons)
            {
                _reasons.Add(problem ?? "it lies on none of the run's targets");
            }

            return;
        }

        var fingerprint = Fingerprint.Of(manifest.Id, record, manifest.Fingerprint);
        if (LimitReached is not null || !_fingerprints.Add(fingerprint))
        {
            return;
        }

        var data = RecordCheck.Write(record);
        _bytes += data.Length;
        if (_findings.Count >= Limits.FindingsPerNode.Default || _bytes > MostBytes)
        {
            LimitReached = new Diagnostic(
                Codes.LimitRecords, string.Create(CultureInfo.InvariantCulture, $"The plugin reported more than {Limits.FindingsPerNode.Default} findings or {MostBytes} bytes of them. Nothing was changed; use a version that reports less."));
            return;
        }

        _findings.Add(new ReadFinding(fingerprint, record["severity"]!.GetValue<string>(), data));
    }
}
