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

    public IReadOnlyList<RawOutput> RawOutputs { get; init; } = [];

    public IReadOnlyList<Assessment> Assessments { get; init; } = [];

    public IReadOnlyList<NewRunEvent> Events { get; init; } = [];

    public required Func<IReadOnlyList<FindingTally>, AuditEntry> Audit { get; init; }
}

/// <summary>What a checkpoint did.</summary>
/// <param name="Tallies">Findings by severity and outcome.</param>
/// <param name="LeftStaged">Whether records are still staged, which nobody needs any more.</param>
public sealed record CheckpointResult(IReadOnlyList<FindingTally> Tallies, bool LeftStaged);

/// <summary>
/// The end of a node: findings, occurrences, assessments, datasets, artifacts, raw outputs, node status and audit event in one transaction under the lease.
/// 1. All of it or nothing; a crash before leaves the node Running and the next claim runs it again.
/// 2. A node that is already final is not checkpointed twice: the second answer is what is stored (null).
/// 3. Blobs of datasets, artifacts and raw outputs are on disk before this begins.
/// 4. What was merged is removed afterwards (<see cref="RemoveMergedAsync"/>): the node is durable whether that works or not.
/// </summary>
public sealed class CheckpointStore(Database database, RunWriter writer)
{
    /// <summary>Commits; what it did, or null when the node was final already.</summary>
    public async Task<CheckpointResult?> CommitAsync(RunLease lease, NodeCheckpoint checkpoint, CancellationToken ct)
    {
        CheckpointResult? result = null;
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
                await NodeAttempts.EndAsync(write, node.Id, node.Status, node.ErrorCode, node.ErrorMessage, ct);
                write.Db.Assessments.AddRange(checkpoint.Assessments);
                write.Db.Datasets.AddRange(checkpoint.Datasets);
                write.Db.Artifacts.AddRange(checkpoint.Artifacts);
                write.Db.RawOutputs.AddRange(checkpoint.RawOutputs);
                var staged = await write.Db.StagedRecords.AnyAsync(s => s.NodeRunId == node.Id, ct);
                IReadOnlyList<FindingTally> tallies = [];

                // Nothing said and nothing assessed: no finding can appear or change, and none can be missed.
                if (staged || checkpoint.Assessments.Any(a => a.Verdict == Verdict.Completed))
                {
                    await write.Db.SaveChangesAsync(ct);
                    tallies = await FindingMerge.RunAsync(write, run, node, checkpoint.Findings, database.Options.Kind, ct);
                }

                RunWriter.Append(write, run, checkpoint.Events);
                write.Audit(checkpoint.Audit(tallies));
                result = new CheckpointResult(tallies, staged);
            },
            ct);
        return result;
    }

    /// <summary>Removes what the checkpoint of a node merged. Where that fails, or a crash comes first, <see cref="RunStore.RemoveMergedAsync"/> does so at the next start.</summary>
    public Task RemoveMergedAsync(Guid nodeRunId, CancellationToken ct) => writer.RemoveStagedAsync(nodeRunId, ct);
}
