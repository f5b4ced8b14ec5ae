using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Plans;

/// <summary>
/// Takes what a script says while it is only looked at. Nothing is stored.
/// 1. Records of the ports that later nodes read are kept in memory, checked as in a run, at most <see cref="MostRecords"/>: they are what is known of them before the run.
/// 2. Findings are dropped: without an answer of the target there is nothing to find.
/// 3. Of verdicts only "misused" says something before the run.
/// </summary>
internal sealed class PlanOutput(PluginManifest manifest, IReadOnlyDictionary<string, string> outputs, IReadOnlyDictionary<string, string> targetNames) : IPluginOutput
{
    public const int MostRecords = 1_000;
    private const int MostCharacters = 4 * 1024 * 1024;
    private const int MostMisused = 20;

    private readonly Dictionary<string, List<string>> _records = new(StringComparer.Ordinal);
    private readonly List<string> _misused = [];
    private long _characters;

    public IReadOnlyList<string> Misused => _misused;

    /// <summary>What is known of each bound output, by the name of the dataset.</summary>
    public IEnumerable<(string Dataset, string Type, IReadOnlyList<string> Lines)> Datasets =>
        outputs.Select(o => (o.Value, TypeOf(o.Key), (IReadOnlyList<string>)(_records.GetValueOrDefault(o.Key) ?? [])));

    public ValueTask EmitAsync(string port, IReadOnlyList<JsonNode?> records, CancellationToken ct)
    {
        if (outputs.ContainsKey(port) && TypeOf(port) is var type and not "findings")
        {
            if (!_records.TryGetValue(port, out var kept))
            {
                _records[port] = kept = [];
            }

            foreach (var line in records.Take(MostRecords - kept.Count).Select(record => RecordCheck.Plain(type, record).Json).OfType<string>().TakeWhile(_ => _characters < MostCharacters))
            {
                kept.Add(line);
                _characters += line.Length;
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask VerdictAsync(Verdict verdict, string reason, string? target, IReadOnlyList<string> checks, CancellationToken ct)
    {
        if (verdict == Verdict.Misused && _misused.Count < MostMisused)
        {
            _misused.Add(target is null ? reason : $"{targetNames.GetValueOrDefault(target, target)}: {reason}");
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask LogAsync(string level, string text, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask ProgressAsync(double percent, string text, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask ArtifactAsync(string name, string mediaType, string text, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask RefusedAsync(Diagnostic diagnostic, CancellationToken ct) => ValueTask.CompletedTask;

    /// <summary>Lines of a dataset as an input of a later node.</summary>
    public static InputDataset Input(string type, IReadOnlyList<string> lines) => new(type, lines.Count, () => new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines))));

    private string TypeOf(string port) => manifest.Outputs.FirstOrDefault(p => p.Name == port)?.Type ?? "json";
}
