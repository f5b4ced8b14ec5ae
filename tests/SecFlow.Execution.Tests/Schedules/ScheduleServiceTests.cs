using Microsoft.EntityFrameworkCore;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Tests.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Schedules;

/// <summary>What people do with schedules, and what the clock alone does.</summary>
public sealed class ScheduleServiceTests
{
    private const string OneScan = "  - { id: scan, type: scan.test }";

    private static async Task<TestEngine> EngineAsync(TimeProvider? time = null, DatabaseKind kind = DatabaseKind.Sqlite)
    {
        var engine = await CreateAsync(kind, time);
        await engine.Get<ScheduleMirror>().RebuildAsync(default);
        return engine;
    }

    private static async Task<NewSchedule> NightlyAsync(TestEngine engine, string more = "") => new("nightly", await engine.SaveAsync(OneScan, more), "0 0 3 * * ?", "Europe/Berlin", [engine.TargetId]);

    private static async Task<string> RefusedAsync(Func<Task> act) => (await Should.ThrowAsync<SecFlowException>(act)).Code;

    private static Task<List<AuditEvent>> EventsAsync(TestEngine engine, string action) => engine.Database.ReadAsync(db => db.AuditEvents.Where(e => e.Action == action).OrderBy(e => e.Seq).ToListAsync());

    [DatabaseData]
    public async Task Edit_OfARule_DecidesEverythingBefore_AndIsRefusedWhenSomebodyElseWasFaster(DatabaseKind kind)
    {
        var time = new TestTime(new DateTimeOffset(2027, 6, 1, 12, 0, 0, TimeSpan.Zero));
        await using var engine = await EngineAsync(time, kind);
        var service = engine.Get<ScheduleService>();
        var nightly = await NightlyAsync(engine);
        var row = await service.AddAsync(engine.Analyst, nightly, default);
        row.NextFireAt.ShouldBe(new DateTimeOffset(2027, 6, 2, 1, 0, 0, TimeSpan.Zero));
        time.Advance(TimeSpan.FromDays(3));

        var hourly = nightly with { Kind = ScheduleKind.Interval, IntervalSeconds = 3600, Misfire = MisfirePolicy.All, Overlap = OverlapPolicy.Queue, JitterSeconds = 0, Priority = 8, Name = "hourly" };
        var changed = await service.EditAsync(engine.Analyst, row.Id, new ScheduleEdit(hourly, row.Revision), default);

        (changed.Kind, changed.Cron, changed.IntervalSeconds, changed.Misfire, changed.Overlap, changed.Priority, changed.Revision).ShouldBe((ScheduleKind.Interval, "", 3600, MisfirePolicy.All, OverlapPolicy.Queue, 8, 2));
        changed.NextFireAt.ShouldBe(time.GetUtcNow().AddHours(1), "what the old rule missed is not made up under the new one");
        NewSchedule.Of(changed).ShouldSatisfyAllConditions(back => back.IntervalSeconds.ShouldBe(3600), back => back.TargetIds.ShouldBe([engine.TargetId]), back => back.Name.ShouldBe("hourly"));
        (await RefusedAsync(() => service.EditAsync(engine.Analyst, row.Id, new ScheduleEdit(nightly, 1), default))).ShouldBe(Codes.ScheduleChanged);
        (await RefusedAsync(() => service.EditAsync(engine.Analyst, Guid.NewGuid(), new ScheduleEdit(nightly, 1), default))).ShouldBe(Codes.NotFound);
        (await RefusedAsync(() => service.GetAsync(engine.Analyst with { TeamId = Guid.NewGuid() }, row.Id, default))).ShouldBe(Codes.NotFound);
        var edit = (await EventsAsync(engine, "edit.schedule")).ShouldHaveSingleItem();
        var document = System.Text.Encoding.UTF8.GetString(edit.Canonical);
        (document.Contains("0 0 3 * * ?", StringComparison.Ordinal), document.Contains("3600", StringComparison.Ordinal)).ShouldBe((true, true), "before and after");
    }

