using Microsoft.EntityFrameworkCore;
using Quartz;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Tests.Runs;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Schedules;

public sealed class ScheduleTests
{
    private const string OneScan = "  - { id: scan, type: scan.test }";

    private static async Task<(TestEngine Engine, Schedule Schedule)> WithScheduleAsync(DateTimeOffset? targetUntil = null)
    {
        var engine = await CreateAsync();
        await engine.Get<ScheduleMirror>().RebuildAsync(default);
        var workflow = await engine.SaveAsync(OneScan);
        var target = await engine.AddTargetAsync("scheduled", "http://127.0.0.1:8083/", targetUntil);
        return (engine, await engine.Get<ScheduleService>().AddAsync(engine.Analyst, new NewSchedule("nightly", workflow, "0 0 3 * * ?", "Europe/Berlin", [target]), default));
    }

    [Fact]
    public async Task Schedule_is_stored_and_one_trigger_waits_for_what_is_due_next()
    {
        var (engine, schedule) = await WithScheduleAsync();
        await using var _ = engine;
        schedule.NextFireAt.ShouldNotBeNull();
        (await TriggerAsync(engine)).ShouldBeLessThan(DateTimeOffset.UtcNow.AddMinutes(1).AddSeconds(1), "the trigger looks at least once a minute");
        await engine.Database.WriteAsync(async write => (await write.Db.Schedules.SingleAsync()).NextFireAt = DateTimeOffset.UtcNow.AddSeconds(20));
        await engine.Get<ScheduleMirror>().SetNextAsync(default);
        (await TriggerAsync(engine)).ShouldBeLessThan(DateTimeOffset.UtcNow.AddSeconds(21));
        await engine.Get<ScheduleMirror>().RebuildAsync(default);
        (await TriggerAsync(engine)).ShouldBeLessThan(DateTimeOffset.UtcNow.AddSeconds(21), "Quartz agrees with the database after a start");
    }

    private static async Task<DateTimeOffset> TriggerAsync(TestEngine engine)
    {
        var scheduler = await engine.Get<ISchedulerFactory>().GetScheduler();
        return (await scheduler.GetTrigger(new TriggerKey("next", ScheduleMirror.Group)))!.NextFireTimeUtc!.Value;
    }

    [Fact]
    public async Task Firing_starts_one_run_on_behalf_of_the_owner_also_when_it_fires_twice()
    {
        var (engine, schedule) = await WithScheduleAsync();
        await using var _ = engine;
        var due = DateTimeOffset.UtcNow;
        var run = await engine.Get<ScheduleFiring>().FireAsync(schedule.Id, due, default);
        var again = await engine.Get<ScheduleFiring>().FireAsync(schedule.Id, due, default);
        run!.Id.ShouldBe(again!.Id);
        (run.Trigger, run.ScheduleId, run.StartedByName).ShouldBe((RunTrigger.Schedule, schedule.Id, "nightly (for analyst)"));
        var row = (await engine.Get<ScheduleService>().ListAsync(engine.Analyst, default)).Single();
        row.LastFiredAt.ShouldNotBeNull();
        row.LastRefusal.ShouldBeNull();
    }

    [Fact]
    public async Task Firing_after_the_authorisation_lapsed_starts_nothing_and_says_so()
    {
        var (engine, schedule) = await WithScheduleAsync();
        await using var _ = engine;
        await engine.EndAuthorisationAsync(Guid.Parse(schedule.TargetIds));
        (await engine.Get<ScheduleFiring>().FireAsync(schedule.Id, DateTimeOffset.UtcNow, default)).ShouldBeNull();
        (await engine.Get<ScheduleService>().ListAsync(engine.Analyst, default)).Single().LastRefusal!.ShouldContain(Codes.AuthorisationLapsed);
        (await engine.Runs.ListAsync(engine.Analyst, 0, 10, default)).ShouldBeEmpty();
        var refused = await engine.Database.ReadAsync(async db => await Task.FromResult(db.AuditEvents.Single(e => e.Action == "start.run")));
        (refused.Outcome, refused.ReasonCode).ShouldBe((AuditOutcome.Denied, Codes.AuthorisationLapsed));
    }

    [Fact]
    public async Task Disabled_schedule_fires_into_nothing()
    {
        var (engine, schedule) = await WithScheduleAsync();
        await using var _ = engine;
        await engine.Get<ScheduleService>().SetEnabledAsync(engine.Analyst, schedule.Id, false, default);
        (await engine.Get<ScheduleFiring>().FireAsync(schedule.Id, DateTimeOffset.UtcNow, default)).ShouldBeNull();
    }

    [Fact]
    public async Task Wrong_schedule_is_refused_with_every_problem_at_once()
    {
        await using var engine = await CreateAsync();
        var service = engine.Get<ScheduleService>();
        var error = await Should.ThrowAsync<SecFlowException>(() => service.AddAsync(engine.Analyst, new NewSchedule(" ", Guid.NewGuid(), "0 0 6 1 1 ? 2020", "UTC", []), default));
        error.Diagnostics.Select(d => d.Path).ShouldBe(["name", "cron", "targets"]);
        (await Should.ThrowAsync<SecFlowException>(() => service.AddAsync(engine.Analyst, new NewSchedule("x", Guid.NewGuid(), "0 0 6 * * ?", "UTC", [engine.TargetId]), default))).Code.ShouldBe(Codes.Conflict);
        (await Should.ThrowAsync<SecFlowException>(() => service.DeleteAsync(engine.Analyst, Guid.NewGuid(), default))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => service.AddAsync(engine.Analyst with { Role = Data.Teams.TeamRole.Viewer }, new NewSchedule("x", Guid.NewGuid(), "0 0 6 * * ?", "UTC", [engine.TargetId]), default))).Code.ShouldBe(Codes.RoleMissing);
    }
}
