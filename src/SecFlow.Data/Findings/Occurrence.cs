namespace SecFlow.Data.Findings;

/// <summary>A finding seen in one run; unique on (FindingId, RunId).</summary>
public sealed class Occurrence
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid FindingId { get; set; }

    public Guid RunId { get; set; }

    public Guid NodeRunId { get; set; }

    public DateTimeOffset SeenAt { get; set; }

    public Severity Severity { get; set; }

    /// <summary>The author-set record as JSON.</summary>
    public string Record { get; set; } = "{}";

    /// <summary>True when a filter node hid it in this run.</summary>
    public bool Hidden { get; set; }

    /// <summary>Why it was hidden, 1..500 characters; null while it is not.</summary>
    public string? HiddenReason { get; set; }
}
