using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Schedules;

/// <summary>
/// A schedule that a person starts now: whether it overlaps, what it cancels and its run are one transaction, the same as of a firing (<see cref="FiringStore"/>).
/// Two clicks at one moment are decided one after the other; a crash leaves either nothing or the new run with the cancellation of the old one.
/// </summary>
public sealed class ScheduleStart(FiringStore firings, RunStore runs, ActiveRuns working, RunSignals signals)
{
    /// <summary>Stores the run, or gives the earlier one of its idempotency key. Throws SF1302 when the overlap policy says no, SF1307 when the schedule was changed since it was read, SF1502 when it was deleted.</summary>
    /// <param name="actor">Who starts it.</param>
    /// <param name="seen">The row from which the run was made.</param>
    /// <param name="made">The run.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public async Task<Run> StoreAsync(Actor actor, Schedule seen, NewRun made, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(seen);
        ArgumentNullException.ThrowIfNull(made);
        var key = made.Run.IdempotencyKey;
        SecFlowException? refused = null;
        FiringChange Decide(FiringState state)
        {
            refused = null;
            if (key is not null && state.Fired.Contains(key))
            {
                return new FiringChange();
            }

            if (state.Schedule.ArchivedAt is not null || state.Schedule.Revision != seen.Revision)
            {
                refused = state.Schedule.ArchivedAt is not null
                    ? new SecFlowException(Access.NotFound("schedule"))
                    : new SecFlowException(Codes.ScheduleChanged, $"The schedule '{seen.Name}' was changed by somebody else at this moment. Load it again and decide anew.");
                return new FiringChange();
            }

            var (decision, change) = FiringPlan.StartNow(state, made, actor);
            refused = decision.Starts ? null : new SecFlowException(decision.Code!, $"'{seen.Name}' was not started: {decision.Reason} Wait for it, or cancel it.");
            return change;
        }

        FiringResult result;
        try
        {
            result = await firings.DecideAsync(new Dictionary<Guid, IReadOnlyList<string>> { [seen.Id] = key is null ? [] : [key] }, Decide, wait: true, ct);
        }
        catch (ConflictException) when (key is not null)
        {
            // The same key started something else at this moment: the unique index decided.
            return await runs.FindByKeyAsync(seen.TeamId, key, ct) ?? throw new SecFlowException(Access.NotFound("run"));
        }

        if (refused is not null)
        {
            throw refused;
        }

        foreach (var run in result.Stopping)
        {
            working.Cancel(run);
        }

        if (result.Started is [var started])
        {
            signals.NotifyAll(started.TeamId);
            return started;
        }

        return (key is null ? null : await runs.FindByKeyAsync(seen.TeamId, key, ct)) ?? throw new SecFlowException(Access.NotFound("schedule"));
    }
}
