using SecFlow.Execution.Sandboxing.Network;

namespace SecFlow.Execution.Sandboxing;

/// <summary>How much is enforced on this machine (contracts 7); higher is stronger.</summary>
public enum SandboxLevel
{
    L0,
    L1,
    L2,
    L3,
}

/// <summary>One layer's probe: what was tried, whether the attempt to escape failed as it must, and what to do when not.</summary>
public sealed record SandboxLayer(string Name, bool Enforced, string Reason, string? Remedy);

/// <summary>What was found out about this machine by trying to escape.</summary>
public sealed record SandboxReport(SandboxLevel Level, IReadOnlyList<SandboxLayer> Layers);

/// <summary>What is to be started, with everything that it may see. Nothing is inherited.</summary>
public sealed record SandboxSpec
{
    /// <summary>Absolute path of the program inside the sandbox.</summary>
    public required string Program { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Whole environment; empty by default.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Read-only binds: path inside -> path outside.</summary>
    public IReadOnlyDictionary<string, string> ReadOnly { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Symbolic links: path inside -> its target.</summary>
    public IReadOnlyDictionary<string, string> Links { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public string WorkingDirectory { get; init; } = "/tmp";

    /// <summary>Processor seconds, then SIGKILL.</summary>
    public long CpuSeconds { get; init; } = Limits.HostCpuSeconds.Default;

    /// <summary>RLIMIT_DATA, bytes.</summary>
    public long DataBytes { get; init; } = 2 * Limits.HostHeapBytes.Default;

    public long ScratchBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Further writable folders, each a sized tmpfs of its own: path inside -> bytes.</summary>
    public IReadOnlyDictionary<string, long> Writable { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Empty folders below a writable one.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>Files that are copied in and read-only there: path inside -> what is copied, from its beginning. Unlike a bind, the sandbox's user need not be able to reach the file outside.</summary>
    public IReadOnlyDictionary<string, Microsoft.Win32.SafeHandles.SafeFileHandle> Copies { get; init; } =
        new Dictionary<string, Microsoft.Win32.SafeHandles.SafeFileHandle>(StringComparer.Ordinal);

    /// <summary>Bytes that one file may grow to; null = as large as its folder.</summary>
    public long? FileBytes { get; init; }

    public int Processes { get; init; } = 128;

    public int OpenFiles { get; init; } = 128;

    /// <summary>The program takes its own rights away before it reads anything hostile (the plugin host): it may also run where there is no bubblewrap.</summary>
    public bool ConfinesItself { get; init; }

    /// <summary>What it may reach; null = no network at all. A plan that cannot be enforced here is refused (SF4040), never run open.</summary>
    public NetworkPlan? Network { get; init; }

    /// <summary>The caller reads stderr itself (<see cref="SandboxedProcess.StandardError"/>), and nothing of it is kept.</summary>
    public bool StreamsErrors { get; init; }

    /// <summary>The program has one more way out, descriptor <see cref="SandboxedProcess.ReportFd"/> (<see cref="SandboxedProcess.Report"/>).</summary>
    public bool Reports { get; init; }

    /// <summary>User id outside, when the engine is root; null = the next free one.</summary>
    internal int? User { get; init; }

    /// <summary>It makes the network namespace that another sandbox enters, and keeps the rights over it.</summary>
    internal bool HoldsNetwork { get; init; }

    /// <summary>Command in front of everything else, with the rights of the engine.</summary>
    internal IReadOnlyList<string> Before { get; init; } = [];

    /// <summary>Bytes of stderr that are kept (the rest is drained and counted).</summary>
    public int StderrBytesKept { get; init; } = 8 * 1024;
}

/// <summary>Why a sandboxed process ended.</summary>
public enum SandboxEnd
{
    /// <summary>By itself; see the exit code.</summary>
    Exited,

    /// <summary>RLIMIT_CPU.</summary>
    CpuLimit,

    /// <summary>Memory: exit 75 of the host, or killed by the memory cgroup.</summary>
    MemoryLimit,

    /// <summary>Stack overflow (134/139).</summary>
    StackOverflow,

    /// <summary>SIGSYS from seccomp.</summary>
    ForbiddenSystemCall,

    /// <summary>Killed by the engine; the caller knows why.</summary>
    Killed,

    /// <summary>It never started (bubblewrap or the runtime failed).</summary>
    StartFailed,

    /// <summary>Killed by another signal.</summary>
    Crashed,
}

/// <summary>How a sandboxed process ended.</summary>
public sealed record SandboxExit(SandboxEnd End, int ExitCode, string StderrHead, long StderrBytes, long PeakBytes, TimeSpan Cpu)
{
    /// <summary>The control group's memory limit killed a process of the tree, not necessarily the first.</summary>
    public bool OutOfMemory { get; init; }

    /// <summary>The control group refused to start a process of the tree.</summary>
    public bool OutOfProcesses { get; init; }
}
