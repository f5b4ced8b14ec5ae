using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Teams;

/// <summary>What a new token may do, and how long.</summary>
/// <param name="Name">1..100 characters.</param>
/// <param name="Scopes">Such as <c>runs:write</c>.</param>
/// <param name="Role">Never above the role of who creates it.</param>
/// <param name="ExpiresAt">After now.</param>
public sealed record NewToken(string Name, IReadOnlyList<string> Scopes, TeamRole Role, DateTimeOffset ExpiresAt);

/// <summary>API tokens. The text (<c>sf_</c> + 43 characters) is answered once, at creation; only its hash is stored.</summary>
public sealed class TokenStore(Database database)
{
    public const string Prefix = "sf_";

    private static readonly TimeSpan UseInterval = TimeSpan.FromMinutes(1);

    /// <summary>Creates a token of the actor's team. Throws <see cref="ConflictException"/> for a role above the actor's or an end in the past.</summary>
    public Task<(ApiToken Token, string Text)> CreateAsync(Actor actor, NewToken request, CancellationToken ct = default) => database.WriteAsync(
        write =>
        {
            if (request.Role > actor.Role)
            {
                throw new ConflictException($"A token cannot have more rights ({request.Role}) than who creates it ({actor.Role}).");
            }

            if (!actor.OfInstallation && request.Scopes.Any(scope => scope.StartsWith("installation:", StringComparison.Ordinal)))
            {
                throw new ConflictException("Only an administrator of the installation can create a token for the installation.");
            }

            if (request.ExpiresAt <= write.Now)
            {
                throw new ConflictException("The token would have ended already. Choose an end in the future.");
            }

            var text = Prefix + Secrets.NewText();
            var token = new ApiToken
            {
                Id = Guid.CreateVersion7(write.Now),
                TeamId = actor.TeamId,
                Name = request.Name,
                TokenHash = Secrets.Hash(text),
                Scopes = string.Join(' ', request.Scopes),
                Role = request.Role,
                CreatedBy = actor.Person,
                CreatedAt = write.Now,
                ExpiresAt = request.ExpiresAt,
            };
            write.Db.ApiTokens.Add(token);
            write.Audit(new AuditEntry(actor, "create.token", "token", token.Id.ToString(), token.Name)
            {
                After = new JsonObject { ["scopes"] = token.Scopes, ["role"] = token.Role.ToString(), ["expiresAt"] = token.ExpiresAt.ToString("O") },
            });
            return Task.FromResult((token, text));
        },
        ct);

    /// <summary>The token of this text when it is valid now (not revoked, not expired); null otherwise.</summary>
    public async Task<ApiToken?> FindAsync(string text, CancellationToken ct = default)
    {
        if (!text.StartsWith(Prefix, StringComparison.Ordinal) || text.Length > 100)
        {
            return null;
        }

        var hash = Secrets.Hash(text);
        var token = await database.ReadAsync(db => db.ApiTokens.SingleOrDefaultAsync(row => row.TokenHash == hash, ct), ct);
        return token?.CountsAt(database.Time.GetUtcNow()) == true ? token : null;
    }

    /// <summary>The token of this id, whether it counts or not; null when there is none.</summary>
    public Task<ApiToken?> FindRowAsync(Guid id, CancellationToken ct = default) => database.ReadAsync(db => db.ApiTokens.SingleOrDefaultAsync(row => row.Id == id, ct), ct);

    /// <summary>Notes that the token was used; at most one write a minute.</summary>
    public async Task TouchAsync(ApiToken token, CancellationToken ct = default)
    {
        var now = database.Time.GetUtcNow();
        if (token.LastUsedAt is { } last && now - last < UseInterval)
        {
            return;
        }

        await database.WriteAsync(
            write => write.Db.ApiTokens.Where(row => row.Id == token.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.LastUsedAt, now), ct), ct);
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<ApiToken>> ListAsync(Guid teamId, CancellationToken ct = default) =>
        await database.ReadAsync(db => db.ApiTokens.Where(row => row.TeamId == teamId).OrderByDescending(row => row.CreatedAt).ToListAsync(ct), ct);

    /// <summary>Revokes a token of the actor's team; false when there is none or it was revoked before.</summary>
    public Task<bool> RevokeAsync(Actor actor, Guid tokenId, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var token = await write.Db.ApiTokens.SingleOrDefaultAsync(row => row.Id == tokenId && row.TeamId == actor.TeamId && row.RevokedAt == null, ct);
            if (token is null)
            {
                return false;
            }

            token.RevokedAt = write.Now;
            write.Audit(new AuditEntry(actor, "revoke.token", "token", token.Id.ToString(), token.Name));
            return true;
        },
        ct);
}
