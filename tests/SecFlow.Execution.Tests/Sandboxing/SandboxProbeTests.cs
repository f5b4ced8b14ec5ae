using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Sandboxing.Network;

namespace SecFlow.Execution.Tests.Sandboxing;

[Trait("Category", "Confinement")]
public sealed class SandboxProbeTests
{
    [Fact]
    public async Task Probe_OnThisMachine_EveryEscapeIsDenied()
    {
        var sandbox = await Sandbox.ProbeAsync(null, PluginHostProgram.DefaultPath, CancellationToken.None);

        var open = sandbox.Report.Layers.Where(layer => !layer.Enforced && layer.Name != "control groups" && !(layer.Name == NetworkProbe.Layer && NetworkFactAttribute.Reason is not null)).Select(layer => $"{layer.Name}: {layer.Reason}. {layer.Remedy}");
        open.ShouldBeEmpty();
        sandbox.Report.Level.ShouldBeOneOf(SandboxLevel.L2, SandboxLevel.L3);
        sandbox.Report.Layers.Select(layer => layer.Name).ShouldBe(["bubblewrap", "files", "network", "processes", "environment", "privileges", "system calls", "limits", "network scope", "control groups"]);
    }

    [Fact]
    public async Task Probe_CeilingL2_LowersAndSaysSo()
    {
        var sandbox = await Sandbox.ProbeAsync("L2", PluginHostProgram.DefaultPath, CancellationToken.None);

        sandbox.Report.Level.ShouldBe(SandboxLevel.L2);
        sandbox.Report.Layers.ShouldContain(layer => layer.Name == "setting" && layer.Remedy!.Contains("SECFLOW_SANDBOX"));
    }

    [Fact]
    public async Task Probe_Off_NothingStarts()
    {
        var sandbox = await Sandbox.ProbeAsync("off", PluginHostProgram.DefaultPath, CancellationToken.None);

        sandbox.Report.Level.ShouldBe(SandboxLevel.L0);
        var error = await Should.ThrowAsync<SecFlowException>(() => SandboxedProcess.StartAsync(sandbox, Payload.Shell("true"), CancellationToken.None));
        error.Code.ShouldBe(Codes.SandboxUnavailable);
        error.Diagnostics[0].Remedy.ShouldNotBeNullOrWhiteSpace();
    }

    [Theory]
    [InlineData("none")]
    [InlineData("3")]
    [InlineData("L9")]
    public async Task Probe_UnknownCeiling_IsAnErrorAndNotALevel(string text)
    {
        var error = await Should.ThrowAsync<SecFlowException>(() => Sandbox.ProbeAsync(text, PluginHostProgram.DefaultPath, CancellationToken.None));

        error.Code.ShouldBe(Codes.OptionInvalid);
        error.Message.ShouldContain(text);
    }

    [Fact]
    public async Task Probe_BubblewrapMissing_NamesThePackageAndHowToGetIt()
    {
        var sandbox = await SandboxProbe.RunAsync(SandboxLevel.L3, SandboxPrograms.Find() with { Bubblewrap = null }, "/nowhere/host.dll", TimeProvider.System, CancellationToken.None);

        sandbox.Report.Level.ShouldBe(SandboxLevel.L0);
        sandbox.Refusal.Code.ShouldBe(Codes.SandboxUnavailable);
        sandbox.Refusal.Message.ShouldContain("bubblewrap is not installed");
        sandbox.Refusal.Remedy!.ShouldContain("bubblewrap");
    }

    [Fact]
    public async Task Probe_BubblewrapThatFails_ReportsWhatItSaid()
    {
        var folder = Directory.CreateTempSubdirectory("secflow-test-");
        try
        {
            File.SetUnixFileMode(folder.FullName, (UnixFileMode)0x1ED);
            var broken = Path.Combine(folder.FullName, "bwrap");
            await File.WriteAllTextAsync(broken, "#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n");
            File.SetUnixFileMode(broken, (UnixFileMode)0x1ED);

            var sandbox = await SandboxProbe.RunAsync(SandboxLevel.L3, SandboxPrograms.Find() with { Bubblewrap = broken }, "/nowhere/host.dll", TimeProvider.System, CancellationToken.None);

            sandbox.Report.Level.ShouldBe(SandboxLevel.L0);
            sandbox.Report.Layers[0].Reason.ShouldContain("setting up uid map: Permission denied");
            sandbox.Report.Layers[0].Remedy.ShouldNotBeNullOrWhiteSpace();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Start_OnL1_ProgramThatDoesNotConfineItself_IsRefused()
    {
        var sandbox = await Sandbox.ProbeAsync(null, PluginHostProgram.DefaultPath, CancellationToken.None);
        var means = sandbox.Means with { Level = SandboxLevel.L1 };

        var error = await Should.ThrowAsync<SecFlowException>(() => SandboxedProcess.StartAsync(means, Payload.Shell("true"), CancellationToken.None));

        error.Code.ShouldBe(Codes.SandboxUnavailable);
    }
}
