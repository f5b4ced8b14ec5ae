using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;

namespace SecFlow.Data.Schedules;

/// <summary>Blackouts of a team; each change with its audit event.</summary>
public sealed class BlackoutStore(Database database)
{
    /// <summary>Stores a valid blackout for the actor's team. Throws <see cref="ConflictException"/> when its schedule is not the team's.</summary>
    public Task<Blackout> AddAsync(Actor actor, Blackout blackout, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            await RequireScheduleAsync(write, actor, blackout.ScheduleId, ct);
            blackout.Id = Guid.CreateVersion7(write.Now);
            (blackout.TeamId, blackout.CreatedBy, blackout.CreatedAt) = (actor.TeamId, actor.Name, write.Now);
            write.Db.Blackouts.Add(blackout);
            write.Audit(Entry(actor, "add.blackout", blackout) with { After = Describe(blackout) });
            return blackout;
        },
        ct);

    /// <summary>By name, without archived ones.</summary>
    public async Task<IReadOnlyList<Blackout>> ListAsync(Guid teamId, CancellationToken ct = default) =>
        await database.ReadAsync(db => db.Blackouts.Where(row => row.TeamId == teamId && row.ArchivedAt == null).OrderBy(row => row.Name).ThenBy(row => row.Id).ToListAsync(ct), ct);

    /// <summary>A part of <see cref="ListAsync(Guid, CancellationToken)"/>, and how many there are in all.</summary>
    public Task<(IReadOnlyList<Blackout> Rows, int Total)> PageAsync(Guid teamId, int skip, int take, CancellationToken ct) => database.ReadAsync(
        async db =>
        {
            var rows = db.Blackouts.Where(row => row.TeamId == teamId && row.ArchivedAt == null);
            return ((IReadOnlyList<Blackout>)await rows.OrderBy(row => row.Name).ThenBy(row => row.Id).Skip(skip).Take(take).ToListAsync(ct), await rows.CountAsync(ct));
        },
        ct);

    /// <summary>Those of all teams, for the engine; never for a page.</summary>
    public async Task<IReadOnlyList<Blackout>> ListAllAsync(CancellationToken ct = default) =>
        await database.ReadAsync(db => db.Blackouts.Where(row => row.ArchivedAt == null).OrderBy(row => row.Id).ToListAsync(ct), ct);

    /// <summary>Changes a blackout of the actor's team; null when there is none. Throws <see cref="ConflictException"/> when it was changed since <paramref name="revision"/>.</summary>
    public Task<Blackout?> EditAsync(Actor actor, Guid blackoutId, int revision, Action<Blackout> change, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var row = await write.Db.Blackouts.SingleOrDefaultAsync(b => b.TeamId == actor.TeamId && b.Id == blackoutId && b.ArchivedAt == null, ct);
            if (row is null)
            {
                return null;
            }

            if (row.Revision != revision)
            {
                throw new ConflictException($"The blackout '{row.Name}' was changed by somebody else (revision {row.Revision}, yours is {revision}). Look at it again and repeat your change.");
            }

            var before = Describe(row);
            change(row);
            row.Revision++;
            await RequireScheduleAsync(write, actor, row.ScheduleId, ct);
            write.Audit(Entry(actor, "edit.blackout", row) with { Before = before, After = Describe(row) });
            return row;
        },
        ct);

    /// <summary>Ends a blackout of the actor's team for good; false when there is none.</summary>
    public Task<bool> ArchiveAsync(Actor actor, Guid blackoutId, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var row = await write.Db.Blackouts.SingleOrDefaultAsync(b => b.TeamId == actor.TeamId && b.Id == blackoutId && b.ArchivedAt == null, ct);
            if (row is null)
            {
                return false;
            }

            row.ArchivedAt = write.Now;
            write.Audit(Entry(actor, "archive.blackout", row) with { Before = Describe(row) });
            return true;
        },
        ct);

    /// <summary>Notes the time that stands or comes next, when the window is still the one that it was computed from.</summary>
    public Task MoveAsync(Guid blackoutId, int revision, DateTimeOffset? from, DateTimeOffset? until, CancellationToken ct = default) => database.WriteAsync(
        write => write.Db.Blackouts.Where(row => row.Id == blackoutId && row.Revision == revision)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.StandsFrom, from).SetProperty(row => row.StandsUntil, until), ct),
        ct);

    /// <summary>Runs at work that a blackout that stands now concerns and that nobody paused, with the blackout that ends last.</summary>
    public async Task<IReadOnlyList<(Run Run, Blackout Blackout)>> CaughtAsync(DateTimeOffset now, CancellationToken ct = default)
    {
        var rows = await database.ReadAsync(
            db => db.Runs.Where(run => run.Status == RunStatus.Running && run.PauseRequestedAt == null && run.CancelRequestedAt == null)
                .Join(Standing(db, now), run => run.TeamId, row => row.TeamId, (run, row) => new { run, row })
                .Where(pair => pair.row.ScheduleId == null || pair.row.ScheduleId == pair.run.ScheduleId)
                .ToListAsync(ct),
            ct);
        return [.. rows.GroupBy(pair => pair.run.Id).Select(group => group.OrderByDescending(pair => pair.row.StandsUntil).First()).Select(pair => (pair.run, pair.row))];
    }

    /// <summary>Runs that <paramref name="pausedBy"/> paused, or told to pause, and that no blackout concerns any more.</summary>
    public async Task<IReadOnlyList<Run>> ReleasedAsync(string pausedBy, DateTimeOffset now, CancellationToken ct = default) => await database.ReadAsync(
        db => db.Runs.Where(run => (run.Status == RunStatus.Paused || run.Status == RunStatus.Running) && run.PauseRequestedAt != null && run.PauseRequestedBy == pausedBy)
            .Where(run => !Standing(db, now).Any(row => row.TeamId == run.TeamId && (row.ScheduleId == null || row.ScheduleId == run.ScheduleId))).ToListAsync(ct),
        ct);

    /// <summary>Blackouts that stand at a moment.</summary>
    internal static IQueryable<Blackout> Standing(SecFlowContext db, DateTimeOffset now) =>
        db.Blackouts.AsNoTracking().Where(row => row.ArchivedAt == null && row.StandsFrom <= now && row.StandsUntil > now);

    private static async Task RequireScheduleAsync(Write write, Actor actor, Guid? scheduleId, CancellationToken ct)
    {
        if (scheduleId is { } id && !await write.Db.Schedules.AnyAsync(row => row.Id == id && row.TeamId == actor.TeamId && row.ArchivedAt == null, ct))
        {
            throw new ConflictException("The schedule of the blackout does not exist (any more). Choose another one, or none for all runs of the team.");
        }
    }

    private static AuditEntry Entry(Actor actor, string action, Blackout row) => new(actor, action, "blackout", row.Id.ToString(), row.Name);

    private static JsonObject Describe(Blackout row) => new() { ["name"] = row.Name, ["window"] = row.Window, ["schedule"] = row.ScheduleId?.ToString() };
}
