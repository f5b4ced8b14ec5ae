using System.Text.Json.Nodes;

namespace SecFlow.Execution.Plugins;

/// <summary>Allowed uses of the broker in one work, for the one audit event that sums them up: how often, and what of. Names only, never a secret's value.</summary>
internal sealed class BrokerUses
{
    /// <summary>Bound of one kind: a plugin chooses what it asks for.</summary>
    private const int MostNames = 100;

    private readonly SortedDictionary<string, SortedDictionary<string, int>> _uses = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    public bool Any => _counts.Count > 0;

    /// <summary>Uses of one kind.</summary>
    public int Count(string kind) => _counts.GetValueOrDefault(kind);

    /// <param name="kind"><c>http</c>, <c>tls</c>, <c>tool</c>, <c>secret</c>, <c>resource</c>.</param>
    /// <param name="name">Host and port, tool with version and digest of its arguments, name of the secret, uri of the resource.</param>
    public void Add(string kind, string name)
    {
        _counts[kind] = Count(kind) + 1;
        var names = _uses.TryGetValue(kind, out var known) ? known : _uses[kind] = new(StringComparer.Ordinal);
        if (names.Count < MostNames || names.ContainsKey(name))
        {
            names[name] = names.GetValueOrDefault(name) + 1;
        }
    }

    /// <summary><c>{http: {uses, of: {host: n}}, tool: {...}, ...}</c></summary>
    public JsonObject ToJson() => new(_uses.Select(use => KeyValuePair.Create(use.Key, (JsonNode?)new JsonObject
    {
        ["uses"] = Count(use.Key),
        ["of"] = new JsonObject(use.Value.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value))),
    })));
}
