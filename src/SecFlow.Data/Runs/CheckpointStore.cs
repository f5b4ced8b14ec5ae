using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;

namespace SecFlow.Data.Runs;

/// <summary>What a node leaves behind when it ends.</summary>
/// <param name="NodeRunId">The node run.</param>
/// <param name="Attempt">Attempt whose staged records count.</param>
/// <param name="MergeFindings">False for an attempt whose output must not be believed (sandbox violation) or that did not run.</param>
/// <param name="Change">Sets status, counts and error of the node's row.</param>
public sealed record NodeCheckpoint(Guid NodeRunId, int Attempt, bool MergeFindings, Action<NodeRun, DateTimeOffset> Change)
{
    public IReadOnlyList<Dataset> Datasets { get; init; } = [];

    public IReadOnlyList<Assessment> Assessments { get; init; } = [];

    public IReadOnlyList<NewRunEvent> Events { get; init; } = [];

    public required Func<IReadOnlyList<FindingTally>, AuditEntry> Audit { get; init; }
}

/// <summary>
/// The end of a node: findings, occurrences, assessments, datasets, node status and audit event in one transaction under the lease.
/// 1. All of it or nothing; a crash before leaves the node Running and the next claim runs it again.
/// 2. A node that is already final is not checkpointed twice: the second answer is what is stored (null).
/// 3. Blobs of datasets are on disk before this begins.
/// </summary>
public sealed class CheckpointStore(Database database, RunWriter writer)
{
    /// <summary>Commits; the tallies of its findings, or null when the node was final already.</summary>
    public async Task<IReadOnlyList<FindingTally>?> CommitAsync(RunLease lease, NodeCheckpoint checkpoint, CancellationToken ct)
    {
        IReadOnlyList<FindingTally>? tallies = null;
        await writer.UnderLeaseAsync(
            lease,
            async (write, run) =>
            {
                var node = await write.Db.NodeRuns.SingleAsync(n => n.Id == checkpoint.NodeRunId, ct);
                if (node.Status.IsFinal() || node.Attempt != checkpoint.Attempt)
                {
                    return;
                }

                checkpoint.Change(node, write.Now);
                write.Db.Assessments.AddRange(checkpoint.Assessments);
                write.Db.Datasets.AddRange(checkpoint.Datasets);
                await write.Db.SaveChangesAsync(ct);
                tallies = checkpoint.MergeFindings ? await FindingMerge.RunAsync(write, run, node, database.Options.Kind, ct) : [];
                RunWriter.Append(write, run, checkpoint.Events);
                write.Audit(checkpoint.Audit(tallies));
            },
            ct);
        await writer.RemoveStagedAsync(checkpoint.NodeRunId, ct);
        return tallies;
    }
}
