using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Runs;

/// <summary>
/// Rows of runs, outside of their execution.
/// 1. A run and its audit event are committed together.
/// 2. Whatever an engine writes of a run it executes goes through <see cref="RunWriter"/>, under a lease.
/// </summary>
public sealed class RunStore(Database database)
{
    /// <summary>Advisory lock number: "SFCLAIM1" in ASCII, a constant of this product.</summary>
    private const long PostgresClaimLock = 0x5346_434C_4149_4D31;

    /// <summary>Stores a run with its nodes as Queued. The same idempotency key of the same team gives the run that is already there.</summary>
    public async Task<Run> CreateAsync(NewRun made, CancellationToken ct)
    {
        var run = made.Run;
        try
        {
            return await database.WriteAsync(
                async write =>
                {
                    if (run.IdempotencyKey is { } key && await write.Db.Runs.SingleOrDefaultAsync(r => r.TeamId == run.TeamId && r.IdempotencyKey == key, ct) is { } earlier)
                    {
                        return earlier;
                    }

                    Add(write, made);
                    return run;
                },
                ct);
        }
        catch (ConflictException) when (run.IdempotencyKey is not null)
        {
            // Two requests with one key at the same moment: the unique index decided.
            if (await FindByKeyAsync(run.TeamId, run.IdempotencyKey, ct) is { } other)
            {
                return other;
            }

            throw;
        }
    }

    /// <summary>The row, its nodes, its first event and its audit event, in the transaction of the caller.</summary>
    internal static void Add(Write write, NewRun made)
    {
        made.Run.Status = RunStatus.Queued;
        made.Run.QueuedAt = write.Now;
        write.Db.Runs.Add(made.Run);
        write.Db.NodeRuns.AddRange(made.Nodes);
        RunWriter.Append(write, made.Run, [new("run.status", null, """{"status":"Queued"}""")]);
        write.Audit(made.Audit);
    }

    public Task<Run?> FindAsync(Guid runId, CancellationToken ct) =>
        database.ReadAsync(db => db.Runs.SingleOrDefaultAsync(r => r.Id == runId, ct), ct);

    public Task<Run?> FindByKeyAsync(Guid teamId, string idempotencyKey, CancellationToken ct) =>
        database.ReadAsync(db => db.Runs.SingleOrDefaultAsync(r => r.TeamId == teamId && r.IdempotencyKey == idempotencyKey, ct), ct);

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<Run>> ListAsync(Guid teamId, int skip, int take, CancellationToken ct) =>
        await database.ReadAsync(db => db.Runs.Where(r => r.TeamId == teamId).OrderByDescending(r => r.QueuedAt).ThenBy(r => r.Id).Skip(skip).Take(take).ToListAsync(ct), ct);

    /// <summary>In execution order.</summary>
    /// <summary>Number of the last event of each run of these teams that goes on, or ended since.</summary>
    public async Task<IReadOnlyList<(Guid Id, Guid TeamId, long LastEventSeq)>> NewestEventsAsync(IReadOnlyCollection<Guid> teams, DateTimeOffset endedSince, int take, CancellationToken ct)
    {
        var rows = await database.ReadAsync(
            db => db.Runs.Where(r => teams.Contains(r.TeamId) && (r.EndedAt == null || r.EndedAt >= endedSince))
                .OrderByDescending(r => r.QueuedAt).Take(take).Select(r => new { r.Id, r.TeamId, r.LastEventSeq }).ToListAsync(ct), ct);
        return [.. rows.Select(r => (r.Id, r.TeamId, r.LastEventSeq))];
    }

    public async Task<IReadOnlyList<NodeRun>> NodesAsync(Guid runId, CancellationToken ct) =>
        await database.ReadAsync(db => db.NodeRuns.Where(n => n.RunId == runId).OrderBy(n => n.Ordinal).ToListAsync(ct), ct);

