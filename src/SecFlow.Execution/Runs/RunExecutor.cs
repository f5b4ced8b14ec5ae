using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>
/// A claimed run, from its first node without a checkpoint to its end.
/// 1. Nodes one after the other in the recipe's order; a node that is final is not run again.
/// 2. Stopped by a person: Cancelled. Stopped because this engine stops: back to the queue. Lease lost: nothing is written any more.
/// 3. Paused: no node begins, and the slot is given back; a node that runs is frozen (<see cref="RunStop.Freezer"/>) and keeps the slot for a while (<see cref="RunWorkerOptions.FrozenFor"/>).
/// 4. Skipped by a person: the node ends, nothing of it counts, and the run is Partial at best: its targets were not assessed by it.
/// 5. What its cascades start is accepted before its end (<see cref="Cascades"/>), each run once whatever happens in between.
/// 6. The end is one transaction: status, open nodes, event, audit.
/// </summary>
public sealed partial class RunExecutor(
    RunStore runs,
    RunControlStore control,
    CheckpointStore checkpoints,
    RunWriter writer,
    WorkflowStore workflows,
    WorkflowService recipes,
    NodeExecutor nodes,
    Cascades cascades,
    NodePlugins plugins,
    RunSignals signals,
    RunWorkerOptions options,
    SecFlowMeter meter,
    RunTimings timings,
    TimeProvider time,
    ILogger<RunExecutor> logger)
{
    private static readonly TimeSpan _giveBackEvery = TimeSpan.FromSeconds(1);

    public async Task ExecuteAsync(RunLease lease, RunStop stop)
    {
        var run = await runs.FindAsync(lease.RunId, CancellationToken.None) ?? throw new InvalidOperationException($"The claimed run {lease.RunId} does not exist.");
        SecFlowMeter.MeasureFor(run.TeamId);
        using var span = StartSpan(run);
        using var scope = logger.BeginScope("run {RunId}, trace {TraceId}", run.Id, run.TraceId);
        var began = time.GetTimestamp();
        meter.RunStarted((run.StartedAt ?? run.QueuedAt) - run.QueuedAt, run.WorkflowName);
        signals.Notify(run.TeamId, run.Id);
        var status = run.Status;
        await using var hosts = plugins.Hosts?.Invoke();
        await using var journal = new RunJournal(lease, writer, signals, time, run.LastEventSeq);
        if (run.CancelRequestedAt is not null)
        {
            // Asked for while no engine had it (the one before died or stopped): no node may begin first.
            stop.Stop(StopReason.Cancelled);
        }

        try
        {
            status = await RunAsync(lease, run, journal, hosts, stop);
        }
        catch (LeaseLostException e)
        {
            LeaseLost(logger, run.Id, lease.Epoch, e);
        }
        catch (Exception e) when (DatabaseTrouble.Of(e) is { } trouble)
        {
            InTrouble(logger, run.Id, e);
            status = await GiveBackInTroubleAsync(lease, journal, stop, trouble);
        }
        catch (Exception e)
        {
            // Whatever happened, the run must not stay Running in silence.
            RunFailed(logger, run.Id, e);
            var (code, message) = e is SecFlowException known ? (known.Code, known.Diagnostics[0].Message) : (Codes.DatabaseFailed, $"The engine failed: {e.Message}");
            status = await FinishAsync(lease, run, journal, RunStatus.Interrupted, NodeStatus.Interrupted, code, message);
        }
        finally
        {
            span?.SetTag("secflow.status", status.ToString());
            meter.RunEnded(run.WorkflowName, status.ToString(), time.GetElapsedTime(began));
            signals.Notify(run.TeamId, run.Id);
            if (options.Compares && status.IsFinal())
            {
                await timings.RecordAsync(run.Id, CancellationToken.None);
                signals.Notify(run.TeamId, run.Id);
            }
        }
    }

    private async Task<RunStatus> RunAsync(RunLease lease, Run run, RunJournal journal, RunHosts? hosts, RunStop stop)
    {
        if (lease.Epoch > options.MostClaims && await runs.ClaimsWithoutProgressAsync(run.Id, CancellationToken.None) > options.MostClaims)
        {
            return await FinishAsync(
                lease, run, journal, RunStatus.Interrupted, NodeStatus.Interrupted, Codes.EngineStopped,
                $"The engine ended {options.MostClaims} times in a row while it executed this run, without one of its nodes coming to its end. Find out from the engine's log why, then start the run again.");
        }

        var rows = await runs.NodesAsync(run.Id, CancellationToken.None);
        var recipe = await ReadRecipeAsync(run, rows);
        var context = new RunContext(lease, run, recipe, RunContext.ReadTargets(run.Targets), journal, stop) { Hosts = hosts };
        if (lease.Epoch > 1 && rows.Any(r => r.StartedAt is not null) && !recipe.State.ResumeOnFailure && !await control.WasGivenBackAsync(run.Id, CancellationToken.None))
        {
            return await FinishAsync(lease, run, journal, RunStatus.Interrupted, NodeStatus.Interrupted, Codes.EngineStopped, "The engine stopped while the run was going on, and its recipe says resume_on_failure: false. Start it again.");
        }

        try
        {
            if (await RunNodesAsync(context, rows, stop.Token) is not { } done)
            {
                return await GiveBackAsync(lease, journal, "the run is paused; it goes on with its next node");
            }

            var worst = rows.Count == 0 ? null : (await runs.NodesAsync(run.Id, CancellationToken.None)).FirstOrDefault(r => r.ErrorCode is not null);
            var outcome = RunOutcome.RunOf(done);
            var cascaded = await cascades.StartAsync(context, outcome, stop.Token);
            return await FinishAsync(lease, run, journal, outcome, NodeStatus.Skipped, worst?.ErrorCode, worst?.ErrorMessage, cascaded);
        }
        catch (OperationCanceledException) when (stop.Reason == StopReason.Cancelled)
        {
            journal.DropRecords();
            return await FinishAsync(lease, run, journal, RunStatus.Cancelled, NodeStatus.Cancelled, null, null);
        }
        catch (OperationCanceledException) when (stop.Reason == StopReason.EngineStops)
        {
            journal.DropRecords();
            if (!recipe.State.ResumeOnFailure)
            {
                return await FinishAsync(lease, run, journal, RunStatus.Interrupted, NodeStatus.Interrupted, Codes.EngineStopped, "The engine was stopped while the run was going on, and its recipe says resume_on_failure: false. Start it again.");
            }

            return await GiveBackAsync(lease, journal, "the engine stops; the run continues at its next start");
        }
        catch (OperationCanceledException) when (stop.Reason == StopReason.Paused)
        {
            journal.DropRecords();
            return await GiveBackAsync(lease, journal, $"the run was paused for more than {options.FrozenFor.TotalMinutes:0.#} minutes; its node begins anew when it is resumed");
        }
        catch (OperationCanceledException) when (stop.Reason == StopReason.LeaseLost)
        {
            throw new LeaseLostException(lease);
        }
    }

    /// <summary>
    /// Trouble that passes is no reason to end a run: it goes back to the queue as soon as the database takes that. Should the lease end first, nothing is written any more,
    /// and whoever watches leases finds the run. How often in a row, see <see cref="RunWorkerOptions.MostClaims"/>.
    /// </summary>
    private async Task<RunStatus> GiveBackInTroubleAsync(RunLease lease, RunJournal journal, RunStop stop, DatabaseTrouble trouble)
    {
        var code = EngineTroubles.CodeOf(trouble.Kind);
        var why = $"the engine {lease.Owner} could not go on ({trouble.Words}); the run continues when that has passed";
        while (stop.Reason != StopReason.LeaseLost)
        {
            try
            {
                journal.DropRecords();
                return await GiveBackAsync(lease, journal, why, code);
            }
            catch (LeaseLostException e)
            {
                LeaseLost(logger, lease.RunId, lease.Epoch, e);
                break;
            }
            catch (Exception e) when (DatabaseTrouble.Of(e) is not null)
            {
                await Task.Delay(_giveBackEvery, time);
            }
        }

        return RunStatus.Running;
    }

    private async Task<RunStatus> GiveBackAsync(RunLease lease, RunJournal journal, string why, string? trouble = null)
    {
        var status = RunStatus.Queued;
        await journal.CommitAsync(async events => status = await writer.ReleaseAsync(lease, events, CancellationToken.None, why, trouble), CancellationToken.None);
        return status;
    }

    /// <summary>Null when the run is paused before one of them.</summary>
    private async Task<List<NodeEnd>?> RunNodesAsync(RunContext context, IReadOnlyList<NodeRun> rows, CancellationToken ct)
    {
        var done = new List<NodeEnd>();
        var failures = new FailureRules(context.Recipe);
        foreach (var node in context.Recipe.Nodes)
        {
            ct.ThrowIfCancellationRequested();
            var row = rows.Single(r => r.NodeId == node.Id);
            if (row.Status.IsFinal())
            {
                done.Add(new NodeEnd(row.Status, node.OnFailure, row.Status == NodeStatus.Skipped && row.SkipRequestedAt is not null));
                failures.Ended(node, row.Status);
                continue;
            }

            var wish = await writer.LookAsync(context.Lease, ct);
            if (wish is { Held: true, CancelRequested: false, Paused: true })
            {
                return null;
            }

            var (status, byPerson) = failures.WhySkipped(node) is { } skipped ? (await SkipAsync(context, row, skipped, ct), false)
                : wish.Skip.Contains(node.Id) ? (await SkipForPersonAsync(context, node, row, ct), true)
                : await FailingConditionAsync(context, node, ct) is { } condition ? (await SkipAsync(context, row, $"its condition does not hold: {condition}", ct), false)
                : (await ExecuteAsync(context, node, row, ct), true);

            // Of a node that began only a person makes a skipped one.
            done.Add(new NodeEnd(status, node.OnFailure, byPerson && status == NodeStatus.Skipped));
            failures.Ended(node, status);
        }

        return done;
    }

    /// <summary>Runs the node until it ends, or until a person skips it.</summary>
    private async Task<NodeStatus> ExecuteAsync(RunContext context, RecipeNode node, NodeRun row, CancellationToken ct)
    {
        using var stop = context.Stop.Begin(node.Id);
        try
        {
            return await nodes.ExecuteAsync(context, node, row, stop.Token);
        }
        catch (OperationCanceledException) when (stop.Skipped)
        {
            context.Journal.DropRecords();
            return await SkipForPersonAsync(context, node, row, ct);
        }
    }

    private async Task<string?> FailingConditionAsync(RunContext context, RecipeNode node, CancellationToken ct)
    {
        if (node.Conditions.Count == 0)
        {
            return null;
        }

        var counts = (await runs.DatasetsAsync(context.Run.Id, ct)).ToDictionary(d => d.Name, d => d.Count, StringComparer.Ordinal);
        return node.FailingCondition(counts, context.Parameters, context.FirstTarget);
    }

    /// <summary>A person wants it skipped: what its attempt staged is dropped, and of its targets it is kept that they were not assessed, and why.</summary>
    private async Task<NodeStatus> SkipForPersonAsync(RunContext context, RecipeNode recipe, NodeRun row, CancellationToken ct)
    {
        var node = (await runs.NodesAsync(row.RunId, ct)).First(n => n.Id == row.Id);
        if (node.Status.IsFinal())
        {
            // Its checkpoint was faster than the wish.
            return node.Status;
        }

        var reason = $"{node.SkipRequestedBy} wanted it; nothing of it counts";
        var result = new NodeResult { Error = new Diagnostic(Codes.NodeSkipped, $"{node.SkipRequestedBy} skipped the node"), Manifest = (await plugins.FindAsync(node.TeamId, node.PluginDigest, ct))?.Manifest };
        context.Journal.Add("node.status", row.NodeId, new JsonObject { ["status"] = "Skipped", ["code"] = Codes.NodeSkipped, ["reason"] = reason });
        var end = new NodeCheckpoint(node.Id, node.Attempt, StagedFindings.Ignore, (n, now) => (n.Status, n.EndedAt, n.ErrorCode, n.ErrorMessage) = (NodeStatus.Skipped, now, Codes.NodeSkipped, "Skipped: " + reason))
        {
            Assessments = NodeExecutor.Assess(context, recipe, node, result),
            Audit = _ => new AuditEntry(context.Actor, "finish.node", "node", $"{context.Run.Id}/{node.NodeId}", node.NodeId)
            {
                Outcome = AuditOutcome.Failed,
                ReasonCode = Codes.NodeSkipped,
                OnBehalfOf = context.Run.StartedByName,
                PolicyRevision = context.Run.PolicyRevision,
                ScopeRevision = context.Run.ScopeRevision,
                TraceId = context.Run.TraceId,
                Details = new JsonObject { ["status"] = "Skipped", ["attempt"] = node.Attempt, ["plugin"] = $"{node.PluginId}@{node.PluginVersion}", ["digest"] = node.PluginDigest, ["message"] = reason },
            },
        };
        await context.Journal.CommitAsync(events => checkpoints.CommitAsync(context.Lease, end with { Events = events }, ct), ct);
        await checkpoints.RemoveMergedAsync(node.Id, ct);
        return NodeStatus.Skipped;
    }

    private async Task<NodeStatus> SkipAsync(RunContext context, NodeRun row, string reason, CancellationToken ct)
    {
        context.Journal.Add("node.status", row.NodeId, new JsonObject { ["status"] = "Skipped", ["reason"] = reason });
        await context.Journal.CommitAsync(
            events => writer.ChangeNodeAsync(
                context.Lease,
                row.Id,
                (n, now) => (n.Status, n.EndedAt, n.ErrorMessage) = (NodeStatus.Skipped, now, "Skipped: " + reason),
                events,
                null,
                ct),
            ct);
        return NodeStatus.Skipped;
    }

    /// <summary>The recipe against the plugin versions that the run pinned, whatever was installed since.</summary>
    private async Task<Recipe> ReadRecipeAsync(Run run, IReadOnlyList<NodeRun> rows)
    {
        var version = await workflows.FindVersionAsync(run.TeamId, run.WorkflowVersionId)
            ?? throw new SecFlowException(Codes.NotFound, $"The version of the workflow '{run.WorkflowName}' that the run pinned is gone.");
        var result = await recipes.ReadPinnedAsync(run.TeamId, version.Recipe, [.. rows.Select(r => r.PluginDigest)], RunContext.ReadPins(run.SubWorkflows), CancellationToken.None);
        return result.Recipe ?? throw new SecFlowException(result.Problems);
    }

    private async Task<RunStatus> FinishAsync(RunLease lease, Run run, RunJournal journal, RunStatus status, NodeStatus open, string? code, string? message, IReadOnlyList<AuditEntry>? more = null)
    {
        if (journal.NotStored > 0)
        {
            journal.Add("run.status", null, new JsonObject { ["notStored"] = journal.NotStored, ["reason"] = $"a run keeps {RunJournal.MaxEvents} events" });
        }

        journal.Add("run.status", null, new JsonObject { ["status"] = status.ToString(), ["code"] = code, ["message"] = message });
        var actor = Actor.System(run.TeamId, "engine");
        var audit = new AuditEntry(actor, "finish.run", "run", run.Id.ToString(), run.WorkflowName)
        {
            Outcome = status switch { RunStatus.Denied => AuditOutcome.Denied, RunStatus.Succeeded or RunStatus.Partial => AuditOutcome.Allowed, _ => AuditOutcome.Failed },
            ReasonCode = code,
            OnBehalfOf = run.StartedByName,
            PolicyRevision = run.PolicyRevision,
            ScopeRevision = run.ScopeRevision,
            TraceId = run.TraceId,
            Details = new JsonObject { ["status"] = status.ToString(), ["epoch"] = lease.Epoch, ["message"] = message },
        };
        await journal.CommitAsync(events => writer.FinishAsync(lease, status, open, code, message, [.. more ?? [], audit], events, CancellationToken.None), CancellationToken.None);
        return status;
    }

    // The trace was named when the run was accepted; its spans join it, also after a restart.
    private static Activity? StartSpan(Run run)
    {
        var parent = run.TraceId is { Length: 32 } id
            ? new ActivityContext(ActivityTraceId.CreateFromString(id), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded)
            : default;
        return SecFlowMeter.Spans.StartActivity("run", ActivityKind.Internal, parent)?.SetTag("secflow.run", run.Id).SetTag("secflow.workflow", run.WorkflowName);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The run {RunId} was claimed by another engine; epoch {Epoch} is over")]
    private static partial void LeaseLost(ILogger logger, Guid runId, long epoch, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The run {RunId} could not go on; it is given back to the queue")]
    private static partial void InTrouble(ILogger logger, Guid runId, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "The run {RunId} failed")]
    private static partial void RunFailed(ILogger logger, Guid runId, Exception error);
}
