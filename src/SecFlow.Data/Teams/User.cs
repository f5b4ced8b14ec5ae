using Microsoft.AspNetCore.Identity;

namespace SecFlow.Data.Teams;

/// <summary>A person who signs in; belongs to teams by <see cref="Membership"/>.</summary>
public sealed class User : IdentityUser<Guid>
{
    /// <summary>May what concerns every team (<see cref="Audit.Actor.OfInstallation"/>), besides the roles in teams.</summary>
    public bool AdministersInstallation { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? LastSignInAt { get; set; }
}
