using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Schedules;

/// <summary>Schedules of a team. The row is the truth: <see cref="Schedule.NextFireAt"/> says what is due.</summary>
public sealed class ScheduleStore(Database database)
{
    /// <summary>Stores a valid schedule for the actor's team; sets id, team, owner and time. Throws <see cref="ConflictException"/> when the workflow is not the team's.</summary>
    /// <param name="actor">Who adds, and owns it.</param>
    /// <param name="schedule">The row; its id and time of creation are set before <paramref name="next"/> is asked.</param>
    /// <param name="next">Its next fire time; null keeps what the row says.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task<Schedule> AddAsync(Actor actor, Schedule schedule, Func<Schedule, DateTimeOffset?>? next = null, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            await RequireWorkflowAsync(write, actor, schedule.WorkflowId, ct);
            schedule.Id = Guid.CreateVersion7(write.Now);
            schedule.TeamId = actor.TeamId;
            (schedule.Owner, schedule.OwnerKind, schedule.OwnerId) = (actor.Name, actor.Kind, actor.Id);
            (schedule.CreatedAt, schedule.DecidedUntil) = (write.Now, write.Now);
            schedule.NextFireAt = next is null ? schedule.NextFireAt : next(schedule);
            write.Db.Schedules.Add(schedule);
            write.Audit(Entry(actor, "add.schedule", schedule) with { After = Describe(schedule) });
            return schedule;
        },
        ct);

    /// <summary>Schedules by name, without archived ones.</summary>
    public async Task<IReadOnlyList<Schedule>> ListAsync(Guid teamId, CancellationToken ct = default) =>
        await database.ReadAsync(db => db.Schedules.Where(row => row.TeamId == teamId && row.ArchivedAt == null).OrderBy(row => row.Name).ThenBy(row => row.Id).ToListAsync(ct), ct);

    /// <summary>A part of <see cref="ListAsync(Guid, CancellationToken)"/>, and how many there are in all.</summary>
    public Task<(IReadOnlyList<Schedule> Rows, int Total)> PageAsync(Guid teamId, int skip, int take, CancellationToken ct) => database.ReadAsync(
        async db =>
        {
            var rows = db.Schedules.Where(row => row.TeamId == teamId && row.ArchivedAt == null);
            return ((IReadOnlyList<Schedule>)await rows.OrderBy(row => row.Name).ThenBy(row => row.Id).Skip(skip).Take(take).ToListAsync(ct), await rows.CountAsync(ct));
        },
        ct);

    /// <summary>Those that fire by themselves, the next one first.</summary>
    public async Task<IReadOnlyList<Schedule>> ComingAsync(Guid teamId, int take, CancellationToken ct) => await database.ReadAsync(
        db => db.Schedules.Where(row => row.TeamId == teamId && row.Enabled && row.StoppedReason == null && row.ArchivedAt == null && row.NextFireAt != null)
            .OrderBy(row => row.NextFireAt).ThenBy(row => row.Id).Take(take).ToListAsync(ct),
        ct);

    /// <summary>Enabled schedules of all teams that were not stopped, for the engine; never for a page.</summary>
    public async Task<IReadOnlyList<Schedule>> ListEnabledAsync(CancellationToken ct = default) =>
        await database.ReadAsync(db => db.Schedules.Where(row => row.Enabled && row.StoppedReason == null && row.ArchivedAt == null).OrderBy(row => row.Id).ToListAsync(ct), ct);

    public Task<Schedule?> FindAsync(Guid teamId, Guid scheduleId, CancellationToken ct = default) =>
        database.ReadAsync(db => db.Schedules.SingleOrDefaultAsync(row => row.TeamId == teamId && row.Id == scheduleId && row.ArchivedAt == null, ct), ct);

    /// <summary>The schedule of a trigger that fired, whatever its team; for the engine only.</summary>
    public Task<Schedule?> FindForFiringAsync(Guid scheduleId, CancellationToken ct = default) =>
        database.ReadAsync(db => db.Schedules.SingleOrDefaultAsync(row => row.Id == scheduleId && row.ArchivedAt == null, ct), ct);

    /// <summary>
    /// Changes a schedule of the actor's team: nothing of the old rule is made up under the new one. Null when there is none.
    /// Throws <see cref="ConflictException"/> when it was changed since <paramref name="revision"/>, or its workflow is not the team's.
    /// </summary>
    /// <param name="actor">Who changes.</param>
    /// <param name="scheduleId">The schedule.</param>
    /// <param name="revision">Revision that was read.</param>
    /// <param name="change">Sets the new values.</param>
    /// <param name="next">Its next fire time.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task<Schedule?> EditAsync(Actor actor, Guid scheduleId, int revision, Action<Schedule> change, Func<Schedule, DateTimeOffset?> next, CancellationToken ct = default) =>
        ChangeAsync(
            actor,
            scheduleId,
            "edit.schedule",
            async (write, row) =>
            {
                if (row.Revision != revision)
                {
                    throw new ConflictException($"The schedule '{row.Name}' was changed by somebody else (revision {row.Revision}, yours is {revision}). Look at it again and repeat your change.");
                }

                change(row);
                await RequireWorkflowAsync(write, actor, row.WorkflowId, ct);
                row.DecidedUntil = write.Now;
                row.NextFireAt = next(row);
                return true;
            },
            ct);

    /// <summary>Switches a schedule of the actor's team on or off; null when there is none. What a stop of the engine said is forgotten when a person switches it on.</summary>
    public Task<Schedule?> SetEnabledAsync(Actor actor, Guid scheduleId, bool enabled, Func<Schedule, DateTimeOffset?>? next = null, CancellationToken ct = default) =>
        ChangeAsync(
            actor,
            scheduleId,
            enabled ? "enable.schedule" : "disable.schedule",
            (write, row) =>
            {
                if (row.Enabled == enabled && (row.StoppedReason is null || !enabled))
                {
                    return Task.FromResult(false);
                }

                row.Enabled = enabled;
                if (enabled)
                {
                    (row.StoppedReason, row.StoppedAt, row.LastRefusal) = (null, null, null);
                    row.DecidedUntil = write.Now;
                }

                row.NextFireAt = !enabled ? null : next is null ? row.NextFireAt : next(row);
                return Task.FromResult(true);
            },
            ct);

    /// <summary>Makes somebody else the one on whose authority it fires; null when there is no such schedule.</summary>
    public Task<Schedule?> HandOverAsync(Actor actor, Guid scheduleId, ActorKind kind, string id, string name, CancellationToken ct = default) =>
        ChangeAsync(
            actor,
            scheduleId,
            "hand-over.schedule",
            (_, row) =>
            {
                var same = row.OwnerKind == kind && row.OwnerId == id;
                (row.OwnerKind, row.OwnerId, row.Owner) = (kind, id, name);
                return Task.FromResult(!same);
            },
            ct);

    /// <summary>The engine stops a schedule that may not fire any more; false when it was stopped, disabled or deleted meanwhile.</summary>
    public Task<bool> StopAsync(Guid scheduleId, string code, string reason, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var row = await write.Db.Schedules.SingleOrDefaultAsync(s => s.Id == scheduleId && s.ArchivedAt == null && s.Enabled && s.StoppedReason == null, ct);
            if (row is null)
            {
                return false;
            }

            var words = reason.Length > 1000 ? reason[..1000] : reason;
            (row.StoppedReason, row.StoppedAt, row.NextFireAt) = (words, write.Now, null);
            write.Audit(Entry(Actor.System(row.TeamId), "stop.schedule", row) with { Outcome = AuditOutcome.Denied, ReasonCode = code, OnBehalfOf = row.Owner, Details = new JsonObject { ["reason"] = words } });
            return true;
        },
        ct);

    /// <summary>Takes a schedule of the actor's team out of use, with its own blackouts; false when there is none.</summary>
    public Task<bool> ArchiveAsync(Actor actor, Guid scheduleId, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var schedule = await OfTeamAsync(write, actor, scheduleId, ct);
            if (schedule is null)
            {
                return false;
            }

            schedule.ArchivedAt = write.Now;
            schedule.Enabled = false;
            schedule.NextFireAt = null;
            await write.Db.Blackouts.Where(row => row.ScheduleId == scheduleId && row.ArchivedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.ArchivedAt, write.Now), ct);
            write.Audit(Entry(actor, "archive.schedule", schedule) with { Before = Describe(schedule) });
            return true;
        },
        ct);

    /// <summary>Notes when it is due next.</summary>
    public Task RecordNextAsync(Guid scheduleId, DateTimeOffset? nextFireAt, CancellationToken ct = default) => database.WriteAsync(
        write => write.Db.Schedules.Where(row => row.Id == scheduleId).ExecuteUpdateAsync(set => set.SetProperty(row => row.NextFireAt, nextFireAt), ct), ct);

    private Task<Schedule?> ChangeAsync(Actor actor, Guid scheduleId, string action, Func<Write, Schedule, Task<bool>> change, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            var row = await OfTeamAsync(write, actor, scheduleId, ct);
            if (row is null)
            {
                return null;
            }

            var before = Describe(row);
            if (await change(write, row))
            {
                row.Revision++;
                write.Audit(Entry(actor, action, row) with { Before = before, After = Describe(row) });
            }

            return row;
        },
        ct);

    private static async Task RequireWorkflowAsync(Write write, Actor actor, Guid workflowId, CancellationToken ct)
    {
        if (!await write.Db.Workflows.AnyAsync(row => row.Id == workflowId && row.TeamId == actor.TeamId && row.ArchivedAt == null, ct))
        {
            throw new ConflictException("The workflow of the schedule does not exist (any more). Choose another one.");
        }
    }

    private static Task<Schedule?> OfTeamAsync(Write write, Actor actor, Guid scheduleId, CancellationToken ct) =>
        write.Db.Schedules.SingleOrDefaultAsync(row => row.TeamId == actor.TeamId && row.Id == scheduleId && row.ArchivedAt == null, ct);

    private static AuditEntry Entry(Actor actor, string action, Schedule row) => new(actor, action, "schedule", row.Id.ToString(), row.Name);

    private static JsonObject Describe(Schedule schedule) => new()
    {
        ["name"] = schedule.Name,
        ["workflow"] = schedule.WorkflowId.ToString(),
        ["kind"] = schedule.Kind.ToString(),
        ["cron"] = schedule.Cron,
        ["intervalSeconds"] = schedule.IntervalSeconds,
        ["runAt"] = schedule.RunAt?.ToString("O"),
        ["zone"] = schedule.Zone,
        ["startsAt"] = schedule.StartsAt?.ToString("O"),
        ["endsAt"] = schedule.EndsAt?.ToString("O"),
        ["jitterSeconds"] = schedule.JitterSeconds,
        ["misfire"] = schedule.Misfire.ToString(),
        ["overlap"] = schedule.Overlap.ToString(),
        ["priority"] = schedule.Priority,
        ["targets"] = schedule.TargetIds,
        ["tags"] = schedule.TargetTags,
        ["parameters"] = JsonNode.Parse(schedule.Parameters),
        ["owner"] = schedule.Owner,
        ["enabled"] = schedule.Enabled,
    };
}
