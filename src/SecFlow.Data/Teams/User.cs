using Microsoft.AspNetCore.Identity;

namespace SecFlow.Data.Teams;

/// <summary>A person who signs in; belongs to teams by <see cref="Membership"/>.</summary>
public sealed class User : IdentityUser<Guid>
{
    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? LastSignInAt { get; set; }
}
