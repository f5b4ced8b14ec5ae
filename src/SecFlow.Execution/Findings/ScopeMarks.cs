using System.Text.Json.Nodes;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Findings;

/// <summary>
/// Whether what a record speaks of lies inside the approved targets, by their names, addresses and ports; nothing is resolved or asked for it.
/// A record of a <c>urls</c>, <c>hosts</c> or <c>services</c> dataset that lies outside is kept with <c>outOfScope: true</c>, whatever its author said: known, never touched.
/// </summary>
internal sealed class ScopeMarks(IReadOnlyList<ScopedTarget> targets)
{
    /// <summary>Bound of the answers that are kept: a plugin chooses the hosts.</summary>
    private const int MostKnown = 10_000;

    private readonly IReadOnlyList<KnownPlace> _places = [.. targets.Select(KnownPlace.Of).OfType<KnownPlace>()];
    private readonly Dictionary<(string Host, int? Port), bool> _known = [];

    /// <summary>Records that were marked, by dataset type.</summary>
    public SortedDictionary<string, int> Marked { get; } = new(StringComparer.Ordinal);

    /// <summary>Sets or removes the mark of a record. A record that has no place, or a wrong one, is left to its schema.</summary>
    public void Mark(string type, JsonNode? raw)
    {
        if (type is not ("urls" or "hosts" or "services") || raw is not JsonObject record || _places.Count == 0)
        {
            return;
        }

        try
        {
            record.Remove("outOfScope");
        }
        catch (ArgumentException)
        {
            // A key twice: its schema is asked next, and refuses it.
            return;
        }

        var (host, port) = type == "urls" ? KnownPlace.OfUrl(Text(record, "url")) : (Text(record, "host"), record["port"] is JsonValue number && number.TryGetValue<int>(out var found) ? found : (int?)null);
        if (host is null || Covers(host, port) || (Text(record, "ip") is { } ip && Covers(ip, port)))
        {
            return;
        }

        record["outOfScope"] = true;
        Marked[type] = Marked.GetValueOrDefault(type) + 1;
    }

    /// <summary>Whether a finding's location lies on a host that is no target's: an http or https url of another host. Anything else says no place for certain.</summary>
    public bool IsElsewhere(string location) => _places.Count > 0 && KnownPlace.OfUrl(location) is ({ } host, _) && !Covers(host, null);

    private static string? Text(JsonObject record, string key) => record[key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private bool Covers(string host, int? port)
    {
        if (_known.TryGetValue((host, port), out var answer))
        {
            return answer;
        }

        var name = HostName.Normalise(host);
        answer = name is { } known && _places.Any(place => place.Covers(known.Name, known.Address, port));
        if (_known.Count < MostKnown)
        {
            _known[(host, port)] = answer;
        }

        return answer;
    }
}
