using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Schedules;

/// <summary>Whether a schedule does what its owner expects, from facts alone.</summary>
public static class ScheduleHealth
{
    /// <summary>So late, a firing is overdue.</summary>
    public static readonly TimeSpan Overdue = TimeSpan.FromMinutes(2);

    /// <summary>True when it should have fired and did not.</summary>
    public static bool IsOverdue(Schedule row, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(row);
        return row.IsActive && now - row.NextFireAt > Overdue;
    }

    /// <summary>Its next times, the one that is due included; none when it does not fire by itself, or this machine cannot read its rule.</summary>
    public static IReadOnlyList<DateTimeOffset> Next(Schedule row, int count) => NextAfter(row, ScheduleRule.DecidedUntil(row), count);

    /// <summary>Its times after a moment.</summary>
    public static IReadOnlyList<DateTimeOffset> NextAfter(Schedule row, DateTimeOffset after, int count)
    {
        return [.. TimesAfter(row, after).Take(count)];
    }

    /// <summary>The same, one after the other as they are asked for.</summary>
    internal static IEnumerable<DateTimeOffset> TimesAfter(Schedule row, DateTimeOffset after)
    {
        ArgumentNullException.ThrowIfNull(row);
        try
        {
            return row.IsActive ? ScheduleRule.Of(row).After(after) : [];
        }
        catch (SecFlowException)
        {
            // Its words say what is wrong.
            return [];
        }
    }

    /// <summary>Why a schedule may not go on, by its targets; null when it may.</summary>
    public static string? Lapsed(Schedule schedule, IReadOnlyList<Target> rows, DateTimeOffset now)
    {
        var lapsed = Of(schedule, rows).FirstOrDefault(row => row.ArchivedAt is not null || row.AuthorisedUntil <= now);
        return lapsed is null ? null
            : lapsed.ArchivedAt is { } archived ? $"the target '{lapsed.Name}' was archived on {archived:u}. Choose other targets, then let the schedule go on."
            : $"the authorisation of the target '{lapsed.Name}' ended on {lapsed.AuthorisedUntil:u}. Have it renewed, then let the schedule go on.";
    }

    /// <summary>Its target whose authorisation ends first, when it ends at all.</summary>
    public static Target? EndsFirst(Schedule schedule, IReadOnlyList<Target> rows) => Of(schedule, rows).Where(row => row.AuthorisedUntil is not null).MinBy(row => row.AuthorisedUntil);

    private static IEnumerable<Target> Of(Schedule schedule, IReadOnlyList<Target> rows)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        var (ids, tags) = (ScheduleTargets.IdsOf(schedule), ScheduleTargets.TagsOf(schedule));
        return rows.Where(row => ids.Contains(row.Id) || (row.ArchivedAt is null && row.Tags.Split(' ').Intersect(tags, StringComparer.Ordinal).Any()));
    }
}
