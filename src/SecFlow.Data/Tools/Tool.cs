namespace SecFlow.Data.Tools;

/// <summary>A tool of the installation whose file was accepted: no other bytes of this name run.</summary>
public sealed class Tool
{
    public Guid Id { get; set; }

    /// <summary>As manifests call it; unique.</summary>
    public string Name { get; set; } = "";

    /// <summary>Absolute path that an administrator set; null = looked for in the system's program folders.</summary>
    public string? SetPath { get; set; }

    /// <summary>Where it was when it was accepted; null while only its path is set.</summary>
    public string? Path { get; set; }

    /// <summary><c>sha256:hex</c> of the accepted file; null while only its path is set.</summary>
    public string? Digest { get; set; }

    /// <summary>What the version probe said of the accepted file; empty when there is no probe.</summary>
    public string Version { get; set; } = "";

    /// <summary>Who accepted it, or <c>first use</c>, or the system's package.</summary>
    public string AcceptedBy { get; set; } = "";

    public DateTimeOffset AcceptedAt { get; set; }

    /// <summary>Digest of the file that was found in its place and refused; null = none.</summary>
    public string? FoundDigest { get; set; }

    public DateTimeOffset? FoundAt { get; set; }
}