    [Fact]
    public async Task Add_WrongValues_AreAllToldAtOnce_AndParametersAreTheRecipes()
    {
        await using var engine = await EngineAsync();
        var service = engine.Get<ScheduleService>();
        var good = await NightlyAsync(engine, "parameters: { depth: { type: integer, required: true } }");
        var wrong = good with { Name = "", Priority = 12, Zone = "Europe/Berln", JitterSeconds = -3, TargetTags = ["bad tag!"] };
        var error = await Should.ThrowAsync<SecFlowException>(() => service.AddAsync(engine.Analyst, wrong, default));
        error.Diagnostics.Select(d => d.Path).ShouldBe(["name", "zone", "jitterSeconds", "priority", "tags"]);

        (await RefusedAsync(() => service.AddAsync(engine.Analyst, good, default))).ShouldBe(Codes.RecipeParameter);
        (await RefusedAsync(() => service.AddAsync(engine.Analyst, good with { Parameters = new() { ["depth"] = 3, ["width"] = 1 } }, default))).ShouldBe(Codes.RecipeParameter);
        (await RefusedAsync(() => service.AddAsync(engine.Analyst, good with { Kind = ScheduleKind.Once, RunAt = DateTimeOffset.UnixEpoch }, default))).ShouldBe(Codes.ScheduleInvalid);
        (await RefusedAsync(() => service.AddAsync(engine.Analyst, good with { EndsAt = DateTimeOffset.UnixEpoch }, default))).ShouldBe(Codes.ScheduleInvalid);
        var row = await service.AddAsync(engine.Analyst, good with { Parameters = new() { ["depth"] = 3 }, TargetTags = ["nothing-has-it-yet"] }, default);
        row.Parameters.ShouldBe("""{"depth":3}""");
        ScheduleService.InWords(row).ShouldBe("every day at 03:00 Europe/Berlin");
    }

    [Fact]
    public async Task RunNow_IsThePersons_AndFollowsTheOverlapPolicy()
    {
        await using var engine = await EngineAsync();
        var service = engine.Get<ScheduleService>();
        var nightly = await NightlyAsync(engine) with { Priority = 7 };
        var row = await service.AddAsync(engine.Analyst, nightly, default);
        var person = engine.Analyst with { Id = Guid.NewGuid().ToString(), Name = "ben" };

        var first = await service.RunNowAsync(person, row.Id, RunTrigger.Manual, null, default);
        (first.StartedByName, first.Trigger, first.ScheduleId, first.Priority, first.AfterRunId).ShouldBe(("ben", RunTrigger.Manual, row.Id, 7, null));
        (await service.LastRunsAsync(person, [row.Id], default))[row.Id].Id.ShouldBe(first.Id);
        (await RefusedAsync(() => service.RunNowAsync(person, row.Id, RunTrigger.Manual, null, default))).ShouldBe(Codes.ScheduleOverlap);

        row = await service.EditAsync(engine.Analyst, row.Id, new ScheduleEdit(nightly with { Overlap = OverlapPolicy.Queue }, row.Revision), default);
        var second = await service.RunNowAsync(person, row.Id, RunTrigger.Api, "once", default);
        second.AfterRunId.ShouldBe(first.Id);

        row = await service.EditAsync(engine.Analyst, row.Id, new ScheduleEdit(nightly with { Overlap = OverlapPolicy.Replace }, row.Revision), default);
        var third = await service.RunNowAsync(person, row.Id, RunTrigger.Manual, null, default);
        third.AfterRunId.ShouldBe(second.Id);
        (await engine.Store.ActiveOfScheduleAsync(row.Id, default)).Select(r => r.Id).ShouldBe([third.Id], "the runs before it were cancelled");
        (await RefusedAsync(() => service.RunNowAsync(person with { Role = TeamRole.Viewer }, row.Id, RunTrigger.Manual, null, default))).ShouldBe(Codes.RoleMissing);
    }

