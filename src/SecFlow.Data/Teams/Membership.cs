namespace SecFlow.Data.Teams;

/// <summary>One user in one team with one role.</summary>
public sealed class Membership
{
    public Guid TeamId { get; set; }

    public Guid UserId { get; set; }

    public TeamRole Role { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}
