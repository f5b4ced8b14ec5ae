using SecFlow.Data.Schedules;

namespace SecFlow.Execution.Schedules;

/// <summary>A firing of a calendar.</summary>
/// <param name="In">The blackout in which it falls: its run waits until that ends.</param>
public sealed record CalendarFiring(Schedule Schedule, DateTimeOffset At, Blackout? In);

/// <summary>A time of a blackout that touches the calendar.</summary>
public sealed record CalendarBlackout(Blackout Blackout, DateTimeOffset From, DateTimeOffset Until);

/// <summary>What happens in a span: firings and blackouts, bounded whatever a team has.</summary>
/// <param name="More">Schedules that fire more often than is shown of them.</param>
/// <param name="LeftOut">What is not shown, in sentences; none when all is.</param>
public sealed record ScheduleCalendar(IReadOnlyList<CalendarFiring> Firings, IReadOnlyList<CalendarBlackout> Blackouts, IReadOnlyList<Schedule> More, IReadOnlyList<string> LeftOut)
{
    /// <summary>Most firings of one schedule that are shown.</summary>
    public const int MostFirings = 400;

    /// <summary>Most firings, and most times of blackouts, that are shown.</summary>
    public const int MostEntries = 2000;

    /// <summary>Most schedules, and most blackouts, that are looked at: the first that are given.</summary>
    public const int MostSchedules = 500;

    /// <summary>What comes in a span; of what is before <paramref name="now"/> no firings, since the runs say what became of them.</summary>
    public static ScheduleCalendar Of(IReadOnlyList<Schedule> schedules, IReadOnlyList<Blackout> blackouts, DateTimeOffset from, DateTimeOffset until, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(schedules);
        ArgumentNullException.ThrowIfNull(blackouts);
        var leftOut = new List<string>();
        if (schedules.Count > MostSchedules)
        {
            leftOut.Add($"Only the {MostSchedules} schedules that fire first are shown.");
        }

        var spans = blackouts.Take(MostSchedules).SelectMany(row => BlackoutWindow.Of(row).Within(from, until).Select(span => new CalendarBlackout(row, span.From, span.Until))).Take(MostEntries + 1).ToList();
        if (blackouts.Count > MostSchedules || spans.Count > MostEntries)
        {
            leftOut.Add("There are more blackouts than are shown.");
        }

        spans = [.. spans.Take(MostEntries).OrderBy(span => span.From)];
        var (firings, more) = (new List<CalendarFiring>(), new List<Schedule>());
        foreach (var (row, at) in Merged([.. schedules.Take(MostSchedules)], now > from ? now : from, until, more))
        {
            if (firings.Count == MostEntries)
            {
                leftOut.Add($"Only the first {MostEntries} firings are shown, up to {at:u}.");
                break;
            }

            firings.Add(new CalendarFiring(row, at, spans.Find(span => span.From <= at && at < span.Until && (span.Blackout.ScheduleId is null || span.Blackout.ScheduleId == row.Id))?.Blackout));
        }

        if (more.Count > 0)
        {
            leftOut.Add($"Of {string.Join(", ", more.Take(5).Select(row => $"'{row.Name}'"))}{(more.Count > 5 ? $" and {more.Count - 5} more" : "")} only the first {MostFirings} firings are shown.");
        }

        return new ScheduleCalendar(firings, spans, more, leftOut);
    }

    // Of all schedules the next firing, again and again: what is not shown is not computed.
    private static IEnumerable<(Schedule Row, DateTimeOffset At)> Merged(IReadOnlyList<Schedule> schedules, DateTimeOffset begin, DateTimeOffset until, List<Schedule> more)
    {
        var next = new PriorityQueue<(Schedule Row, int Seen, IEnumerator<DateTimeOffset> Times), (DateTimeOffset At, int Order)>();
        var ordered = schedules.OrderBy(row => row.Name, StringComparer.Ordinal).ThenBy(row => row.Id).ToList();
        for (var order = 0; order < ordered.Count; order++)
        {
            // Nothing to be disposed of: it reads no more than a clock.
            var times = ScheduleHealth.TimesAfter(ordered[order], begin).TakeWhile(at => at < until).GetEnumerator();
            if (times.MoveNext())
            {
                next.Enqueue((ordered[order], 0, times), (times.Current, order));
            }
        }

        while (next.TryDequeue(out var one, out var place))
        {
            if (one.Seen == MostFirings)
            {
                more.Add(one.Row);
                continue;
            }

            yield return (one.Row, place.At);
            if (one.Times.MoveNext())
            {
                next.Enqueue(one with { Seen = one.Seen + 1 }, (one.Times.Current, place.Order));
            }
        }
    }
}
