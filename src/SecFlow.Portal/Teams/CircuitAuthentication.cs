using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.Identity;
using SecFlow.Data.Teams;

namespace SecFlow.Portal.Teams;

/// <summary>Asks at intervals whether the user of an open circuit still exists, with the same security stamp and in the same team; if not, the circuit is signed out.</summary>
public sealed class CircuitAuthentication(ILoggerFactory logs, IServiceScopeFactory scopes) : RevalidatingServerAuthenticationStateProvider(logs)
{
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(30);

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<User>>();
        var principal = authenticationState.User;
        var user = await users.GetUserAsync(principal);
        if (user is null || principal.FindFirst(users.Options.ClaimsIdentity.SecurityStampClaimType)?.Value != await users.GetSecurityStampAsync(user))
        {
            return false;
        }

        return !Guid.TryParse(principal.FindFirst(CurrentActor.TeamClaim)?.Value, out var teamId)
            || await scope.ServiceProvider.GetRequiredService<TeamStore>().FindRoleAsync(teamId, user.Id, cancellationToken) is not null;
    }
}
