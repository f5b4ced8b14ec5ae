using System.Security.Claims;
using Microsoft.AspNetCore.Identity;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;

namespace SecFlow.Portal.Teams;

/// <summary>What became of a one-time link.</summary>
public enum LinkAnswer
{
    SignedIn,

    /// <summary>The link is still good.</summary>
    PasswordRefused,
    LinkRefused,
}

/// <summary>Signing in by password or one-time link, and changing the team. Failures are audited, counted and answered alike, whatever was wrong.</summary>
public sealed class SignInService(UserManager<User> users, SignInManager<User> signIn, TeamStore teams, SignInLinkStore links, AuditLog audit, SecFlowMeter meter, TimeProvider time)
{
    public const int MaxTokenLength = 100;

    // Verified against when the user does not exist, so that both answers take the same time.
    private static readonly string DummyHash = new PasswordHasher<User>().HashPassword(new User(), Guid.NewGuid().ToString());

    /// <summary>True when signed in.</summary>
    public async Task<bool> ByPasswordAsync(HttpContext context, string name, string password)
    {
        var user = await users.FindByNameAsync(name);
        if (user is null)
        {
            new PasswordHasher<User>().VerifyHashedPassword(new User(), DummyHash, password);
            await RefusedAsync(context, "", name, "no such user");
            return false;
        }

        var result = await signIn.CheckPasswordSignInAsync(user, password, lockoutOnFailure: true);
        if (!result.Succeeded)
        {
            await RefusedAsync(context, user.Id.ToString(), name, result.IsLockedOut ? "locked out" : "wrong password");
            return false;
        }

        await EnterAsync(context, user, "password");
        return true;
    }

    /// <summary>
    /// Uses a one-time link up: sets the first password and signs in. A password that breaks a rule leaves the link unused.
    /// A user who has a password by now signs in with it: an old link neither replaces it nor goes round it.
    /// </summary>
    public async Task<LinkAnswer> ByLinkAsync(HttpContext context, string token, string password)
    {
        // The rules ask only for length and variety, so they can be asked before anybody knows whose link it is.
        foreach (var rule in users.PasswordValidators)
        {
            if (!(await rule.ValidateAsync(users, new User(), password)).Succeeded)
            {
                return LinkAnswer.PasswordRefused;
            }
        }

        var user = token.Length is > 0 and <= MaxTokenLength && await links.UseAsync(token, CurrentActor.AddressOf(context), context.RequestAborted) is { } userId
            ? await users.FindByIdAsync(userId.ToString())
            : null;
        if (user is null || await users.HasPasswordAsync(user) || !(await users.AddPasswordAsync(user, password)).Succeeded)
        {
            await RefusedAsync(context, "", "one-time link", user is null ? "used, expired or unknown link" : "the user has a password");
            return LinkAnswer.LinkRefused;
        }

        await audit.AppendAsync(new AuditEntry(ActorOf(context, user.Id.ToString(), user.UserName ?? ""), "change.password", "user", user.Id.ToString(), user.UserName ?? ""), context.RequestAborted);
        await EnterAsync(context, user, "link");
        return LinkAnswer.SignedIn;
    }

    /// <summary>Changes the team of the session. False when the user is not in that team.</summary>
    public async Task<bool> ChangeTeamAsync(HttpContext context, Guid teamId)
    {
        var user = await users.GetUserAsync(context.User);
        if (user is null || await teams.FindRoleAsync(teamId, user.Id, context.RequestAborted) is null)
        {
            return false;
        }

        await signIn.SignInWithClaimsAsync(user, isPersistent: false, Claims(context, teamId));
        return true;
    }

    public async Task LeaveAsync(HttpContext context)
    {
        await audit.AppendAsync(new AuditEntry(ActorOf(context, context.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? "", context.User.Identity?.Name ?? ""), "end.session", "user", context.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? "", context.User.Identity?.Name ?? ""), context.RequestAborted);
        await signIn.SignOutAsync();
    }

    private async Task EnterAsync(HttpContext context, User user, string way)
    {
        var of = await teams.ListOfUserAsync(user.Id, context.RequestAborted);
        user.LastSignInAt = time.GetUtcNow();
        await users.UpdateAsync(user);
        await signIn.SignInWithClaimsAsync(user, isPersistent: false, Claims(context, of is [var first, ..] ? first.Team.Id : null));
        await audit.AppendAsync(
            new AuditEntry(ActorOf(context, user.Id.ToString(), user.UserName ?? ""), "start.session", "user", user.Id.ToString(), user.UserName ?? "") { Details = new System.Text.Json.Nodes.JsonObject { ["way"] = way } },
            context.RequestAborted);
    }

    private async Task RefusedAsync(HttpContext context, string userId, string name, string reason)
    {
        meter.AuthFailure("sign-in");

        // What was typed as a name may be a password typed into the wrong field: only names of users that exist are kept.
        var shown = userId.Length > 0 || name == "one-time link" ? name : "unknown user";
        await audit.AppendAsync(
            new AuditEntry(ActorOf(context, userId, shown), "start.session", "user", userId, shown)
            {
                Outcome = AuditOutcome.Denied,
                ReasonCode = Codes.Unauthenticated,
                Details = new System.Text.Json.Nodes.JsonObject { ["reason"] = reason },
            },
            context.RequestAborted);
    }

    private static List<Claim> Claims(HttpContext context, Guid? teamId)
    {
        var claims = new List<Claim>();
        if (teamId is { } id)
        {
            claims.Add(new Claim(CurrentActor.TeamClaim, id.ToString()));
        }

        if (CurrentActor.AddressOf(context) is { } address)
        {
            claims.Add(new Claim(CurrentActor.AddressClaim, address));
        }

        return claims;
    }

    private static Actor ActorOf(HttpContext context, string id, string name) => new(ActorKind.User, id, name, Guid.Empty, TeamRole.Viewer, CurrentActor.AddressOf(context));
}
