using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Tools;

/// <summary>The one table from ends of a tool to the limit that it reached (contracts 8). A tool that merely failed has reached none.</summary>
internal static class ToolEnds
{
    private const int CpuExceeded = 128 + 24;
    private const int FileTooLarge = 128 + 25;
    private const int BadSystemCall = 128 + 31;

    public static Diagnostic? Limit(ToolRequest request, ToolReport report, SandboxExit exit, bool timedOut)
    {
        var (name, limits) = (request.Program.Name, request.Limits);
        if (timedOut)
        {
            return Reached(Codes.LimitWall, $"{name} did not finish within {request.Timeout.TotalSeconds:0.#} s and was ended.", "Give it more time, or less to do.");
        }

        if (exit.OutOfMemory || exit.End == SandboxEnd.MemoryLimit)
        {
            return Reached(Codes.LimitMemory, $"{name} used up its {Size(limits.MemoryBytes)} of memory.", "Give it less to do at once, or ask for more in limits.tool.memoryBytes.");
        }

        if (report.ExitCode == CpuExceeded || exit.End == SandboxEnd.CpuLimit)
        {
            return Reached(Codes.LimitCpu, $"{name} used up its {limits.CpuSeconds} s of processor time.", "Give it less to do, or ask for more in limits.tool.cpuSeconds.");
        }

        if (report.ExitCode == BadSystemCall || exit.End == SandboxEnd.ForbiddenSystemCall)
        {
            return Reached(Codes.ForbiddenSystemCall, $"{name} made a system call that the sandbox forbids and was killed.", "Find out why the tool needs it; no option allows it.");
        }

        if (exit.OutOfProcesses)
        {
            return Reached(Codes.LimitProcesses, $"{name} wanted more than {limits.Processes} processes and threads at once.", "Let it work with fewer threads, or ask for more in limits.tool.processes.");
        }

        return report.Full || report.ExitCode == FileTooLarge
            ? Reached(Codes.LimitScratch, $"{name} filled its scratch space of {Size(limits.ScratchBytes)} (three quarters in /out, one in /tmp).", "Let it write less, or ask for more in limits.tool.scratchBytes.")
            : null;
    }

    private static Diagnostic Reached(string code, string what, string remedy) => new(code, $"{what} {remedy}") { Remedy = remedy };

    private static string Size(long bytes) => bytes % (1024 * 1024) == 0 ? $"{bytes / (1024 * 1024)} MiB" : $"{bytes} bytes";
}
