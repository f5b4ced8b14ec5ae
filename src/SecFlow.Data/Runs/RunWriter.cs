using System.Linq.Expressions;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;
using SecFlow.Data.Holds;

namespace SecFlow.Data.Runs;

/// <summary>The JSON of a staged record; for findings with its fingerprint.</summary>
public sealed record StagedText(string? Fingerprint, string Data);

/// <summary>
/// Everything that an engine writes of a run that it executes.
/// 1. Each write first takes the run's row under the condition that the lease still holds; no row = <see cref="LeaseLostException"/> and nothing is changed.
/// 2. Events get their sequence in that transaction: no gap, no double.
/// 3. A transaction stages at most <see cref="MaxBatch"/> records.
/// </summary>
public sealed class RunWriter(Database database)
{
    public const int MaxBatch = 1000;

    /// <summary>In the data of the event by which a run is given back: the code of the trouble that ended its engine's work on it.</summary>
    public const string TroubleKey = "trouble";

    public Task<LeaseState> RenewAsync(RunLease lease, TimeSpan leaseFor, CancellationToken ct) => database.WriteAsync(
        async write => await Held(write.Db, lease).ExecuteUpdateAsync(set => set.SetProperty(r => r.LeaseUntil, write.Now + leaseFor), ct) == 1
            ? await StateAsync(write.Db, lease, ct)
            : new LeaseState(false, false),
        ct);

    /// <summary>Cheap look without a write: is the lease held, was a cancel or a stop of everything, a pause or a skip asked for?</summary>
    public Task<LeaseState> LookAsync(RunLease lease, CancellationToken ct) => database.ReadAsync(db => StateAsync(db, lease, ct), ct);

    /// <summary>Stores events and staged records of a running node in one transaction.</summary>
    public Task StageAsync(RunLease lease, IReadOnlyList<StagedRecord> records, IReadOnlyList<NewRunEvent> events, NodeProgress? progress, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(records.Count, MaxBatch);
        return UnderLeaseAsync(
            lease,
            async (write, run) =>
            {
                await StageAsync(write, records, database.Options.Kind, ct);
                Append(write, run, events);
                if (progress is not null)
                {
                    await write.Db.NodeRuns.Where(n => n.Id == progress.NodeRunId).ExecuteUpdateAsync(
                        set => set.SetProperty(n => n.Progress, progress.Percent).SetProperty(n => n.ProgressText, progress.Text)
                            .SetProperty(n => n.Findings, progress.Findings).SetProperty(n => n.RejectedRecords, progress.Rejected),
                        ct);
                }
            },
            ct);
    }

    /// <summary>A change of a node's row outside of its checkpoint. What earlier attempts staged is dropped when a new one starts, except the records of chunks that are done: those are the new attempt's.</summary>
    public Task ChangeNodeAsync(RunLease lease, Guid nodeRunId, Action<NodeRun, DateTimeOffset> change, IReadOnlyList<NewRunEvent> events, AuditEntry? audit, CancellationToken ct) => UnderLeaseAsync(
        lease,
        async (write, run) =>
        {
            var node = await write.Db.NodeRuns.SingleAsync(n => n.Id == nodeRunId, ct);
            var attempt = node.Attempt;
            change(node, write.Now);
            if (node.Attempt != attempt)
            {
                if (attempt > 0)
                {
                    if (node.ChunksDone > 0)
                    {
                        await write.Db.StagedRecords.Where(s => s.NodeRunId == nodeRunId && s.Attempt < node.Attempt && s.Chunk > 0 && s.Chunk <= node.ChunksDone)
                            .ExecuteUpdateAsync(set => set.SetProperty(s => s.Attempt, node.Attempt), ct);
                    }

                    await write.Db.StagedRecords.Where(s => s.NodeRunId == nodeRunId && s.Attempt < node.Attempt).ExecuteDeleteAsync(ct);
                }

                NodeAttempts.Begin(write, node, lease);
            }
            else if (node.Status != NodeStatus.Running)
            {
                await NodeAttempts.EndAsync(write, nodeRunId, node.Status, node.ErrorCode, node.ErrorMessage, ct);
            }

            Append(write, run, events);
            if (audit is not null)
            {
                write.Audit(audit);
            }
        },
        ct);

