using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Schedules;

namespace SecFlow.Data.Runs;

/// <summary>A run that waits, as far as its turn depends on it.</summary>
public sealed record WaitingRun(Guid Id, Guid TeamId, int Priority, DateTimeOffset QueuedAt, long LeaseEpoch, string? LeaseOwner)
{
    public static WaitingRun Of(Run run) => new(run.Id, run.TeamId, run.Priority, run.QueuedAt, run.LeaseEpoch, run.LeaseOwner);
}

/// <summary>
/// Whose turn it is.
/// 1. The highest priority.
/// 2. Of equal priority the team with the fewest runs at work, then the one that was served longest ago: a team that queues a thousand runs delays another team by one.
/// 3. In a team the oldest.
/// </summary>
public sealed record QueueTurn(WaitingRun Run, int AtWork, DateTimeOffset? ServedAt)
{
    /// <summary>First in order = next.</summary>
    public static Comparer<QueueTurn> Order { get; } = Comparer<QueueTurn>.Create((one, other) =>
    {
        var order = other.Run.Priority.CompareTo(one.Run.Priority);
        order = order != 0 ? order : one.AtWork.CompareTo(other.AtWork);
        order = order != 0 ? order : Nullable.Compare(one.ServedAt, other.ServedAt);
        order = order != 0 ? order : one.Run.QueuedAt.CompareTo(other.Run.QueuedAt);
        return order != 0 ? order : one.Run.Id.CompareTo(other.Run.Id);
    });
}

/// <summary>
/// What may be claimed now: of each team the run whose turn it is within the team, unless the team is held or at its limit.
/// 1. A run is at work while an engine has it: Running, or Paused with its node frozen, under a lease that holds. A frozen one goes on without being claimed, so it keeps its place in every limit. One whose slot was given back, or whose engine died, is not at work.
/// 2. A run takes part in a plugin's limit from its claim until its last node of that plugin has ended.
/// </summary>
internal static class RunChoice
{
    /// <summary>Runs that have not ended.</summary>
    public static IQueryable<Run> Active(SecFlowContext db) => db.Runs.AsNoTracking().Where(r => r.Status == RunStatus.Queued || r.Status == RunStatus.Running || r.Status == RunStatus.Paused);

    /// <summary>Runs that somebody should claim: queued, or running under a lease that was ended; none of a team whose work is held, none in a blackout, none before the run that it waits for. A run that was told to end is claimed all the same: its end must be written.</summary>
    public static IQueryable<Run> Waiting(SecFlowContext db, DateTimeOffset now) => db.Runs.AsNoTracking()
        .Where(r => r.Status == RunStatus.Queued || (r.Status == RunStatus.Running && r.LeaseUntil == null))
        .Where(r => r.AfterRunId == null || !Active(db).Any(before => before.Id == r.AfterRunId))
        .Where(r => (r.Status == RunStatus.Running && r.CancelRequestedAt != null) || (!db.Holds.Any(h => h.EndedAt == null && (h.TeamId == r.TeamId || h.TeamId == Guid.Empty))
            && !BlackoutStore.Standing(db, now).Any(b => b.TeamId == r.TeamId && (b.ScheduleId == null || b.ScheduleId == r.ScheduleId))));

    /// <summary>In the order of their turns.</summary>
    public static async Task<IReadOnlyList<WaitingRun>> EligibleAsync(SecFlowContext db, DateTimeOffset now, int runsPerTeam, CancellationToken ct)
    {
        var teams = await Waiting(db, now).Select(r => r.TeamId).Distinct().ToListAsync(ct);
        if (teams.Count == 0)
        {
            return [];
        }

        var limits = await db.QueueLimits.AsNoTracking().ToListAsync(ct);
        var atWork = await AtWorkByTeamAsync(db, ct);
        var busy = await BusyPluginsAsync(db, limits, ct);
        var served = await db.Teams.AsNoTracking().Where(t => teams.Contains(t.Id)).ToDictionaryAsync(t => t.Id, t => t.ServedAt, ct);
        var turns = new List<QueueTurn>(teams.Count);
        foreach (var team in teams.Where(t => atWork.GetValueOrDefault(t) < QueueLimit.OfTeam(limits, t, runsPerTeam)))
        {
            var full = FullPlugins(limits, busy, team);
            var runs = Waiting(db, now).Where(r => r.TeamId == team);
            if (full.Count > 0)
            {
                runs = runs.Where(r => !db.NodeRuns.Any(n => n.RunId == r.Id && (n.Status == NodeStatus.Pending || n.Status == NodeStatus.Running) && full.Contains(n.PluginId)));
            }

            if (await runs.OrderByDescending(r => r.Priority).ThenBy(r => r.QueuedAt).ThenBy(r => r.Id).Select(r => new WaitingRun(r.Id, r.TeamId, r.Priority, r.QueuedAt, r.LeaseEpoch, r.LeaseOwner)).FirstOrDefaultAsync(ct) is { } first)
            {
                turns.Add(new QueueTurn(first, atWork.GetValueOrDefault(team), served.GetValueOrDefault(team)));
            }
        }

        return [.. turns.Order(QueueTurn.Order).Select(t => t.Run)];
    }

    /// <summary>Runs at work.</summary>
    public static IQueryable<Run> AtWork(SecFlowContext db) => db.Runs.AsNoTracking().Where(r => (r.Status == RunStatus.Running || r.Status == RunStatus.Paused) && r.LeaseUntil != null);

    /// <summary>Runs at work, by team.</summary>
    public static Task<Dictionary<Guid, int>> AtWorkByTeamAsync(SecFlowContext db, CancellationToken ct) => AtWork(db)
        .GroupBy(r => r.TeamId).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, ct);

    /// <summary>Runs at work that still have a node of a limited plugin to do, by team and plugin.</summary>
    public static async Task<IReadOnlyDictionary<(Guid TeamId, string PluginId), int>> BusyPluginsAsync(SecFlowContext db, IReadOnlyList<QueueLimit> limits, CancellationToken ct)
    {
        var limited = limits.Select(l => l.PluginId).Where(p => p.Length > 0).Distinct().ToList();
        if (limited.Count == 0)
        {
            return new Dictionary<(Guid, string), int>();
        }

        var open = await db.NodeRuns.AsNoTracking()
            .Where(n => limited.Contains(n.PluginId) && (n.Status == NodeStatus.Pending || n.Status == NodeStatus.Running))
            .Join(AtWork(db), n => n.RunId, r => r.Id, (n, r) => new { n.TeamId, n.PluginId, n.RunId })
            .Distinct().ToListAsync(ct);
        return open.GroupBy(n => (n.TeamId, n.PluginId)).ToDictionary(g => g.Key, g => g.Count());
    }

    private static List<string> FullPlugins(IReadOnlyList<QueueLimit> limits, IReadOnlyDictionary<(Guid TeamId, string PluginId), int> busy, Guid team) =>
        [.. limits.Where(l => l.PluginId.Length > 0 && (l.TeamId == team || l.TeamId == Guid.Empty) && l.CountIn(busy) >= l.MostRuns).Select(l => l.PluginId)];
}
