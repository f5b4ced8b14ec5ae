namespace SecFlow.Data.Teams;

/// <summary>The unit of isolation: every row belongs to one.</summary>
public sealed class Team
{
    public Guid Id { get; set; }

    /// <summary>Short name in urls, <c>^[a-z][a-z0-9-]{0,62}$</c>, unique.</summary>
    public string Slug { get; set; } = "";

    public string Name { get; set; } = "";

    public bool IsDemo { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When the queue last gave a worker slot to a run of this team; of equal teams the one that waited longest is next.</summary>
    public DateTimeOffset? ServedAt { get; set; }
}