    /// <summary>Ends an attempt that another one follows, with events. The node stays Running.</summary>
    public Task EndAttemptAsync(RunLease lease, Guid nodeRunId, NodeStatus status, string? code, string? reason, IReadOnlyList<NewRunEvent> events, CancellationToken ct) => UnderLeaseAsync(
        lease,
        async (write, run) =>
        {
            await NodeAttempts.EndAsync(write, nodeRunId, status, code, reason, ct);
            Append(write, run, events);
        },
        ct);

    /// <summary>A chunk of a <c>foreach</c> node is done: its records, which are staged already, count whatever happens to the attempt.</summary>
    /// <param name="lease">Of the run.</param>
    /// <param name="nodeRunId">The node run.</param>
    /// <param name="done">Number of the chunk, from 1.</param>
    /// <param name="total">How many there are.</param>
    /// <param name="state">What <see cref="NodeRun.ChunkState"/> holds from now on.</param>
    /// <param name="events">That it is done.</param>
    /// <param name="ct">Ends the wait.</param>
    public Task CommitChunkAsync(RunLease lease, Guid nodeRunId, int done, int total, string state, IReadOnlyList<NewRunEvent> events, CancellationToken ct) => UnderLeaseAsync(
        lease,
        async (write, run) =>
        {
            await write.Db.NodeRuns.Where(n => n.Id == nodeRunId).ExecuteUpdateAsync(
                set => set.SetProperty(n => n.ChunksDone, done).SetProperty(n => n.ChunksTotal, total).SetProperty(n => n.ChunkState, state), ct);
            Append(write, run, events);
        },
        ct);