    /// <summary>In the order in which they began.</summary>
    public async Task<IReadOnlyList<NodeAttempt>> AttemptsAsync(Guid runId, CancellationToken ct) =>
        await database.ReadAsync(db => db.NodeAttempts.Where(a => a.RunId == runId).OrderBy(a => a.BeganAt).ThenBy(a => a.Attempt).ToListAsync(ct), ct);

    /// <summary>How often the node was tried to its end. An attempt that the system ended (its engine stopped or died, met trouble, or its slot was given back in a pause) is none of these.</summary>
    public Task<int> TriesAsync(Guid nodeRunId, CancellationToken ct) =>
        database.ReadAsync(db => db.NodeAttempts.CountAsync(a => a.NodeRunId == nodeRunId && a.EndedAt != null && a.Status != NodeStatus.Interrupted, ct), ct);

    /// <summary>How long a node of a workflow took in its last runs that came to a result, newest first. The name of the workflow decides: its versions are compared with each other.</summary>
    public async Task<IReadOnlyList<TimeSpan>> DurationsAsync(Guid teamId, string workflow, string nodeId, string pluginId, int take, CancellationToken ct)
    {
        var rows = await database.ReadAsync(
            db => db.NodeRuns
                .Where(n => n.TeamId == teamId && n.NodeId == nodeId && n.PluginId == pluginId && (n.Status == NodeStatus.Succeeded || n.Status == NodeStatus.Partial) && n.StartedAt != null && n.EndedAt != null)
                .Join(db.Runs.Where(r => r.TeamId == teamId && r.WorkflowName == workflow), n => n.RunId, r => r.Id, (n, _) => n)
                .OrderByDescending(n => n.EndedAt)
                .Take(take)
                .Select(n => new { n.StartedAt, n.EndedAt })
                .ToListAsync(ct),
            ct);
        return [.. rows.Select(n => n.EndedAt!.Value - n.StartedAt!.Value)];
    }

    /// <summary>Runs of a schedule that have not ended, oldest first.</summary>
    public async Task<IReadOnlyList<ActiveRun>> ActiveOfScheduleAsync(Guid scheduleId, CancellationToken ct) => await database.ReadAsync(
        db => RunChoice.Active(db).Where(r => r.ScheduleId == scheduleId).OrderBy(r => r.QueuedAt).ThenBy(r => r.Id).Select(r => new ActiveRun(r.Id, r.Status, r.QueuedAt)).ToListAsync(ct), ct);

    /// <summary>The runs that these schedules of the team noted as their last ones, by schedule.</summary>
    public async Task<IReadOnlyDictionary<Guid, Run>> LastOfSchedulesAsync(Guid teamId, IReadOnlyCollection<Guid> schedules, CancellationToken ct) => await database.ReadAsync(
        db => db.Schedules.Where(s => s.TeamId == teamId && s.ArchivedAt == null && schedules.Contains(s.Id))
            .Join(db.Runs.Where(r => r.TeamId == teamId), s => s.LastRunId, r => r.Id, (s, r) => new { s.Id, Run = r }).ToDictionaryAsync(pair => pair.Id, pair => pair.Run, ct),
        ct);

    public async Task<IReadOnlyList<Assessment>> AssessmentsAsync(Guid runId, CancellationToken ct) =>
        await database.ReadAsync(db => db.Assessments.Where(a => a.RunId == runId).OrderBy(a => a.Target).ThenBy(a => a.Id).ToListAsync(ct), ct);

    public async Task<IReadOnlyList<Dataset>> DatasetsAsync(Guid runId, CancellationToken ct) =>
        await database.ReadAsync(db => db.Datasets.Where(d => d.RunId == runId).ToListAsync(ct), ct);

    /// <summary>By node, then by name.</summary>
    public async Task<IReadOnlyList<Artifact>> ArtifactsAsync(Guid runId, CancellationToken ct) =>
        await database.ReadAsync(db => db.Artifacts.Where(a => a.RunId == runId).OrderBy(a => a.NodeRunId).ThenBy(a => a.Name).ToListAsync(ct), ct);

