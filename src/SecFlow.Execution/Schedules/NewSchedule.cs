using System.Text.Json.Nodes;
using SecFlow.Data.Schedules;

namespace SecFlow.Execution.Schedules;

/// <summary>What a new schedule needs.</summary>
public sealed record NewSchedule(string Name, Guid WorkflowId, string Cron, string Zone, IReadOnlyList<Guid> TargetIds)
{
    public ScheduleKind Kind { get; init; }

    /// <summary>For <see cref="ScheduleKind.Interval"/>: 60 or more.</summary>
    public int? IntervalSeconds { get; init; }

    /// <summary>For <see cref="ScheduleKind.Once"/>.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Tags: each firing also takes the targets that have one of them at that time.</summary>
    public IReadOnlyList<string> TargetTags { get; init; } = [];

    /// <summary>Values of the recipe's parameters.</summary>
    public JsonObject Parameters { get; init; } = [];

    public MisfirePolicy Misfire { get; init; }

    public OverlapPolicy Overlap { get; init; }

    public int JitterSeconds { get; init; }

    public DateTimeOffset? StartsAt { get; init; }

    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>0 (lowest) .. 9.</summary>
    public int Priority { get; init; } = 5;

    public ScheduleSpec Spec => new()
    {
        Kind = Kind,
        Cron = (Cron ?? "").Trim(),
        IntervalSeconds = IntervalSeconds,
        RunAt = RunAt,
        Zone = Zone ?? "",
        JitterSeconds = JitterSeconds,
        StartsAt = StartsAt,
        EndsAt = EndsAt,
    };

    /// <summary>What a stored schedule says, for a change of it.</summary>
    public static NewSchedule Of(Schedule row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new(row.Name, row.WorkflowId, row.Cron, row.Zone, ScheduleTargets.IdsOf(row))
        {
            Kind = row.Kind,
            IntervalSeconds = row.IntervalSeconds,
            RunAt = row.RunAt,
            TargetTags = ScheduleTargets.TagsOf(row),
            Parameters = ScheduleTargets.ParametersOf(row),
            Misfire = row.Misfire,
            Overlap = row.Overlap,
            JitterSeconds = row.JitterSeconds,
            StartsAt = row.StartsAt,
            EndsAt = row.EndsAt,
            Priority = row.Priority,
        };
    }

    /// <summary>Writes valid values into a row.</summary>
    internal void CopyTo(Schedule row, string tags)
    {
        (row.Name, row.WorkflowId, row.Zone) = (Name.Trim(), WorkflowId, Zone);
        (row.Kind, row.StartsAt, row.EndsAt, row.JitterSeconds) = (Kind, StartsAt?.ToUniversalTime(), EndsAt?.ToUniversalTime(), JitterSeconds);
        row.Cron = Kind == ScheduleKind.Cron ? Spec.Cron : "";
        row.IntervalSeconds = Kind == ScheduleKind.Interval ? IntervalSeconds : null;
        row.RunAt = Kind == ScheduleKind.Once ? RunAt?.ToUniversalTime() : null;
        (row.Misfire, row.Overlap, row.Priority) = (Misfire, Overlap, Priority);
        (row.TargetIds, row.TargetTags, row.Parameters) = (string.Join(',', TargetIds.Distinct()), tags, Parameters.ToJsonString());
    }
}

/// <summary>A change of a schedule: all its values, and the revision that was read.</summary>
public sealed record ScheduleEdit(NewSchedule Schedule, int Revision);

/// <summary>What of a stored schedule its run takes.</summary>
public static class ScheduleTargets
{
    public static IReadOnlyList<Guid> IdsOf(Schedule row) => [.. row.TargetIds.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Guid.Parse)];

    public static IReadOnlyList<string> TagsOf(Schedule row) => row.TargetTags.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public static JsonObject ParametersOf(Schedule row) => JsonNode.Parse(row.Parameters) as JsonObject ?? [];
}
