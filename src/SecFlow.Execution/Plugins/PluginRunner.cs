using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Targets;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>Who wants to run which plugin, for what.</summary>
/// <param name="Actor">On whose authority.</param>
/// <param name="PluginDigest">Package digest that the run pinned, <c>sha256:hex</c>.</param>
/// <param name="RunId">Run, or empty for import and re-parse.</param>
/// <param name="NodeId">The recipe's node id.</param>
public sealed record PluginRequest(Actor Actor, string PluginDigest, Guid RunId, string NodeId);

/// <summary>Which bytes run, who signed them, which rule accepted them, and how they are confined.</summary>
public sealed record PluginProvenance(string PluginId, string Version, string Digest, string Signer, string TrustRule, string PolicyRevision, SandboxLevel Level);

/// <summary>One piece of work for an open session.</summary>
public sealed record PluginWork
{
    public PluginEntry Entry { get; init; } = PluginEntry.Execute;

    public JsonObject Config { get; init; } = [];

    /// <summary>What <c>ctx.run</c> shows.</summary>
    public JsonObject Run { get; init; } = [];

    /// <summary>Approved targets, pinned; null = none (parse).</summary>
    public TargetScope? Scope { get; init; }

    /// <summary>Input datasets by port name.</summary>
    public IReadOnlyDictionary<string, InputDataset> Inputs { get; init; } = new Dictionary<string, InputDataset>(StringComparer.Ordinal);

    /// <summary>For parse: files by the names <c>stdout</c>, <c>stderr</c> and any other.</summary>
    public IReadOnlyDictionary<string, string> RawFiles { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Wall time of the work.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(Limits.NodeWallSeconds.Default);
}

/// <summary>Records of an input: opened once per reading, JSON lines.</summary>
public sealed record InputDataset(string Type, int Count, Func<Stream> OpenJsonLines);

/// <summary>Receives what a plugin says while it runs. Two implementations: a node's staging, and the collector of the CLI's parse and exec.</summary>
public interface IPluginOutput
{
    /// <summary>A batch of raw, unvalidated records for a port. Completing grants credit for them.</summary>
    ValueTask EmitAsync(string port, IReadOnlyList<JsonNode?> records, CancellationToken ct);

    ValueTask VerdictAsync(Verdict verdict, string reason, string? target, IReadOnlyList<string> checks, CancellationToken ct);

    ValueTask LogAsync(string level, string text, CancellationToken ct);

    ValueTask ProgressAsync(double percent, string text, CancellationToken ct);

    /// <summary>A broker call was refused; the broker has audited it.</summary>
    ValueTask RefusedAsync(Diagnostic diagnostic, CancellationToken ct);
}

/// <summary>How a piece of work ended. <see cref="Error"/> is null exactly when it completed.</summary>
public sealed record PluginOutcome(Diagnostic? Error, string? Limit, int HttpRequests, int RefusedCalls, long PeakBytes, long CpuMilliseconds, TimeSpan Wall, string? Value)
{
    /// <summary>True when the sandbox was violated (seccomp, protocol breach): the plugin is quarantined.</summary>
    public bool Violation { get; init; }
}

/// <summary>
/// The only way to a running plugin: reads the package once, hashes it, asks Trust about exactly those bytes, opens the session with the bytes from memory.
/// Throws SF2xxx (trust), SF3xxx (policy), SF4030/4031 (sandbox); each refusal is audited before it is thrown.
/// </summary>
public sealed class PluginRunner
{
    public Task<PluginSession> OpenAsync(PluginRequest request, CancellationToken ct) => throw new NotSupportedException();
}

/// <summary>A verified plugin in its sandbox: one process per run and package digest, a fresh interpreter per work.</summary>
public sealed class PluginSession : IAsyncDisposable
{
    public PluginProvenance Provenance => throw new NotSupportedException();

    public PluginManifest Manifest => throw new NotSupportedException();

    /// <summary>Runs one piece of work. Never throws for what the plugin does; throws OperationCanceledException when <paramref name="ct"/> is cancelled (the tree is dead by then).</summary>
    public Task<PluginOutcome> RunAsync(PluginWork work, IPluginOutput output, CancellationToken ct) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => throw new NotSupportedException();
}
