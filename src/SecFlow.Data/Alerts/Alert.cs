namespace SecFlow.Data.Alerts;

/// <summary>What an alert is about (contracts 11).</summary>
public enum AlertKind
{
    /// <summary>Nodes of a plugin fail more often than usual.</summary>
    NodeFailures,

    /// <summary>A node took much longer than its median, or than what is usual before there is one.</summary>
    SlowNode,

    /// <summary>A run took much longer than its median, or than what is usual before there is one.</summary>
    SlowRun,

    /// <summary>Plugins were refused because of their signature.</summary>
    SignatureFailures,

    /// <summary>The policy refused.</summary>
    PolicyDenials,

    /// <summary>The sandbox did not start, or its limits were reached.</summary>
    SandboxFailures,

    /// <summary>A plugin tried to break out.</summary>
    SandboxViolations,

    /// <summary>Runs wait long for a slot.</summary>
    QueueWait,

    /// <summary>A schedule should have fired and did not.</summary>
    ScheduleOverdue,

    /// <summary>A schedule was stopped, or fires and starts nothing.</summary>
    ScheduleSilent,

    /// <summary>A plugin finds nothing for the first time in 30 runs.</summary>
    PluginSilent,

    /// <summary>Little room is left on the disk.</summary>
    DiskSpace,

    /// <summary>The database has grown large.</summary>
    DatabaseSize,

    /// <summary>The audit chain does not verify, or cannot be checkpointed.</summary>
    AuditChain,
}

public enum AlertSeverity
{
    Warning,
    Error,
}

/// <summary>
/// Something that a person should look at. One is open at a time per team, kind and subject; what happens again meanwhile is counted on it.
/// What was counted is closed by a person who acknowledges it. What stands for a condition is closed by the end of that; acknowledged before, it stays open and does not ring.
/// </summary>
public sealed class Alert
{
    public Guid Id { get; set; }

    /// <summary>Whose; <see cref="Guid.Empty"/> = the installation's, which everybody sees and its administrators close.</summary>
    public Guid TeamId { get; set; }

    public AlertKind Kind { get; set; }

    public AlertSeverity Severity { get; set; }

    /// <summary>What it is about, stable: a workflow, <c>workflow/node</c>, a plugin id, the name of a schedule; empty = the whole team.</summary>
    public string Subject { get; set; } = "";

    /// <summary>The newest sentence, for people.</summary>
    public string Words { get; set; } = "";

    /// <summary>Page of the portal that shows it, without the leading slash; empty = none.</summary>
    public string Link { get; set; } = "";

    /// <summary>How often it was raised while open.</summary>
    public int Count { get; set; } = 1;

    public DateTimeOffset FirstAt { get; set; }

    public DateTimeOffset LastAt { get; set; }

    /// <summary>When a person acknowledged it; from then on it does not ring.</summary>
    public DateTimeOffset? AcknowledgedAt { get; set; }

    /// <summary>Null while it is open.</summary>
    public DateTimeOffset? ClosedAt { get; set; }

    /// <summary>Who acknowledged it; empty = nobody did before its condition ended.</summary>
    public string? ClosedBy { get; set; }

    public string? ClosedReason { get; set; }

    /// <summary>True while a silence covers it: it is listed, and neither rings nor is sent. It rings again when the last such silence ends.</summary>
    public bool Silenced { get; set; }
}
