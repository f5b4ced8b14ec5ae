using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Schedules;

/// <summary>Every so many seconds of elapsed time from an anchor on, whatever clocks on walls do. For a time of day take a cron expression.</summary>
public sealed class IntervalRule : ScheduleRule
{
    public const int Least = 60;
    public const int Most = 366 * 86_400;

    private readonly DateTimeOffset _anchor;
    private readonly TimeSpan _every;

    private IntervalRule(ScheduleTimes times, DateTimeOffset anchor, TimeSpan every)
        : base(times) => (_anchor, _every) = (anchor.ToUniversalTime(), every);

    public override string Words => $"every {InWords((long)_every.TotalSeconds)}";

    internal static IntervalRule? Read(ScheduleSpec spec, ScheduleTimes times, DateTimeOffset anchor, List<Diagnostic> problems)
    {
        if (spec.IntervalSeconds is not { } seconds || seconds is < Least or > Most)
        {
            problems.Add(ScheduleTimes.Wrong("intervalSeconds", $"An interval is {Least} to {Most} seconds (366 days); found {spec.IntervalSeconds?.ToString() ?? "none"}. A scan is not a heartbeat."));
            return null;
        }

        if (spec.JitterSeconds >= seconds)
        {
            problems.Add(ScheduleTimes.Wrong("jitterSeconds", $"A jitter of {spec.JitterSeconds} s is as long as the interval of {seconds} s: firings would change places. Choose a shorter one."));
        }

        return new IntervalRule(times, spec.StartsAt ?? anchor, TimeSpan.FromSeconds(seconds));
    }

    private protected override IEnumerable<DateTimeOffset> Plain(DateTimeOffset after)
    {
        // The start itself is a time; without a start the first one is an interval after the anchor.
        var step = StartsAt is null ? 1 : 0L;
        if (after >= _anchor)
        {
            step = Math.Max(step, ((after - _anchor).Ticks / _every.Ticks) + 1);
        }

        for (; ; step++)
        {
            if (step > (DateTimeOffset.MaxValue - _anchor).Ticks / _every.Ticks)
            {
                yield break;
            }

            yield return _anchor + (_every * step);
        }
    }

    private static string InWords(long seconds) =>
        Whole(seconds, 7 * 86_400, "week") ?? Whole(seconds, 86_400, "day") ?? Whole(seconds, 3600, "hour") ?? Whole(seconds, 60, "minute") ?? $"{seconds} seconds";

    private static string? Whole(long seconds, long unit, string name) => seconds % unit != 0 ? null : seconds == unit ? name : $"{seconds / unit} {name}s";
}
