using SecFlow.Data.Targets;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests.Targets;

public sealed class TargetStoreTests
{
    [DatabaseData]
    public async Task Add_NameTaken_IsAConflictUntilTheOtherIsArchived(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var targets = new TargetStore(test.Database);
        var first = await targets.AddAsync(actor, TestRows.Target());

        await Should.ThrowAsync<ConflictException>(() => targets.AddAsync(actor, TestRows.Target()));
        (await targets.ArchiveAsync(actor, first.Id)).ShouldBeTrue();
        var second = await targets.AddAsync(actor, TestRows.Target());

        (await targets.ListAsync(actor.TeamId)).ShouldHaveSingleItem().Id.ShouldBe(second.Id);
        (await targets.ListAsync(actor.TeamId, archivedToo: true)).Count.ShouldBe(2);
        (await targets.FindManyAsync(actor.TeamId, [first.Id, second.Id, Guid.NewGuid()])).Count.ShouldBe(2);
        (await TestRows.ActionsAsync(test, actor)).ShouldBe(["create.team", "add.target", "archive.target", "add.target"]);
    }

    [DatabaseData]
    public async Task Add_SameNameAtOnce_OneSucceedsTheOthersAreConflicts(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var targets = new TargetStore(test.Database);

        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            try
            {
                await targets.AddAsync(actor, TestRows.Target());
                return true;
            }
            catch (ConflictException)
            {
                return false;
            }
        })));

        results.Count(added => added).ShouldBe(1);
        (await TestRows.ActionsAsync(test, actor)).ShouldBe(["create.team", "add.target"]);
    }

    [DatabaseData]
    public async Task Archive_Target_EndsItsAuthorisationOnce(DatabaseKind kind)
    {
        var time = new TestTime();
        await using var test = await TestDatabase.CreateAsync(kind, time);
        var actor = await TestRows.NewTeamAsync(test);
        var targets = new TargetStore(test.Database);
        var target = await targets.AddAsync(actor, TestRows.Target());
        time.Advance(TimeSpan.FromHours(1));

        (await targets.ArchiveAsync(actor, target.Id)).ShouldBeTrue();
        (await targets.ArchiveAsync(actor, target.Id)).ShouldBeFalse();

        var row = (await targets.FindAsync(actor.TeamId, target.Id))!;
        row.AuthorisedUntil.ShouldBe(time.GetUtcNow());
        row.Revision.ShouldBe(2);
    }
}