    [DatabaseData]
    public async Task RunNow_ManyClicksAtOneMoment_AreDecidedOneAfterTheOther(DatabaseKind kind)
    {
        const int Clicks = 4;
        await using var engine = await EngineAsync(kind: kind);
        await using var twin = engine.Twin();
        var service = engine.Get<ScheduleService>();
        var nightly = await NightlyAsync(engine);
        var row = await service.AddAsync(engine.Analyst, nightly, default);
        async Task<string> ClickAsync(int click)
        {
            try
            {
                var run = await (click % 2 == 0 ? service : twin.Get<ScheduleService>()).RunNowAsync(engine.Analyst, row.Id, RunTrigger.Manual, null, default);
                return run.Id.ToString();
            }
            catch (SecFlowException refused)
            {
                return refused.Code;
            }
        }

        Task<string[]> AllAsync() => Task.WhenAll(Enumerable.Range(0, Clicks).Select(click => Task.Run(() => ClickAsync(click))));

        var skipped = await AllAsync();
        skipped.Count(answer => answer == Codes.ScheduleOverlap).ShouldBe(Clicks - 1, string.Join(' ', skipped));
        var first = (await engine.Runs.ListAsync(engine.Analyst, 0, 10, default)).ShouldHaveSingleItem();

        row = await service.EditAsync(engine.Analyst, row.Id, new ScheduleEdit(nightly with { Overlap = OverlapPolicy.Replace }, row.Revision), default);
        (await service.ReplacedAsync(engine.Analyst, row.Id, default)).ShouldBe(1);
        var commits = new List<IReadOnlyList<string>>();
        foreach (var database in new[] { engine.Get<Database>(), twin.Get<Database>() })
        {
            database.AuditCommitted += events =>
            {
                lock (commits)
                {
                    commits.Add([.. events.Select(e => e.Action)]);
                }
            };
        }

        var replaced = await AllAsync();
        replaced.Distinct().Count().ShouldBe(Clicks, string.Join(' ', replaced));
        (await engine.Store.ActiveOfScheduleAsync(row.Id, default)).ShouldHaveSingleItem("each replaced the one before");
        (await engine.DetailAsync(first.Id)).Run.Status.ShouldBe(RunStatus.Cancelled);
        commits.Where(commit => commit.Contains("start.run")).ShouldAllBe(commit => commit.Contains("cancel.run"), "the new run and the end of the old one are one transaction");
        commits.Count(commit => commit.Contains("start.run")).ShouldBe(Clicks);
    }

    [Fact]
    public async Task RunNow_WithAKey_GivesTheSameRun_AndReplacesNothingTwice()
    {
        await using var engine = await EngineAsync();
        var service = engine.Get<ScheduleService>();
        var row = await service.AddAsync(engine.Analyst, await NightlyAsync(engine) with { Overlap = OverlapPolicy.Replace }, default);
        (await service.ReplacedAsync(engine.Analyst, row.Id, default)).ShouldBe(0);

        var run = await service.RunNowAsync(engine.Analyst, row.Id, RunTrigger.Api, "once", default);
        (await service.RunNowAsync(engine.Analyst, row.Id, RunTrigger.Api, "once", default)).Id.ShouldBe(run.Id);

        (await engine.Store.ActiveOfScheduleAsync(row.Id, default)).ShouldHaveSingleItem().Id.ShouldBe(run.Id);
        (await EventsAsync(engine, "cancel.run")).ShouldBeEmpty();
        await service.DeleteAsync(engine.Analyst, row.Id, default);
        (await RefusedAsync(() => service.RunNowAsync(engine.Analyst, row.Id, RunTrigger.Api, "twice", default))).ShouldBe(Codes.NotFound);
    }

    [Fact]
    public async Task HandOver_IsAnEditorsForOneself_AndOtherwiseItsOwnersOrAnAdmins()
    {
        await using var engine = await EngineAsync();
        var service = engine.Get<ScheduleService>();
        var row = await service.AddAsync(engine.Analyst, await NightlyAsync(engine), default);
        var (ben, cleo, vera) = (await engine.AddUserAsync("ben", TeamRole.Analyst), await engine.AddUserAsync("cleo", TeamRole.Analyst), await engine.AddUserAsync("vera", TeamRole.Viewer));
        Actor As(User user, TeamRole role) => new(ActorKind.User, user.Id.ToString(), user.UserName!, engine.Analyst.TeamId, role);

        (await RefusedAsync(() => service.HandOverAsync(As(ben, TeamRole.Analyst), row.Id, cleo.Id, default))).ShouldBe(Codes.RoleMissing);
        (await RefusedAsync(() => service.HandOverAsync(engine.Analyst, row.Id, vera.Id, default))).ShouldBe(Codes.ScheduleInvalid);
        (await RefusedAsync(() => service.HandOverAsync(engine.Analyst, row.Id, Guid.NewGuid(), default))).ShouldBe(Codes.ScheduleInvalid);
        (await service.HandOverAsync(As(ben, TeamRole.Analyst), row.Id, ben.Id, default)).Owner.ShouldBe("ben");
        (await service.HandOverAsync(As(ben, TeamRole.Analyst), row.Id, cleo.Id, default)).OwnerId.ShouldBe(cleo.Id.ToString());
        (await service.HandOverAsync(As(vera, TeamRole.Admin), row.Id, ben.Id, default)).Owner.ShouldBe("ben");
        (await service.PossibleOwnersAsync(engine.Analyst, default)).Select(m => m.UserName).ShouldBe(["ben", "cleo"], ignoreOrder: true);
        (await EventsAsync(engine, "hand-over.schedule")).Count.ShouldBe(3);
    }

