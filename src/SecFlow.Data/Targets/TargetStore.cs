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

    /// <summary>Stores several valid targets for the actor's team in one transaction: all or none. Throws <see cref="ConflictException"/> when one of the names is taken.</summary>
    public Task<IReadOnlyList<Target>> AddManyAsync(Actor actor, IReadOnlyList<Target> targets, JsonObject details, CancellationToken ct = default) => database.WriteAsync<IReadOnlyList<Target>>(
        async write =>
        {
            var names = targets.Select(target => target.Name).ToList();
            var taken = await write.Db.Targets.Where(row => row.TeamId == actor.TeamId && row.ArchivedAt == null && names.Contains(row.Name)).Select(row => row.Name).ToListAsync(ct);
            if (taken.Count > 0)
            {
                throw new ConflictException($"{taken.Count} of the targets exist already: {string.Join(", ", taken.Take(5))}. Look at the preview again.");
            }

            foreach (var target in targets)
            {
                target.Id = Guid.CreateVersion7(write.Now);
                target.TeamId = actor.TeamId;
                target.CreatedAt = write.Now;
                write.Db.Targets.Add(target);
                write.Audit(new AuditEntry(actor, "add.target", "target", target.Id.ToString(), target.Name) { After = Describe(target), Details = details.DeepClone() });
            }

            return targets;
        },
        ct);

    /// <summary>
    /// Changes a target of the actor's team, when it is still at <paramref name="revision"/>. Null when it is not (any more), or there is no such target in use.
    /// Throws <see cref="ConflictException"/> when the new name is taken.
    /// </summary>
    /// <param name="actor">Who changes.</param>
    /// <param name="targetId">The target.</param>
    /// <param name="revision">Revision that was read.</param>
    /// <param name="change">Sets the new values.</param>
    /// <param name="widened">What may be touched more than before; none = no new authorisation.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Target?> EditAsync(Actor actor, Guid targetId, int revision, Action<Target> change, IReadOnlyList<string> widened, CancellationToken ct = default)
    {
        try
        {
            return await database.WriteAsync(
                async write =>
                {
                    var target = await write.Db.Targets.SingleOrDefaultAsync(row => row.TeamId == actor.TeamId && row.Id == targetId && row.ArchivedAt == null && row.Revision == revision, ct);
                    if (target is null)
                    {
                        return null;
                    }

                    var before = Describe(target);
                    change(target);
                    target.Revision = revision + 1;
                    if (await write.Db.Targets.AnyAsync(row => row.TeamId == actor.TeamId && row.Name == target.Name && row.Id != target.Id && row.ArchivedAt == null, ct))
                    {
                        throw new ConflictException($"A target '{target.Name}' exists already. Choose another name.");
                    }

                    write.Audit(new AuditEntry(actor, widened.Count > 0 ? "authorise.target" : "edit.target", "target", target.Id.ToString(), target.Name)
                    {
                        Before = before,
                        After = Describe(target),
                        Details = widened.Count > 0 ? new JsonObject { ["widened"] = new JsonArray([.. widened.Select(what => (JsonNode?)what)]), ["reference"] = target.AuthorisationReference } : null,
                    });
                    return target;
                },
                ct);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Somebody else's change was committed between our reading and our writing.
            return null;
        }
    }

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
        ["name"] = target.Name,
        ["kind"] = target.Kind.ToString(),
        ["value"] = target.Value,
        ["approvedAddress"] = target.ApprovedAddress,
        ["ports"] = target.Ports,
        ["tags"] = target.Tags,
        ["owner"] = target.Owner,
        ["userAgent"] = target.UserAgent,
        ["windows"] = target.Windows,
        ["authorisedBy"] = target.AuthorisedBy,
        ["authorisationReference"] = target.AuthorisationReference,
        ["authorisedFrom"] = target.AuthorisedFrom.ToString("O"),
        ["authorisedUntil"] = target.AuthorisedUntil?.ToString("O"),
        ["maxIntrusiveness"] = target.MaxIntrusiveness.ToString(),
        ["requestsPerSecond"] = target.RequestsPerSecond,
        ["revision"] = target.Revision,
        ["archived"] = target.ArchivedAt is not null,
    };
}
