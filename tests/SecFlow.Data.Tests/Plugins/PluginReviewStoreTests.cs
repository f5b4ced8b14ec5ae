using SecFlow.Data.Plugins;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests.Plugins;

/// <summary>Submission, review, pins and the way back, on each database.</summary>
public sealed class PluginReviewStoreTests
{
    [DatabaseData]
    public async Task Submit_WaitingVersion_IsReplacedOrSubmittedAgain_DecidedOnesAreAConflict(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var plugins = new PluginStore(test.Database);
        var first = await plugins.SubmitAsync(actor, TestRows.Plugin(Guid.Empty), "please");
        await Should.ThrowAsync<ConflictException>(() => plugins.SubmitAsync(actor, TestRows.Plugin(Guid.Empty, "2"), "while it is looked at"));
        await plugins.ChangeStateAsync(actor, first.Id, PluginState.Submitted, PluginState.ChangesRequested, "shorter");

        var second = await plugins.SubmitAsync(actor, TestRows.Plugin(Guid.Empty, "2"), "shorter");
        await plugins.ChangeStateAsync(actor, second.Id, PluginState.Submitted, PluginState.Rejected, "no");
        var again = await plugins.SubmitAsync(actor, TestRows.Plugin(Guid.Empty, "2"), "but why");

        (again.Id, again.State, again.SubmittedBy).ShouldBe((second.Id, PluginState.Submitted, actor.Person));
        (await plugins.FindAsync(actor.TeamId, first.Id))!.StateReason.ShouldBe($"replaced by {second.Digest}");
        (await plugins.CountWaitingAsync(actor.Person)).ShouldBe(2);
        (await plugins.ListCommentsAsync(second.Id)).Select(c => c.Text).ShouldBe(["shorter", "no", "but why"], ignoreOrder: true);
        (await TestRows.ActionsAsync(test, actor)).ShouldBe(["create.team", "submit.plugin", "request-changes.plugin", "reject.plugin", "submit.plugin", "reject.plugin", "submit.plugin"]);
    }

    [DatabaseData]
    public async Task Comment_IsPartOfTheReview_AndOfNoOtherTeamsVersion(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var plugins = new PluginStore(test.Database);
        var row = await plugins.AddAsync(actor, TestRows.Plugin(actor.TeamId));

        (await plugins.CommentAsync(actor, row.Id, "hm")).ShouldSatisfyAllConditions(c => c.Text.ShouldBe("hm"), c => c.Author.ShouldBe(actor.Person), c => c.State.ShouldBeNull());
        await Should.ThrowAsync<ConflictException>(() => plugins.CommentAsync(actor with { TeamId = Guid.NewGuid() }, row.Id, "mine"));

        (await plugins.ListCommentsAsync(row.Id)).ShouldHaveSingleItem();
    }

    [DatabaseData]
    public async Task Pin_LeavesOneVersion_AndMovesWhenItIsRolledBack(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var plugins = new PluginStore(test.Database);
        var old = await EnabledAsync("1");
        var now = await EnabledAsync("2");
        (await plugins.FindEnabledAsync(actor.TeamId, "scan.baseline")).Count.ShouldBe(2);

        await plugins.PinAsync(actor, old, "slow");
        await plugins.PinAsync(actor, now, "fast");
        (await plugins.FindEnabledAsync(actor.TeamId, "scan.baseline")).ShouldHaveSingleItem().Digest.ShouldBe(now.Digest);

        await plugins.RollBackAsync(actor, old, [now], "finds nothing");
        (await plugins.FindEnabledAsync(actor.TeamId, old.PluginId)).ShouldHaveSingleItem().Digest.ShouldBe(old.Digest);
        (await plugins.ListPinsAsync()).ShouldHaveSingleItem().ShouldSatisfyAllConditions(p => p.Digest.ShouldBe(old.Digest), p => p.Reason.ShouldBe("finds nothing"), p => p.PinnedBy.ShouldBe(actor.Person));
        (await plugins.UnpinAsync(actor, old.PluginId, "over")).ShouldBeTrue();
        (await plugins.UnpinAsync(actor, old.PluginId, "over")).ShouldBeFalse();
        (await TestRows.ActionsAsync(test, actor)).TakeLast(5).ShouldBe(["pin.plugin", "pin.plugin", "disable.plugin", "pin.plugin", "unpin.plugin"]);

        async Task<PluginVersion> EnabledAsync(string digest)
        {
            var row = await plugins.AddAsync(actor, TestRows.Plugin(Guid.Empty, digest));
            return await plugins.ChangeStateAsync(actor, row.Id, PluginState.Discovered, PluginState.Enabled, "built in");
        }
    }
}
