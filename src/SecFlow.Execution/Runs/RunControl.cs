using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Runs;

/// <summary>
/// What people, tokens and the engine itself may do with a run that was accepted: pause, resume, skip a node, retry, run again. Cancelling is <see cref="RunService.CancelAsync"/>.
/// 1. The same for page, API, command line and blackouts: role and team are checked, the wish and its audit event are one transaction.
/// 2. Whatever lets work begin (resume, retry, run again) asks the gate as a new start does: what lapsed meanwhile is refused, and the refusal is the same event.
/// 3. The engine pauses and resumes on its own account by the actor's name: it leaves a run alone that somebody else paused, and resumes only what it paused itself. A person may take over, and end, any pause.
/// </summary>
public sealed class RunControl(RunStore runs, RunControlStore control, RunGate gate, RunRepeat repeat, Access access, RunQueue queue, ActiveRuns active, RunSignals signals)
{
    private const int MostReason = 500;

    /// <summary>Pauses at once: nothing begins any more, running tools are frozen and their time stands still. False when somebody else had paused it and the actor is the engine.</summary>
    /// <param name="actor">Who acts.</param>
    /// <param name="runId">Which run.</param>
    /// <param name="reason">What its page shows, at most 500 characters; may be empty.</param>
    /// <param name="ct">Cancels before the commit.</param>
    /// <remarks>Throws SF1501, SF1502, SF1510 (it has ended), SF3001, SF3010.</remarks>
    public async Task<bool> PauseAsync(Actor actor, Guid runId, string reason, CancellationToken ct)
    {
        var run = await FindAsync(actor, runId, ct);
        var why = reason.Trim();
        if (why.Length > MostReason)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"A reason has at most {MostReason} characters; found {why.Length}.");
        }

        var person = actor.Kind != ActorKind.System;
        // A person of the engine's own name must not be taken for it.
        var by = person && actor.Name == Schedules.ScheduleWatch.Name ? $"{actor.Name} ({actor.Kind})" : actor.Name;
        var wish = await control.PauseAsync(runId, by, why, person, RunAcceptance.Audit(actor, "pause.run", run, new JsonObject { ["reason"] = why, ["was"] = run.Status.ToString() }), ct);
        if (!wish.Done && !(wish.Status == RunStatus.Paused && !person))
        {
            throw NotNow(wish.Status, "paused");
        }

        Tell(run);
        return wish.Done;
    }

    /// <summary>Lets a paused run go on where it stood. False when the actor is the engine and somebody else had paused it, or it is not paused any more.</summary>
    /// <remarks>Throws SF1502, SF1510 (it is not paused), SF3xxx and SF2xxx when it may not go on any more; it stays paused then.</remarks>
    public async Task<bool> ResumeAsync(Actor actor, Guid runId, CancellationToken ct)
    {
        var run = await FindAsync(actor, runId, ct);
        var person = actor.Kind != ActorKind.System;
        if (run.Status != RunStatus.Paused || (!person && run.PauseRequestedBy != actor.Name))
        {
            return person ? throw NotNow(run.Status, "resumed") : false;
        }

        var open = (await runs.NodesAsync(runId, ct)).Where(n => !n.Status.IsFinal()).Select(n => n.PluginDigest).ToList();
        await gate.RequireAgainAsync(actor, run, open, goesOn: true, ct);
        var wish = await control.ResumeAsync(runId, actor.Name, person ? null : actor.Name, RunAcceptance.Audit(actor, "resume.run", run, new JsonObject { ["pausedBy"] = run.PauseRequestedBy, ["reason"] = run.PauseReason }), ct);
        if (!wish.Done)
        {
            return person ? throw NotNow(wish.Status, "resumed") : false;
        }

        Tell(run);
        if (wish.Queued)
        {
            await queue.WakeAsync(runId, CancellationToken.None);
        }

        return true;
    }

    /// <summary>Skips a node: one that runs is ended, one that waits is passed over. Nothing of it counts, what depends on it gets empty inputs, and the run is Partial at best.</summary>
    /// <remarks>Throws SF1502 (no such run or node), SF1510 (it has ended), SF3001, SF3010.</remarks>
    public async Task SkipAsync(Actor actor, Guid runId, string nodeId, CancellationToken ct)
    {
        var run = await FindAsync(actor, runId, ct);
        var done = await control.SkipAsync(runId, nodeId, actor.Name, RunAcceptance.Audit(actor, "skip.node", run, new JsonObject { ["node"] = nodeId }), ct)
            ?? throw new SecFlowException(Codes.NotFound, $"The run has no node '{nodeId}'. Its nodes are: {string.Join(", ", (await runs.NodesAsync(runId, ct)).Select(n => n.NodeId))}.");
        if (!done)
        {
            throw new SecFlowException(Codes.RunNotInState, $"The node '{nodeId}' has ended, so it cannot be skipped. Retry the run from it, or leave it.");
        }

        Tell(run);
    }

    /// <summary>A new run with the same pins that takes over what came to its whole result before a node, and runs that node and everything after it. Without a node: from the first that did not come to its whole result.</summary>
    /// <remarks>Throws SF1502, SF1510 (it goes on, or nothing is left to retry), SF3xxx and SF2xxx when it may not run any more.</remarks>
    public async Task<Run> RetryAsync(Actor actor, Guid runId, string? nodeId, CancellationToken ct) => await repeat.RetryAsync(actor, await FindEndedAsync(actor, runId, "retried", ct), nodeId, ct);

    /// <summary>A new run of everything with the same pins: recipe version, package digests, parameters, targets as they may be touched now.</summary>
    /// <remarks>Throws SF1502, SF1510 (it goes on), SF3xxx and SF2xxx when it may not run any more.</remarks>
    public async Task<Run> RerunAsync(Actor actor, Guid runId, CancellationToken ct) => await repeat.RerunAsync(actor, await FindEndedAsync(actor, runId, "run again", ct), ct);

    private async Task<Run> FindEndedAsync(Actor actor, Guid runId, string what, CancellationToken ct)
    {
        var run = await FindAsync(actor, runId, ct);
        return run.Status.IsFinal() ? run : throw NotNow(run.Status, what);
    }

    // Whether it is the team's comes first; the role is asked about the workflow, as for a start.
    private async Task<Run> FindAsync(Actor actor, Guid runId, CancellationToken ct)
    {
        var run = await runs.FindAsync(runId, ct);
        await access.RequireAsync(actor, Permission.ReadRuns with { Scope = Permission.StartRuns.Scope }, run?.TeamId, $"run/{runId}", ct);
        await access.RequireAsync(actor, Permission.StartRuns, null, run is null ? $"run/{runId}" : $"workflow/{run.WorkflowId}", ct);
        return run ?? throw new SecFlowException(Codes.NotFound, $"There is no run {runId}.");
    }

    private void Tell(Run run)
    {
        // Executed elsewhere, its engine sees the wish at its next look.
        active.Nudge(run.Id);
        signals.Notify(run.TeamId, run.Id);
    }

    private static SecFlowException NotNow(RunStatus status, string what) => new(
        Codes.RunNotInState,
        status switch
        {
            RunStatus.Paused => $"The run is paused, so it cannot be {what}. Resume or cancel it first.",
            RunStatus.Queued or RunStatus.Running => $"The run is {status.ToString().ToLowerInvariant()}, or about to be cancelled, so it cannot be {what}. Wait for its end, or cancel it.",
            _ => $"The run has ended ({status}), so it cannot be {what}. Retry it from a node, or run it again.",
        });
}
