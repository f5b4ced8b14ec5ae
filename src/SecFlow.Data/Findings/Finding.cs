namespace SecFlow.Data.Findings;

public enum Severity
{
    Info,
    Low,
    Medium,
    High,
    Critical,
}

public enum FindingStatus
{
    Open,
    Triaged,
    AcceptedRisk,
    FalsePositive,
    Fixed,
    Archived,
}

/// <summary>One weakness of one team, identified by its fingerprint; seen again = an <see cref="Occurrence"/> more, never a second finding.</summary>
public sealed class Finding
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    /// <summary>Lower-case hex SHA-256, unique in the team.</summary>
    public string Fingerprint { get; set; } = "";

    public int FingerprintVersion { get; set; } = 1;

    public string RuleId { get; set; } = "";

    public string Title { get; set; } = "";

    public Severity Severity { get; set; }

    /// <summary>0..100.</summary>
    public int Confidence { get; set; }

    public string Location { get; set; } = "";

    public string? Method { get; set; }

    public string? Parameter { get; set; }

    public string Description { get; set; } = "";

    public string Remediation { get; set; } = "";

    public Guid TargetId { get; set; }

    /// <summary>The target's value, for display and filters.</summary>
    public string Target { get; set; } = "";

    /// <summary>The whole author-set record of the newest occurrence as JSON (contracts 9), evidence included up to 8 KiB a part.</summary>
    public string Record { get; set; } = "{}";

    /// <summary>Space-separated CWE numbers.</summary>
    public string Cwe { get; set; } = "";

    public string Owasp { get; set; } = "";

    public string Cve { get; set; } = "";

    public FindingStatus Status { get; set; }

    public string? Assignee { get; set; }

    /// <summary>0..100; null = not computed.</summary>
    public double? Risk { get; set; }

    public string PluginId { get; set; } = "";

    public string PluginVersion { get; set; } = "";

    public string PluginDigest { get; set; } = "";

    public string Signer { get; set; } = "";

    /// <summary>Rule of the trust policy that accepted the plugin.</summary>
    public string TrustRule { get; set; } = "";

    /// <summary>Revision of the trust policy under which the plugin ran.</summary>
    public string PolicyRevision { get; set; } = "";

    /// <summary>Trust root that was asked, <c>sha256:hex</c>; empty where none was.</summary>
    public string TrustRoot { get; set; } = "";

    /// <summary>Tools that the plugin drove when it was seen last; empty = none.</summary>
    public string Tool { get; set; } = "";

    /// <summary>Their versions, in the same order.</summary>
    public string ToolVersion { get; set; } = "";

    public Guid FirstRunId { get; set; }

    public Guid LastRunId { get; set; }

    public DateTimeOffset FirstSeenAt { get; set; }

    public DateTimeOffset LastSeenAt { get; set; }

    public string? TraceId { get; set; }

    /// <summary>Consecutive complete assessments of its rule and target that did not see it.</summary>
    public int MissedRuns { get; set; }
}
