namespace SecFlow.Data.Alerts;

/// <summary>Alerts of a kind, about one subject or all, neither ring nor are sent until a time. Rows are kept: they are the history.</summary>
public sealed class AlertSilence
{
    public Guid Id { get; set; }

    /// <summary>Whose. Alerts of the installation are everybody's, and no silence covers them.</summary>
    public Guid TeamId { get; set; }

    public AlertKind Kind { get; set; }

    /// <summary>Empty = every subject of the kind.</summary>
    public string Subject { get; set; } = "";

    public DateTimeOffset From { get; set; }

    public DateTimeOffset Until { get; set; }

    /// <summary>1..500 characters.</summary>
    public string Reason { get; set; } = "";

    public string CreatedBy { get; set; } = "";

    /// <summary>Null unless somebody ended it before its time.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    public string? EndedBy { get; set; }
}
