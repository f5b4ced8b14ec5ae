using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;
using SecFlow.Portal.Api;

namespace SecFlow.Portal.Teams;

/// <summary>
/// The one place that says who acts.
/// 1. Built from the authenticated principal, never from request data.
/// 2. The claim names the team; membership and role are read from the database at every use, so that a removal counts at once, also in open circuits and streams.
/// 3. Tokens are looked up again at every use: a revoked one ends.
/// </summary>
public sealed class CurrentActor(AuthenticationStateProvider authentication, TeamStore teams, TokenStore tokens)
{
    public const string TeamClaim = "secflow:team";

    public const string AddressClaim = "secflow:address";

    /// <summary>Who looks at a page. Throws SF3011 when nobody is signed in, SF3002 when the membership ended.</summary>
    public async Task<Actor> RequireAsync(CancellationToken ct) => await OfUserAsync((await authentication.GetAuthenticationStateAsync()).User, ct);

    /// <summary>Who makes an API request. Throws SF3011 when the token does not count any more.</summary>
    public async Task<Actor> OfRequestAsync(HttpContext context, CancellationToken ct)
    {
        var token = ApiTokenHandler.TextOf(context.Request) is { } text ? await tokens.FindAsync(text, ct) : null;
        return token is null
            ? throw new SecFlowException(Codes.Unauthenticated, "The token does not exist, was revoked or has expired. Create another one under Account.")
            : TokenActor.Of(token, AddressOf(context));
    }

    /// <summary>The signed-in user in the team of the claim.</summary>
    public async Task<Actor> OfUserAsync(ClaimsPrincipal principal, CancellationToken ct)
    {
        if (UserIdOf(principal) is not { } userId)
        {
            throw new SecFlowException(Codes.Unauthenticated, "Nobody is signed in. Sign in first.");
        }

        var teamId = Guid.TryParse(principal.FindFirstValue(TeamClaim), out var claimed) ? claimed : (Guid?)null;
        if (teamId is null)
        {
            return await teams.ListOfUserAsync(userId, ct) is [var first, ..]
                ? await OfAsync(principal, userId, first.Team.Id, first.Role, ct)
                : throw new SecFlowException(Codes.TeamMismatch, "You are in no team. Ask an administrator to add you to one.");
        }

        return await teams.FindRoleAsync(teamId.Value, userId, ct) is { } role
            ? await OfAsync(principal, userId, teamId.Value, role, ct)
            : throw new SecFlowException(Codes.TeamMismatch, "You are not a member of this team any more. Choose another team above, or ask its administrator.");
    }

    public static Guid? UserIdOf(ClaimsPrincipal principal) =>
        principal.Identity is { IsAuthenticated: true } && Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var id) ? id : null;

    public static string? AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString();

    // The address is the one of the sign-in: a circuit has no request of its own.
    private async Task<Actor> OfAsync(ClaimsPrincipal principal, Guid userId, Guid teamId, TeamRole role, CancellationToken ct) =>
        new(ActorKind.User, userId.ToString(), principal.Identity!.Name ?? "", teamId, role, principal.FindFirstValue(AddressClaim))
        {
            OfInstallation = await teams.AdministersAsync(userId, ct),
        };
}