    /// <summary>Runs that cascades of this one started, oldest first.</summary>
    public async Task<IReadOnlyList<Run>> ChildrenAsync(Guid runId, CancellationToken ct) =>
        await database.ReadAsync(db => db.Runs.Where(r => r.ParentRunId == runId).OrderBy(r => r.QueuedAt).ThenBy(r => r.Id).ToListAsync(ct), ct);

    /// <summary>What its cascades did, as events, in their order.</summary>
    public async Task<IReadOnlyList<RunEvent>> CascadeEventsAsync(Guid runId, CancellationToken ct) =>
        await database.ReadAsync(db => db.RunEvents.Where(e => e.RunId == runId && e.Type == "cascade").OrderBy(e => e.Seq).ToListAsync(ct), ct);

    /// <summary>The node runs whose outputs others use, by id.</summary>
    public async Task<IReadOnlyDictionary<Guid, NodeRun>> SourcesAsync(IReadOnlyList<NodeRun> nodes, CancellationToken ct)
    {
        var ids = nodes.Select(n => n.CachedFromNodeRunId).OfType<Guid>().Distinct().ToList();
        return ids.Count == 0 ? new Dictionary<Guid, NodeRun>() : await database.ReadAsync(db => db.NodeRuns.Where(n => ids.Contains(n.Id)).ToDictionaryAsync(n => n.Id, ct), ct);
    }

    /// <summary>How many findings filters hid in the run.</summary>
    public Task<int> HiddenAsync(Guid runId, CancellationToken ct) => database.ReadAsync(db => db.Occurrences.CountAsync(o => o.RunId == runId && o.Hidden, ct), ct);

    public async Task<IReadOnlyList<RunEvent>> EventsAsync(Guid runId, long afterSeq, int take, CancellationToken ct) =>
        await database.ReadAsync(db => db.RunEvents.Where(e => e.RunId == runId && e.Seq > afterSeq).OrderBy(e => e.Seq).Take(take).ToListAsync(ct), ct);

    /// <summary>Runs for which a worker slot should be woken, in the order of their turns; none while the limits let nothing be claimed.</summary>
    public async Task<IReadOnlyList<Guid>> WaitingAsync(int runsPerTeam, int take, CancellationToken ct)
    {
        var now = database.Time.GetUtcNow();
        return await database.ReadAsync<IReadOnlyList<Guid>>(
            async db => (await RunChoice.EligibleAsync(db, now, runsPerTeam, ct)).Count == 0
                ? []
                : await RunChoice.Waiting(db, now).OrderByDescending(r => r.Priority).ThenBy(r => r.QueuedAt).Take(take).Select(r => r.Id).ToListAsync(ct),
            ct);
    }

