using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;

namespace SecFlow.Data.Schedules;

/// <summary>A schedule in the transaction that decides about its firings.</summary>
/// <param name="Schedule">Its row; what is set on it is stored.</param>
/// <param name="Active">Its runs that have not ended.</param>
/// <param name="Fired">Idempotency keys, of those that were asked about, that have a run already.</param>
/// <param name="Now">Time of the transaction.</param>
public sealed record FiringState(Schedule Schedule, IReadOnlyList<Run> Active, IReadOnlySet<string> Fired, DateTimeOffset Now);

/// <summary>What the firings of one schedule change beside its row.</summary>
public sealed class FiringChange
{
    public List<NewRun> Start { get; } = [];

    /// <summary>Runs that are told to end, each with the event that says who.</summary>
    public List<(Guid RunId, AuditEntry Audit)> Cancel { get; } = [];

    /// <summary>Events of what was refused or left out.</summary>
    public List<AuditEntry> Audit { get; } = [];
}

/// <summary>What a batch came to.</summary>
/// <param name="Started">Runs that are stored now.</param>
/// <param name="Stopping">Runs at work that were told to end.</param>
public sealed record FiringResult(IReadOnlyList<Run> Started, IReadOnlyList<Guid> Stopping);

/// <summary>
/// Firings of schedules, many in one transaction.
/// 1. A run, its audit event, and that its schedule's time is decided are committed together: after a crash a time is either decided with its run, or still due.
/// 2. The decision sees the row as it is in that transaction. On PostgreSQL a row that another engine decides about is left to it, unless the caller waits: a person who starts a schedule now has to be answered.
/// 3. The idempotency key <c>schedule/{id}/{ticks}</c> is unique, whatever else goes wrong.
/// </summary>
public sealed class FiringStore(Database database)
{
    /// <summary>Schedules whose next time has come, the longest due first.</summary>
    public async Task<IReadOnlyList<Schedule>> DueAsync(DateTimeOffset now, int take, CancellationToken ct) => await database.ReadAsync(
        db => Active(db).Where(s => s.NextFireAt <= now).OrderBy(s => s.NextFireAt).ThenBy(s => s.Id).Take(take).ToListAsync(ct), ct);

    /// <summary>When something is due next; null when no schedule fires by itself.</summary>
    public Task<DateTimeOffset?> NextAsync(CancellationToken ct) =>
        database.ReadAsync(db => Active(db).Where(s => s.NextFireAt != null).OrderBy(s => s.NextFireAt).Select(s => s.NextFireAt).FirstOrDefaultAsync(ct), ct);

    /// <summary>Decides about these schedules in one transaction.</summary>
    /// <param name="keys">Idempotency keys that will be asked about, by schedule.</param>
    /// <param name="decide">Called once for each schedule whose row could be had; must be pure but for the row.</param>
    /// <param name="wait">Waits for a row that another transaction has, instead of leaving it out.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task<FiringResult> DecideAsync(IReadOnlyDictionary<Guid, IReadOnlyList<string>> keys, Func<FiringState, FiringChange> decide, bool wait, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            var ids = keys.Keys.ToList();
            var rows = write.Db.Database.IsSqlite()
                ? await write.Db.Schedules.Where(s => ids.Contains(s.Id)).ToListAsync(ct)
                : await FiringPostgres.LockAsync(write.Db, ids, wait, ct);
            var teams = rows.Select(s => s.TeamId).Distinct().ToList();
            var asked = keys.Values.SelectMany(k => k).ToList();
            var fired = (await write.Db.Runs.Where(r => teams.Contains(r.TeamId) && r.ScheduleId != null && asked.Contains(r.IdempotencyKey!)).Select(r => r.IdempotencyKey!).ToListAsync(ct)).ToHashSet(StringComparer.Ordinal);
            var active = (await write.Db.Runs.AsNoTracking()
                .Where(r => r.ScheduleId != null && ids.Contains(r.ScheduleId.Value) && (r.Status == RunStatus.Queued || r.Status == RunStatus.Running || r.Status == RunStatus.Paused)).ToListAsync(ct)).ToLookup(r => r.ScheduleId!.Value);
            var (started, stopping) = (new List<Run>(), new List<Guid>());
            foreach (var row in rows.OrderBy(s => s.NextFireAt).ThenBy(s => s.Id))
            {
                var change = decide(new FiringState(row, [.. active[row.Id].OrderBy(r => r.QueuedAt).ThenBy(r => r.Id)], fired, write.Now));
                foreach (var (run, audit) in change.Cancel)
                {
                    if (await RunStore.CancelAsync(write, run, audit.Actor.Name, audit, ct) == false)
                    {
                        stopping.Add(run);
                    }
                }

                foreach (var made in change.Start)
                {
                    RunStore.Add(write, made);
                    started.Add(made.Run);
                }

                change.Audit.ForEach(write.Audit);
            }

            return new FiringResult(started, stopping);
        },
        ct);

    private static IQueryable<Schedule> Active(SecFlowContext db) => db.Schedules.Where(s => s.Enabled && s.StoppedReason == null && s.ArchivedAt == null);
}
