namespace SecFlow.Data.Teams;

/// <summary>A one-time sign-in link for one user; only its SHA-256 is stored.</summary>
public sealed class SignInLink
{
    public Guid Id { get; set; }

    public Guid UserId { get; set; }

    public string TokenHash { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? UsedAt { get; set; }
}
