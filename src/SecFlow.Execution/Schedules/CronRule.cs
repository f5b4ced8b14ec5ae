using System.Globalization;
using Quartz;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Schedules;

/// <summary>
/// A cron expression on the wall clock of an IANA time zone.
/// <code>
///   0 0 6 ? * MON          seconds minutes hours day-of-month month day-of-week [year]; one of the two days is '?'
/// </code>
/// Where the clock jumps:
/// 1. A rule with fixed times (each of minutes and hours is a number or a list) fires as often as on any other day: a time that the clock leaves out at the moment after the gap, a time that exists twice the first time only.
/// 2. A rule with steps (minutes or hours hold '*', '/' or a range) keeps its pace: nothing is added for the times that are left out, and the hour that comes twice is gone through twice.
/// Quartz reads the expression; which instants its wall times are is decided here, because Quartz knows one way only.
/// </summary>
public sealed class CronRule : ScheduleRule
{
    /// <summary>More often than this is a mistake: a scan is not a heartbeat.</summary>
    private static readonly TimeSpan _least = TimeSpan.FromMinutes(1);

    private readonly CronExpression _expression;
    private readonly bool _steps;

    private CronRule(CronExpression expression, ScheduleTimes times)
        : base(times)
    {
        // Read in UTC: its times are those of a wall clock that never jumps.
        _expression = expression;
        _steps = expression.CronExpressionString.Split(' ')[1..3].Any(field => field.AsSpan().ContainsAny('*', '/', '-'));
    }

    public string Cron => _expression.CronExpressionString;

    public override string Words => CronWords.Of(Cron, Zone);

    /// <summary>Throws SF1301 with every problem of the rule and the zone.</summary>
    public static CronRule Parse(string cron, string zone) => (CronRule)Read(new ScheduleSpec { Cron = cron, Zone = zone }, Guid.Empty, DateTimeOffset.UnixEpoch);

    internal static CronRule? Read(string? cron, ScheduleTimes times, List<Diagnostic> problems)
    {
        var fields = (cron ?? "").Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length is < 6 or > 7 || cron!.Length > 120)
        {
            problems.Add(ScheduleTimes.Wrong("cron", $"The cron expression '{ScheduleTimes.Short(cron)}' has {fields.Length} fields; expected 6 or 7: seconds minutes hours day-of-month month day-of-week [year], such as '0 0 6 ? * MON'."));
            return null;
        }

        if (!(int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var second) && second < 60))
        {
            problems.Add(ScheduleTimes.Wrong("cron", $"The seconds field '{fields[0]}' must be one number from 0 to 59: a schedule fires at most once a minute ({_least.TotalSeconds} s)."));
            return null;
        }

        CronExpression expression;
        try
        {
            expression = new CronExpression(string.Join(' ', fields), TimeZoneInfo.Utc);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException)
        {
            problems.Add(ScheduleTimes.Wrong("cron", $"The cron expression '{cron}' cannot be read: {e.Message.TrimEnd('.')}. Fields: seconds minutes hours day-of-month month day-of-week [year]; one of the two days is '?'."));
            return null;
        }

        var rule = new CronRule(expression, times);
        if (times.JitterSeconds > 0 && rule.ShortestGap() is { } gap && gap <= TimeSpan.FromSeconds(times.JitterSeconds))
        {
            problems.Add(ScheduleTimes.Wrong("jitterSeconds", $"A jitter of {times.JitterSeconds} s is as long as the time between two firings ({gap.TotalSeconds} s): they would change places. Choose a shorter one."));
        }

        return rule;
    }

    private protected override IEnumerable<DateTimeOffset> Plain(DateTimeOffset after) => _steps ? Steps(after) : Fixed(after);

    // Wall time to instant is monotonic here: whatever the wall clock shows now, no earlier wall time becomes a later instant.
    private IEnumerable<DateTimeOffset> Fixed(DateTimeOffset after)
    {
        var last = after.ToUniversalTime();
        var wall = Wall(last, TimeZone.GetUtcOffset(last));
        while (_expression.GetNextValidTimeAfter(wall) is { } next)
        {
            wall = next;
            var at = WallClock.First(TimeZone, next.DateTime);
            if (at > last)
            {
                last = at;
                yield return at;
            }
        }
    }

    // Within a stretch of one offset, wall time and instant differ by it; at its end the next stretch begins at its own wall time.
    private IEnumerable<DateTimeOffset> Steps(DateTimeOffset after)
    {
        var last = after.ToUniversalTime();
        while (true)
        {
            var offset = TimeZone.GetUtcOffset(last);
            if (_expression.GetNextValidTimeAfter(Wall(last, offset)) is not { } wall)
            {
                yield break;
            }

            var at = new DateTimeOffset(wall.DateTime, offset).ToUniversalTime();
            if (TimeZone.GetUtcOffset(at) == offset)
            {
                last = at;
                yield return at;
                continue;
            }

            // The clock jumps before that. A time at the jump itself counts, therefore from just before it.
            var jump = WallClock.JumpBetween(TimeZone, last, at);
            var (moved, begins) = (TimeZone.GetUtcOffset(jump), false);
            if (_expression.GetNextValidTimeAfter(Wall(jump, moved).AddSeconds(-1)) is { } first)
            {
                begins = first.DateTime == Wall(jump, moved).DateTime;
            }

            last = jump;
            if (begins)
            {
                yield return jump;
            }
        }
    }

    private static DateTimeOffset Wall(DateTimeOffset at, TimeSpan offset) => new(at.UtcDateTime + offset, TimeSpan.Zero);

    private TimeSpan? ShortestGap()
    {
        var wall = new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
        TimeSpan? least = null;
        for (var i = 0; i < 200 && _expression.GetNextValidTimeAfter(wall) is { } next; i++)
        {
            least = i > 0 && (least is null || next - wall < least) ? next - wall : least;
            wall = next;
        }

        return least;
    }
}
