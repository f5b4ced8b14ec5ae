using SecFlow.Data.Schedules;
using SecFlow.Data.Workflows;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests.Schedules;

public sealed class ScheduleStoreTests
{
    [DatabaseData]
    public async Task Schedule_Life_IsKeptAndAudited(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var (workflow, _) = await new WorkflowStore(test.Database).SaveAsync(actor, "Nightly", "", "one");
        var schedules = new ScheduleStore(test.Database);
        var now = test.Database.Time.GetUtcNow();

        var schedule = await schedules.AddAsync(actor, new Schedule { Name = "night", WorkflowId = workflow.Id, Cron = "0 0 3 * * ?" });
        (await schedules.SetEnabledAsync(actor, schedule.Id, false))!.Enabled.ShouldBeFalse();
        (await schedules.ListEnabledAsync()).ShouldBeEmpty();
        await schedules.SetEnabledAsync(actor, schedule.Id, false);
        await schedules.SetEnabledAsync(actor, schedule.Id, true);
        await schedules.RecordNextAsync(schedule.Id, now.AddDays(1));

        var row = (await schedules.ListAsync(actor.TeamId)).ShouldHaveSingleItem();
        row.Owner.ShouldBe(actor.Name);
        row.NextFireAt.ShouldBe(now.AddDays(1));
        (await schedules.ListEnabledAsync()).ShouldHaveSingleItem();
        (await schedules.FindForFiringAsync(schedule.Id)).ShouldNotBeNull();
        (await schedules.ArchiveAsync(actor, schedule.Id)).ShouldBeTrue();
        (await schedules.ArchiveAsync(actor, schedule.Id)).ShouldBeFalse();
        (await schedules.FindForFiringAsync(schedule.Id)).ShouldBeNull();
        (await schedules.FindAsync(actor.TeamId, schedule.Id)).ShouldBeNull();
        (await TestRows.ActionsAsync(test, actor)).ShouldBe(["create.team", "save.workflow", "add.schedule", "disable.schedule", "enable.schedule", "archive.schedule"]);
    }

    [DatabaseData]
    public async Task Add_WorkflowOfAnotherTeam_IsAConflict(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var other = await TestRows.NewTeamAsync(test, "other");
        var (workflow, _) = await new WorkflowStore(test.Database).SaveAsync(other, "Nightly", "", "one");

        await Should.ThrowAsync<ConflictException>(() => new ScheduleStore(test.Database).AddAsync(actor, new Schedule { Name = "night", WorkflowId = workflow.Id }));
    }
}
