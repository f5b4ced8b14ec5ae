using Microsoft.EntityFrameworkCore;
using SecFlow.Data;
using SecFlow.Data.Alerts;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Alerts;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Tests.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Alerts.AlertTests;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Alerts;

/// <summary>Schedules that are late, stopped, or start nothing.</summary>
public sealed class ScheduleAlertTests
{
    private const string OneScan = "  - { id: scan, type: scan.test }";

    [Fact]
    public async Task Overdue_RaisesAnAlert_AndEndsItWhenItFired()
    {
        var time = new TestTime(new DateTimeOffset(2027, 6, 1, 12, 0, 0, TimeSpan.Zero));
        await using var engine = await CreateAsync(time: time);
        await engine.Get<ScheduleMirror>().RebuildAsync(default);
        var (service, watch) = (engine.Get<ScheduleService>(), Watch(engine));
        var row = await service.AddAsync(engine.Analyst, new NewSchedule("nightly", await engine.SaveAsync(OneScan), "0 0 3 * * ?", "Europe/Berlin", [engine.TargetId]), default);
        async Task<bool> IsOverdueAsync() => ScheduleHealth.IsOverdue(await service.GetAsync(engine.Analyst, row.Id, default), time.GetUtcNow());

        time.Advance(row.NextFireAt!.Value - time.GetUtcNow() + TimeSpan.FromSeconds(90));
        await watch.LookAsync(default);
        (await OpenAsync(engine)).ShouldBeEmpty("a minute and a half is no news");

        time.Advance(TimeSpan.FromMinutes(1));
        await watch.LookAsync(default);
        await watch.LookAsync(default);
        var alert = (await OpenAsync(engine)).ShouldHaveSingleItem();
        (alert.Kind, alert.Subject, alert.Link).ShouldBe((AlertKind.ScheduleOverdue, "nightly", $"schedules/{row.Id}"));
        (await IsOverdueAsync()).ShouldBeTrue();

        await engine.Get<ScheduleStore>().RecordNextAsync(row.Id, time.GetUtcNow().AddDays(1));
        await watch.LookAsync(default);
        (await OpenAsync(engine)).ShouldBeEmpty();
        (await IsOverdueAsync()).ShouldBeFalse();
        AlertRules.Of(AlertKind.ScheduleOverdue).When.ShouldContain("2 minutes ago");
    }

    [DatabaseData]
    public async Task Stopped_RingsUntilAPersonLetsItGoOn(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        await engine.Get<ScheduleMirror>().RebuildAsync(default);
        var (service, stops, watch) = (engine.Get<ScheduleService>(), engine.Get<ScheduleWatch>(), Watch(engine));
        var row = await service.AddAsync(engine.Analyst, new NewSchedule("nightly", await engine.SaveAsync(OneScan), "0 0 3 * * ?", "Europe/Berlin", [engine.TargetId]), default);
        await engine.EndAuthorisationAsync(engine.TargetId);

        for (var look = 0; look < 3; look++)
        {
            await stops.AuthorisationsAsync(default);
            await watch.LookAsync(default);
        }

        var alert = (await OpenAsync(engine)).ShouldHaveSingleItem();
        (alert.Kind, alert.Subject).ShouldBe((AlertKind.ScheduleSilent, "nightly"));
        alert.Words.ShouldStartWith("The schedule nightly was stopped: the authorisation of the target 'shop' ended");
        (await ActionsAsync(engine)).Count(action => action != "raise.alert").ShouldBe(0, "nothing closed it meanwhile");

        await engine.Database.WriteAsync(async write => (await write.Db.Targets.SingleAsync(t => t.Id == engine.TargetId)).AuthorisedUntil = write.Now.AddDays(30));
        await service.SetEnabledAsync(engine.Analyst, row.Id, true, default);
        await watch.LookAsync(default);
        (await OpenAsync(engine)).ShouldBeEmpty();
    }

    [DatabaseData]
    public async Task Silent_IsWhatShouldHaveStartedAndDidNot_AndNamesakesAreToldApart(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind, new TestTime());
        var workflow = await engine.SaveAsync(OneScan);
        var twins = new[] { Guid.CreateVersion7(), Guid.CreateVersion7() };
        await engine.Database.WriteAsync(write =>
        {
            void Add(string name, string? refusal, OverlapPolicy overlap = OverlapPolicy.Skip, bool ends = false, Guid? id = null, bool off = false) => write.Db.Schedules.Add(new Schedule
            {
                Id = id ?? Guid.NewGuid(),
                TeamId = engine.Analyst.TeamId,
                WorkflowId = workflow,
                Name = name,
                Cron = "0 0 1 * * ?",
                CreatedAt = write.Now,
                NextFireAt = ends ? null : write.Now.AddDays(1),
                LastRefusal = refusal,
                Overlap = overlap,
                Enabled = !off,
            });

            Add("fine", null);
            Add("skips", $"The firing started nothing: the run is paused, and this schedule skips what overlaps. {Codes.ScheduleOverlap}");
            Add("full", $"The firing started nothing: 100 runs of this schedule wait already. {Codes.ScheduleOverlap}", OverlapPolicy.Queue);
            Add("over", "SF3004: lapsed", ends: true);
            Add("off", "SF3004: lapsed", off: true);
            Add("missed", $"3 times passed while nothing could fire. {Codes.ScheduleMissed}");
            Add("twin", "SF3004: one", id: twins[0]);
            Add("twin", "SF3004: other", id: twins[1]);
            return Task.CompletedTask;
        });

        await Watch(engine).LookAsync(default);

        var open = await OpenAsync(engine);
        open.ShouldAllBe(a => a.Kind == AlertKind.ScheduleSilent);
        open.Select(a => a.Subject).ShouldBe(["full", "missed", .. twins.Select(id => $"twin ({id.ToString("N")[^8..]})")], ignoreOrder: true);
        open.Single(a => a.Subject.Contains(twins[1].ToString("N")[^8..], StringComparison.Ordinal)).Words.ShouldContain("SF3004: other");
    }
}