    [DatabaseData]
    public async Task Authorisation_ThatEnds_StopsTheSchedule_AndAPersonLetsItGoOn(DatabaseKind kind)
    {
        await using var engine = await EngineAsync(kind: kind);
        var (service, watch) = (engine.Get<ScheduleService>(), engine.Get<ScheduleWatch>());
        var row = await service.AddAsync(engine.Analyst, await NightlyAsync(engine), default);
        var other = await service.AddAsync(engine.Analyst, (await NightlyAsync(engine)) with { Name = "other", TargetIds = [await engine.AddTargetAsync("fine", "http://127.0.0.1:8085/")] }, default);
        await watch.AuthorisationsAsync(default);
        (await service.GetAsync(engine.Analyst, row.Id, default)).IsActive.ShouldBeTrue();

        await engine.EndAuthorisationAsync(engine.TargetId);
        await watch.AuthorisationsAsync(default);
        await watch.AuthorisationsAsync(default);

        var stopped = await service.GetAsync(engine.Analyst, row.Id, default);
        (stopped.IsActive, stopped.NextFireAt).ShouldBe((false, null));
        stopped.StoppedReason!.ShouldContain("the authorisation of the target 'shop' ended");
        (await service.GetAsync(engine.Analyst, other.Id, default)).IsActive.ShouldBeTrue();
        var told = (await EventsAsync(engine, "stop.schedule")).ShouldHaveSingleItem();
        told.ReasonCode.ShouldBe(Codes.ScheduleStopped);

        (await RefusedAsync(() => service.SetEnabledAsync(engine.Analyst, row.Id, true, default))).ShouldBe(Codes.AuthorisationLapsed);
        await engine.Database.WriteAsync(async write => (await write.Db.Targets.SingleAsync(t => t.Id == engine.TargetId)).AuthorisedUntil = write.Now.AddDays(30));
        var again = await service.SetEnabledAsync(engine.Analyst, row.Id, true, default);
        (again.IsActive, again.StoppedReason, again.NextFireAt is not null).ShouldBe((true, null, true));

        await engine.Get<TargetStore>().ArchiveAsync(engine.Analyst, engine.TargetId);
        await watch.AuthorisationsAsync(default);
        (await service.GetAsync(engine.Analyst, row.Id, default)).StoppedReason!.ShouldContain("was archived");
    }

    [Theory]
    [InlineData("2027-03-28T02:30", "2027-03-28T01:00:00Z")]
    [InlineData("2027-10-31 02:30", "2027-10-31T00:30:00Z")]
    [InlineData("2027-06-01T12:00:30", "2027-06-01T10:00:30Z")]
    [InlineData("2027-06-01T12:00:00Z", "2027-06-01T12:00:00Z")]
    [InlineData("2027-06-01T12:00:00.000", "2027-06-01T10:00:00Z")]
    [InlineData("2027-06-01 12:00:00.25", "2027-06-01T10:00:00.25Z")]
    [InlineData("2027-06-01T12:00:00.5+05:30", "2027-06-01T06:30:00.5Z")]
    [InlineData("2027-06-01T12:00:00.5Z", "2027-06-01T12:00:00.5Z")]
    [InlineData("9999-12-31T23:59:59-12:00", null)]
    [InlineData("2027-06-01T12:00-04:00", "2027-06-01T16:00:00Z")]
    [InlineData("tomorrow", null)]
    [InlineData("0001-01-01T00:00", null)]
    public void TimesOfPeople_AreOfTheirWallClock(string text, string? expected)
    {
        var problems = new List<Diagnostic>();
        ScheduleTime.Read(text, "Europe/Berlin", "runAt", problems).ShouldBe(expected is null ? null : DateTimeOffset.Parse(expected));
        problems.Select(p => p.Path).ShouldBe(expected is null ? ["runAt"] : []);
    }

    [Theory]
    [InlineData("2027-06-01T12:00:00Z", true)]
    [InlineData("2027-06-01T12:00+02:00", true)]
    [InlineData("2027-06-01T12:00:00", false)]
    [InlineData("2027-06-01T12:00:00.000", false)]
    [InlineData("2027-06-01", false)]
    [InlineData("0001-01-01T00:00:00Z", false)]
    [InlineData("0001-01-01T00:00:00+14:00", false)]
    [InlineData("9999-12-30T00:00:00Z", false)]
    [InlineData("2200-01-01T00:00:00Z", false)]
    [InlineData("Z", false)]
    [InlineData(null, false)]
    public void Instants_SayTheirOffset_AndAreOfOurTime(string? text, bool known) => ScheduleTime.Instant(text).HasValue.ShouldBe(known);
}
