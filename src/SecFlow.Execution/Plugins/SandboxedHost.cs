using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// A plugin host that has said <c>ready</c>, with what it may use and what it has used.
/// 1. Its processor time is the engine's own measurement of the process, not what the host says of itself.
/// 2. The process may use <see cref="CpuReserve"/> more than one session: so much may earlier works of the same plugin have used up when it serves another one.
///    The session's own limit is held by the engine (<see cref="Conversation"/>), that of the process is the backstop.
/// </summary>
internal sealed class SandboxedHost(SandboxedProcess process, SessionLimits limits, long startedAt) : IAsyncDisposable
{
    /// <summary>Works of one process: whatever a runtime may hoard, it begins anew after so many.</summary>
    public const int MostWorks = 500;

    private const long MostReserveSeconds = 5;

    private int _works;

    public SandboxedProcess Process { get; } = process;

    /// <summary>Timestamp of its start.</summary>
    public long StartedAt { get; } = startedAt;

    /// <summary>Processor time of the process so far; zero when it is gone.</summary>
    public TimeSpan Cpu => Process.Cpu;

    /// <summary>Alive, and silent as a host is that has nothing to do.</summary>
    public bool IsIdle => !Process.Exit.IsCompleted && !Process.HasOutput;

    /// <summary>Spoke without being asked: a breach of the protocol.</summary>
    public bool HasSpoken => !Process.Exit.IsCompleted && Process.HasOutput;

    /// <summary>Processor seconds of a process that may serve sessions with these limits.</summary>
    public static long ProcessSeconds(SessionLimits limits) => Math.Min(limits.CpuSeconds + MostReserveSeconds, Limits.HostCpuSeconds.Ceiling);

    /// <summary>Counts a work that ended in an orderly way; true when the process is as good as new for another one.</summary>
    public bool MayServeAgain()
    {
        _works++;
        return _works < MostWorks && Cpu < CpuReserve && Process.ResidentBytes < limits.HeapBytes * 3 / 4;
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private TimeSpan CpuReserve => TimeSpan.FromSeconds(ProcessSeconds(limits) - limits.CpuSeconds);
}
