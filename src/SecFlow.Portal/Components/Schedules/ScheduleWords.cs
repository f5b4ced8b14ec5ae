using SecFlow.Data.Schedules;
using SecFlow.Execution.Schedules;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Components.Schedules;

/// <summary>How schedules are told.</summary>
public static class ScheduleWords
{
    public static string Targets(Schedule row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var named = ScheduleTargets.IdsOf(row).Count;
        var words = named > 0 || row.TargetTags.Length == 0 ? Words.Count(named, "target") : "";
        return row.TargetTags.Length == 0 ? words : $"{words}{(words.Length > 0 ? " and " : "")}tagged {row.TargetTags}";
    }

    public static string Of(MisfirePolicy policy) => policy switch
    {
        MisfirePolicy.Skip => "times missed while nothing ran are left out",
        MisfirePolicy.All => "each time missed while nothing ran is made up, one after the other",
        _ => "one run makes up for times missed while nothing ran",
    };

    public static string Of(OverlapPolicy policy) => policy switch
    {
        OverlapPolicy.Queue => "while its last run goes on, the new one waits",
        OverlapPolicy.Replace => "while its last run goes on, that one is cancelled",
        _ => "while its last run goes on, the new one is skipped",
    };

    /// <summary>Whether it fires by itself, in one mark.</summary>
    public static StatusLook State(Schedule row, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(row);
        return row.StoppedReason is not null ? new("denied", "shield", "Stopped")
            : !row.Enabled ? new("ended", "dash", "Disabled")
            : ScheduleHealth.IsOverdue(row, now) ? new("failed", "alert", "Overdue")
            : row.NextFireAt is null ? new("ended", "dash", "Over")
            : new("succeeded", "clock", "Active");
    }
}
