using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Schedules;

/// <summary>Schedules of a team. The row is the truth; Quartz holds a mirror that is rebuilt from <see cref="ListEnabledAsync"/>.</summary>
public sealed class ScheduleStore(Database database)
{
    /// <summary>Stores a valid schedule for the actor's team; sets id, team, owner and time. Throws <see cref="ConflictException"/> when the workflow is not the team's.</summary>
    public Task<Schedule> AddAsync(Actor actor, Schedule schedule, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            if (!await write.Db.Workflows.AnyAsync(row => row.Id == schedule.WorkflowId && row.TeamId == actor.TeamId && row.ArchivedAt == null, ct))
            {
                throw new ConflictException("The workflow of the schedule does not exist (any more). Choose another one.");
            }

            schedule.Id = Guid.CreateVersion7(write.Now);
            schedule.TeamId = actor.TeamId;
            (schedule.Owner, schedule.OwnerKind, schedule.OwnerId) = (actor.Name, actor.Kind, actor.Id);
            schedule.CreatedAt = write.Now;
            write.Db.Schedules.Add(schedule);
            write.Audit(new AuditEntry(actor, "add.schedule", "schedule", schedule.Id.ToString(), schedule.Name) { After = Describe(schedule) });
            return schedule;
        },
        ct);

    /// <summary>Schedules by name, without archived ones.</summary>
    public async Task<IReadOnlyList<Schedule>> ListAsync(Guid teamId, CancellationToken ct = default) =>
        await database.ReadAsync(db => db.Schedules.Where(row => row.TeamId == teamId && row.ArchivedAt == null).OrderBy(row => row.Name).ToListAsync(ct), ct);

    /// <summary>Enabled schedules of all teams, for the engine; never for a page.</summary>
    public async Task<IReadOnlyList<Schedule>> ListEnabledAsync(CancellationToken ct = default) =>
        await database.ReadAsync(db => db.Schedules.Where(row => row.Enabled && row.ArchivedAt == null).OrderBy(row => row.Id).ToListAsync(ct), ct);

    public Task<Schedule?> FindAsync(Guid teamId, Guid scheduleId, CancellationToken ct = default) =>
        database.ReadAsync(db => db.Schedules.SingleOrDefaultAsync(row => row.TeamId == teamId && row.Id == scheduleId && row.ArchivedAt == null, ct), ct);

    /// <summary>The schedule of a trigger that fired, whatever its team; for the engine only.</summary>
    public Task<Schedule?> FindForFiringAsync(Guid scheduleId, CancellationToken ct = default) =>
        database.ReadAsync(db => db.Schedules.SingleOrDefaultAsync(row => row.Id == scheduleId && row.ArchivedAt == null, ct), ct);

    /// <summary>Switches a schedule of the actor's team on or off; null when there is none.</summary>
    public Task<Schedule?> SetEnabledAsync(Actor actor, Guid scheduleId, bool enabled, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var schedule = await OfTeamAsync(write, actor, scheduleId, ct);
            if (schedule is not null && schedule.Enabled != enabled)
            {
                schedule.Enabled = enabled;
                write.Audit(new AuditEntry(actor, enabled ? "enable.schedule" : "disable.schedule", "schedule", schedule.Id.ToString(), schedule.Name));
            }

            return schedule;
        },
        ct);

    /// <summary>Takes a schedule of the actor's team out of use; false when there is none.</summary>
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
            write.Audit(new AuditEntry(actor, "archive.schedule", "schedule", schedule.Id.ToString(), schedule.Name) { Before = Describe(schedule) });
            return true;
        },
        ct);

    /// <summary>Notes a firing. A start is audited with its run; a refusal (<paramref name="refusal"/>) by who refused.</summary>
    public Task RecordFiringAsync(Guid scheduleId, DateTimeOffset firedAt, DateTimeOffset? nextFireAt, string? refusal, CancellationToken ct = default) => database.WriteAsync(
        write => write.Db.Schedules.Where(row => row.Id == scheduleId).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.LastFiredAt, firedAt).SetProperty(row => row.NextFireAt, nextFireAt).SetProperty(row => row.LastRefusal, refusal), ct),
        ct);

    /// <summary>Notes when Quartz will fire next.</summary>
    public Task RecordNextAsync(Guid scheduleId, DateTimeOffset? nextFireAt, CancellationToken ct = default) => database.WriteAsync(
        write => write.Db.Schedules.Where(row => row.Id == scheduleId).ExecuteUpdateAsync(set => set.SetProperty(row => row.NextFireAt, nextFireAt), ct), ct);

    private static Task<Schedule?> OfTeamAsync(Write write, Actor actor, Guid scheduleId, CancellationToken ct) =>
        write.Db.Schedules.SingleOrDefaultAsync(row => row.TeamId == actor.TeamId && row.Id == scheduleId && row.ArchivedAt == null, ct);

    private static JsonObject Describe(Schedule schedule) => new()
    {
        ["workflow"] = schedule.WorkflowId.ToString(),
        ["cron"] = schedule.Cron,
        ["zone"] = schedule.Zone,
        ["targets"] = schedule.TargetIds,
        ["tags"] = schedule.TargetTags,
        ["enabled"] = schedule.Enabled,
    };
}
