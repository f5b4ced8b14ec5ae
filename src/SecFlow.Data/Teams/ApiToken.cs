namespace SecFlow.Data.Teams;

/// <summary>A bearer token of one team. Only its SHA-256 is stored; the text is shown once.</summary>
public sealed class ApiToken
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public string Name { get; set; } = "";

    /// <summary>SHA-256 of the token text, lower-case hex.</summary>
    public string TokenHash { get; set; } = "";

    /// <summary>Space-separated scopes, such as <c>runs:write findings:read</c>.</summary>
    public string Scopes { get; set; } = "";

    public TeamRole Role { get; set; }

    public string CreatedBy { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }

    /// <summary>Whether it is one at this time: not revoked, not expired.</summary>
    public bool CountsAt(DateTimeOffset now) => RevokedAt is null && ExpiresAt > now;
}
