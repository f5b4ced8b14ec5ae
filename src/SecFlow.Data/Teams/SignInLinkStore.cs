using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Teams;

/// <summary>One-time sign-in links: made by the program at its start or by an administrator, used once, dead after their time.</summary>
public sealed class SignInLinkStore(Database database)
{
    /// <summary>Makes a link and answers its secret text (43 characters of base64url), which is not stored.</summary>
    public Task<string> CreateAsync(Actor actor, Guid userId, TimeSpan lifetime, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var user = await write.Db.Users.SingleAsync(row => row.Id == userId, ct);
            var text = Secrets.NewText();
            write.Db.SignInLinks.Add(new SignInLink
            {
                Id = Guid.CreateVersion7(write.Now),
                UserId = userId,
                TokenHash = Secrets.Hash(text),
                CreatedAt = write.Now,
                ExpiresAt = write.Now + lifetime,
            });
            write.Audit(new AuditEntry(actor, "create.sign-in-link", "user", userId.ToString(), user.UserName ?? ""));
            return text;
        },
        ct);

    /// <summary>Uses a link up: the user's id for exactly one caller, null for every other, and for unknown or expired links.</summary>
    public Task<Guid?> UseAsync(string text, string? ip, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var hash = Secrets.Hash(text);
            // The condition and the change are one statement: of two callers at once one changes the row.
            var used = await write.Db.SignInLinks.Where(row => row.TokenHash == hash && row.UsedAt == null && row.ExpiresAt > write.Now)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, write.Now), ct);
            if (used == 0)
            {
                return (Guid?)null;
            }

            var link = await write.Db.SignInLinks.AsNoTracking().SingleAsync(row => row.TokenHash == hash, ct);
            var user = await write.Db.Users.AsNoTracking().SingleAsync(row => row.Id == link.UserId, ct);
            var actor = new Actor(ActorKind.User, user.Id.ToString(), user.UserName ?? "", Guid.Empty, TeamRole.Viewer, ip);
            write.Audit(new AuditEntry(actor, "use.sign-in-link", "user", user.Id.ToString(), user.UserName ?? ""));
            return user.Id;
        },
        ct);
}
