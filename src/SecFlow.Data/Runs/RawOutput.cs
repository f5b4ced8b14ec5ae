namespace SecFlow.Data.Runs;

/// <summary>What a stored raw output is.</summary>
public enum RawOutputKind
{
    /// <summary>JSON lines: each call that left the plugin, with its answer.</summary>
    Calls,

    /// <summary>Standard output of a tool.</summary>
    Stdout,

    /// <summary>Standard error of a tool.</summary>
    Stderr,

    /// <summary>A file that a tool wrote.</summary>
    File,
}

/// <summary>What a node's plugin got to read, kept as it came so that another version of the plugin can read it again; its bytes are in the blob store.</summary>
public sealed class RawOutput
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid RunId { get; set; }

    public Guid NodeRunId { get; set; }

    public RawOutputKind Kind { get; set; }

    /// <summary>File name, unique in its node run: <c>calls.jsonl</c>, <c>001-nmap.stdout</c>, <c>001-nmap.report.xml</c>.</summary>
    public string Name { get; set; } = "";

    /// <summary>Name of the tool; empty for the calls.</summary>
    public string Tool { get; set; } = "";

    /// <summary>Bytes.</summary>
    public long Size { get; set; }

    /// <summary><c>sha256:hex</c> of the bytes.</summary>
    public string BlobDigest { get; set; } = "";

    /// <summary>True when more came than is kept.</summary>
    public bool Truncated { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}
