using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;
using SecFlow.Data.Holds;
using SecFlow.Data.Schedules;

namespace SecFlow.Data.Runs;

/// <summary>A waiting run with what its turn depends on.</summary>
/// <param name="Run">Its row.</param>
/// <param name="Plugins">Plugins of its nodes that have not ended, of those that have a limit.</param>
public sealed record QueuedRun(Run Run, IReadOnlyList<string> Plugins);

/// <summary>A run at work.</summary>
public sealed record RunAtWork(Guid TeamId, string Workflow, DateTimeOffset StartedAt)
{
    /// <summary>Paused with its node frozen: it has its slot, and nobody knows when it goes on.</summary>
    public bool Frozen { get; init; }
}

/// <summary>Everything that decides who is next, as of one moment. Holds rows of every team: what a person sees of it is chosen above.</summary>
/// <param name="Now">The moment.</param>
/// <param name="Waiting">Runs that wait, by priority and age.</param>
/// <param name="AtWork">Runs at work.</param>
/// <param name="BusyPlugins">Runs at work by team and limited plugin.</param>
/// <param name="Limits">Every limit.</param>
/// <param name="Served">When each team was served last.</param>
/// <param name="Holds">Holds that stand.</param>
/// <param name="Durations">How long runs of a workflow take.</param>
/// <param name="Blackouts">Blackouts that stand.</param>
/// <param name="NotEnded">Of the runs that others wait for, those that have not ended.</param>
public sealed record QueueSnapshot(
    DateTimeOffset Now,
    IReadOnlyList<QueuedRun> Waiting,
    IReadOnlyList<RunAtWork> AtWork,
    IReadOnlyDictionary<(Guid TeamId, string PluginId), int> BusyPlugins,
    IReadOnlyList<QueueLimit> Limits,
    IReadOnlyDictionary<Guid, DateTimeOffset?> Served,
    IReadOnlyList<Hold> Holds,
    IReadOnlyDictionary<(Guid TeamId, string Workflow), TimeSpan> Durations,
    IReadOnlySet<Guid> NotEnded,
    IReadOnlyList<Blackout> Blackouts);

/// <summary>
/// The queue as people see and steer it. Who is claimed is <see cref="RunStore.ClaimAsync"/>'s.
/// 1. A limit and its audit event are one transaction; at most one stands for each team and plugin.
/// 2. A priority is changed only while the run waits: afterwards it would mean nothing.
/// </summary>
public sealed class QueueStore(Database database)
{
    /// <summary>Waiting runs that a snapshot holds at most; nobody reads further, and an estimate so far ahead would be none.</summary>
    public const int MostShown = 1000;

    private const int HistoryRuns = 20;

    public Task<QueueSnapshot> SnapshotAsync(CancellationToken ct = default)
    {
        var now = database.Time.GetUtcNow();
        return database.ReadAsync(
            async db =>
            {
                var waiting = await db.Runs.Where(r => r.Status == RunStatus.Queued || (r.Status == RunStatus.Running && r.LeaseUntil == null))
                    .OrderByDescending(r => r.Priority).ThenBy(r => r.QueuedAt).ThenBy(r => r.Id).Take(MostShown).ToListAsync(ct);
                var atWork = await RunChoice.AtWork(db).Select(r => new { r.TeamId, r.WorkflowName, r.StartedAt, r.Status }).ToListAsync(ct);
                var limits = await db.QueueLimits.ToListAsync(ct);
                var plugins = await OpenPluginsAsync(db, limits, ct);
                var before = waiting.Where(r => r.AfterRunId != null).Select(r => r.AfterRunId!.Value).Distinct().ToList();
                var teams = waiting.Select(r => r.TeamId).Distinct().ToList();
                return new QueueSnapshot(
                    now,
                    [.. waiting.Select(r => new QueuedRun(r, [.. plugins[r.Id]]))],
                    [.. atWork.Select(r => new RunAtWork(r.TeamId, r.WorkflowName, r.StartedAt ?? now) { Frozen = r.Status == RunStatus.Paused })],
                    await RunChoice.BusyPluginsAsync(db, limits, ct),
                    limits,
                    await db.Teams.Where(t => teams.Contains(t.Id)).ToDictionaryAsync(t => t.Id, t => t.ServedAt, ct),
                    await db.Holds.Where(h => h.EndedAt == null).ToListAsync(ct),
                    await DurationsAsync(db, [.. waiting.Select(r => (r.TeamId, r.WorkflowName)), .. atWork.Select(r => (r.TeamId, r.WorkflowName))], ct),
                    (await RunChoice.Active(db).Where(r => before.Contains(r.Id)).Select(r => r.Id).ToListAsync(ct)).ToHashSet(),
                    await BlackoutStore.Standing(db, now).ToListAsync(ct));
            },
            ct);
    }

