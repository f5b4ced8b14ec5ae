namespace SecFlow.Data.Runs;

/// <summary>One node of one run; attempts are counted, their staged records are separated by <see cref="Attempt"/>.</summary>
public sealed class NodeRun
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid RunId { get; set; }

    /// <summary>The recipe's node id.</summary>
    public string NodeId { get; set; } = "";

    /// <summary>Position in execution order, from 0.</summary>
    public int Ordinal { get; set; }

    public NodeStatus Status { get; set; }

    /// <summary>Attempt that is or was running, from 1; 0 before the first.</summary>
    public int Attempt { get; set; }

    public string PluginId { get; set; } = "";

    public string PluginVersion { get; set; } = "";

    /// <summary>Package digest pinned at run start, <c>sha256:hex</c>.</summary>
    public string PluginDigest { get; set; } = "";

    /// <summary>Verified signer as people know it; null when refused before verification.</summary>
    public string? Signer { get; set; }

    /// <summary>Name of the trust rule that accepted it.</summary>
    public string? TrustRule { get; set; }

    /// <summary>Revision of the trust policy that accepted it, <c>sha256:hex</c>; null when refused before verification.</summary>
    public string? PolicyRevision { get; set; }

    /// <summary>Trust root that was asked, <c>sha256:hex</c>; null where none was.</summary>
    public string? TrustRoot { get; set; }

    /// <summary>Whom the certificate stands for, without its issuer; null for a key.</summary>
    public string? SignerIdentity { get; set; }

    /// <summary>Fingerprint of the key that signed, <c>sha256:hex</c>; null where none is known.</summary>
    public string? SignerKey { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>Since when a person wants it skipped; null = nobody does.</summary>
    public DateTimeOffset? SkipRequestedAt { get; set; }

    /// <summary>Who asked for it.</summary>
    public string? SkipRequestedBy { get; set; }

    /// <summary>0..100, null = unknown.</summary>
    public int? Progress { get; set; }

    public string? ProgressText { get; set; }

    public string? ErrorCode { get; set; }

    public string? ErrorMessage { get; set; }

    public int Findings { get; set; }

    public int RejectedRecords { get; set; }

    public int HttpRequests { get; set; }

    public int RefusedCalls { get; set; }

    /// <summary>Different addresses (IP) of targets to which the engine opened a connection for this node.</summary>
    public int AddressesReached { get; set; }

    /// <summary>JSON array of the resources that the newest attempt read, each {uri, version, digest}.</summary>
    public string Resources { get; set; } = "[]";

    /// <summary>The tools that it ran, with what they came to: a JSON array, the first hundred invocations.</summary>
    public string Tools { get; set; } = "[]";

    /// <summary>Names of these tools; empty = none.</summary>
    public string Tool { get; set; } = "";

    /// <summary>Their versions, in the same order.</summary>
    public string ToolVersion { get; set; } = "";

    /// <summary>What its outputs depend on, <c>sha256:hex</c>; null when they cannot be used again.</summary>
    public string? CacheKey { get; set; }

    /// <summary>Node run whose outputs a Cached node uses: the one that really ran, never another cached one.</summary>
    public Guid? CachedFromNodeRunId { get; set; }

    /// <summary>Chunks of a <c>foreach</c> node that came to their end; their records are durable.</summary>
    public int ChunksDone { get; set; }

    /// <summary>Chunks of a <c>foreach</c> node; 0 = not one.</summary>
    public int ChunksTotal { get; set; }

    /// <summary>What the chunks that are done left beside their records (verdicts, use of tools), JSON of the engine; null before the first and after the node's end.</summary>
    public string? ChunkState { get; set; }

    public long PeakBytes { get; set; }

    public long CpuMilliseconds { get; set; }
}
