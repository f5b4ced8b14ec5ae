namespace SecFlow.Data.Alerts;

/// <summary>Where a team's alerts are sent. One per team.</summary>
public sealed class Webhook
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    /// <summary>One spelling, as that of a url target.</summary>
    public string Url { get; set; } = "";

    /// <summary>The address that an administrator of the installation approved with it, when it is private or loopback; null = public ones only.</summary>
    public string? ApprovedAddress { get; set; }

    public string? ApprovedBy { get; set; }

    /// <summary>The key of the signature, encrypted with the keys of the installation.</summary>
    public string ProtectedSecret { get; set; } = "";

    public bool Enabled { get; set; } = true;

    public string CreatedBy { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Grows with each change.</summary>
    public int Revision { get; set; } = 1;
}

/// <summary>One message to a webhook, stored with the alert that it tells of: sent until it arrives or its attempts are over.</summary>
public sealed class WebhookDelivery
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    /// <summary>Null for a test.</summary>
    public Guid? AlertId { get; set; }

    /// <summary>The JSON that is sent.</summary>
    public string Body { get; set; } = "";

    public int Attempts { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When it is tried (again); null when nothing more is done.</summary>
    public DateTimeOffset? NextAt { get; set; }

    /// <summary>When the other side answered with 2xx.</summary>
    public DateTimeOffset? DeliveredAt { get; set; }

    /// <summary>What the newest attempt came to.</summary>
    public string? LastAnswer { get; set; }
}
