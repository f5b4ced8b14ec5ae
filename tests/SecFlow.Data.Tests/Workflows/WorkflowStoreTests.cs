using SecFlow.Data.Workflows;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests.Workflows;

public sealed class WorkflowStoreTests
{
    [DatabaseData]
    public async Task Save_SameNameNewText_IsTheNextVersion(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var workflows = new WorkflowStore(test.Database);

        var (workflow, first) = await workflows.SaveAsync(actor, "Nightly", "a", "one");
        var (_, same) = await workflows.SaveAsync(actor, "Nightly", "a", "one");
        var (_, second) = await workflows.SaveAsync(actor, "Nightly", "b", "two");

        same.Id.ShouldBe(first.Id);
        second.Version.ShouldBe(2);
        (await workflows.FindAsync(actor.TeamId, workflow.Id))!.Description.ShouldBe("b");
        (await workflows.FindByNameAsync(actor.TeamId, "Nightly"))!.CurrentVersion.ShouldBe(2);
        (await workflows.FindCurrentVersionAsync(actor.TeamId, workflow.Id))!.Recipe.ShouldBe("two");
        (await workflows.FindVersionAsync(actor.TeamId, first.Id))!.Recipe.ShouldBe("one");
        (await workflows.ListVersionsAsync(actor.TeamId, workflow.Id)).Select(row => row.Version).ShouldBe([2, 1]);
        (await TestRows.ActionsAsync(test, actor)).ShouldBe(["create.team", "save.workflow", "save.workflow"]);
    }

    [DatabaseData]
    public async Task Save_TenAtOnce_NumbersAreGivenOnce(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var workflows = new WorkflowStore(test.Database);
        var (workflow, _) = await workflows.SaveAsync(actor, "Nightly", "", "0");

        await Task.WhenAll(Enumerable.Range(1, 10).Select(i => Task.Run(() => workflows.SaveAsync(actor, "Nightly", "", $"{i}"))));

        (await workflows.ListVersionsAsync(actor.TeamId, workflow.Id)).Select(row => row.Version).ShouldBe(Enumerable.Range(1, 11).Reverse());
    }

    [DatabaseData]
    public async Task Archive_Workflow_FreesItsName(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var workflows = new WorkflowStore(test.Database);
        var (first, _) = await workflows.SaveAsync(actor, "Nightly", "", "one");

        (await workflows.ArchiveAsync(actor, first.Id)).ShouldBeTrue();
        (await workflows.ArchiveAsync(actor, first.Id)).ShouldBeFalse();
        var (second, version) = await workflows.SaveAsync(actor, "Nightly", "", "one");

        second.Id.ShouldNotBe(first.Id);
        version.Version.ShouldBe(1);
        (await workflows.ListAsync(actor.TeamId)).ShouldHaveSingleItem().Id.ShouldBe(second.Id);
    }
}
