using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Sandboxing;

/// <summary>
/// Says in one place what an exit means. Signals are seen as 128 + number; as process 1 a program's own abort shows as SIGSEGV (139) where it would be SIGABRT (134).
/// 137 alone is ambiguous: killed by us, by the processor limit, by memory, or by the kernel because the runtime could not start.
/// </summary>
internal static class SandboxExits
{
    private const int Killed = 128 + 9;
    private const int Aborted = 128 + 6;
    private const int Segfault = 128 + 11;
    private const int CpuExceeded = 128 + 24;
    private const int BadSystemCall = 128 + 31;

    // The kernel compares processor time in ticks and kills a little early or late.
    private static readonly TimeSpan CpuTolerance = TimeSpan.FromMilliseconds(300);

    public static SandboxExit Classify(SandboxEnded ended, SandboxSpec spec, string stderrHead, long stderrBytes, bool anyOutput)
    {
        var end = End(ended, spec, stderrHead, anyOutput);
        return new SandboxExit(end, ended.ExitCode, stderrHead, stderrBytes, ended.PeakBytes, ended.Cpu) { OutOfMemory = ended.OutOfMemory, OutOfProcesses = ended.OutOfProcesses };
    }

    private static SandboxEnd End(SandboxEnded ended, SandboxSpec spec, string stderr, bool anyOutput)
    {
        if (ended.Killed)
        {
            return SandboxEnd.Killed;
        }

        if (!ended.Started || (ended.ExitCode is 126 or 127 && stderr.StartsWith("prlimit: failed to execute", StringComparison.Ordinal)))
        {
            return SandboxEnd.StartFailed;
        }

        return ended.ExitCode switch
        {
            HostExitCodes.OutOfMemory => SandboxEnd.MemoryLimit,
            Killed when ended.OutOfMemory => SandboxEnd.MemoryLimit,
            Killed or CpuExceeded when ended.Cpu >= TimeSpan.FromSeconds(spec.CpuSeconds) - CpuTolerance => SandboxEnd.CpuLimit,
            BadSystemCall => SandboxEnd.ForbiddenSystemCall,
            Aborted or Segfault when stderr.Contains("Out of memory", StringComparison.OrdinalIgnoreCase) => SandboxEnd.MemoryLimit,
            Aborted or Segfault when stderr.Contains("Stack overflow", StringComparison.Ordinal) || stderr.Length == 0 => SandboxEnd.StackOverflow,
            Killed when !anyOutput => SandboxEnd.StartFailed,
            > 128 => SandboxEnd.Crashed,
            _ => SandboxEnd.Exited,
        };
    }
}
