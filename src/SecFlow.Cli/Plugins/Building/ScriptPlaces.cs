using System.Text.RegularExpressions;

namespace SecFlow.Cli.Plugins.Building;

/// <summary>
/// Turns places of the script that runs into places of what the author wrote.
/// The script may be several files one after another (the helpers of a unit test before the plugin); each has its lines and, when it was compiled, its map.
/// </summary>
internal sealed partial class ScriptPlaces
{
    private readonly List<(int FirstLine, string File, SourceMap? Map)> _parts = [];

    /// <summary>Adds the next file, which begins at a line of the script that runs.</summary>
    public ScriptPlaces Add(int firstLine, string file, SourceMap? map)
    {
        _parts.Add((firstLine, file, map));
        return this;
    }

    public static ScriptPlaces Of(string file, SourceMap? map) => new ScriptPlaces().Add(1, file, map);

    /// <summary>The author's place of a line and column of the script.</summary>
    public SourcePlace? Find(int line, int column)
    {
        var (first, file, map) = _parts.FindLast(p => p.FirstLine <= line);
        if (file is null)
        {
            return null;
        }

        var own = line - first + 1;
        return map is null ? new SourcePlace(file, own, column) : map.Find(own, column) ?? new SourcePlace(file, own, column);
    }

    /// <summary>The author's place of a location such as <c>scan.hello/index.js:12:5</c>; null when it has not that form.</summary>
    public SourcePlace? Find(string? location) =>
        location is not null && Place().Match(location) is { Success: true } match && Parse(match) is var (line, column) ? Find(line, column) : null;

    /// <summary>The engine's advice to people who did not write the plugin.</summary>
    private const string ForOthers = " Report it to the plugin's publisher.";

    /// <summary>A message for the author: each location of the script in it is the place of the source.</summary>
    public string Rewrite(string message) => Place().Replace(message.Replace(ForOthers, "", StringComparison.Ordinal), match => Parse(match) is var (line, column) && Find(line, column) is { } place ? place.ToString() : match.Value);

    private static (int Line, int Column)? Parse(Match match) =>
        int.TryParse(match.Groups["line"].Value, out var line) && int.TryParse(match.Groups["column"].Value, out var column) ? (line, column) : null;

    [GeneratedRegex(@"[A-Za-z0-9._-]+/index\.js:(?<line>\d{1,9}):(?<column>\d{1,9})", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Place();
}
