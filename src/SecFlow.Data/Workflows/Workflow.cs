namespace SecFlow.Data.Workflows;

/// <summary>A saved recipe under a name; its text lives in immutable <see cref="WorkflowVersion"/> rows.</summary>
public sealed class Workflow
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    /// <summary>The recipe's name, unique in the team among those that are not archived.</summary>
    public string Name { get; set; } = "";

    public string Description { get; set; } = "";

    /// <summary>Newest version number, from 1.</summary>
    public int CurrentVersion { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset UpdatedAt { get; set; }

    public DateTimeOffset? ArchivedAt { get; set; }
}
