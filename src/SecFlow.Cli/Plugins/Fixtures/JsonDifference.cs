using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SecFlow.Cli.Plugins.Fixtures;

/// <summary>Where two JSON values differ, a line each: <c>findings[0].severity: expected "low", found "high"</c>.</summary>
internal static class JsonDifference
{
    private const int Most = 50;
    private const int Longest = 300;
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IReadOnlyList<string> Lines(JsonNode? expected, JsonNode? found)
    {
        var lines = new List<string>();
        Compare("", expected, found, lines);
        return lines.Count <= Most ? lines : [.. lines.Take(Most), $"and {lines.Count - Most} more"];
    }

    private static void Compare(string path, JsonNode? expected, JsonNode? found, List<string> lines)
    {
        switch (expected, found)
        {
            case (JsonObject e, JsonObject f):
                foreach (var key in e.Select(m => m.Key).Union(f.Select(m => m.Key), StringComparer.Ordinal))
                {
                    Member(path.Length == 0 ? key : $"{path}.{key}", e.TryGetPropertyValue(key, out var a), a, f.TryGetPropertyValue(key, out var b), b, lines);
                }

                break;
            case (JsonArray e, JsonArray f):
                for (var i = 0; i < Math.Max(e.Count, f.Count); i++)
                {
                    Member($"{path}[{i}]", i < e.Count, i < e.Count ? e[i] : null, i < f.Count, i < f.Count ? f[i] : null, lines);
                }

                break;
            default:
                if (!JsonNode.DeepEquals(expected, found))
                {
                    lines.Add($"{path}: expected {Show(expected)}, found {Show(found)}");
                }

                break;
        }
    }

    private static void Member(string path, bool isExpected, JsonNode? expected, bool isFound, JsonNode? found, List<string> lines)
    {
        if (!isFound)
        {
            lines.Add($"{path}: expected {Show(expected)}, found nothing");
        }
        else if (!isExpected)
        {
            lines.Add($"{path}: expected nothing, found {Show(found)}");
        }
        else
        {
            Compare(path, expected, found, lines);
        }
    }

    private static string Show(JsonNode? node)
    {
        var text = node?.ToJsonString(Json) ?? "null";
        return Output.Plain(text.Length > Longest ? text[..Longest] + "..." : text);
    }
}
