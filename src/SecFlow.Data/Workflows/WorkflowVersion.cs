namespace SecFlow.Data.Workflows;

/// <summary>One immutable version of a recipe.</summary>
public sealed class WorkflowVersion
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid WorkflowId { get; set; }

    /// <summary>1, 2, 3, ...</summary>
    public int Version { get; set; }

    /// <summary>The YAML as its author wrote it.</summary>
    public string Recipe { get; set; } = "";

    /// <summary>SHA-256 of the UTF-8 recipe, <c>sha256:hex</c>.</summary>
    public string Digest { get; set; } = "";

    public string CreatedBy { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }
}
