using SecFlow.Data.Plugins;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests.Plugins;

public sealed class PluginStoreTests
{
    [DatabaseData]
    public async Task Add_DigestKnown_IsAConflict(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var plugins = new PluginStore(test.Database);
        await plugins.AddAsync(actor, TestRows.Plugin(Guid.Empty));

        await Should.ThrowAsync<ConflictException>(() => plugins.AddAsync(actor, TestRows.Plugin(Guid.Empty)));
    }

    [DatabaseData]
    public async Task ChangeState_FromAnotherState_IsAConflict(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var plugins = new PluginStore(test.Database);
        var plugin = await plugins.AddAsync(actor, TestRows.Plugin(Guid.Empty));

        var approved = await plugins.ChangeStateAsync(actor, plugin.Id, PluginState.Discovered, PluginState.Approved, "looked at");
        await Should.ThrowAsync<ConflictException>(() => plugins.ChangeStateAsync(actor, plugin.Id, PluginState.Discovered, PluginState.Rejected, "late"));
        await Should.ThrowAsync<ConflictException>(() => plugins.ChangeStateAsync(actor, Guid.NewGuid(), PluginState.Discovered, PluginState.Rejected, "none"));

        approved.ApprovedBy.ShouldBe(actor.Name);
        (await plugins.FindAsync(actor.TeamId, plugin.Id))!.State.ShouldBe(PluginState.Approved);
        (await TestRows.ActionsAsync(test, actor)).ShouldBe(["create.team", "discover.plugin", "approve.plugin"]);
    }

    [DatabaseData]
    public async Task FindEnabled_IdOrAlias_MatchesWholeWordsOfEnabledOnes(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var plugins = new PluginStore(test.Database);
        var plugin = await plugins.AddAsync(actor, TestRows.Plugin(Guid.Empty));
        (await plugins.FindEnabledAsync(actor.TeamId, plugin.PluginId)).ShouldBeEmpty();

        await plugins.ChangeStateAsync(actor, plugin.Id, PluginState.Discovered, PluginState.Enabled, "built in");

        (await plugins.FindEnabledAsync(actor.TeamId, plugin.PluginId)).ShouldHaveSingleItem();
        (await plugins.FindEnabledAsync(actor.TeamId, "scan.baseline")).ShouldHaveSingleItem();
        (await plugins.FindEnabledAsync(actor.TeamId, "scan.base")).ShouldBeEmpty();
    }

    [DatabaseData]
    public async Task RecordVerification_SameAgain_IsAuditedOnce(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var plugins = new PluginStore(test.Database);
        var plugin = await plugins.AddAsync(actor, TestRows.Plugin(Guid.Empty));
        var verified = new PluginVerification("Verified", "key builtin", "builtin");

        await plugins.RecordVerificationAsync(actor, plugin.Id, verified);
        await plugins.RecordVerificationAsync(actor, plugin.Id, verified);

        (await plugins.RecordVerificationAsync(actor, Guid.NewGuid(), verified)).ShouldBeNull();
        (await plugins.FindByDigestAsync(actor.TeamId, plugin.Digest))!.Signer.ShouldBe("key builtin");
        (await TestRows.ActionsAsync(test, actor)).ShouldBe(["create.team", "discover.plugin", "verify.plugin"]);
    }

    [DatabaseData]
    public async Task ChangeState_EachState_HasItsOwnVerb(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var plugins = new PluginStore(test.Database);
        var plugin = await plugins.AddAsync(actor, TestRows.Plugin(Guid.Empty));

        foreach (var (from, to) in Enum.GetValues<PluginState>().Zip(Enum.GetValues<PluginState>().Skip(1)))
        {
            await plugins.ChangeStateAsync(actor, plugin.Id, from, to, "step");
        }

        (await TestRows.ActionsAsync(test, actor)).Skip(2).ShouldBe(
            ["submit.plugin", "request-changes.plugin", "reject.plugin", "approve.plugin", "enable.plugin", "disable.plugin", "quarantine.plugin", "revoke.plugin"]);
    }
}
