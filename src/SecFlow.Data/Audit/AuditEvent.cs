namespace SecFlow.Data.Audit;

/// <summary>A stored row of the audit log. Never updated, never deleted (triggers on both databases).</summary>
public sealed class AuditEvent
{
    /// <summary>1, 2, 3, ... without gaps over the whole installation.</summary>
    public long Seq { get; set; }

    public DateTimeOffset Time { get; set; }

    /// <summary>Team of the act; null for acts on the installation.</summary>
    public Guid? TeamId { get; set; }

    public ActorKind ActorKind { get; set; }

    public string ActorId { get; set; } = "";

    public string ActorName { get; set; } = "";

    public string Action { get; set; } = "";

    public string ResourceKind { get; set; } = "";

    public string ResourceId { get; set; } = "";

    public string ResourceName { get; set; } = "";

    public AuditOutcome Outcome { get; set; }

    public string? ReasonCode { get; set; }

    public string? TraceId { get; set; }

    /// <summary>The exact UTF-8 bytes that were hashed: canonical JSON of every field of contracts 10 except prevHash and hash.</summary>
    public byte[] Canonical { get; set; } = [];

    /// <summary>Hash of the event before this one; 32 zero bytes for the first.</summary>
    public byte[] PrevHash { get; set; } = [];

    /// <summary>SHA-256(PrevHash || Canonical).</summary>
    public byte[] Hash { get; set; } = [];
}
