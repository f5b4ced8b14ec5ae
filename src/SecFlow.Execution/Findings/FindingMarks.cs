using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Findings;

/// <summary>
/// What an enrich or filter plugin says about findings that others created.
/// 1. It may speak only of findings in its own inputs, and of each once.
/// 2. enrich sets fields of docs/schemas/finding-patch.schema.json; filter hides (finding-hide.schema.json). No other category says either.
/// 3. A mark has at most <see cref="MostBytes"/>: knowledge about a finding, not a second one.
/// </summary>
public sealed class FindingMarks(string category, IEnumerable<InputDataset> inputs)
{
    public const int MostBytes = 64 * 1024;

    private readonly HashSet<string> _marked = new(StringComparer.Ordinal);
    private HashSet<string>? _known;

    /// <summary>Whether plugins of this category change findings instead of creating them.</summary>
    public static bool MadeBy(string category) => category is "enrich" or "filter";

    public int Count => _marked.Count;

    /// <summary>What chunks that are done have spoken of.</summary>
    internal void Restore(IEnumerable<string> fingerprints) => _marked.UnionWith(fingerprints);

    /// <summary>Fingerprint and JSON to stage, or why the record is refused.</summary>
    public async ValueTask<(string? Fingerprint, string? Json, string? Problem)> ReadAsync(JsonNode? raw, CancellationToken ct)
    {
        var (fingerprint, fields, problem) = RecordCheck.Mark(category == "enrich" ? "finding-patch" : "finding-hide", raw);
        if (fingerprint is null)
        {
            return (null, null, problem);
        }

        _known ??= await ReadKnownAsync(ct);
        if (!_known.Contains(fingerprint))
        {
            return (null, null, $"'{fingerprint}' is not the fingerprint of a finding in this node's inputs");
        }

        var json = RecordCheck.Write(fields!);
        if (Encoding.UTF8.GetByteCount(json) > MostBytes)
        {
            return (null, null, $"the record has more than {MostBytes} bytes");
        }

        return _marked.Add(fingerprint) ? (fingerprint, json, null) : (null, null, $"this node has already spoken of '{fingerprint}'");
    }

    private async Task<HashSet<string>> ReadKnownAsync(CancellationToken ct)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var input in inputs.Where(i => i.Type == "findings"))
        {
            using var lines = new StreamReader(input.OpenJsonLines(), Encoding.UTF8);
            while (await lines.ReadLineAsync(ct) is { } line)
            {
                if (FindingLine.FingerprintOf(line) is { } fingerprint)
                {
                    known.Add(fingerprint);
                }
            }
        }

        return known;
    }
}
