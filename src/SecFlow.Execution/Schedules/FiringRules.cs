using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Schedules;

/// <summary>What a firing does.</summary>
public enum FiringAct
{
    /// <summary>Its run is accepted and may be claimed at once.</summary>
    Fire,

    /// <summary>It starts nothing.</summary>
    Skip,

    /// <summary>Its run is accepted and waits for another one.</summary>
    Queue,

    /// <summary>The runs before it are told to end; its run is accepted and waits for the newest of them.</summary>
    Replace,
}

/// <param name="Act">What happens.</param>
/// <param name="Code">Why not, or why not at once; null for <see cref="FiringAct.Fire"/>.</param>
/// <param name="Reason">The same in words, for the schedule's row, the audit event and the queue.</param>
public sealed record FiringDecision(FiringAct Act, string? Code = null, string? Reason = null)
{
    /// <summary>The run that has to end first (<see cref="Run.AfterRunId"/>).</summary>
    public Guid? AfterRunId { get; init; }

    /// <summary>Runs to cancel.</summary>
    public IReadOnlyList<Guid> Cancel { get; init; } = [];

    /// <summary>Whether a run is accepted.</summary>
    public bool Starts => Act != FiringAct.Skip;
}

/// <summary>
/// What a firing does, from facts alone.
/// 1. A schedule that was disabled, stopped, archived, or that has ended, does nothing.
/// 2. A run that has not ended overlaps: queued, running and paused ones alike. The overlap policy decides.
/// 3. A time that is made up under <see cref="MisfirePolicy.All"/> waits for its turn whatever the overlap policy says: "all" would otherwise be "the first" or "the last".
/// 4. Of one schedule at most <see cref="MostWaiting"/> runs wait. More would never be caught up with.
/// A blackout is no reason to skip: the run is accepted and waits until the blackout ends.
/// </summary>
public static class FiringRules
{
    public const int MostWaiting = ScheduleRule.MostMadeUp;

    /// <param name="schedule">The row as it is in the transaction that decides.</param>
    /// <param name="due">When it was to fire.</param>
    /// <param name="now">The moment of the decision.</param>
    /// <param name="active">Runs of this schedule that have not ended, those included that earlier decisions of the same transaction accept.</param>
    public static FiringDecision Decide(Schedule schedule, DateTimeOffset due, DateTimeOffset now, IReadOnlyList<ActiveRun> active)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(active);
        if (!schedule.IsActive || due >= schedule.EndsAt)
        {
            var why = schedule.ArchivedAt is not null ? "it was deleted" : schedule.StoppedReason is { } stopped ? $"it was stopped: {stopped}" : !schedule.Enabled ? "it is disabled" : $"it ended on {schedule.EndsAt:u}";
            return new(FiringAct.Skip, Codes.ScheduleNotActive, $"The firing of {due:u} started nothing: {why}.");
        }

        // Rule 3: a time that is made up one by one.
        var decision = Overlaps(schedule.Overlap, schedule.Misfire == MisfirePolicy.All && now - due > ScheduleRule.Grace, active);
        return decision.Act == FiringAct.Skip ? decision with { Reason = $"The firing of {due:u} started nothing: {decision.Reason}" } : decision;
    }

    /// <summary>What overlaps means for one more run of a schedule.</summary>
    /// <param name="policy">The schedule's.</param>
    /// <param name="madeUp">It is one of several that are made up: it waits for its turn.</param>
    /// <param name="active">Runs of the schedule that have not ended.</param>
    public static FiringDecision Overlaps(OverlapPolicy policy, bool madeUp, IReadOnlyList<ActiveRun> active)
    {
        ArgumentNullException.ThrowIfNull(active);
        if (active.Count == 0)
        {
            return new(FiringAct.Fire);
        }

        var inOrder = active.OrderBy(run => run.QueuedAt).ThenBy(run => run.Id).ToList();
        var (oldest, newest) = (inOrder[0], inOrder[^1]);
        if (policy == OverlapPolicy.Skip && !madeUp)
        {
            return new(FiringAct.Skip, Codes.ScheduleOverlap, $"the run of {oldest.QueuedAt:u} is {Words(oldest.Status)}, and this schedule skips what overlaps.");
        }

        if (policy == OverlapPolicy.Replace && !madeUp)
        {
            return new(FiringAct.Replace, Codes.ScheduleOverlap, $"Replaces {(active.Count == 1 ? "the run" : $"{active.Count} runs")} before it; begins when {(active.Count == 1 ? "it has" : "they have")} ended.")
            {
                AfterRunId = newest.Id,
                Cancel = [.. active.Select(run => run.Id)],
            };
        }

        return active.Count(run => run.Status == RunStatus.Queued) >= MostWaiting
            ? new(FiringAct.Skip, Codes.ScheduleOverlap, $"{MostWaiting} runs of this schedule wait already. Make it fire less often, or its workflow quicker.")
            : new(FiringAct.Queue, Codes.ScheduleOverlap, $"Waits for the run of {newest.QueuedAt:u} of the same schedule.") { AfterRunId = newest.Id };
    }

    private static string Words(RunStatus status) => status switch
    {
        RunStatus.Queued => "still waiting",
        RunStatus.Paused => "paused",
        _ => "still running",
    };
}
