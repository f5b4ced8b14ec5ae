using SecFlow.Execution.Sandboxing.Network;

namespace SecFlow.Execution.Tools;

/// <summary>What one invocation may use (contracts 8).</summary>
/// <param name="CpuSeconds">Processor seconds of one process; the wall time bounds them all.</param>
/// <param name="MemoryBytes">Data segment of a process, and of all together where there is a control group.</param>
/// <param name="Processes">Processes and threads at the same time.</param>
/// <param name="OpenFiles">Descriptors of one process.</param>
/// <param name="ScratchBytes">What may be written: three quarters in /out, one in /tmp.</param>
/// <param name="OutputBytes">Bytes kept of each of stdout, stderr and the output files together.</param>
public sealed record ToolLimits(long CpuSeconds, long MemoryBytes, int Processes, int OpenFiles, long ScratchBytes, long OutputBytes)
{
    public static readonly ToolLimits Default = For(new Dictionary<string, long>(StringComparer.Ordinal));

    /// <summary>The manifest's wishes (<c>limits.tool.*</c>) under the one table of <see cref="Limits"/>.</summary>
    public static ToolLimits For(IReadOnlyDictionary<string, long> asked)
    {
        long? Asked(string name) => asked.TryGetValue(name, out var value) ? value : null;
        return new ToolLimits(
            Limits.ToolCpuSeconds.Or(Asked("cpuSeconds")),
            Limits.ToolMemoryBytes.Or(Asked("memoryBytes")),
            (int)Limits.ToolProcesses.Or(Asked("processes")),
            (int)Limits.ToolOpenFiles.Or(Asked("openFiles")),
            Limits.ToolScratchBytes.Or(Asked("scratchBytes")),
            Limits.OutputBytesKept.Default);
    }
}

/// <summary>One invocation of a tool. The sandbox holds the read-only system, what is listed here, and nothing else.</summary>
/// <param name="Program">The tool as the catalogue found it.</param>
/// <param name="Arguments">Its arguments, handed over as they are: there is no shell.</param>
public sealed record ToolRequest(ToolProgram Program, IReadOnlyList<string> Arguments)
{
    /// <summary>What it reads on stdin; null = nothing. At most <see cref="MostStdinBytes"/>.</summary>
    public Stream? Stdin { get; init; }

    /// <summary>Files that it finds as <c>/in/NAME</c>, read-only: name -> content. The caller keeps them open until the end.</summary>
    public IReadOnlyDictionary<string, FileStream> Inputs { get; init; } = new Dictionary<string, FileStream>(StringComparer.Ordinal);

    /// <summary>Files that are read out of <c>/out</c> afterwards, by name.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Wall time; then SIGINT, and SIGKILL for the whole tree after <see cref="ToolRunner.Grace"/>.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(Execution.Limits.NodeWallSeconds.Default);

    /// <summary>Gets the lines of stdout while the tool runs, some at a time and in their order; awaited, but never delays the tool.</summary>
    public Func<IReadOnlyList<string>, CancellationToken, Task>? OnLines { get; init; }

    /// <summary>Folders that it finds read-only, those of targets as <c>/target/NAME</c>: path inside -> path outside.</summary>
    public IReadOnlyDictionary<string, string> TargetFolders { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What it may reach; null = no network at all.</summary>
    public NetworkPlan? Network { get; init; }

    public ToolLimits Limits { get; init; } = ToolLimits.Default;

    /// <summary>Freezes it with its run; null where nothing is ever paused.</summary>
    public Sandboxing.SandboxFreezer? Freezer { get; init; }

    public const long MostStdinBytes = 16 * 1024 * 1024;
}

/// <summary>A tool of this machine.</summary>
/// <param name="Name">As the manifest calls it.</param>
/// <param name="Path">Absolute path of the program.</param>
/// <param name="Version">As its version probe said; empty when it has none.</param>
/// <param name="Digest"><c>sha256:hex</c> of the program's file.</param>
public sealed record ToolProgram(string Name, string Path, string Version, string Digest)
{
    /// <summary>What the file was when it was hashed; compared again after the tool has run. Null: nobody hashed it.</summary>
    internal FileIdentity? Identity { get; init; }
}

/// <summary>What an invocation left; the streams are at their beginning and vanish with it.</summary>
public sealed class ToolResult : IAsyncDisposable
{
    /// <summary>Exit code, 128 + signal when a signal ended it; null when nobody knows because it was killed.</summary>
    public required int? ExitCode { get; init; }

    public required FileStream Stdout { get; init; }

    public required FileStream Stderr { get; init; }

    /// <summary>Those of the files asked for that were there as regular files.</summary>
    public required IReadOnlyDictionary<string, FileStream> Files { get; init; }

    public required bool TimedOut { get; init; }

    /// <summary>Something of stdout, stderr or the files was not kept.</summary>
    public required bool Truncated { get; init; }

    /// <summary>The first limit that it reached, as an outcome of its own: SF4004 memory, SF4005 processor time, SF4006 wall time, SF4012 processes, SF4013 scratch, SF4021 forbidden system call; null = none.</summary>
    public required Diagnostics.Diagnostic? Limit { get; init; }

    /// <summary>Connections that the kernel let through and refused; null without a network.</summary>
    public required NetworkCount? Network { get; init; }

    public required TimeSpan Wall { get; init; }

    public required TimeSpan Cpu { get; init; }

    public required long PeakBytes { get; init; }

    public async ValueTask DisposeAsync()
    {
        foreach (var file in Files.Values.Append(Stdout).Append(Stderr))
        {
            await file.DisposeAsync();
        }
    }
}
