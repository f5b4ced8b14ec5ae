using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using static SecFlow.Execution.Tests.Plugins.SubmissionTests;

namespace SecFlow.Execution.Tests.Plugins;

/// <summary>Which of several versions runs.</summary>
public sealed class VersionTests
{
    [Fact]
    public async Task Pin_ToAnOlderVersion_IsWhatRuns_UntilItIsTakenAway()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = await TrustAsync(world, "team-key");
        var old = await EnableAsync(world, PluginWorld.Files(manifest: "aliases: [scan.short]\n"), key);
        var now = await EnableAsync(world, PluginWorld.Files(version: "1.1.0", manifest: "aliases: [scan.short]\n"), key);
        (await RunsAsync(world)).ShouldBe("1.1.0");

        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.PinAsync(world.Admin, old.Id, " ", default))).Code.ShouldBe(Codes.RequestInvalid);
        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.PinAsync(world.Admin with { Role = TeamRole.Analyst }, old.Id, "I want it", default))).Code.ShouldBe(Codes.RoleMissing);
        await world.Registry.PinAsync(world.Admin, old.Id, "1.1.0 is slow", default);

        (await RunsAsync(world)).ShouldBe("1.0.0");
        (await RunsAsync(world, "scan.short")).ShouldBe("1.0.0");
        (await RunsAsync(world, "scan.dummy@^1.1")).ShouldBeNull("what does not fit the pin does not run");
        (await world.Registry.ListAsync(default)).ShouldAllBe(p => p.Pin!.Version == "1.0.0" && p.Pin.Reason == "1.1.0 is slow");
        await world.Registry.ChangeStateAsync(world.Admin, old.Id, PluginState.Disabled, "not that one", default);
        (await RunsAsync(world)).ShouldBeNull("no other version runs in the place of a pinned one");

        await world.Registry.UnpinAsync(world.Admin, now.Id, "it is fast again", default);
        (await RunsAsync(world)).ShouldBe("1.1.0");
        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.UnpinAsync(world.Admin, now.Id, "again", default))).Code.ShouldBe(Codes.Conflict);
        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.PinAsync(world.Admin, old.Id, "it is disabled", default))).Code.ShouldBe(Codes.Conflict);
        (await world.EventsAsync("pin.plugin")).Where(e => e.Action == "pin.plugin").ShouldHaveSingleItem().ResourceId.ShouldBe(old.Digest);
        (await world.EventsAsync("unpin.plugin")).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task RollBack_EnablesTheOldAndDisablesTheNewer_AtOnce_AndThePinMovesAlong()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = await TrustAsync(world, "team-key");
        var one = await EnableAsync(world, PluginWorld.Files(), key);
        await world.Registry.ChangeStateAsync(world.Admin, one.Id, PluginState.Disabled, "there is a newer one", default);
        var two = await EnableAsync(world, PluginWorld.Files(version: "1.1.0"), key);
        var three = await EnableAsync(world, PluginWorld.Files(version: "1.10.0"), key);
        await world.Registry.PinAsync(world.Admin, three.Id, "the best", default);

        await world.Registry.RollBackAsync(world.Admin, one.Id, "1.1.0 and 1.10.0 find nothing", default);

        (await StateAsync(world, one), await StateAsync(world, two), await StateAsync(world, three)).ShouldBe((PluginState.Enabled, PluginState.Disabled, PluginState.Disabled));
        (await RunsAsync(world)).ShouldBe("1.0.0");
        (await world.Registry.ListAsync(default)).ShouldAllBe(p => p.Pin!.Version == "1.0.0");
        (await world.EventsAsync("disable.plugin")).Count.ShouldBe(3);
        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.RollBackAsync(world.Admin, one.Id, "once more", default))).Code.ShouldBe(Codes.Conflict);
    }

    [Fact]
    public async Task RollBack_ToBytesThatWereChanged_IsRefusedAudited_AndNothingMoves()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = await TrustAsync(world, "team-key");
        var one = await EnableAsync(world, PluginWorld.Files(), key);
        var two = await EnableAsync(world, PluginWorld.Files(version: "1.1.0"), key);
        await File.AppendAllTextAsync(Path.Combine(world.Folder(one), "index.js"), "// more");

        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.RollBackAsync(world.Admin, one.Id, "back", default))).Code.ShouldBe(Codes.Tampered);

        (await StateAsync(world, two)).ShouldBe(PluginState.Enabled);
        (await world.EventsAsync("enable.plugin")).Count(e => e.Outcome == AuditOutcome.Denied && e.ReasonCode == Codes.Tampered).ShouldBe(1);
    }

    [Fact]
    public async Task RollBack_FromAStateThatIsGone_ChangesNothing()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = await TrustAsync(world, "team-key");
        var one = await EnableAsync(world, PluginWorld.Files(), key);
        var two = await EnableAsync(world, PluginWorld.Files(version: "1.1.0"), key);
        await world.Registry.ChangeStateAsync(world.Admin, two.Id, PluginState.Quarantined, "it spoke out of turn", default);

        await Should.ThrowAsync<SecFlow.Data.ConflictException>(() => world.Store.RollBackAsync(world.Admin, one, [two], "late", default));

        (await StateAsync(world, two)).ShouldBe(PluginState.Quarantined);
    }

    private static async Task<string?> RunsAsync(PluginWorld world, string name = "scan.dummy") => (await world.Registry.FindAsync(name, default))?.Row.Version;

    private static async Task<PluginState> StateAsync(PluginWorld world, PluginVersion row) => (await world.Store.FindAsync(Guid.Empty, row.Id))!.State;
}
