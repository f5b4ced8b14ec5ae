using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Runs.Raw;

/// <summary>
/// What a plugin says while it reads again what a run kept. The same rules as for a node (<see cref="FindingStaging"/>); it is staged where nobody sees it, for a reading counts as a whole or not at all.
/// 1. Records are checked against the schema and the run's targets; a finding is kept once.
/// 2. At most <see cref="Limits.FindingsPerNode"/> findings and <see cref="MostCharacters"/> of records together; more ends the reading with that limit.
/// 3. Of the records no more are in memory than one batch: <see cref="RunWriter.MaxBatch"/> of them, or <see cref="BatchCharacters"/>.
/// 4. Datasets of other types and verdicts belong to the run: they are counted, and change nothing.
/// </summary>
internal sealed class ReadOutput(ReparseStore store, NodeRun node, PluginManifest manifest, IReadOnlyList<ScopedTarget> targets) : IPluginOutput
{
    public const long MostCharacters = 256L * 1024 * 1024;

    private const long BatchCharacters = 8L * 1024 * 1024;
    private const int MostReasons = 5;
    private const int MostVerdicts = 100;
    private readonly ScopeMarks _scope = new(targets);
    private readonly HashSet<string> _fingerprints = new(StringComparer.Ordinal);
    private readonly List<(string Fingerprint, string Severity, string Data)> _batch = [];
    private readonly List<string> _reasons = [];
    private long _characters;
    private long _batchCharacters;

    /// <summary>Under which its records are staged: below zero, and another one for each reading.</summary>
    public int Attempt { get; } = -RandomNumberGenerator.GetInt32(1, int.MaxValue);

    /// <summary>How many findings were read.</summary>
    public int Count => _fingerprints.Count;

    public int Rejected { get; private set; }

    /// <summary>The first reasons of rejections.</summary>
    public IReadOnlyList<string> Reasons => _reasons;

    /// <summary>What the plugin said of targets now, in its order.</summary>
    public List<string> Verdicts { get; } = [];

    /// <summary>The limit that was reached; null while none is.</summary>
    public Diagnostic? LimitReached { get; private set; }

    /// <summary>Most findings of a reading; tests set it lower.</summary>
    internal long MostFindings { get; init; } = Limits.FindingsPerNode.Default;

    public bool Found(string fingerprint) => _fingerprints.Contains(fingerprint);

    public async ValueTask EmitAsync(string port, IReadOnlyList<JsonNode?> records, CancellationToken ct)
    {
        if (port == "findings" || manifest.Outputs.Any(output => output.Name == port && output.Type == "findings"))
        {
            foreach (var record in records)
            {
                Take(record);
                if (_batch.Count == RunWriter.MaxBatch || _batchCharacters >= BatchCharacters)
                {
                    await FlushAsync(ct);
                }
            }
        }

        if (LimitReached is not null)
        {
            throw new SecFlowException(LimitReached);
        }
    }

    /// <summary>Everything is staged when this returns.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        if (_batch.Count > 0)
        {
            await store.StageAsync(node, Attempt, _batch, ct);
            _batch.Clear();
            _batchCharacters = 0;
        }
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
        if (LimitReached is not null || _fingerprints.Contains(fingerprint))
        {
            return;
        }

        var data = RecordCheck.Write(record);
        _characters += data.Length;
        if (_fingerprints.Count >= MostFindings || _characters > MostCharacters)
        {
            LimitReached = new Diagnostic(
                Codes.LimitRecords, string.Create(CultureInfo.InvariantCulture, $"The plugin reported more than {MostFindings} findings or {MostCharacters} characters of them. Nothing was changed; use a version that reports less."));
            return;
        }

        _fingerprints.Add(fingerprint);
        _batch.Add((fingerprint, record["severity"]!.GetValue<string>(), data));
        _batchCharacters += data.Length;
    }
}
