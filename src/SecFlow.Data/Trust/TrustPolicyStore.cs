using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Trust;

/// <summary>Accepted revisions of the trust policy: of the installation (<see cref="Guid.Empty"/>) and, stricter, of teams. Never changed, never deleted.</summary>
public sealed class TrustPolicyStore(Database database)
{
    /// <summary>The revision in force for exactly this owner; null before the first.</summary>
    public Task<TrustPolicyRevision?> FindCurrentAsync(Guid teamId, CancellationToken ct = default) =>
        database.ReadAsync(db => Newest(db, teamId).FirstOrDefaultAsync(ct), ct);

    /// <summary>All revisions of this owner, newest first.</summary>
    public async Task<IReadOnlyList<TrustPolicyRevision>> ListAsync(Guid teamId, CancellationToken ct = default) =>
        await database.ReadAsync(db => Newest(db, teamId).ToListAsync(ct), ct);

    /// <summary>Puts a valid policy in force for the actor's team (<see cref="Guid.Empty"/>: the installation). The text that is in force already answers its revision and changes nothing.</summary>
    /// <param name="actor">Who does, for which team.</param>
    /// <param name="yaml">The whole text.</param>
    /// <param name="also">What else is audited with a new revision; null = nothing.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task<TrustPolicyRevision> AddAsync(Actor actor, string yaml, AuditEntry? also = null, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(yaml)));
            var current = await Newest(write.Db, actor.TeamId).FirstOrDefaultAsync(ct);
            if (current?.Digest == digest)
            {
                return current;
            }

            // Of two at once on PostgreSQL the second meets the unique index and is told so.
            var revision = new TrustPolicyRevision
            {
                Id = Guid.CreateVersion7(write.Now),
                TeamId = actor.TeamId,
                Number = (current?.Number ?? 0) + 1,
                Digest = digest,
                Yaml = yaml,
                CreatedBy = actor.Name,
                CreatedAt = write.Now,
            };
            write.Db.TrustPolicyRevisions.Add(revision);
            write.Audit(new AuditEntry(actor, "change.trust-policy", "trust-policy", digest, $"revision {revision.Number}")
            {
                PolicyRevision = digest,
                Before = current is null ? null : new JsonObject { ["number"] = current.Number, ["digest"] = current.Digest },
                After = new JsonObject { ["number"] = revision.Number, ["digest"] = digest },
            });
            if (also is not null)
            {
                write.Audit(also with { PolicyRevision = digest });
            }

            return revision;
        },
        ct);

    private static IOrderedQueryable<TrustPolicyRevision> Newest(SecFlowContext db, Guid teamId) =>
        db.TrustPolicyRevisions.Where(row => row.TeamId == teamId).OrderByDescending(row => row.Number);
}
