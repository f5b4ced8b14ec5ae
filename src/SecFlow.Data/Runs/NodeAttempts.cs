using Microsoft.EntityFrameworkCore;

namespace SecFlow.Data.Runs;

/// <summary>
/// The attempts of nodes, kept by the transactions that change the nodes.
/// 1. An attempt begins with its node's change to Running, in that transaction.
/// 2. Where a node stops to be Running, its open attempt ends in the same transaction. A node that is not Running has no open attempt.
/// 3. An attempt that ended is never written again.
/// </summary>
internal static class NodeAttempts
{
    public const int MostReason = 1000;

    public static void Begin(Write write, NodeRun node, RunLease lease) => write.Db.NodeAttempts.Add(new NodeAttempt
    {
        Id = Guid.CreateVersion7(),
        TeamId = node.TeamId,
        RunId = node.RunId,
        NodeRunId = node.Id,
        NodeId = node.NodeId,
        Attempt = node.Attempt,
        Engine = lease.Owner,
        Epoch = lease.Epoch,
        BeganAt = write.Now,
        Status = NodeStatus.Running,
    });

    /// <summary>Ends what is open of a node.</summary>
    public static Task EndAsync(Write write, Guid nodeRunId, NodeStatus status, string? code, string? reason, CancellationToken ct) =>
        EndAsync(write, write.Db.NodeAttempts.Where(a => a.NodeRunId == nodeRunId && a.EndedAt == null), status, code, reason, ct);

    /// <summary>Ends what is open of a run: nothing of it runs any more.</summary>
    public static Task EndAllAsync(Write write, Guid runId, NodeStatus status, string? code, string? reason, CancellationToken ct) =>
        EndAsync(write, write.Db.NodeAttempts.Where(a => a.RunId == runId && a.EndedAt == null), status, code, reason, ct);

    private static Task EndAsync(Write write, IQueryable<NodeAttempt> open, NodeStatus status, string? code, string? reason, CancellationToken ct)
    {
        var (now, words) = (write.Now, reason is { Length: > MostReason } ? reason[..MostReason] : reason);
        return open.ExecuteUpdateAsync(
            set => set.SetProperty(a => a.EndedAt, now).SetProperty(a => a.Status, status).SetProperty(a => a.ErrorCode, code).SetProperty(a => a.Reason, words),
            ct);
    }
}
