using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Teams;

/// <summary>A user of this installation and the role in a team; null = not a member (any more).</summary>
public sealed record KnownUser(TeamRole? Role);

/// <summary>On whose authority something goes on that was begun earlier.</summary>
public sealed class AuthorityStore(Database database)
{
    /// <summary>The user of this id; null when it is none of the portal's (the command line's system user, the engine).</summary>
    public async Task<KnownUser?> FindAsync(Guid teamId, string id, CancellationToken ct = default) => Guid.TryParse(id, out var userId)
        ? await database.ReadAsync(
            db => db.Users.Where(user => user.Id == userId)
                .Select(user => new KnownUser(db.Memberships.Where(m => m.TeamId == teamId && m.UserId == userId).Select(m => (TeamRole?)m.Role).FirstOrDefault())).SingleOrDefaultAsync(ct),
            ct)
        : null;

    /// <summary>Who owns a schedule; null when there is none of this id.</summary>
    public async Task<(ActorKind Kind, string Id)?> OwnerOfAsync(Guid scheduleId, CancellationToken ct = default)
    {
        var owner = await database.ReadAsync(db => db.Schedules.Where(row => row.Id == scheduleId).Select(row => new { row.OwnerKind, row.OwnerId }).SingleOrDefaultAsync(ct), ct);
        return owner is null ? null : (owner.OwnerKind, owner.OwnerId);
    }
}
