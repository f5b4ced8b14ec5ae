using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Targets;

/// <summary>Targets of a team. Rows are never deleted: runs and findings speak of them.</summary>
public sealed class TargetStore(Database database)
{
    /// <summary>Stores a valid target for the actor's team; sets id, team and time. Throws <see cref="ConflictException"/> when its name is taken.</summary>
    public Task<Target> AddAsync(Actor actor, Target target, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            if (await write.Db.Targets.AnyAsync(row => row.TeamId == actor.TeamId && row.Name == target.Name && row.ArchivedAt == null, ct))
            {
                throw new ConflictException($"A target '{target.Name}' exists already. Choose another name, or end the other one first.");
            }

            target.Id = Guid.CreateVersion7(write.Now);
            target.TeamId = actor.TeamId;
            target.CreatedAt = write.Now;
            write.Db.Targets.Add(target);
            write.Audit(new AuditEntry(actor, "add.target", "target", target.Id.ToString(), target.Name) { After = Describe(target) });
            return target;
        },
        ct);

    /// <summary>Targets by name, archived ones only when asked for.</summary>
    public async Task<IReadOnlyList<Target>> ListAsync(Guid teamId, bool archivedToo = false, CancellationToken ct = default) => await database.ReadAsync(
        db => db.Targets.Where(row => row.TeamId == teamId && (archivedToo || row.ArchivedAt == null)).OrderBy(row => row.Name).ToListAsync(ct), ct);

    public Task<Target?> FindAsync(Guid teamId, Guid targetId, CancellationToken ct = default) =>
        database.ReadAsync(db => db.Targets.SingleOrDefaultAsync(row => row.TeamId == teamId && row.Id == targetId, ct), ct);

    /// <summary>The targets with these ids that the team has, in no order; archived ones included, so that the caller can say so.</summary>
    public async Task<IReadOnlyList<Target>> FindManyAsync(Guid teamId, IReadOnlyList<Guid> targetIds, CancellationToken ct = default) =>
        await database.ReadAsync(db => db.Targets.Where(row => row.TeamId == teamId && targetIds.Contains(row.Id)).ToListAsync(ct), ct);

    /// <summary>Ends a target of the actor's team; false when there is none or it was ended before.</summary>
    public Task<bool> ArchiveAsync(Actor actor, Guid targetId, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var target = await write.Db.Targets.SingleOrDefaultAsync(row => row.TeamId == actor.TeamId && row.Id == targetId && row.ArchivedAt == null, ct);
            if (target is null)
            {
                return false;
            }

            var before = Describe(target);
            target.ArchivedAt = write.Now;
            target.Revision++;
            if (target.AuthorisedUntil is null || target.AuthorisedUntil > write.Now)
            {
                target.AuthorisedUntil = write.Now;
            }

            write.Audit(new AuditEntry(actor, "archive.target", "target", target.Id.ToString(), target.Name) { Before = before, After = Describe(target) });
            return true;
        },
        ct);

    private static JsonObject Describe(Target target) => new()
    {
        ["kind"] = target.Kind.ToString(),
        ["value"] = target.Value,
        ["approvedAddress"] = target.ApprovedAddress,
        ["ports"] = target.Ports,
        ["authorisationReference"] = target.AuthorisationReference,
        ["authorisedFrom"] = target.AuthorisedFrom.ToString("O"),
        ["authorisedUntil"] = target.AuthorisedUntil?.ToString("O"),
        ["maxIntrusiveness"] = target.MaxIntrusiveness.ToString(),
        ["requestsPerSecond"] = target.RequestsPerSecond,
        ["revision"] = target.Revision,
        ["archived"] = target.ArchivedAt is not null,
    };
}
