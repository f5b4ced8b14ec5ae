namespace SecFlow.Data.Findings;

/// <summary>One change of a finding's decision fields, with who, when and why.</summary>
public sealed class FindingChange
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid FindingId { get; set; }

    public DateTimeOffset Time { get; set; }

    public string Actor { get; set; } = "";

    /// <summary>Field that changed, such as <c>status</c>.</summary>
    public string Field { get; set; } = "";

    public string? From { get; set; }

    public string? To { get; set; }

    public string Reason { get; set; } = "";
}
