using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;

namespace SecFlow.Data.Runs;

/// <summary>A node run whose outputs another one may use, with its datasets.</summary>
public sealed record NodeSource(NodeRun Node, IReadOnlyList<Dataset> Datasets)
{
    /// <summary>Whether everything that it found is still there and was first found by it in its run.</summary>
    public required bool HasAllFindings { get; init; }
}

/// <summary>How a node takes over what another one left.</summary>
/// <param name="NodeRunId">The node run that is to end.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Change">Sets status and provenance of the node's row.</param>
/// <param name="Words">Put before the reason of each assessment: that it is not a new one.</param>
public sealed record NodeCopy(Guid NodeRunId, NodeRun Source, Action<NodeRun, DateTimeOffset> Change, string Words)
{
    public IReadOnlyList<NewRunEvent> Events { get; init; } = [];

    public IReadOnlyList<AuditEntry> Audit { get; init; } = [];
}

/// <summary>
/// Outputs that are used again.
/// 1. One transaction under the lease, like any end of a node (<see cref="CheckpointStore"/>): status, datasets, assessments, occurrences, events, audit.
/// 2. An occurrence keeps the time at which it was really seen; no finding is seen, reopened or fixed by it.
/// 3. A copied assessment says so in its reason.
/// </summary>
public sealed class CachedNodeStore(Database database, RunWriter writer)
{
    /// <summary>The newest node run of the team that succeeded with this key, and really ran.</summary>
    public Task<NodeSource?> FindAsync(Guid teamId, string cacheKey, CancellationToken ct) => FindAsync(
        db => db.NodeRuns.Where(n => n.TeamId == teamId && n.CacheKey == cacheKey && n.Status == NodeStatus.Succeeded).OrderByDescending(n => n.EndedAt), ct);

    /// <summary>That node run of the team, if it has ended.</summary>
    public Task<NodeSource?> FindAsync(Guid teamId, Guid nodeRunId, CancellationToken ct) => FindAsync(
        db => db.NodeRuns.Where(n => n.TeamId == teamId && n.Id == nodeRunId && n.Status != NodeStatus.Pending && n.Status != NodeStatus.Running), ct);

    /// <summary>False when the node was final already: nothing is changed then.</summary>
    public async Task<bool> CommitAsync(RunLease lease, NodeCopy copy, CancellationToken ct)
    {
        var done = false;
        await writer.UnderLeaseAsync(
            lease,
            async (write, run) =>
            {
                var node = await write.Db.NodeRuns.SingleAsync(n => n.Id == copy.NodeRunId, ct);
                if (node.Status.IsFinal())
                {
                    return;
                }

                copy.Change(node, write.Now);
                await write.Db.StagedRecords.Where(s => s.NodeRunId == node.Id).ExecuteDeleteAsync(ct);
                foreach (var dataset in await write.Db.Datasets.AsNoTracking().Where(d => d.NodeRunId == copy.Source.Id).ToListAsync(ct))
                {
                    (dataset.Id, dataset.RunId, dataset.NodeRunId) = (Guid.CreateVersion7(write.Now), run.Id, node.Id);
                    write.Db.Datasets.Add(dataset);
                }

                foreach (var assessment in await write.Db.Assessments.AsNoTracking().Where(a => a.NodeRunId == copy.Source.Id).ToListAsync(ct))
                {
                    var reason = copy.Words + assessment.Reason;
                    (assessment.Id, assessment.RunId, assessment.NodeRunId, assessment.Reason) = (Guid.CreateVersion7(write.Now), run.Id, node.Id, reason.Length > 1000 ? reason[..1000] : reason);
                    write.Db.Assessments.Add(assessment);
                }

                await write.Db.SaveChangesAsync(ct);
                await FindingMerge.CopyAsync(write, run, node, copy.Source, database.Options.Kind, ct);
                RunWriter.Append(write, run, copy.Events);
                foreach (var entry in copy.Audit)
                {
                    write.Audit(entry);
                }

                done = true;
            },
            ct);
        return done;
    }

    private Task<NodeSource?> FindAsync(Func<SecFlowContext, IQueryable<NodeRun>> choose, CancellationToken ct) => database.ReadAsync(
        async db => await choose(db).FirstOrDefaultAsync(ct) is not { } node ? null
            : new NodeSource(node, await db.Datasets.Where(d => d.NodeRunId == node.Id).ToListAsync(ct)) { HasAllFindings = await db.Occurrences.CountAsync(o => o.NodeRunId == node.Id, ct) == node.Findings },
        ct);
}
