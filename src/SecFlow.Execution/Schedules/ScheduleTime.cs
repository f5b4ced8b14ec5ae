using System.Globalization;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Schedules;

/// <summary>Moments as people write them.</summary>
public static class ScheduleTime
{
    private static readonly string[] _walls = ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss.FFFFFFF"];
    private static readonly string[] _instants = ["yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>An ISO 8601 time; one without offset is of the wall clock of the zone (the moment after the gap where the clock leaves it out, the first where it exists twice). Null for nothing; SF1301 is added for anything else.</summary>
    public static DateTimeOffset? Read(string? text, string zone, string path, ICollection<Diagnostic> problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        if (DateTime.TryParseExact(text.Trim(), _walls, CultureInfo.InvariantCulture, DateTimeStyles.None, out var wall) && Sane(wall.Year))
        {
            // A wrong zone is told where the zone is read.
            return WallClock.First(TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var info) ? info : TimeZoneInfo.Utc, wall);
        }

        if (Instant(text) is { } at)
        {
            return at;
        }

        problems.Add(ScheduleTimes.Wrong(path, $"'{ScheduleTimes.Short(text)}' is not a time; expected such as 2027-01-31T22:00 (wall clock of the zone) or 2027-01-31T22:00:00+01:00."));
        return null;
    }

    /// <summary>An ISO 8601 time of the years 2001 to 2199 that says its offset (<c>Z</c>, <c>+01:00</c>); null for anything else.</summary>
    public static DateTimeOffset? Instant(string? text)
    {
        // A time without offset would be read in the zone of whichever machine reads it.
        var trimmed = (text ?? "").Trim();
        var saysOffset = trimmed.EndsWith('Z') || (trimmed.Length > 6 && trimmed[^6] is '+' or '-' && trimmed[^3] == ':');
        return saysOffset && DateTimeOffset.TryParseExact(trimmed, _instants, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at) && Sane(at.Year) ? at.ToUniversalTime() : null;
    }

    /// <summary>A moment on the wall clock of a zone, with the offset that it has then: <c>2027-03-28 03:00 +02:00</c>.</summary>
    public static string Local(DateTimeOffset at, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(at, zone).ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture);

    private static bool Sane(int year) => year is > 2000 and < 2200;
}
