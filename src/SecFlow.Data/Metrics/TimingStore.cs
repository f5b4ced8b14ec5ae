using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Runs;

namespace SecFlow.Data.Metrics;

/// <summary>What comparable runs and nodes took.</summary>
public sealed class TimingStore(Database database)
{
    /// <summary>Seconds of the newest comparable ones by node id (empty = the whole run), newest first, at most <see cref="Pace.Window"/> each.</summary>
    /// <param name="teamId">Whose runs.</param>
    /// <param name="workflowId">Of which workflow.</param>
    /// <param name="targets">How many targets.</param>
    /// <param name="plugins">Plugin by node id; the whole run has the node id "" and the plugin "".</param>
    /// <param name="ct">Cancels.</param>
    public Task<IReadOnlyDictionary<string, IReadOnlyList<double>>> ComparableAsync(Guid teamId, Guid workflowId, int targets, IReadOnlyDictionary<string, string> plugins, CancellationToken ct) => database.ReadAsync(
        async db =>
        {
            var found = new Dictionary<string, IReadOnlyList<double>>(StringComparer.Ordinal);
            foreach (var (node, plugin) in plugins)
            {
                found[node] = await db.Timings.Where(t => t.TeamId == teamId && t.WorkflowId == workflowId && t.NodeId == node && t.PluginId == plugin && t.Targets == targets)
                    .OrderByDescending(t => t.EndedAt).Take(Pace.Window).Select(t => t.Seconds).ToListAsync(ct);
            }

            return (IReadOnlyDictionary<string, IReadOnlyList<double>>)found;
        },
        ct);

    /// <summary>Stores what a run and its nodes took. A run whose timings are there already is left alone: its end may be written twice by a crash in between.</summary>
    public Task AddAsync(IReadOnlyList<Timing> timings, CancellationToken ct) => timings.Count == 0 ? Task.CompletedTask : database.WriteAsync(
        async write =>
        {
            var run = timings[0].RunId;
            if (!await write.Db.Timings.AnyAsync(t => t.RunId == run, ct))
            {
                write.Db.Timings.AddRange(timings);
            }
        },
        ct);

    /// <summary>Of one run: the whole run and its nodes.</summary>
    public async Task<IReadOnlyList<Timing>> OfRunAsync(Guid runId, CancellationToken ct) => await database.ReadAsync(db => db.Timings.Where(t => t.RunId == runId).ToListAsync(ct), ct);

    /// <summary>The whole runs among these ids, by run.</summary>
    public async Task<IReadOnlyDictionary<Guid, Timing>> OfRunsAsync(IReadOnlyCollection<Guid> runs, CancellationToken ct) =>
        await database.ReadAsync(db => db.Timings.Where(t => runs.Contains(t.RunId) && t.NodeId == "").ToDictionaryAsync(t => t.RunId, ct), ct);

    /// <summary>What a team's runs and nodes took since then, newest first, at most <paramref name="take"/>.</summary>
    public async Task<IReadOnlyList<Timing>> SinceAsync(Guid teamId, DateTimeOffset since, bool nodes, int take, CancellationToken ct) => await database.ReadAsync(
        db => db.Timings.Where(t => t.TeamId == teamId && t.EndedAt >= since && (nodes ? t.NodeId != "" : t.NodeId == "")).OrderByDescending(t => t.EndedAt).Take(take).ToListAsync(ct),
        ct);

    /// <summary>Runs that ended with a result since then, and have no timing though they count.</summary>
    public async Task<IReadOnlyList<Guid>> UncomparedAsync(DateTimeOffset since, int most, CancellationToken ct) => await database.ReadAsync(
        db => db.Runs.Where(r => (r.Status == RunStatus.Succeeded || r.Status == RunStatus.Partial) && r.EndedAt >= since && r.LeaseEpoch == 1 && r.PausedSeconds == 0)
            .Where(r => !db.Timings.Any(t => t.RunId == r.Id) && db.NodeRuns.Any(n => n.RunId == r.Id && (n.Status == NodeStatus.Succeeded || n.Status == NodeStatus.Partial)))
            .OrderBy(r => r.EndedAt).Take(most).Select(r => r.Id).ToListAsync(ct),
        ct);

    /// <summary>How many findings the same node of the workflow had in its runs before that came to a result, newest first.</summary>
    public async Task<IReadOnlyList<int>> FindingsBeforeAsync(Run run, NodeRun node, int most, CancellationToken ct) => await database.ReadAsync(
        db => db.Timings.Where(t => t.TeamId == run.TeamId && t.WorkflowId == run.WorkflowId && t.NodeId == node.NodeId && t.PluginId == node.PluginId && t.RunId != run.Id)
            .OrderByDescending(t => t.EndedAt).Take(most)
            .Join(db.NodeRuns.Where(n => n.NodeId == node.NodeId), t => t.RunId, n => n.RunId, (_, n) => n.Findings).ToListAsync(ct),
        ct);
}
