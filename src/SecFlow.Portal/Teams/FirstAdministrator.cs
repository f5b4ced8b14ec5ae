using Microsoft.AspNetCore.Identity;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Portal.Teams;

/// <summary>The user <c>admin</c> of a new installation, and the one-time link while that user has no password.</summary>
public sealed class FirstAdministrator(UserManager<User> users, TeamStore teams, SignInLinkStore links, TimeProvider time)
{
    public const string UserName = "admin";

    public static readonly TimeSpan LinkLifetime = TimeSpan.FromHours(24);

    private static readonly Actor SetUp = Actor.System(name: "set-up");

    /// <summary>The administrator, created on the first start. A password is only set on a user that has none.</summary>
    public async Task<User> EnsureAsync(string? password, CancellationToken ct)
    {
        var user = await users.FindByNameAsync(UserName);
        if (user is null)
        {
            user = new User { Id = Guid.CreateVersion7(time.GetUtcNow()), UserName = UserName, CreatedAt = time.GetUtcNow() };
            Require(password is null ? await users.CreateAsync(user) : await users.CreateAsync(user, password));
        }
        else if (password is not null && !await users.HasPasswordAsync(user))
        {
            Require(await users.AddPasswordAsync(user, password));
        }

        if (!(await teams.ListUsersAsync(ct)).Any(known => known.Administers))
        {
            // once there is one, people decide who it is
            await teams.SetAdministratorAsync(SetUp, user.Id, administers: true, ct);
        }

        return user;
    }

    /// <summary>Makes the administrator admin of a team, which is created when there is none of that short name.</summary>
    public async Task<Team> EnsureTeamAsync(User user, string slug, string name, bool isDemo, CancellationToken ct)
    {
        var team = await teams.FindBySlugAsync(slug, ct) ?? await teams.CreateAsync(SetUp, slug, name, isDemo, ct);
        if (await teams.FindRoleAsync(team.Id, user.Id, ct) is null)
        {
            await teams.SetMemberAsync(SetUp with { TeamId = team.Id }, user.Id, TeamRole.Admin, ct);
        }

        return team;
    }

    /// <summary>Secret part of a new one-time link; null when the user has a password.</summary>
    public async Task<string?> LinkAsync(User user, CancellationToken ct) =>
        await users.HasPasswordAsync(user) ? null : await links.CreateAsync(SetUp, user.Id, LinkLifetime, ct);

    private static void Require(IdentityResult result)
    {
        if (!result.Succeeded)
        {
            throw new SecFlowException(Codes.OptionInvalid, "The administrator could not be created: " + string.Join(" ", result.Errors.Select(e => e.Description)) + " Change SECFLOW_ADMIN_PASSWORD.");
        }
    }
}
