using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Runs;

namespace SecFlow.Data.Metrics;

/// <summary>A run as far as its times go.</summary>
public sealed record RunTimes(Guid Id, Guid WorkflowId, string WorkflowName, RunStatus Status, DateTimeOffset QueuedAt, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt);

/// <summary>A node as far as its times go.</summary>
public sealed record NodeTimes(Guid RunId, string WorkflowName, string NodeId, string PluginId, NodeStatus Status, DateTimeOffset StartedAt, DateTimeOffset EndedAt);

/// <summary>What a team's runs and nodes took lately. Bounded by what is taken; the newest count.</summary>
public sealed class PerformanceStore(Database database)
{
    /// <summary>Runs that ended since then, newest first.</summary>
    public async Task<IReadOnlyList<RunTimes>> RunsAsync(Guid teamId, DateTimeOffset since, int most, CancellationToken ct) => await database.ReadAsync(
        db => db.Runs.Where(r => r.TeamId == teamId && r.EndedAt >= since && r.StartedAt != null).OrderByDescending(r => r.EndedAt).Take(most)
            .Select(r => new RunTimes(r.Id, r.WorkflowId, r.WorkflowName, r.Status, r.QueuedAt, r.StartedAt, r.EndedAt)).ToListAsync(ct),
        ct);

    /// <summary>Nodes that ran and ended since then, newest first.</summary>
    public async Task<IReadOnlyList<NodeTimes>> NodesAsync(Guid teamId, DateTimeOffset since, int most, CancellationToken ct) => await database.ReadAsync(
        db => db.NodeRuns.Where(n => n.TeamId == teamId && n.EndedAt >= since && n.StartedAt != null).OrderByDescending(n => n.EndedAt).Take(most)
            .Join(db.Runs, n => n.RunId, r => r.Id, (n, r) => new NodeTimes(r.Id, r.WorkflowName, n.NodeId, n.PluginId, n.Status, n.StartedAt!.Value, n.EndedAt!.Value)).ToListAsync(ct),
        ct);

    /// <summary>Runs that wait and runs that are executed, now.</summary>
    public Task<(int Waiting, int Running)> NowAsync(Guid teamId, CancellationToken ct) => database.ReadAsync(
        async db => (await db.Runs.CountAsync(r => r.TeamId == teamId && r.Status == RunStatus.Queued, ct), await db.Runs.CountAsync(r => r.TeamId == teamId && r.Status == RunStatus.Running, ct)),
        ct);
}
