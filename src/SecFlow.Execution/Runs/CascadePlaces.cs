using System.Text.Json;
using SecFlow.Data.Findings;
using SecFlow.Data.Targets;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Runs;

/// <summary>
/// Which approved targets a dataset speaks of, by names, addresses and ports; nothing is resolved or asked for it.
/// Bounded: the first <see cref="MostPlaces"/> different places are looked at; how many more there were is counted.
/// </summary>
internal sealed class CascadePlaces
{
    public const int MostPlaces = 10_000;

    private readonly Dictionary<string, List<(Target Target, KnownPlace Place)>> _named = new(StringComparer.Ordinal);
    private readonly List<(Target Target, KnownPlace Place)> _networks = [];
    private readonly HashSet<(string Host, int? Port)> _seen = [];
    private readonly SortedSet<string> _outside = new(StringComparer.Ordinal);

    public CascadePlaces(IEnumerable<Target> targets)
    {
        foreach (var target in targets)
        {
            if (KnownPlace.Of(ScopedTarget.Of(target)) is not { } place)
            {
                continue;
            }

            if (place.Name is not { } name)
            {
                _networks.Add((target, place));
                continue;
            }

            if (!_named.TryGetValue(name, out var those))
            {
                _named[name] = those = [];
            }

            those.Add((target, place));
        }
    }

    /// <summary>Targets that were spoken of.</summary>
    public Dictionary<Guid, Target> Met { get; } = [];

    public int Records { get; private set; }

    /// <summary>Records of places beyond <see cref="MostPlaces"/>.</summary>
    public int NotLookedAt { get; private set; }

    /// <summary>Hosts that are no target of the team.</summary>
    public IReadOnlyCollection<string> Outside => _outside;

    /// <summary>Takes one line of a dataset of this type.</summary>
    public void Add(string type, string line, Severity? least)
    {
        using var record = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = (int)Limits.JsonDepth.Default });
        var root = record.RootElement;
        if (type == "findings" && (Text(root, "hidden") is not null || (least is { } floor && (!Enum.TryParse<Severity>(Text(root, "severity"), ignoreCase: true, out var severity) || severity < floor))))
        {
            return;
        }

        Records++;
        var (host, port) = PlaceOf(type, root);
        if (host is null || _seen.Contains((host, port)))
        {
            return;
        }

        if (_seen.Count == MostPlaces)
        {
            NotLookedAt++;
            return;
        }

        _seen.Add((host, port));
        var met = Meet(host, port);
        met |= Text(root, "ip") is { } ip && Meet(ip, port);
        if (!met)
        {
            _outside.Add(host);
        }
    }

    private static (string? Host, int? Port) PlaceOf(string type, JsonElement record)
    {
        if (type == "urls")
        {
            return KnownPlace.OfUrl(Text(record, "url"));
        }

        if (type != "findings")
        {
            return (Text(record, "host"), record.TryGetProperty("port", out var number) && number.TryGetInt32(out var port) ? port : null);
        }

        // A finding's location is a url or host:port; a file or a package names no place.
        var location = Text(record, "location") ?? "";
        return KnownPlace.OfUrl(location) is ({ }, _) place ? place
            : location.LastIndexOf(':') is var colon && colon > 0 && int.TryParse(location.AsSpan(colon + 1), out var at) && at is > 0 and < 65536 ? (location[..colon], at)
            : (null, null);
    }

    private bool Meet(string host, int? port)
    {
        if (HostName.Normalise(host) is not { } known)
        {
            return false;
        }

        var met = false;
        foreach (var (target, place) in _named.GetValueOrDefault(known.Name, []).Concat(known.Address is null ? [] : _networks))
        {
            if (place.Covers(known.Name, known.Address, port))
            {
                Met[target.Id] = target;
                met = true;
            }
        }

        return met;
    }

    private static string? Text(JsonElement record, string key) => record.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