    /// <summary>What an attempt has staged so far: its findings by fingerprint with their severity, and the number of valid records by port.</summary>
    public Task<(IReadOnlyDictionary<string, string?> Findings, IReadOnlyDictionary<string, int> Records)> StagedSoFarAsync(Guid nodeRunId, int attempt, CancellationToken ct) => database.ReadAsync(
        async db =>
        {
            var valid = db.StagedRecords.Where(s => s.NodeRunId == nodeRunId && s.Attempt == attempt && s.Rejection == null);
            var findings = await valid.Where(s => s.Fingerprint != null).GroupBy(s => s.Fingerprint!).Select(g => new { g.Key, Severity = g.Min(s => s.Severity) }).ToDictionaryAsync(g => g.Key, g => g.Severity, StringComparer.Ordinal, ct);
            var records = await valid.GroupBy(s => s.Port).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, StringComparer.Ordinal, ct);
            return ((IReadOnlyDictionary<string, string?>)findings, (IReadOnlyDictionary<string, int>)records);
        },
        ct);

    /// <summary>Ends the run: status, end, error, event, audit. Nodes that are still open get <paramref name="openNodes"/>.</summary>
    public Task FinishAsync(RunLease lease, RunStatus status, NodeStatus openNodes, string? code, string? message, IReadOnlyList<AuditEntry> audit, IReadOnlyList<NewRunEvent> events, CancellationToken ct) => UnderLeaseAsync(
        lease,
        async (write, run) =>
        {
            RunControlStore.EndPause(run, write.Now);
            (run.Status, run.EndedAt, run.ErrorCode, run.ErrorMessage, run.LeaseUntil) = (status, write.Now, code, message, null);
            foreach (var node in await write.Db.NodeRuns.Where(n => n.RunId == run.Id && (n.Status == NodeStatus.Pending || n.Status == NodeStatus.Running)).ToListAsync(ct))
            {
                (node.Status, node.EndedAt) = (openNodes, write.Now);
            }

            await NodeAttempts.EndAllAsync(write, run.Id, openNodes, code, message, ct);
            Append(write, run, events);
            foreach (var entry in audit)
            {
                write.Audit(entry);
            }
        },
        ct);

    /// <summary>Gives the run back: this engine stops, met trouble, or the run is paused. A paused one stays so without an engine, any other waits in the queue; its running node is Pending again. One that was told to cancel is ended instead: in the queue a hold or a blackout would keep it from its end.</summary>
    /// <returns>What the run is from now on: Queued, Paused or Cancelled.</returns>
    public async Task<RunStatus> ReleaseAsync(RunLease lease, IReadOnlyList<NewRunEvent> events, CancellationToken ct, string? why = null, string? trouble = null)
    {
        var status = RunStatus.Queued;
        await UnderLeaseAsync(lease, async (write, run) => status = await ReleaseAsync(write, run, lease, events, why, trouble, ct), ct);
        return status;
    }

    private static async Task<RunStatus> ReleaseAsync(Write write, Run run, RunLease lease, IReadOnlyList<NewRunEvent> events, string? why, string? trouble, CancellationToken ct)
    {
        if (run.CancelRequestedAt is not null)
        {
            Append(write, run, events);
            await RunStore.EndCancelledAsync(write, run, ct);
            write.Audit(new AuditEntry(Actor.System(run.TeamId, "engine"), "finish.run", "run", run.Id.ToString(), run.WorkflowName)
            {
                Outcome = AuditOutcome.Failed,
                OnBehalfOf = run.StartedByName,
                PolicyRevision = run.PolicyRevision,
                ScopeRevision = run.ScopeRevision,
                TraceId = run.TraceId,
                Details = new JsonObject { ["status"] = nameof(RunStatus.Cancelled), ["epoch"] = lease.Epoch, ["message"] = why },
            });
            return run.Status;
        }

        (run.Status, run.LeaseOwner, run.LeaseUntil) = (run.Status == RunStatus.Paused ? RunStatus.Paused : RunStatus.Queued, null, null);
        await write.Db.NodeRuns.Where(n => n.RunId == run.Id && n.Status == NodeStatus.Running).ExecuteUpdateAsync(set => set.SetProperty(n => n.Status, NodeStatus.Pending), ct);
        await NodeAttempts.EndAllAsync(write, run.Id, NodeStatus.Interrupted, trouble, why ?? $"the engine {lease.Owner} was stopped", ct);
        Append(write, run, events);
        if (why is not null && run.Status == RunStatus.Queued)
        {
            var data = new JsonObject { ["status"] = "Queued", ["reason"] = why };
            if (trouble is not null)
            {
                data[TroubleKey] = trouble;
            }

            Append(write, run, [new("run.status", null, data.ToJsonString())]);
        }

        return run.Status;
    }

    /// <summary>Records of one port of one attempt in the order of their arrival, in pages.</summary>
    public async IAsyncEnumerable<StagedText> StagedAsync(Guid nodeRunId, int attempt, string port, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var after = 0L;
        while (true)
        {
            var from = after;
            var page = await database.ReadAsync(
                db => db.StagedRecords.Where(s => s.NodeRunId == nodeRunId && s.Attempt == attempt && s.Port == port && s.Rejection == null && s.Id > from)
                    .OrderBy(s => s.Id).Take(MaxBatch).Select(s => new { s.Id, s.Fingerprint, s.Data }).ToListAsync(ct),
                ct);
            foreach (var row in page)
            {
                yield return new StagedText(row.Fingerprint, row.Data);
            }

            if (page.Count < MaxBatch)
            {
                yield break;
            }

            after = page[^1].Id;
        }
    }

    /// <summary>What one attempt said about these findings, by fingerprint.</summary>
    public async Task<IReadOnlyDictionary<string, string>> StagedMarksAsync(Guid nodeRunId, int attempt, IReadOnlyList<string> fingerprints, CancellationToken ct) => await database.ReadAsync(
        db => db.StagedRecords.Where(s => s.NodeRunId == nodeRunId && s.Attempt == attempt && s.Rejection == null && s.Fingerprint != null && fingerprints.Contains(s.Fingerprint))
            .ToDictionaryAsync(s => s.Fingerprint!, s => s.Data, ct),
        ct);

    /// <summary>Removes what a checkpoint merged, in pieces so that no transaction is long. Rejected records stay, and so does what a reading (<see cref="ReparseStore"/>) has staged since.</summary>
    public Task RemoveStagedAsync(Guid nodeRunId, CancellationToken ct) => RemoveStagedAsync(database, s => s.NodeRunId == nodeRunId && s.Attempt > 0 && s.Rejection == null, ct);

    internal static async Task RemoveStagedAsync(Database database, Expression<Func<StagedRecord, bool>> which, CancellationToken ct)
    {
        int removed;
        do
        {
            removed = await database.WriteAsync(
                write => write.Db.StagedRecords.Where(s => write.Db.StagedRecords.Where(which).OrderBy(x => x.Id).Take(5 * MaxBatch).Select(x => x.Id).Contains(s.Id)).ExecuteDeleteAsync(ct),
                ct);
        }
        while (removed == 5 * MaxBatch);
    }

    /// <summary>Stages records in the transaction of the caller.</summary>
    internal static async Task StageAsync(Write write, IReadOnlyList<StagedRecord> records, DatabaseKind kind, CancellationToken ct)
    {
        if (kind == DatabaseKind.Sqlite)
        {
            await StagedRecordsSqlite.InsertAsync(write.Db, records, ct);
        }
        else
        {
            write.Db.StagedRecords.AddRange(records);
        }
    }

    internal async Task UnderLeaseAsync(RunLease lease, Func<Write, Run, Task> change, CancellationToken ct) => await database.WriteAsync(
        async write =>
        {
            if (lease.GivenUp)
            {
                throw new LeaseLostException(lease);
            }

            // The update takes the row's lock: a claim at the same moment comes before (and we find no row) or after.
            var held = await Held(write.Db, lease)
                .ExecuteUpdateAsync(set => set.SetProperty(r => r.LeaseEpoch, lease.Epoch), ct);
            if (held == 0)
            {
                throw new LeaseLostException(lease);
            }

            await change(write, await write.Db.Runs.SingleAsync(r => r.Id == lease.RunId, ct));
        },
        ct);

    internal static void Append(Write write, Run run, IReadOnlyList<NewRunEvent> events)
    {
        foreach (var e in events)
        {
            write.Db.RunEvents.Add(new RunEvent { RunId = run.Id, TeamId = run.TeamId, Seq = ++run.LastEventSeq, Time = write.Now, Type = e.Type, NodeId = e.NodeId, Data = e.Data });
        }
    }

    /// <summary>The run's row while the lease holds: it is running, or paused with its node frozen.</summary>
    private static IQueryable<Run> Held(SecFlowContext db, RunLease lease) =>
        db.Runs.Where(r => r.Id == lease.RunId && r.LeaseEpoch == lease.Epoch && (r.Status == RunStatus.Running || (r.Status == RunStatus.Paused && r.LeaseUntil != null)));

    private static async Task<LeaseState> StateAsync(SecFlowContext db, RunLease lease, CancellationToken ct)
    {
        var seen = await Held(db, lease).Select(r => new
        {
            Cancel = r.CancelRequestedAt != null || db.Holds.Any(h => h.EndedAt == null && h.Kind == HoldKind.Stop && (h.TeamId == r.TeamId || h.TeamId == Guid.Empty)),
            Paused = r.Status == RunStatus.Paused,
            Skips = db.NodeRuns.Any(n => n.RunId == r.Id && n.SkipRequestedAt != null && (n.Status == NodeStatus.Pending || n.Status == NodeStatus.Running)),
        }).SingleOrDefaultAsync(ct);
        return seen is null ? new LeaseState(false, false) : new LeaseState(true, seen.Cancel)
        {
            Paused = seen.Paused,
            Skip = !seen.Skips ? [] : await db.NodeRuns.Where(n => n.RunId == lease.RunId && n.SkipRequestedAt != null && (n.Status == NodeStatus.Pending || n.Status == NodeStatus.Running)).Select(n => n.NodeId).ToListAsync(ct),
        };
    }
}
