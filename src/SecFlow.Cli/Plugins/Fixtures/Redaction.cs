using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace SecFlow.Cli.Plugins.Fixtures;

/// <summary>
/// Takes credentials out of recorded calls.
/// 1. Values of Authorization, Proxy-Authorization, Cookie and headers that are named like a key or token become <c>redacted</c>.
/// 2. Cookie and Set-Cookie keep names and attributes, which plugins judge, and lose the values.
/// 3. Bodies are kept as they are: what is in them, the author must look at.
/// </summary>
internal static partial class Redaction
{
    public const string Mark = "redacted";

    /// <summary>A copy without credentials, wherever headers stand in it: as an object, or as a list of pairs.</summary>
    public static JsonNode? Clean(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.Select(m => KeyValuePair.Create(m.Key, m.Key == "headers" ? Headers(m.Value) : m.Key == "headerList" ? HeaderList(m.Value) : Clean(m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Clean)]),
        _ => node?.DeepClone(),
    };

    /// <summary>The value of a header as it is kept.</summary>
    public static string Value(string name, string value) => name.ToLowerInvariant() switch
    {
        "cookie" => string.Join("; ", value.Split(';').Select(pair => Pair(pair.Trim()))),
        "set-cookie" => value.Split(';', 2) is [var pair, var attributes] ? Pair(pair.Trim()) + ";" + attributes : Pair(value.Trim()),
        var other when Secret().IsMatch(other) => Mark,
        _ => value,
    };

    private static string Pair(string pair) => pair.Split('=', 2) is [var name, _] ? name + "=" + Mark : Mark;

    private static JsonNode? Headers(JsonNode? node) => node is not JsonObject headers
        ? Clean(node)
        : new JsonObject(headers.Select(h => KeyValuePair.Create(h.Key, (JsonNode?)(h.Value switch
        {
            JsonArray values => new JsonArray([.. values.Select(v => Text(h.Key, v))]),
            var value => Text(h.Key, value),
        }))));

    private static JsonArray? HeaderList(JsonNode? node) =>
        node is JsonArray list ? [.. list.Select(pair => pair is JsonArray { Count: 2 } two && two[0] is JsonValue name && name.TryGetValue<string>(out var text) ? new JsonArray(text, Text(text, two[1])) : pair?.DeepClone())] : null;

    private static JsonNode? Text(string name, JsonNode? value) => value is JsonValue v && v.TryGetValue<string>(out var text) ? Value(name, text) : value?.DeepClone();

    [GeneratedRegex(@"\A(proxy-)?authorization\z|api-?key|token|secret|password", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Secret();
}
