using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Plugins;

/// <summary>Who wants to run which plugin, for what.</summary>
/// <param name="Actor">On whose authority.</param>
/// <param name="PluginDigest">Package digest that the run pinned, <c>sha256:hex</c>.</param>
/// <param name="RunId">Run, or empty for import and re-parse.</param>
/// <param name="NodeId">The recipe's node id.</param>
public sealed record PluginRequest(Actor Actor, string PluginDigest, Guid RunId, string NodeId)
{
    /// <summary>The hosts of the run; null = a host of its own, which ends with the session.</summary>
    public RunHosts? Hosts { get; init; }

    /// <summary>Whether the run will use this package again: its process is then kept for that.</summary>
    public bool UsedAgain { get; init; }

    /// <summary>The scripts are only looked at: no event is written, and no work reaches the world.</summary>
    public bool Planned { get; init; }

    /// <summary>Stores the audit event of the decision, and where the plugin comes from when it may run, in a transaction of the caller's, before anything runs; false = it has had its transaction, store it in one of its own.</summary>
    public Func<AuditEntry, PluginProvenance?, CancellationToken, Task<bool>>? Record { get; init; }
}

/// <summary>Which bytes run, who signed them, which rule accepted them, and how they are confined.</summary>
public sealed record PluginProvenance(string PluginId, string Version, string Digest, string Signer, string TrustRule, string PolicyRevision, SandboxLevel Level)
{
    /// <summary>Trust root that was asked, <c>sha256:hex</c>; null where none was.</summary>
    public string? TrustRoot { get; init; }

    /// <summary>Whom the certificate stands for; null for a key.</summary>
    public string? SignerIdentity { get; init; }

    /// <summary>Fingerprint of the key that signed, <c>sha256:hex</c>.</summary>
    public string? SignerKey { get; init; }
}
