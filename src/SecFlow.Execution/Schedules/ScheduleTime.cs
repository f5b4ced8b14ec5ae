using System.Globalization;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Schedules;

/// <summary>Moments as people write them.</summary>
public static class ScheduleTime
{
    private static readonly string[] _walls = ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss"];
    private static readonly string[] _instants = ["yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

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

        if (DateTimeOffset.TryParseExact(text.Trim(), _instants, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at) && Sane(at.Year))
        {
            return at.ToUniversalTime();
        }

        problems.Add(ScheduleTimes.Wrong(path, $"'{ScheduleTimes.Short(text)}' is not a time; expected such as 2027-01-31T22:00 (wall clock of the zone) or 2027-01-31T22:00:00+01:00."));
        return null;
    }

    /// <summary>A moment on the wall clock of a zone, with the offset that it has then: <c>2027-03-28 03:00 +02:00</c>.</summary>
    public static string Local(DateTimeOffset at, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(at, zone).ToString("yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture);

    private static bool Sane(int year) => year is > 2000 and < 2200;
}
