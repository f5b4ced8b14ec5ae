using SecFlow.Execution.Sandboxing;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Tests.Sandboxing;

[Trait("Category", "Confinement")]
public sealed class PluginHostProgramTests
{
    [Fact]
    public async Task Host_InTheSandbox_StartsAndConfinesItself()
    {
        var sandbox = await Payload.Sandbox;
        var spec = PluginHostProgram.Spec(sandbox, PluginHostProgram.DefaultPath);
        await using var process = await SandboxedProcess.StartAsync(sandbox, spec, CancellationToken.None);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));

        var first = await Frames.ReadHostMessageAsync(process.StandardOutput, limit.Token);

        // Its memory is looked at each 100 ms: a host that ends at once has no peak that anybody saw.
        await Task.Delay(TimeSpan.FromSeconds(1), limit.Token);
        await process.StandardInput.DisposeAsync();
        var exit = await process.Exit.WaitAsync(limit.Token);

        first.ShouldBeOfType<ReadyMessage>().Confinement.ShouldContain("seccomp");
        exit.End.ShouldBe(SandboxEnd.Exited, exit.StderrHead);
        exit.ExitCode.ShouldBe(0, exit.StderrHead);
        exit.PeakBytes.ShouldBeInRange(10L << 20, 200L << 20);
    }

    [Fact]
    public async Task Probe_CeilingL1_HostProvesItsOwnConfinement()
    {
        var sandbox = await Sandbox.ProbeAsync("L1", PluginHostProgram.DefaultPath, CancellationToken.None);

        sandbox.Report.Level.ShouldBe(SandboxLevel.L1, string.Join('\n', sandbox.Report.Layers));
        sandbox.Report.Layers.ShouldContain(layer => layer.Name == "self-confinement" && layer.Enforced);
    }

    [Fact]
    public async Task Host_AtL1_StartsWithoutBubblewrap()
    {
        var sandbox = await Sandbox.ProbeAsync("L1", PluginHostProgram.DefaultPath, CancellationToken.None);
        await using var process = await SandboxedProcess.StartAsync(sandbox, PluginHostProgram.Spec(sandbox, PluginHostProgram.DefaultPath), CancellationToken.None);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));

        var ready = (await Frames.ReadHostMessageAsync(process.StandardOutput, limit.Token)).ShouldBeOfType<ReadyMessage>();
        process.Kill();

        ready.Confinement.ShouldContain("landlock");
        (await process.Exit.WaitAsync(limit.Token)).End.ShouldBe(SandboxEnd.Killed);
        await LeftOvers.ShouldBeNoneAsync();
    }

    [Fact]
    public async Task Spec_Limits_NeverExceedTheTable()
    {
        var spec = PluginHostProgram.Spec(await Payload.Sandbox, PluginHostProgram.DefaultPath, long.MaxValue, long.MaxValue);

        spec.CpuSeconds.ShouldBe(Limits.HostCpuSeconds.Ceiling);
        spec.DataBytes.ShouldBe(2 * Limits.HostHeapBytes.Ceiling);
        spec.Environment["DOTNET_GCHeapHardLimit"].ShouldBe("0x20000000");
        spec.ReadOnly.Keys.ShouldNotContain(path => path.StartsWith("/etc", StringComparison.Ordinal) || path == "/usr/bin");
    }
}
