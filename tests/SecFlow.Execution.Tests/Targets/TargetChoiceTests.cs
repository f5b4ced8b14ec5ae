using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Tests.Runs;

namespace SecFlow.Execution.Tests.Targets;

/// <summary>Runs and schedules that name targets by tag or name, and what windows do to them.</summary>
public sealed class TargetChoiceTests
{
    private const string OneScan = "  - { id: scan, type: scan.test }";

    [Fact]
    public async Task Start_ByTagAndName_ResolvesAtTheStartAndRecordsIt()
    {
        await using var engine = await TestEngine.CreateAsync();
        var workflow = await engine.SaveAsync(OneScan);
        await AddAsync(engine, "a", "web staging");
        await AddAsync(engine, "b", "web");
        await AddAsync(engine, "c", "webby");

        var run = await engine.Runs.StartAsync(engine.Analyst, new StartRun(workflow, [], RunTrigger.Api) { TargetTags = ["web"], TargetNames = ["c"] }, default);

        RunContext.ReadTargets(run.Targets).Select(target => target.Name).ShouldBe(["c", "a", "b"]);
        run.TargetTags.ShouldBe("web");
        await AddAsync(engine, "late", "web");
        RunContext.ReadTargets((await engine.Store.FindAsync(run.Id, default))!.Targets).Count.ShouldBe(3, "what was pinned stays");
        var unknown = await Should.ThrowAsync<SecFlowException>(() => engine.Runs.StartAsync(engine.Analyst, new StartRun(workflow, [], RunTrigger.Api) { TargetTags = ["wbe", "web"], TargetNames = ["shp"] }, default));
        unknown.Diagnostics.Count.ShouldBe(2);
        unknown.Message.ShouldContain("Did you mean 'shop'");
        unknown.Message.ShouldContain("Did you mean 'web'");
        (await Should.ThrowAsync<SecFlowException>(() => engine.Runs.StartAsync(engine.Analyst with { TeamId = Guid.NewGuid() }, new StartRun(workflow, [], RunTrigger.Api) { TargetTags = ["web"] }, default))).Code.ShouldBe(Codes.NotFound);
    }

    [Fact]
    public async Task Schedule_ByTag_TakesWhatHasItWhenItFires()
    {
        await using var engine = await TestEngine.CreateAsync();
        await engine.Get<ScheduleMirror>().RebuildAsync(default);
        var workflow = await engine.SaveAsync(OneScan);
        var service = engine.Get<ScheduleService>();
        var schedule = await service.AddAsync(engine.Analyst, new NewSchedule("nightly", workflow, "0 0 3 * * ?", "UTC", []) { TargetTags = ["web"] }, default);

        (await engine.Get<ScheduleFiring>().FireAsync(schedule.Id, DateTimeOffset.UtcNow, default)).ShouldBeNull("nothing has the tag yet");
        (await service.ListAsync(engine.Analyst, default)).Single().LastRefusal!.ShouldContain("No target of this team has the tag 'web'");
        await AddAsync(engine, "a", "web");

        var run = await engine.Get<ScheduleFiring>().FireAsync(schedule.Id, DateTimeOffset.UtcNow, default);

        RunContext.ReadTargets(run!.Targets).ShouldHaveSingleItem().Name.ShouldBe("a");
        run.TargetTags.ShouldBe("web");
        (await Should.ThrowAsync<SecFlowException>(() => service.AddAsync(engine.Analyst, new NewSchedule("x", workflow, "0 0 3 * * ?", "UTC", []) { TargetTags = ["<b>"] }, default))).Code.ShouldBe(Codes.ScheduleInvalid);
    }

    [Fact]
    public async Task Start_InABlackout_IsRefusedOnEveryWayAndSaysWhenItWouldPass()
    {
        await using var engine = await TestEngine.CreateAsync();
        await engine.Get<ScheduleMirror>().RebuildAsync(default);
        var workflow = await engine.SaveAsync(OneScan);
        var id = await AddAsync(engine, "dark", "dark");
        var schedule = await engine.Get<ScheduleService>().AddAsync(engine.Analyst, new NewSchedule("nightly", workflow, "0 0 3 * * ?", "UTC", [id]), default);
        var until = DateTimeOffset.UtcNow.AddDays(2);
        await engine.Get<TargetStore>().EditAsync(engine.Analyst, id, 1, target => target.Windows = $"deny {DateTimeOffset.UtcNow.AddDays(-1):yyyy-MM-dd}T00:00/{until:yyyy-MM-dd}T00:00 UTC", []);

        var refused = await Should.ThrowAsync<SecFlowException>(() => engine.Runs.StartAsync(engine.Analyst, new StartRun(workflow, [id], RunTrigger.Manual), default));
        (await engine.Get<ScheduleFiring>().FireAsync(schedule.Id, DateTimeOffset.UtcNow, default)).ShouldBeNull();

        refused.Code.ShouldBe(Codes.OutsideWindow);
        refused.Diagnostics[0].Remedy!.ShouldContain($"{until:yyyy-MM-dd}T00:00:00Z");
        (await engine.Get<ScheduleService>().ListAsync(engine.Analyst, default)).Single().LastRefusal!.ShouldContain(Codes.OutsideWindow);
        var events = await engine.Get<AuditLog>().ListAsync(new AuditQuery(engine.Analyst.TeamId) { Action = "start.run", Outcome = AuditOutcome.Denied });
        events.Events.Count.ShouldBe(2);
        events.Events.ShouldAllBe(e => e.ReasonCode == Codes.OutsideWindow);
    }

    [Fact]
    public async Task Scope_WhenAWindowCloses_RefusesTheNextCall()
    {
        var time = new SecFlow.TestKit.TestTime(new DateTimeOffset(2026, 3, 2, 9, 59, 0, TimeSpan.Zero));
        var scope = await Scopes.PinAsync([Scopes.Url("http://127.0.0.1:9/") with { Windows = "deny Mon 10:00-11:00 UTC" }], [], time);
        scope.Check(new Uri("http://127.0.0.1:9/")).Refusal.ShouldBeNull();

        time.Advance(TimeSpan.FromMinutes(1));

        scope.Check(new Uri("http://127.0.0.1:9/")).Refusal!.Code.ShouldBe(Codes.OutsideWindow);
    }

    private static async Task<Guid> AddAsync(TestEngine engine, string name, string tags) => (await engine.Get<TargetStore>().AddAsync(
        engine.Analyst, new Target { Name = name, Kind = TargetKind.Url, Value = $"http://127.0.0.1:8081/{name}", Tags = tags, AuthorisedFrom = DateTimeOffset.UnixEpoch, AuthorisationReference = "TEST-1" })).Id;
}
