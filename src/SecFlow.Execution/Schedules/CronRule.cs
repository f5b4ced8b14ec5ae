using System.Globalization;
using Quartz;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Schedules;

/// <summary>
/// A cron expression in an IANA time zone.
/// <code>
///   0 0 6 ? * MON          seconds minutes hours day-of-month month day-of-week [year]; one of the two days is '?'
/// </code>
/// A wall-clock time that does not exist (clocks go forward) fires at the first moment after the gap; one that exists twice fires once.
/// </summary>
public sealed class CronRule
{
    /// <summary>More often than this is a mistake: a scan is not a heartbeat.</summary>
    private static readonly TimeSpan _least = TimeSpan.FromMinutes(1);

    private readonly CronExpression _expression;

    private CronRule(CronExpression expression, string zone) => (_expression, Zone) = (expression, zone);

    public string Cron => _expression.CronExpressionString;

    public string Zone { get; }

    public TimeZoneInfo TimeZone => _expression.TimeZone;

    /// <summary>Throws SF1301 with every problem of the rule and the zone.</summary>
    public static CronRule Parse(string cron, string zone)
    {
        var problems = new List<Diagnostic>();
        var info = FindZone(zone, problems);
        CronExpression? expression = null;
        var fields = (cron ?? "").Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length is < 6 or > 7 || cron!.Length > 120)
        {
            problems.Add(Wrong("cron", $"The cron expression '{Short(cron)}' has {fields.Length} fields; expected 6 or 7: seconds minutes hours day-of-month month day-of-week [year], such as '0 0 6 ? * MON'."));
        }
        else if (fields[0] is not ("0" or "00") && !(int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var second) && second < 60))
        {
            problems.Add(Wrong("cron", $"The seconds field '{fields[0]}' must be one number from 0 to 59: a schedule fires at most once a minute ({_least.TotalSeconds} s)."));
        }
        else
        {
            try
            {
                expression = new CronExpression(string.Join(' ', fields), info ?? TimeZoneInfo.Utc);
            }
            catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException)
            {
                problems.Add(Wrong("cron", $"The cron expression '{cron}' cannot be read: {e.Message.TrimEnd('.')}. Fields: seconds minutes hours day-of-month month day-of-week [year]; one of the two days is '?'."));
            }
        }

        return problems.Count == 0 ? new CronRule(expression!, zone) : throw new SecFlowException(problems);
    }

    /// <summary>The next fire times after a moment, UTC; fewer than asked when the rule ends (a year that is over).</summary>
    public IReadOnlyList<DateTimeOffset> Next(DateTimeOffset after, int count)
    {
        var times = new List<DateTimeOffset>(count);
        var at = after;
        while (times.Count < count && _expression.GetNextValidTimeAfter(at) is { } next)
        {
            times.Add(next.ToUniversalTime());
            at = next;
        }

        return times;
    }

    private static TimeZoneInfo? FindZone(string zone, List<Diagnostic> problems)
    {
        if (!string.IsNullOrWhiteSpace(zone) && zone.Length <= 64 && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var info) && (zone == "UTC" || zone.Contains('/', StringComparison.Ordinal)))
        {
            return info;
        }

        problems.Add(Wrong("zone", $"'{Short(zone)}' is not an IANA time zone of this machine; expected a name such as Europe/Berlin, America/New_York or UTC."));
        return null;
    }

    private static string Short(string? text) => text is { Length: > 60 } ? text[..60] + "..." : text ?? "";

    private static Diagnostic Wrong(string path, string message) => new(Codes.ScheduleInvalid, message) { Path = path };
}
