using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Tests.Sandboxing;

/// <summary>A payload that is not held back: it is in its group, or dead, before anybody can give it anything.</summary>
[Trait("Category", "Confinement")]
public sealed class ControlGroupJoinTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Start_OfWhatConfinesItself_ReturnsWhenItIsInItsGroup()
    {
        var sandbox = await Payload.Sandbox;
        await using var process = await SandboxedProcess.StartAsync(sandbox, Payload.Shell("sleep 60") with { ConfinesItself = true }, CancellationToken.None);

        if (sandbox.Means.Groups is not null)
        {
            // Known already when the start returns; without groups nobody waits for it, and it may be known or not.
            process.Payload.IsCompletedSuccessfully.ShouldBeTrue();
            var groups = await File.ReadAllTextAsync($"/proc/{await process.Payload}/cgroup");
            groups.ShouldContain($"/secflow-{Environment.ProcessId}-");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Payload_ThatCannotJoin_IsKilled(bool confinesItself)
    {
        var means = (await Payload.Sandbox).Means;
        var spec = Payload.Shell("sleep 60") with { ConfinesItself = confinesItself };
        var group = new ControlGroup(unified: true, [Path.Combine(Path.GetTempPath(), "secflow-no-such-group")]);
        var line = SandboxCommand.Confined(means.Programs, spec, grouped: true);
        var (statusRead, statusWrite) = LinuxCalls.Pipe();
        var (filterRead, filterWrite) = LinuxCalls.Pipe();
        var (blockRead, blockWrite) = LinuxCalls.Pipe();
        using var nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        var none = LinuxCalls.Again(nothing);
        LinuxCalls.WriteAll(filterWrite, means.Filter);
        LinuxCalls.Close(filterWrite);
        List<(int, int)> descriptors = [(none, 0), (none, 1), (none, 2), (statusWrite, SandboxCommand.StatusFd), (filterRead, SandboxCommand.FilterFd), (blockRead, SandboxCommand.BlockFd)];
        var pid = await Spawn.OnThread(() => Spawn.Start(line[0], line[1..], [], descriptors));
        foreach (var theirs in new[] { none, statusWrite, filterRead, blockRead })
        {
            LinuxCalls.Close(theirs);
        }

        var ended = await new SandboxWatch(pid, means, group, statusRead, confinesItself ? -1 : blockWrite).Ended.WaitAsync(Patience);

        ended.Started.ShouldBeFalse();
        ended.Killed.ShouldBeFalse();
        SandboxExits.Classify(ended, spec, "", 0, anyOutput: false).End.ShouldBe(SandboxEnd.StartFailed);
        await LeftOvers.ShouldBeNoneAsync();
        if (confinesItself)
        {
            LinuxCalls.Close(blockWrite);
        }
    }
}
