using System.Text.Json;
using System.Text.Json.Nodes;

namespace SecFlow.Cli.Plugins.Building;

/// <summary>A place in a source; line and column count from 1.</summary>
internal sealed record SourcePlace(string File, int Line, int Column)
{
    public override string ToString() => $"{File}:{Line}:{Column}";
}

/// <summary>
/// A source map of version 3 (ECMA-426), as far as places need it: <c>{"version":3,"sources":["index.ts"],"mappings":"AAAA,SAAS;..."}</c>.
/// 1. <c>;</c> ends a line of the script, <c>,</c> a segment; a segment is 1, 4 or 5 numbers, each the difference to the one before of its kind.
/// 2. A number is base64 digits of 5 bits, lowest first, the sixth bit says "more", the lowest bit of all is the sign.
/// 3. Sections, and numbers beyond 31 bits, are refused.
/// </summary>
internal sealed class SourceMap
{
    private const string Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    private readonly List<List<Segment>> _lines;
    private readonly IReadOnlyList<string> _sources;

    private SourceMap(List<List<Segment>> lines, IReadOnlyList<string> sources) => (_lines, _sources) = (lines, sources);

    private readonly record struct Segment(int Column, int Source, int SourceLine, int SourceColumn);

    /// <summary>Reads the JSON of a map. Throws FormatException with what is wrong.</summary>
    public static SourceMap Read(string json)
    {
        try
        {
            if (JsonNode.Parse(json) is not JsonObject map || (int?)map["version"] != 3 || map["mappings"] is not JsonValue mappings || map["sources"] is not JsonArray sources)
            {
                throw new FormatException("It is not a source map of version 3 with 'sources' and 'mappings'.");
            }

            IReadOnlyList<string> names = [.. sources.Select(s => (string?)s ?? "")];
            return new SourceMap(Decode(mappings.GetValue<string>(), names.Count), names);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException("It is not the JSON of a source map: " + e.Message, e);
        }
    }

    /// <summary>Where a place of the script comes from; null where the compiler added it. Lines and columns count from 1.</summary>
    public SourcePlace? Find(int line, int column)
    {
        if (line < 1 || line > _lines.Count)
        {
            return null;
        }

        var segments = _lines[line - 1];
        var (low, high) = (0, segments.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (segments[middle].Column <= column - 1)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        // before the first segment of a line the compiler's indentation stands
        var found = high >= 0 ? segments[high] : segments.Count > 0 ? segments[0] : new Segment(0, -1, 0, 0);
        return found.Source < 0 ? null : new SourcePlace(_sources[found.Source], found.SourceLine + 1, found.SourceColumn + 1);
    }

    private static List<List<Segment>> Decode(string text, int sources)
    {
        var lines = new List<List<Segment>> { new() };
        var at = 0;
        var (column, source, sourceLine, sourceColumn, name) = (0, 0, 0, 0, 0);
        while (at < text.Length)
        {
            if (text[at] is ';')
            {
                lines[^1].Sort((a, b) => a.Column.CompareTo(b.Column));
                lines.Add([]);
                column = 0;
                at++;
                continue;
            }

            if (text[at] is ',')
            {
                at++;
                continue;
            }

            column = checked(column + Number(text, ref at));
            if (IsEnd(text, at))
            {
                lines[^1].Add(new Segment(column, -1, 0, 0));
                continue;
            }

            source += Number(text, ref at);
            sourceLine += Number(text, ref at);
            sourceColumn += Number(text, ref at);
            name += IsEnd(text, at) ? 0 : Number(text, ref at);
            if (source < 0 || source >= sources || sourceLine < 0 || sourceColumn < 0 || column < 0 || !IsEnd(text, at))
            {
                throw new FormatException($"A segment before character {at} of 'mappings' leads nowhere.");
            }

            lines[^1].Add(new Segment(column, source, sourceLine, sourceColumn));
        }

        return lines;
    }

    private static bool IsEnd(string text, int at) => at == text.Length || text[at] is ',' or ';';

    private static int Number(string text, ref int at)
    {
        long value = 0;
        for (var shift = 0; ; shift += 5)
        {
            var digit = at < text.Length ? Digits.IndexOf(text[at], StringComparison.Ordinal) : -1;
            if (digit < 0 || shift > 30)
            {
                throw new FormatException($"Character {at} of 'mappings' is not a digit of a number of 31 bits.");
            }

            at++;
            value |= (long)(digit & 31) << shift;
            if ((digit & 32) == 0)
            {
                break;
            }
        }

        var size = value >> 1;
        return size <= int.MaxValue ? (value & 1) == 0 ? (int)size : -(int)size : throw new FormatException($"A number before character {at} of 'mappings' is too large.");
    }
}
