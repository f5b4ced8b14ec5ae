using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>What one session may use, from the manifest's wishes under the one table of <see cref="Limits"/>.</summary>
internal sealed record SessionLimits(HostLimits Host, long CpuSeconds, long HeapBytes, TimeSpan Silent)
{
    /// <summary>Records that may be on their way before the engine has stored any.</summary>
    public const int Credit = 1_000;

    /// <summary>Log lines of one work that are kept; the rest is dropped, and that is said.</summary>
    public const int LogLines = 10_000;

    /// <summary>Frames of one work. More is a flood, not a plugin.</summary>
    public const int Frames = 2_000_000;

    /// <summary>Calls of one work that policy refuses. Waiting for an answer restarts the budgets of a callback, so a script that never takes no for an answer would go on until its time is over.</summary>
    public const int RefusedCalls = 10_000;

    public const int Verdicts = 100_000;

    /// <summary>Bytes of responses and files that a work may have in handles.</summary>
    public static readonly long HandleBytes = Limits.OutputBytesKept.Default;

    /// <summary>From start to <c>ready</c>.</summary>
    public static readonly TimeSpan Start = TimeSpan.FromSeconds(20);

    /// <summary>Between asking a plugin to stop and killing it.</summary>
    public static readonly TimeSpan CancelGrace = TimeSpan.FromSeconds(1);

    /// <summary>Whether a process with the default limits serves it.</summary>
    public bool HasDefaultProcess => CpuSeconds == Limits.HostCpuSeconds.Default && HeapBytes == Limits.HostHeapBytes.Default;

    public static SessionLimits For(PluginManifest? manifest)
    {
        long? Asked(string name) => manifest is not null && manifest.HostLimits.TryGetValue(name, out var value) ? value : null;
        return new SessionLimits(
            new HostLimits(
                (int)Limits.HostCallbackMilliseconds.Or(Asked("callbackMilliseconds")),
                (int)Limits.HostStatements.Or(Asked("statements")),
                (int)Limits.HostRecursion.Or(Asked("recursion")),
                (int)Limits.ScriptSourceBytes.Default,
                NestingDepth: 200,
                (int)Limits.JsonDepth.Default,
                (int)Limits.FindingBytes.Default,
                (int)Limits.LogLineBytes.Default),
            Limits.HostCpuSeconds.Or(Asked("cpuSeconds")),
            Limits.HostHeapBytes.Or(Asked("heapBytes")),
            TimeSpan.FromSeconds(Limits.HostSilentSeconds.Or(Asked("silentSeconds"))));
    }
}
