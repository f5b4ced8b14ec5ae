using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Tests.Plugins;

/// <summary>A host that a plugin has taken over, in the real sandbox: whatever it sends ends the work, quarantines the plugin, and is audited.</summary>
public sealed class ProtocolBreachTests
{
    [Theory]
    [InlineData("not json")]
    [InlineData("raw FFFFFF7F")]
    [InlineData("end")]
    [InlineData("""{"type":"call","id":1,"method":"eval","arguments":{}}""")]
    [InlineData("""{"type":"call","id":0,"method":"http","arguments":{}}""")]
    [InlineData("""{"type":"verdict","kind":"brilliant","reason":"","checks":[]}""")]
    [InlineData("""{"type":"log","level":"shout","text":"x"}""")]
    [InlineData("""{"type":"emit","port":"findings","records":[{"title":"\ud800"}]}""")]
    [InlineData("""{"type":"emit","port":"findings","records":[{"title":"a","title":"b"}]}""")]
    public async Task Run_HostThatBreaksTheProtocol_QuarantinesThePlugin(string frame)
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files(script: frame + "\n"));
        var runner = await world.RunnerAsync(LawlessHost.Prepare(Path.Combine(world.DataFolder, "host")));
        await using var session = await runner.OpenAsync(world.Request(row), CancellationToken.None);
        var outcome = await session.RunAsync(new PluginWork(), new TestOutput(), CancellationToken.None);
        (outcome.Error!.Code, outcome.Violation).ShouldBe((Codes.ProtocolViolation, true), outcome.Error.Message);

        (await world.Store.FindByDigestAsync(Guid.Empty, row.Digest))!.State.ShouldBe(PluginState.Quarantined);
        (await world.EventsAsync("violate.sandbox")).ShouldHaveSingleItem().ReasonCode.ShouldBe(Codes.ProtocolViolation);
        (await Should.ThrowAsync<SecFlowException>(() => session.RunAsync(new PluginWork(), new TestOutput(), CancellationToken.None))).Code.ShouldBe(Codes.PluginNotEnabled);
        (await Should.ThrowAsync<SecFlowException>(() => runner.OpenAsync(world.Request(row), CancellationToken.None))).Code.ShouldBe(Codes.PluginNotEnabled);
    }

    [Fact]
    public async Task Run_BreachThatCannotBeRecorded_IsStillAViolation()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files(script: "not json\n"));
        var runner = await world.RunnerAsync(LawlessHost.Prepare(Path.Combine(world.DataFolder, "host")));
        await using var session = await runner.OpenAsync(world.Request(row), CancellationToken.None);
        await world.Database.WriteAsync(write => write.Db.Database.ExecuteSqlRawAsync("CREATE TRIGGER full BEFORE INSERT ON audit_events WHEN NEW.action = 'violate.sandbox' BEGIN SELECT RAISE(ABORT, 'disk full'); END"));

        var outcome = await session.RunAsync(new PluginWork(), new TestOutput(), CancellationToken.None);

        (outcome.Error!.Code, outcome.Violation).ShouldBe((Codes.ProtocolViolation, true), outcome.Error.Message);
        outcome.Error.Message.ShouldContain("quarantine it by hand");
        outcome.Fault.ShouldNotBeNull();
        (await Should.ThrowAsync<SecFlowException>(() => session.RunAsync(new PluginWork(), new TestOutput(), CancellationToken.None))).Code.ShouldBe(Codes.PluginNotEnabled);
    }

    [Fact]
    public async Task Run_CallWithArgumentsOfAnotherForm_IsAnsweredNotAFaultOfTheEngine()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files(script: """
            {"type":"call","id":1,"method":"input.read","arguments":[]}
            {"type":"call","id":2,"method":"input.read","arguments":"urls"}
            {"type":"call","id":3,"method":"handle.read","arguments":[1]}
            {"type":"call","id":4,"method":"http","arguments":7}
            {"type":"call","id":5,"method":"secret"}
            {"type":"done","outcome":"Completed"}
            """));
        var runner = await world.RunnerAsync(LawlessHost.Prepare(Path.Combine(world.DataFolder, "host")));
        await using var session = await runner.OpenAsync(world.Request(row), CancellationToken.None);
        (await session.RunAsync(new PluginWork(), new TestOutput(), CancellationToken.None)).Error.ShouldBeNull();
    }
}