    /// <summary>Sets or, with null, removes a limit; null when there was none to remove.</summary>
    public Task<QueueLimit?> SetLimitAsync(Actor actor, Guid teamId, string pluginId, int? mostRuns, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var limit = await write.Db.QueueLimits.SingleOrDefaultAsync(l => l.TeamId == teamId && l.PluginId == pluginId, ct);
            var before = Describe(limit);
            if (mostRuns is null)
            {
                if (limit is null)
                {
                    return null;
                }

                write.Db.QueueLimits.Remove(limit);
            }
            else
            {
                if (limit is null)
                {
                    limit = new QueueLimit { Id = Guid.CreateVersion7(write.Now), TeamId = teamId, PluginId = pluginId };
                    write.Db.QueueLimits.Add(limit);
                }

                (limit.MostRuns, limit.SetBy, limit.SetAt) = (mostRuns.Value, actor.Name, write.Now);
            }

            write.Audit(new AuditEntry(actor with { TeamId = teamId }, mostRuns is null ? "remove.limit" : "set.limit", "limit", limit.Id.ToString(), pluginId.Length > 0 ? pluginId : "runs of the team")
            {
                Before = before,
                After = mostRuns is null ? null : Describe(limit),
            });
            return limit;
        },
        ct);

    /// <summary>Changes the priority of a run that waits; null when it does not (any more).</summary>
    public Task<Run?> SetPriorityAsync(Actor actor, Guid runId, int priority, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            // Taking the row first orders this against a claim at the same moment.
            var waits = await write.Db.Runs.Where(r => r.Id == runId && r.Status == RunStatus.Queued).ExecuteUpdateAsync(set => set.SetProperty(r => r.LeaseEpoch, r => r.LeaseEpoch), ct);
            if (waits == 0)
            {
                return null;
            }

            var run = await write.Db.Runs.SingleAsync(r => r.Id == runId, ct);
            if (run.Priority != priority)
            {
                write.Audit(new AuditEntry(actor, "prioritise.run", "run", run.Id.ToString(), run.WorkflowName)
                {
                    Before = new JsonObject { ["priority"] = run.Priority },
                    After = new JsonObject { ["priority"] = priority },
                    PolicyRevision = run.PolicyRevision,
                    ScopeRevision = run.ScopeRevision,
                    TraceId = run.TraceId,
                });
                run.Priority = priority;
            }

            return run;
        },
        ct);

    private static async Task<ILookup<Guid, string>> OpenPluginsAsync(SecFlowContext db, IReadOnlyList<QueueLimit> limits, CancellationToken ct)
    {
        var limited = limits.Select(l => l.PluginId).Where(p => p.Length > 0).Distinct().ToList();
        var open = limited.Count == 0
            ? []
            : await db.NodeRuns.Where(n => limited.Contains(n.PluginId) && (n.Status == NodeStatus.Pending || n.Status == NodeStatus.Running))
                .Join(db.Runs.Where(r => r.Status == RunStatus.Queued || r.Status == RunStatus.Running), n => n.RunId, r => r.Id, (n, _) => new { n.RunId, n.PluginId }).Distinct().ToListAsync(ct);
        return open.ToLookup(n => n.RunId, n => n.PluginId);
    }

    // The median of the newest runs that came to a result: one slow run says little.
    private static async Task<IReadOnlyDictionary<(Guid, string), TimeSpan>> DurationsAsync(SecFlowContext db, IReadOnlyList<(Guid TeamId, string Workflow)> asked, CancellationToken ct)
    {
        var medians = new Dictionary<(Guid, string), TimeSpan>();
        foreach (var (team, workflow) in asked.Distinct().Take(HistoryRuns))
        {
            var rows = await db.Runs.Where(r => r.TeamId == team && r.WorkflowName == workflow && (r.Status == RunStatus.Succeeded || r.Status == RunStatus.Partial) && r.StartedAt != null && r.EndedAt != null)
                .OrderByDescending(r => r.QueuedAt).Take(HistoryRuns).Select(r => new { r.StartedAt, r.EndedAt }).ToListAsync(ct);
            if (rows.Count > 0)
            {
                medians[(team, workflow)] = rows.Select(r => r.EndedAt!.Value - r.StartedAt!.Value).Order().ElementAt(rows.Count / 2);
            }
        }

        return medians;
    }

    private static JsonObject? Describe(QueueLimit? limit) => limit is null ? null : new JsonObject
    {
        ["team"] = limit.TeamId == Guid.Empty ? "all" : limit.TeamId.ToString(),
        ["plugin"] = limit.PluginId,
        ["mostRuns"] = limit.MostRuns,
    };
}
