using System.Globalization;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Schedules;

/// <summary>One time only.</summary>
public sealed class OnceRule : ScheduleRule
{
    private readonly DateTimeOffset _at;

    private OnceRule(ScheduleTimes times, DateTimeOffset at)
        : base(times) => _at = at.ToUniversalTime();

    public override string Words => $"once on {TimeZoneInfo.ConvertTime(_at, TimeZone).ToString("yyyy-MM-dd 'at' HH:mm", CultureInfo.InvariantCulture)} {Zone}";

    internal static OnceRule? Read(ScheduleSpec spec, ScheduleTimes times, List<Diagnostic> problems)
    {
        if (spec.RunAt is not { } at)
        {
            problems.Add(ScheduleTimes.Wrong("runAt", "A schedule that runs once has a time (runAt), such as 2027-01-31T22:00:00+01:00."));
            return null;
        }

        return new OnceRule(times, at);
    }

    private protected override IEnumerable<DateTimeOffset> Plain(DateTimeOffset after) => _at > after ? [_at] : [];
}
