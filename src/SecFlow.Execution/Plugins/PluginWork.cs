using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plans;
using SecFlow.Execution.Resources;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tools;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

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

    /// <summary>Stands between the script and the world; null = nothing does.</summary>
    internal CallTape? Tape { get; init; }

    /// <summary>The script is only looked at: this stands in the place of targets, tools and secrets.</summary>
    internal PlannedWorld? Planned { get; init; }

    /// <summary>Freezes it with its run; null where nothing is ever paused.</summary>
    public Sandboxing.SandboxFreezer? Freezer { get; init; }

    /// <summary>Wall time of the work.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(Limits.NodeWallSeconds.Default);
}

/// <summary>Records of an input: opened once per reading, JSON lines.</summary>
public sealed record InputDataset(string Type, int Count, Func<Stream> OpenJsonLines)
{
    /// <summary>The same from a byte on, without reading what stands before; null = it is empty, or is never given in chunks.</summary>
    public Func<long, Stream>? OpenAt { get; init; }
}

/// <summary>Receives what a plugin says while it runs. Two implementations: a node's staging, and the collector of the CLI's parse and exec.</summary>
public interface IPluginOutput
{
    /// <summary>A batch of raw, unvalidated records for a port. Completing grants credit for them.</summary>
    ValueTask EmitAsync(string port, IReadOnlyList<JsonNode?> records, CancellationToken ct);

    ValueTask VerdictAsync(Verdict verdict, string reason, string? target, IReadOnlyList<string> checks, CancellationToken ct);

    ValueTask LogAsync(string level, string text, CancellationToken ct);

    ValueTask ProgressAsync(double percent, string text, CancellationToken ct);

    /// <summary>Appends text to a file that belongs to the node. Throws SF3009 where none is kept, SF1501 for a wrong name, SF4009 beyond the limit.</summary>
    ValueTask ArtifactAsync(string name, string mediaType, string text, CancellationToken ct) =>
        throw new SecFlowException(Codes.NotGranted, "ctx.artifact works in a report node of a workflow only.");

    /// <summary>A broker call was refused; the broker has audited it.</summary>
    ValueTask RefusedAsync(Diagnostic diagnostic, CancellationToken ct);
}

/// <summary>How a piece of work ended. <see cref="Error"/> is null exactly when it completed.</summary>
public sealed record PluginOutcome(Diagnostic? Error, string? Limit, int HttpRequests, int RefusedCalls, long PeakBytes, long CpuMilliseconds, TimeSpan Wall, string? Value)
{
    /// <summary>Different addresses of targets that the engine connected to for it.</summary>
    public int AddressesReached { get; init; }

    /// <summary>Resources that it read.</summary>
    public IReadOnlyList<UsedResource> Resources { get; init; } = [];

    /// <summary>The tools that it ran, the first <see cref="ToolUse.MostKept"/>.</summary>
    public IReadOnlyList<ToolUse> Tools { get; init; } = [];

    /// <summary>True when the sandbox was violated (seccomp, protocol breach): the plugin is quarantined.</summary>
    public bool Violation { get; init; }

    /// <summary><c>file:line:column</c> of a script's error, as the plugin host reports it; null when it is not known.</summary>
    public string? Location { get; init; }

    /// <summary>Why a violation could not be recorded; null otherwise.</summary>
    public Exception? Fault { get; init; }
}
