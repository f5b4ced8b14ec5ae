using SecFlow.Data.Trust;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests.Trust;

public sealed class TrustPolicyStoreTests
{
    [DatabaseData]
    public async Task Add_NewText_IsTheNextRevision(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var policies = new TrustPolicyStore(test.Database);
        (await policies.FindCurrentAsync(actor.TeamId)).ShouldBeNull();

        var first = await policies.AddAsync(actor, "one");
        var same = await policies.AddAsync(actor, "one");
        var second = await policies.AddAsync(actor, "two");
        var back = await policies.AddAsync(actor, "one");

        same.Id.ShouldBe(first.Id);
        second.Number.ShouldBe(2);
        back.Digest.ShouldBe(first.Digest);
        (await policies.FindCurrentAsync(actor.TeamId))!.Number.ShouldBe(3);
        (await policies.ListAsync(actor.TeamId)).Select(row => row.Number).ShouldBe([3, 2, 1]);
        (await TestRows.ActionsAsync(test, actor)).ShouldBe(["create.team", "change.trust-policy", "change.trust-policy", "change.trust-policy"]);
    }
}
