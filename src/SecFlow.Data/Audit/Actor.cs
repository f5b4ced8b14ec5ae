using SecFlow.Data.Teams;

namespace SecFlow.Data.Audit;

/// <summary>What kind of principal acts.</summary>
public enum ActorKind
{
    User,
    Token,
    Schedule,
    System,
}

/// <summary>Who acts, for which team and with which role. Built by the server from the authenticated principal, never from request data.</summary>
/// <param name="Kind">Kind of principal.</param>
/// <param name="Id">Stable id (user id, token id, schedule id, or a word for the system).</param>
/// <param name="Name">Name as people know it; kept in audit events.</param>
/// <param name="TeamId">The team that the act concerns; <see cref="Guid.Empty"/> for acts on the installation.</param>
/// <param name="Role">Role in that team.</param>
/// <param name="Ip">Remote address, when there is one.</param>
/// <param name="Scopes">For tokens: what the token may do (<c>runs:write</c>, <c>findings:read</c>, ...); null means that the role alone decides.</param>
public sealed record Actor(
    ActorKind Kind,
    string Id,
    string Name,
    Guid TeamId,
    TeamRole Role,
    string? Ip = null,
    IReadOnlyList<string>? Scopes = null)
{
    /// <summary>True for an administrator of the installation, and for a token that was given that scope by one: may what concerns every team.</summary>
    public bool OfInstallation { get; init; }

    /// <summary>True for what goes on on the authority of a token that was revoked or has expired: may nothing any more.</summary>
    public bool Ended { get; init; }

    /// <summary>Name of the person who answers for the act: of a token, who created it.</summary>
    public string Person { get; init; } = Name;

    /// <summary>The engine itself, acting for a team (recovery, sweeps, set-up).</summary>
    public static Actor System(Guid teamId = default, string name = "system") => new(ActorKind.System, "system", name, teamId, TeamRole.Admin) { OfInstallation = true };
}
