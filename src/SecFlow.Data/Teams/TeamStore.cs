using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Teams;

/// <summary>A team of a user, with the user's role in it.</summary>
public sealed record UserTeam(Team Team, TeamRole Role);

/// <summary>A member as the members page shows it.</summary>
public sealed record TeamMember(Guid UserId, string UserName, TeamRole Role);

/// <summary>A user as those see who look after the installation.</summary>
/// <param name="Teams">Names of the teams, in their order.</param>
public sealed record InstallationUser(Guid Id, string Name, bool Administers, DateTimeOffset? LastSignInAt, IReadOnlyList<string> Teams);

/// <summary>Teams and who is in them. A team always keeps at least one admin once it had one.</summary>
public sealed class TeamStore(Database database)
{
    /// <summary>Creates a team. Throws <see cref="ConflictException"/> when the slug is taken.</summary>
    public Task<Team> CreateAsync(Actor actor, string slug, string name, bool isDemo = false, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            if (await write.Db.Teams.AnyAsync(row => row.Slug == slug, ct))
            {
                throw new ConflictException($"A team '{slug}' exists already. Choose another short name.");
            }

            var team = new Team { Id = Guid.CreateVersion7(write.Now), Slug = slug, Name = name, IsDemo = isDemo, CreatedAt = write.Now };
            write.Db.Teams.Add(team);
            write.Audit(new AuditEntry(actor with { TeamId = team.Id }, "create.team", "team", team.Id.ToString(), name));
            return team;
        },
        ct);

    public Task<Team?> FindAsync(Guid teamId, CancellationToken ct = default) =>
        database.ReadAsync(db => db.Teams.SingleOrDefaultAsync(row => row.Id == teamId, ct), ct);

    public Task<Team?> FindBySlugAsync(string slug, CancellationToken ct = default) =>
        database.ReadAsync(db => db.Teams.SingleOrDefaultAsync(row => row.Slug == slug, ct), ct);

    /// <summary>Every team of the installation, for the engine; never for a page.</summary>
    public async Task<IReadOnlyList<Team>> ListAllAsync(CancellationToken ct = default) =>
        await database.ReadAsync(db => db.Teams.OrderBy(row => row.Slug).ToListAsync(ct), ct);

    /// <summary>Teams of a user, by name.</summary>
    public async Task<IReadOnlyList<UserTeam>> ListOfUserAsync(Guid userId, CancellationToken ct = default) => await database.ReadAsync(
        db => db.Memberships.Where(row => row.UserId == userId)
            .Join(db.Teams, row => row.TeamId, team => team.Id, (row, team) => new { team, row.Role })
            .OrderBy(row => row.team.Name)
            .Select(row => new UserTeam(row.team, row.Role))
            .ToListAsync(ct),
        ct);

    /// <summary>The user's role in the team; null when not a member.</summary>
    public Task<TeamRole?> FindRoleAsync(Guid teamId, Guid userId, CancellationToken ct = default) => database.ReadAsync(
        db => db.Memberships.Where(row => row.TeamId == teamId && row.UserId == userId).Select(row => (TeamRole?)row.Role).SingleOrDefaultAsync(ct), ct);

    /// <summary>Whether the user administers the installation.</summary>
    public Task<bool> AdministersAsync(Guid userId, CancellationToken ct = default) => database.ReadAsync(
        db => db.Users.AnyAsync(row => row.Id == userId && row.AdministersInstallation, ct), ct);

    /// <summary>How many people may approve plugins: everybody who is admin of some team.</summary>
    public Task<int> CountAdministratorsAsync(CancellationToken ct = default) => database.ReadAsync(
        db => db.Memberships.Where(row => row.Role == TeamRole.Admin).Select(row => row.UserId).Distinct().CountAsync(ct), ct);

    /// <summary>Every user of the installation, by name.</summary>
    public async Task<IReadOnlyList<InstallationUser>> ListUsersAsync(CancellationToken ct = default)
    {
        var users = await database.ReadAsync(
            db => db.Users.OrderBy(row => row.UserName)
                .Select(row => new
                {
                    row.Id,
                    row.UserName,
                    row.AdministersInstallation,
                    row.LastSignInAt,
                    Teams = db.Memberships.Where(member => member.UserId == row.Id).Join(db.Teams, member => member.TeamId, team => team.Id, (member, team) => team.Name).OrderBy(name => name).ToList(),
                })
                .ToListAsync(ct),
            ct);
        return [.. users.Select(row => new InstallationUser(row.Id, row.UserName ?? "", row.AdministersInstallation, row.LastSignInAt, row.Teams))];
    }

    /// <summary>
    /// Makes a user an administrator of the installation, or takes that away, and with it what the user's tokens may do for the installation: those are revoked.
    /// False when there is no such user. Throws <see cref="ConflictException"/> for the last one.
    /// </summary>
    public Task<bool> SetAdministratorAsync(Actor actor, Guid userId, bool administers, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            if (await write.Db.Users.SingleOrDefaultAsync(row => row.Id == userId, ct) is not { } user)
            {
                return false;
            }

            if (user.AdministersInstallation == administers)
            {
                return true;
            }

            if (!administers && !await write.Db.Users.AnyAsync(row => row.AdministersInstallation && row.Id != userId, ct))
            {
                throw new ConflictException("This is the last administrator of the installation. Make somebody else one first.");
            }

            user.AdministersInstallation = administers;
            var tokens = administers ? [] : await write.Db.ApiTokens.Where(row => row.CreatedBy == user.UserName && row.RevokedAt == null && row.Scopes.Contains("installation:")).ToListAsync(ct);
            tokens.ForEach(token => token.RevokedAt = write.Now);
            write.Audit(new AuditEntry(actor with { TeamId = Guid.Empty }, administers ? "add.administrator" : "remove.administrator", "user", userId.ToString(), user.UserName ?? "")
            {
                Details = tokens.Count == 0 ? null : new JsonObject { ["revokedTokens"] = new JsonArray([.. tokens.Select(token => (JsonNode?)token.Name)]) },
            });
            return true;
        },
        ct);

    public async Task<IReadOnlyList<TeamMember>> MembersAsync(Guid teamId, CancellationToken ct = default) => await database.ReadAsync(
        db => db.Memberships.Where(row => row.TeamId == teamId)
            .Join(db.Users, row => row.UserId, user => user.Id, (row, user) => new { row.UserId, user.UserName, row.Role })
            .OrderBy(row => row.UserName)
            .Select(row => new TeamMember(row.UserId, row.UserName ?? "", row.Role))
            .ToListAsync(ct),
        ct);

    /// <summary>Adds a user to the actor's team, or changes the role of a member. Throws <see cref="ConflictException"/> when the last admin would step down.</summary>
    public Task SetMemberAsync(Actor actor, Guid userId, TeamRole role, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var member = await write.Db.Memberships.SingleOrDefaultAsync(row => row.TeamId == actor.TeamId && row.UserId == userId, ct);
            if (member?.Role == role)
            {
                return;
            }

            var before = member?.Role;
            if (member is null)
            {
                write.Db.Memberships.Add(new Membership { TeamId = actor.TeamId, UserId = userId, Role = role, CreatedAt = write.Now });
            }
            else
            {
                await RequireOtherAdminAsync(write, member, ct);
                member.Role = role;
            }

            write.Audit(new AuditEntry(actor, before is null ? "add.member" : "change.member", "user", userId.ToString(), await NameAsync(write, userId, ct))
            {
                Before = before is null ? null : new JsonObject { ["role"] = before.ToString() },
                After = new JsonObject { ["role"] = role.ToString() },
            });
        },
        ct);

    /// <summary>Removes a member of the actor's team; false when there is none. Throws <see cref="ConflictException"/> for the last admin.</summary>
    public Task<bool> RemoveMemberAsync(Actor actor, Guid userId, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var member = await write.Db.Memberships.SingleOrDefaultAsync(row => row.TeamId == actor.TeamId && row.UserId == userId, ct);
            if (member is null)
            {
                return false;
            }

            await RequireOtherAdminAsync(write, member, ct);
            write.Db.Memberships.Remove(member);
            write.Audit(new AuditEntry(actor, "remove.member", "user", userId.ToString(), await NameAsync(write, userId, ct))
            {
                Before = new JsonObject { ["role"] = member.Role.ToString() },
            });
            return true;
        },
        ct);

    private static async Task RequireOtherAdminAsync(Write write, Membership member, CancellationToken ct)
    {
        if (member.Role == TeamRole.Admin
            && !await write.Db.Memberships.AnyAsync(row => row.TeamId == member.TeamId && row.UserId != member.UserId && row.Role == TeamRole.Admin, ct))
        {
            throw new ConflictException("This is the team's last admin. Make another member admin first.");
        }
    }

    private static async Task<string> NameAsync(Write write, Guid userId, CancellationToken ct) =>
        await write.Db.Users.Where(row => row.Id == userId).Select(row => row.UserName).SingleOrDefaultAsync(ct) ?? "";
}
