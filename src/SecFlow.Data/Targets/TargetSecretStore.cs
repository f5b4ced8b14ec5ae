using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Targets;

/// <summary>Secrets of a team and its targets. This store sees ciphertext only; no event holds a value.</summary>
public sealed class TargetSecretStore(Database database)
{
    /// <summary>Secrets by name; of one target, of the team itself (<see cref="TargetSecret.TargetId"/> null), or all.</summary>
    public async Task<IReadOnlyList<TargetSecret>> ListAsync(Guid teamId, CancellationToken ct = default) => await database.ReadAsync(
        db => db.TargetSecrets.Where(row => row.TeamId == teamId).OrderBy(row => row.Name).ThenBy(row => row.TargetId).ToListAsync(ct), ct);

    /// <summary>Those of this name that belong to one of the targets or to the team itself.</summary>
    public async Task<IReadOnlyList<TargetSecret>> FindAsync(Guid teamId, IReadOnlyList<Guid> targetIds, string name, CancellationToken ct = default) => await database.ReadAsync(
        db => db.TargetSecrets.Where(row => row.TeamId == teamId && row.Name == name && (row.TargetId == null || targetIds.Contains(row.TargetId.Value))).ToListAsync(ct), ct);

    /// <summary>Sets a secret of the actor's team, or rotates the one that is there. Throws <see cref="ConflictException"/> when the target is not the team's or was archived.</summary>
    public Task<TargetSecret> SetAsync(Actor actor, Guid? targetId, string name, string ciphertext, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var target = targetId is null ? null : await write.Db.Targets.SingleOrDefaultAsync(row => row.TeamId == actor.TeamId && row.Id == targetId && row.ArchivedAt == null, ct)
                ?? throw new ConflictException("The target of the secret does not exist (any more).");
            var secret = await write.Db.TargetSecrets.SingleOrDefaultAsync(row => row.TeamId == actor.TeamId && row.TargetId == targetId && row.Name == name, ct);
            var rotated = secret is not null;
            if (secret is null)
            {
                secret = new TargetSecret { Id = Guid.CreateVersion7(write.Now), TeamId = actor.TeamId, TargetId = targetId, Name = name };
                write.Db.TargetSecrets.Add(secret);
            }
            else
            {
                secret.Revision++;
            }

            (secret.Protected, secret.SetAt, secret.SetBy) = (ciphertext, write.Now, actor.Name);
            write.Audit(new AuditEntry(actor, rotated ? "rotate.secret" : "set.secret", "secret", secret.Id.ToString(), name) { Details = Describe(secret, target?.Name) });
            return secret;
        },
        ct);

    /// <summary>Deletes a secret of the actor's team; false when there is none.</summary>
    public Task<bool> DeleteAsync(Actor actor, Guid? targetId, string name, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var secret = await write.Db.TargetSecrets.SingleOrDefaultAsync(row => row.TeamId == actor.TeamId && row.TargetId == targetId && row.Name == name, ct);
            if (secret is null)
            {
                return false;
            }

            write.Db.TargetSecrets.Remove(secret);
            write.Audit(new AuditEntry(actor, "delete.secret", "secret", secret.Id.ToString(), name) { Details = Describe(secret, null) });
            return true;
        },
        ct);

    private static JsonObject Describe(TargetSecret secret, string? target) => new()
    {
        ["target"] = secret.TargetId?.ToString(),
        ["targetName"] = target,
        ["revision"] = secret.Revision,
    };
}
