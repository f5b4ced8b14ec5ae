using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace SecFlow.Execution.Workflows;

/// <summary>
/// <c>${parameters.NAME}</c> in texts of <c>config</c> and <c>parameters</c>.
/// <code>
///   threads: "${parameters.threads}"          the whole text: the value with its type, or nothing when the parameter has none
///   path: "/api/${parameters.version}/"       part of a text: the value as text, "" when the parameter has none
///   pattern: "$${name}"                       a literal ${name}
/// </code>
/// </summary>
internal static partial class Placeholders
{
    /// <summary>A copy with the values filled in.</summary>
    public static JsonObject Fill(JsonObject template, JsonObject values) => (JsonObject)Fill((JsonNode)template, values)!;

    /// <summary>The name when the whole text is one placeholder.</summary>
    public static string? Whole(string text) => Part().Match(text) is { Success: true, Index: 0 } match && match.Length == text.Length && match.Groups["name"].Success ? match.Groups["name"].Value : null;

    /// <summary>Names of the parameters in a text, and the first <c>${...}</c> that is none.</summary>
    public static (IReadOnlyList<string> Names, string? Wrong) Read(string text)
    {
        var parts = Part().Matches(text);
        return ([.. parts.Where(p => p.Groups["name"].Success).Select(p => p.Groups["name"].Value)], parts.FirstOrDefault(p => p.Groups["wrong"].Success)?.Value);
    }

    /// <summary>Names of the parameters anywhere in a value.</summary>
    public static IReadOnlyList<string> NamesIn(JsonNode? node) => node switch
    {
        JsonObject map => [.. map.SelectMany(p => NamesIn(p.Value)).Distinct(StringComparer.Ordinal)],
        JsonArray list => [.. list.SelectMany(NamesIn).Distinct(StringComparer.Ordinal)],
        JsonValue text when text.GetValueKind() == JsonValueKind.String => Read(text.GetValue<string>()).Names,
        _ => [],
    };

    private static JsonNode? Fill(JsonNode? node, JsonObject values)
    {
        switch (node)
        {
            case JsonObject map:
                var filled = new JsonObject();
                foreach (var (key, value) in map)
                {
                    if (value is null || Fill(value, values) is { } kept)
                    {
                        filled.Add(key, value is null ? null : Fill(value, values));
                    }
                }

                return filled;
            case JsonArray list:
                return new JsonArray([.. list.Where(item => item is null || Fill(item, values) is not null).Select(item => item is null ? null : Fill(item, values))]);
            case JsonValue text when text.GetValueKind() == JsonValueKind.String:
                var written = text.GetValue<string>();
                return Whole(written) is { } name
                    ? values[name]?.DeepClone()
                    : JsonValue.Create(Part().Replace(written, match => match.Groups["name"].Success ? Words(values[match.Groups["name"].Value]) : match.Groups["literal"].Success ? "${" : match.Value));
            default:
                return node?.DeepClone();
        }
    }

    private static string Words(JsonNode? value) => value is null ? "" : value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();

    [GeneratedRegex(@"(?<literal>\$\$\{)|\$\{\s*parameters\.(?<name>[a-z][A-Za-z0-9_]{0,62})\s*\}|(?<wrong>\$\{[^}]{0,60}\}?)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Part();
}