    /// <summary>Queued runs by priority, and the number of running ones, for the gauges.</summary>
    public Task<(IReadOnlyDictionary<int, int> Queued, int Running)> DepthAsync(CancellationToken ct) => database.ReadAsync(
        async db =>
        {
            var queued = await db.Runs.Where(r => r.Status == RunStatus.Queued).GroupBy(r => r.Priority).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, ct);
            return ((IReadOnlyDictionary<int, int>)queued, await db.Runs.CountAsync(r => r.Status == RunStatus.Running, ct));
        },
        ct);

    /// <summary>
    /// Claims the run whose turn it is (<see cref="RunChoice"/>) under a new epoch. One claim at a time in the installation, so that limits hold for all engines together.
    /// Its nodes that were running are Pending again; what they had staged beyond their last whole chunk, and what a dead engine left of merged records, is dropped. Null when nothing is eligible.
    /// </summary>
    public Task<RunLease?> ClaimAsync(RunClaim claim, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            var (db, now) = (write.Db, write.Now);
            if (!db.Database.IsSqlite())
            {
                await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({PostgresClaimLock})", ct);
            }

            foreach (var best in await RunChoice.EligibleAsync(db, now, claim.RunsPerTeam, ct))
            {
                // Conditioned on the epoch that was read: a cancel or a hold at the same moment comes before or after.
                var epoch = best.LeaseEpoch + 1;
                var claimed = await db.Runs.Where(r => r.Id == best.Id && r.LeaseEpoch == best.LeaseEpoch && (r.Status == RunStatus.Queued || r.Status == RunStatus.Running)).ExecuteUpdateAsync(
                    set => set.SetProperty(r => r.LeaseEpoch, epoch).SetProperty(r => r.LeaseOwner, claim.Owner).SetProperty(r => r.LeaseUntil, now + claim.LeaseFor)
                        .SetProperty(r => r.Status, RunStatus.Running).SetProperty(r => r.StartedAt, r => r.StartedAt ?? now)
                        .SetProperty(r => r.SandboxLevel, claim.SandboxLevel),
                    ct);
                if (claimed == 0)
                {
                    continue;
                }

                await db.Teams.Where(t => t.Id == best.TeamId).ExecuteUpdateAsync(set => set.SetProperty(t => t.ServedAt, now), ct);
                var run = await db.Runs.SingleAsync(r => r.Id == best.Id, ct);
                await db.NodeRuns.Where(n => n.RunId == run.Id && n.Status == NodeStatus.Running).ExecuteUpdateAsync(set => set.SetProperty(n => n.Status, NodeStatus.Pending), ct);
                await NodeAttempts.EndAllAsync(write, run.Id, NodeStatus.Interrupted, null, $"its engine {best.LeaseOwner} ended without a word; noticed by {claim.Owner}", ct);

                // Of a node that begins again everything but the chunks that are done; of one whose engine died between the checkpoint and the removal, what was merged.
                await db.StagedRecords.Where(s => s.RunId == run.Id && (s.Rejection == null || db.NodeRuns.Any(n => n.Id == s.NodeRunId && n.Status == NodeStatus.Pending))
                    && !db.NodeRuns.Any(n => n.Id == s.NodeRunId && n.Status == NodeStatus.Pending && s.Chunk > 0 && s.Chunk <= n.ChunksDone)).ExecuteDeleteAsync(ct);
                RunWriter.Append(write, run, [new("run.status", null, $$"""{"status":"Running","epoch":{{epoch}}}""")]);
                return new RunLease(run.Id, run.TeamId, epoch, claim.Owner);
            }

            return null;
        },
        ct);

    /// <summary>The leases that stand, of every engine.</summary>
    public async Task<IReadOnlyList<HeldLease>> LeasesAsync(CancellationToken ct) =>
        await database.ReadAsync(db => RunChoice.AtWork(db).Select(r => new HeldLease(r.Id, r.LeaseEpoch, r.LeaseUntil!.Value, r.LeaseOwner ?? "")).ToListAsync(ct), ct);

    /// <summary>Ends a lease, unless it was renewed or claimed since it was read. Its holder may still renew it until somebody claims the run.</summary>
    public Task<bool> EndLeaseAsync(HeldLease lease, CancellationToken ct) => database.WriteAsync(
        async write => await write.Db.Runs.Where(r => r.Id == lease.RunId && (r.Status == RunStatus.Running || r.Status == RunStatus.Paused) && r.LeaseEpoch == lease.Epoch && r.LeaseUntil == lease.Until)
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.LeaseUntil, (DateTimeOffset?)null), ct) == 1,
        ct);

    /// <summary>Ends every lease at once: for an engine that holds the only lock of its data folder and finds runs of a dead one.</summary>
    public Task ExpireLeasesAsync(CancellationToken ct) => database.WriteAsync(
        write => write.Db.Runs.Where(r => r.Status == RunStatus.Running || r.Status == RunStatus.Paused).ExecuteUpdateAsync(set => set.SetProperty(r => r.LeaseUntil, (DateTimeOffset?)null), ct),
        ct);

    /// <summary>Removes staged records of nodes that are final: a crash, or trouble, between a checkpoint and the removal of what it merged leaves rows that nobody needs.</summary>
    public Task RemoveMergedAsync(CancellationToken ct) => database.WriteAsync(
        write => write.Db.StagedRecords
            .Where(s => s.Rejection == null && write.Db.NodeRuns.Any(n => n.Id == s.NodeRunId && n.Status != NodeStatus.Pending && n.Status != NodeStatus.Running)).ExecuteDeleteAsync(ct),
        ct);

    /// <summary>How often in a row, the newest time included, the run was claimed without a node having come to its end and without having been given back in good order: each of these but the newest ended with its engine.</summary>
    public async Task<int> ClaimsWithoutProgressAsync(Guid runId, CancellationToken ct)
    {
        var newest = await database.ReadAsync(
            db => db.RunEvents.Where(e => e.RunId == runId && (e.Type == "run.status" || e.Type == "node.status" || e.Type == "node.chunk")).OrderByDescending(e => e.Seq).Take(500).Select(e => new { e.Type, e.Data }).ToListAsync(ct),
            ct);
        var claims = 0;
        foreach (var e in newest)
        {
            using var data = JsonDocument.Parse(e.Data);
            var status = data.RootElement.TryGetProperty("status", out var value) ? value.GetString() : null;
            if ((e.Type, status) is ("run.status", nameof(RunStatus.Running)))
            {
                claims++;
            }
            else if (e.Type == "node.chunk")
            {
                break;
            }
            else if (e.Type == "run.status" ? status == nameof(RunStatus.Queued) && !data.RootElement.TryGetProperty(RunWriter.TroubleKey, out _) : Enum.TryParse<NodeStatus>(status, out var node) && node.IsFinal())
            {
                break;
            }
        }

        return claims;
    }

    /// <summary>Records the wish to cancel. A queued run is Cancelled at once (true); a running one is told through its lease (false); a final one is left alone (null).</summary>
    public Task<bool?> RequestCancelAsync(Guid runId, string by, AuditEntry audit, CancellationToken ct) => database.WriteAsync(write => CancelAsync(write, runId, by, audit, ct), ct);

    /// <summary>The same in the transaction of the caller.</summary>
    internal static async Task<bool?> CancelAsync(Write write, Guid runId, string by, AuditEntry audit, CancellationToken ct)
    {
        var run = await TakeAsync(write, runId, ct);
        if (run.Status.IsFinal())
        {
            return null;
        }

        write.Audit(audit);
        run.CancelRequestedAt ??= write.Now;
        run.CancelRequestedBy ??= by;
        if (run.Status == RunStatus.Running || (run.Status == RunStatus.Paused && run.LeaseUntil is not null))
        {
            // Running from here on: whoever has it ends it, and should its engine be dead, the next one claims it for that.
            RunControlStore.EndPause(run, write.Now);
            run.Status = RunStatus.Running;
            return false;
        }

        await EndCancelledAsync(write, run, ct);
        return true;
    }

    /// <summary>The run, its row locked until the transaction of the caller ends: a claim, an end, an event of its engine or another wish at the same moment comes before or after.</summary>
    internal static async Task<Run> TakeAsync(Write write, Guid runId, CancellationToken ct)
    {
        await write.Db.Runs.Where(r => r.Id == runId).ExecuteUpdateAsync(set => set.SetProperty(r => r.LeaseEpoch, r => r.LeaseEpoch), ct);
        return await write.Db.Runs.SingleAsync(r => r.Id == runId, ct);
    }

    /// <summary>Ends a run that was told to cancel and that nobody executes (any more), in the transaction of the caller.</summary>
    internal static async Task EndCancelledAsync(Write write, Run run, CancellationToken ct)
    {
        RunControlStore.EndPause(run, write.Now);
        (run.Status, run.EndedAt, run.LeaseOwner, run.LeaseUntil) = (RunStatus.Cancelled, write.Now, null, null);
        foreach (var node in await write.Db.NodeRuns.Where(n => n.RunId == run.Id && (n.Status == NodeStatus.Pending || n.Status == NodeStatus.Running)).ToListAsync(ct))
        {
            (node.Status, node.EndedAt) = (NodeStatus.Cancelled, write.Now);
        }

        await NodeAttempts.EndAllAsync(write, run.Id, NodeStatus.Cancelled, null, null, ct);
        RunWriter.Append(write, run, [new("run.status", null, """{"status":"Cancelled"}""")]);
    }
}
