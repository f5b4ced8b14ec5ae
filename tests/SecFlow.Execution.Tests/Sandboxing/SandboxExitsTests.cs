using System.Runtime.InteropServices;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Tests.Sandboxing;

public sealed class SandboxExitsTests
{
    [Theory]
    [InlineData(0, SandboxEnd.Exited)]
    [InlineData(1, SandboxEnd.Exited)]
    [InlineData(75, SandboxEnd.MemoryLimit)]
    [InlineData(134, SandboxEnd.StackOverflow, "Stack overflow.\n   at X")]
    [InlineData(139, SandboxEnd.StackOverflow, "Stack overflow.\n   at X")]
    [InlineData(134, SandboxEnd.MemoryLimit, "Out of memory.\n")]
    [InlineData(139, SandboxEnd.Crashed, "Fatal error. Internal CLR error.")]
    [InlineData(137, SandboxEnd.CpuLimit, "", 10)]
    [InlineData(152, SandboxEnd.CpuLimit, "", 10)]
    [InlineData(137, SandboxEnd.Crashed)]
    [InlineData(143, SandboxEnd.Crashed)]
    [InlineData(159, SandboxEnd.ForbiddenSystemCall)]
    public void Classify_ExitCode_SaysWhy(int code, SandboxEnd end, string stderr = "", int cpu = 1) =>
        Classify(new SandboxEnded(code, true, false, false, false, TimeSpan.FromSeconds(cpu), 1), stderr, true).ShouldBe(end);

    [Fact]
    public void Classify_AmbiguousKills_AreToldApart()
    {
        var killed = new SandboxEnded(137, true, false, false, false, TimeSpan.Zero, 1);

        Classify(killed, "", anyOutput: false).ShouldBe(SandboxEnd.StartFailed);
        Classify(killed with { Killed = true }, "", anyOutput: false).ShouldBe(SandboxEnd.Killed);
        Classify(killed with { OutOfMemory = true }, "", anyOutput: true).ShouldBe(SandboxEnd.MemoryLimit);
        Classify(killed with { Started = false, ExitCode = 1 }, "bwrap: no", anyOutput: false).ShouldBe(SandboxEnd.StartFailed);
    }

    [Theory]
    [InlineData(Architecture.X64)]
    [InlineData(Architecture.Arm64)]
    public void Filter_EachArchitecture_IsWholeInstructionsAndEndsInAnAnswer(Architecture architecture)
    {
        var program = SystemCallFilter.Build(architecture);

        (program.Length % 8).ShouldBe(0);
        program.Length.ShouldBeInRange(400, 4096 * 8);
        program[^8].ShouldBe((byte)0x06);
        Should.Throw<PlatformNotSupportedException>(() => SystemCallFilter.Build(Architecture.Wasm));
    }

    private static SandboxEnd Classify(SandboxEnded ended, string stderr, bool anyOutput) =>
        SandboxExits.Classify(ended, Payload.Shell("true") with { CpuSeconds = 10 }, stderr, stderr.Length, anyOutput).End;
}
