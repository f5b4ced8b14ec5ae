using SecFlow.Data.Audit;
using SecFlow.Data.Teams;

namespace SecFlow.Execution.Teams;

/// <summary>Who acts when a token does: its team, its role, never more than its scopes. The same for a request, a schedule that it owns and a run that it started.</summary>
public static class TokenActor
{
    /// <summary>The token counts.</summary>
    public static Actor Of(ApiToken token, string? address = null)
    {
        var scopes = token.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new Actor(ActorKind.Token, token.Id.ToString(), token.Name, token.TeamId, token.Role, address, scopes)
        {
            OfInstallation = scopes.Contains(Permission.HoldInstallation.Scope, StringComparer.Ordinal),
            Person = token.CreatedBy,
        };
    }
}
