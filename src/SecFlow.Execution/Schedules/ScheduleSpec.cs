using SecFlow.Data.Schedules;

namespace SecFlow.Execution.Schedules;

/// <summary>The times of a schedule as a person writes them.</summary>
public sealed record ScheduleSpec
{
    public ScheduleKind Kind { get; init; }

    /// <summary>Quartz cron expression, for <see cref="ScheduleKind.Cron"/>.</summary>
    public string Cron { get; init; } = "";

    /// <summary>Seconds of elapsed time between two firings, for <see cref="ScheduleKind.Interval"/>.</summary>
    public int? IntervalSeconds { get; init; }

    /// <summary>For <see cref="ScheduleKind.Once"/>.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>IANA zone: of the wall clock of a cron expression, and of what is shown.</summary>
    public string Zone { get; init; } = "UTC";

    /// <summary>0 .. 86,400, and less than the shortest time between two firings.</summary>
    public int JitterSeconds { get; init; }

    public DateTimeOffset? StartsAt { get; init; }

    public DateTimeOffset? EndsAt { get; init; }

    public static ScheduleSpec Of(Schedule row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new()
        {
            Kind = row.Kind,
            Cron = row.Cron,
            IntervalSeconds = row.IntervalSeconds,
            RunAt = row.RunAt,
            Zone = row.Zone,
            JitterSeconds = row.JitterSeconds,
            StartsAt = row.StartsAt,
            EndsAt = row.EndsAt,
        };
    }
}
