using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;

namespace SecFlow.Data.Runs;

/// <summary>What the staged records of a node are.</summary>
public enum StagedFindings
{
    /// <summary>Nothing of it counts: the attempt did not run, must not be believed (sandbox violation), or had to change findings and did not come to its end.</summary>
    Ignore,

    /// <summary>New findings, or ones seen again.</summary>
    Create,

    /// <summary>Fields for findings of this run, by fingerprint.</summary>
    Patch,

    /// <summary>Findings to hide in this run, by fingerprint.</summary>
    Hide,
}

/// <summary>What a node leaves behind when it ends.</summary>
/// <param name="NodeRunId">The node run.</param>
/// <param name="Attempt">Attempt whose staged records count.</param>
/// <param name="Findings">What becomes of the staged records about findings.</param>
/// <param name="Change">Sets status, counts and error of the node's row.</param>
public sealed record NodeCheckpoint(Guid NodeRunId, int Attempt, StagedFindings Findings, Action<NodeRun, DateTimeOffset> Change)
{
    public IReadOnlyList<Dataset> Datasets { get; init; } = [];

    public IReadOnlyList<Artifact> Artifacts { get; init; } = [];

    public IReadOnlyList<Assessment> Assessments { get; init; } = [];

    public IReadOnlyList<NewRunEvent> Events { get; init; } = [];

    public required Func<IReadOnlyList<FindingTally>, AuditEntry> Audit { get; init; }
}

/// <summary>
/// The end of a node: findings, occurrences, assessments, datasets, artifacts, node status and audit event in one transaction under the lease.
/// 1. All of it or nothing; a crash before leaves the node Running and the next claim runs it again.
/// 2. A node that is already final is not checkpointed twice: the second answer is what is stored (null).
/// 3. Blobs of datasets and artifacts are on disk before this begins.
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
                write.Db.Artifacts.AddRange(checkpoint.Artifacts);
                await write.Db.SaveChangesAsync(ct);
                tallies = await FindingMerge.RunAsync(write, run, node, checkpoint.Findings, database.Options.Kind, ct);
                RunWriter.Append(write, run, checkpoint.Events);
                write.Audit(checkpoint.Audit(tallies));
            },
            ct);
        await writer.RemoveStagedAsync(checkpoint.NodeRunId, ct);
        return tallies;
    }
}
