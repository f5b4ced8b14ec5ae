using SecFlow.Data.Schedules;

namespace SecFlow.Execution.Schedules;

/// <summary>A firing of a calendar.</summary>
/// <param name="In">The blackout in which it falls: its run waits until that ends.</param>
public sealed record CalendarFiring(Schedule Schedule, DateTimeOffset At, Blackout? In);

/// <summary>A time of a blackout that touches the calendar.</summary>
public sealed record CalendarBlackout(Blackout Blackout, DateTimeOffset From, DateTimeOffset Until);

/// <summary>What happens in a span: firings and blackouts.</summary>
/// <param name="More">Schedules that fire more often than is shown of them.</param>
public sealed record ScheduleCalendar(IReadOnlyList<CalendarFiring> Firings, IReadOnlyList<CalendarBlackout> Blackouts, IReadOnlyList<Schedule> More)
{
    /// <summary>Most firings of one schedule that are shown.</summary>
    public const int MostFirings = 400;

    /// <summary>What comes in a span; of what is before <paramref name="now"/> no firings, since the runs say what became of them.</summary>
    public static ScheduleCalendar Of(IReadOnlyList<Schedule> schedules, IReadOnlyList<Blackout> blackouts, DateTimeOffset from, DateTimeOffset until, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(schedules);
        ArgumentNullException.ThrowIfNull(blackouts);
        var spans = blackouts.SelectMany(row => BlackoutWindow.Of(row).Within(from, until).Take(MostFirings).Select(span => new CalendarBlackout(row, span.From, span.Until))).OrderBy(span => span.From).ToList();
        var (firings, more) = (new List<CalendarFiring>(), new List<Schedule>());
        foreach (var row in schedules)
        {
            var times = ScheduleHealth.NextAfter(row, now > from ? now : from, MostFirings + 1).TakeWhile(at => at < until).ToList();
            if (times.Count > MostFirings)
            {
                more.Add(row);
            }

            firings.AddRange(times.Take(MostFirings).Select(at => new CalendarFiring(row, at, spans.Find(span => span.From <= at && at < span.Until && (span.Blackout.ScheduleId is null || span.Blackout.ScheduleId == row.Id))?.Blackout)));
        }

        return new ScheduleCalendar([.. firings.OrderBy(firing => firing.At).ThenBy(firing => firing.Schedule.Name, StringComparer.Ordinal)], spans, more);
    }
}
