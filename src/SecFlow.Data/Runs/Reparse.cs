namespace SecFlow.Data.Runs;

/// <summary>The raw output of a node, read again by another version of its plugin, and what that changed. A row is written once.</summary>
public sealed class Reparse
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid RunId { get; set; }

    public Guid NodeRunId { get; set; }

    public string NodeId { get; set; } = "";

    public string PluginId { get; set; } = "";

    /// <summary>Version that ran in the run.</summary>
    public string FromVersion { get; set; } = "";

    /// <summary>Package digest of it, <c>sha256:hex</c>.</summary>
    public string FromDigest { get; set; } = "";

    /// <summary>Version that read its raw output again.</summary>
    public string ToVersion { get; set; } = "";

    /// <summary>Package digest of it, <c>sha256:hex</c>.</summary>
    public string ToDigest { get; set; } = "";

    /// <summary>Verified signer of that version.</summary>
    public string Signer { get; set; } = "";

    public string By { get; set; } = "";

    public DateTimeOffset At { get; set; }

    /// <summary>Findings that this node of the run had not.</summary>
    public int Added { get; set; }

    /// <summary>Findings that it had, with another title, severity or other content.</summary>
    public int Changed { get; set; }

    /// <summary>Findings that it had, and that are as they were.</summary>
    public int Same { get; set; }

    /// <summary>Findings that it had and that this version does not report; they are kept.</summary>
    public int Gone { get; set; }

    /// <summary>Records that were rejected.</summary>
    public int Rejected { get; set; }

    /// <summary>JSON array of the first of these findings: <c>{change: added|changed|gone, fingerprint, title, severity, location, was?: {field: value}}</c>.</summary>
    public string Changes { get; set; } = "[]";

    /// <summary>JSON array of texts: what the raw output could not answer, and what else a reader has to know.</summary>
    public string Notes { get; set; } = "[]";
}
