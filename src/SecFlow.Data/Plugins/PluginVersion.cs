namespace SecFlow.Data.Plugins;

/// <summary>Life of a plugin version (contracts 1).</summary>
public enum PluginState
{
    Discovered,
    Submitted,
    ChangesRequested,
    Rejected,
    Approved,
    Enabled,
    Disabled,
    Quarantined,
    Revoked,
}

/// <summary>How a plugin version came to its approval.</summary>
public enum ApprovalKind
{
    /// <summary>One administrator: nothing asks for a second.</summary>
    One,

    /// <summary>The first of two; the version is not approved yet.</summary>
    First,

    /// <summary>Two different persons.</summary>
    Two,

    /// <summary>It takes two, but there is one administrator: a typed reason stands for the second.</summary>
    Solo,
}

/// <summary>One version of a plugin that the installation knows; identified by its package digest. Plugins belong to the installation (TeamId empty) unless a team keeps its own.</summary>
public sealed class PluginVersion
{
    public Guid Id { get; set; }

    /// <summary>Owning team; <see cref="Guid.Empty"/> = the installation, usable by every team.</summary>
    public Guid TeamId { get; set; }

    public string PluginId { get; set; } = "";

    public string Version { get; set; } = "";

    /// <summary><c>sha256:hex</c> of SHA256SUMS.</summary>
    public string Digest { get; set; } = "";

    public string Title { get; set; } = "";

    public string Description { get; set; } = "";

    public string Publisher { get; set; } = "";

    /// <summary>Space-separated aliases.</summary>
    public string Aliases { get; set; } = "";

    /// <summary>The manifest as JSON, as it was validated.</summary>
    public string Manifest { get; set; } = "{}";

    /// <summary>Folder of the package, relative to the data folder or absolute for discovered ones.</summary>
    public string Folder { get; set; } = "";

    public PluginState State { get; set; }

    /// <summary>Why it is in that state, for people.</summary>
    public string StateReason { get; set; } = "";

    /// <summary>Result of the newest verification: <c>Verified</c>, <c>Unsigned</c>, <c>Untrusted</c>, <c>Invalid</c>, <c>Tampered</c>, <c>Revoked</c>, <c>Unverifiable</c>.</summary>
    public string TrustState { get; set; } = "";

    public string? Signer { get; set; }

    public string? TrustRule { get; set; }

    public DateTimeOffset DiscoveredAt { get; set; }

    /// <summary>Who submitted it; null for one that was put into the folder and never submitted.</summary>
    public string? SubmittedBy { get; set; }

    public DateTimeOffset? SubmittedAt { get; set; }

    public DateTimeOffset? VerifiedAt { get; set; }

    /// <summary>Of an approval that takes two persons: who began it. Stays when the second has approved as well.</summary>
    public string? FirstApprovalBy { get; set; }

    public DateTimeOffset? FirstApprovalAt { get; set; }

    /// <summary>How it was approved; null while it is not.</summary>
    public ApprovalKind? Approval { get; set; }

    /// <summary>Why it was approved, in the approver's words.</summary>
    public string? ApprovalReason { get; set; }

    public string? ApprovedBy { get; set; }

    public DateTimeOffset? ApprovedAt { get; set; }

    /// <summary>Whose signature it had when it was approved, in the form that stays the same for the signer's other versions; null when nobody's. The first one of an id owns the id.</summary>
    public string? Owner { get; set; }
}
