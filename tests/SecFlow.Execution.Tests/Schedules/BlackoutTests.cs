using Microsoft.EntityFrameworkCore;
using SecFlow.Data;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Tests.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Schedules;

/// <summary>Times in which nothing runs.</summary>
public sealed class BlackoutTests
{
    private const string OneScan = "  - { id: scan, type: scan.test }";
    private const string TwoScans = "  - { id: one, type: scan.test, outputs: { findings: f1 } }\n  - { id: two, type: scan.test, outputs: { findings: f2 } }";
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    // A Tuesday; 08:30 in Berlin is 06:30 UTC.
    private static readonly DateTimeOffset _morning = new(2027, 6, 1, 6, 0, 0, TimeSpan.Zero);

    private static NewBlackout Office(Guid? schedule = null) => new("office hours", "Mon-Fri 08:30-17:30 Europe/Berlin", schedule);

    [DatabaseData]
    public async Task Blackout_ThatBeginsInMidRun_PausesIt_AndItsEndLetsItGoOn(DatabaseKind kind)
    {
        var time = new TestTime(_morning);
        await using var engine = await CreateAsync(kind, time);
        var watch = engine.Get<ScheduleWatch>();
        await engine.Get<BlackoutService>().AddAsync(engine.Analyst, Office(), default);
        engine.Scripts["one"] = async (work, output, ct) =>
        {
            var outcome = await Finds(["r1"], Finding("r1"))(work, output, ct);
            time.Advance(TimeSpan.FromMinutes(31));
            await watch.BlackoutsAsync(ct);
            return outcome;
        };
        engine.Scripts["two"] = Finds(["r2"], Finding("r2"));
        var run = await engine.StartAsync(TwoScans);
        await watch.BlackoutsAsync(default);
        (await engine.WorkAsync()).ShouldBeTrue();

        var paused = await engine.DetailAsync(run.Id);
        (paused.Run.Status, paused.Run.PauseRequestedBy, paused.Run.PauseReason).ShouldBe((RunStatus.Paused, ScheduleWatch.Name, "blackout 'office hours' until 2027-06-01 17:30 Europe/Berlin"));
        paused.Nodes.Select(n => n.Status).ShouldBe([NodeStatus.Succeeded, NodeStatus.Pending]);
        time.Advance(TimeSpan.FromHours(8));
        await watch.BlackoutsAsync(default);
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Paused, "half past four is still in it");

        time.Advance(TimeSpan.FromHours(1));
        await watch.BlackoutsAsync(default);
        (await engine.WorkAsync()).ShouldBeTrue();

        var detail = await engine.DetailAsync(run.Id);
        (detail.Run.Status, detail.Nodes[0].Attempt, detail.Nodes[1].Attempt).ShouldBe((RunStatus.Succeeded, 1, 1), "what was done is not done again");
        var row = (await engine.Get<BlackoutService>().ListAsync(engine.Analyst, default)).Single();
        row.StandsFrom.ShouldBe(new DateTimeOffset(2027, 6, 2, 6, 30, 0, TimeSpan.Zero), "it comes again tomorrow");
        var actions = await engine.Database.ReadAsync(db => db.AuditEvents.Where(e => e.Action == "pause.run" || e.Action == "resume.run").OrderBy(e => e.Seq).Select(e => new { e.Action, e.ActorName }).ToListAsync());
        actions.Select(e => (e.Action, e.ActorName)).ShouldBe([("pause.run", ScheduleWatch.Name), ("resume.run", ScheduleWatch.Name)]);
    }

    [Fact]
    public async Task Blackout_AddedWhileATarget_IsScanned_FreezesTheNode_AndItsRemovalThawsIt()
    {
        await using var engine = await CreateAsync();
        var (service, watch) = (engine.Get<BlackoutService>(), engine.Get<ScheduleWatch>());
        var begun = new TaskCompletionSource();
        var frozen = new TaskCompletionSource();
        engine.Scripts["scan"] = async (work, output, ct) =>
        {
            begun.SetResult();
            while (!work.Freezer!.IsFrozen)
            {
                await Task.Delay(5, ct);
            }

            frozen.SetResult();
            await work.Freezer.WhenThawedAsync(ct);
            return await Finds(["r1"], Finding("r1"))(work, output, ct);
        };
        var run = await engine.StartAsync(OneScan);
        var work = engine.WorkAsync();
        await begun.Task.WaitAsync(_patience);

        var row = await service.AddAsync(engine.Analyst, new NewBlackout("at any time", "daily 00:00-24:00 UTC"), default);
        await watch.BlackoutsAsync(default);
        await frozen.Task.WaitAsync(_patience);
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Paused);
        await service.DeleteAsync(engine.Analyst, row.Id, default);
        await watch.BlackoutsAsync(default);
        (await work.WaitAsync(_patience)).ShouldBeTrue();

        var detail = await engine.DetailAsync(run.Id);
        (detail.Run.Status, detail.Nodes[0].Attempt).ShouldBe((RunStatus.Succeeded, 1), "the same attempt went on");
    }

    [DatabaseData]
    public async Task Queued_InABlackout_WaitsForItsEnd_AndOneOfAScheduleConcernsOnlyItsRuns(DatabaseKind kind)
    {
        var time = new TestTime(_morning.AddHours(1));
        await using var engine = await CreateAsync(kind, time);
        await engine.Get<ScheduleMirror>().RebuildAsync(default);
        engine.Scripts["scan"] = Finds(["r1"]);
        var workflow = await engine.SaveAsync(OneScan);
        var schedules = engine.Get<ScheduleService>();
        var nightly = await schedules.AddAsync(engine.Analyst, new NewSchedule("nightly", workflow, "0 0 3 * * ?", "UTC", [engine.TargetId]), default);
        await engine.Get<BlackoutService>().AddAsync(engine.Analyst, Office(nightly.Id), default);

        var waiting = await schedules.RunNowAsync(engine.Analyst, nightly.Id, RunTrigger.Manual, null, default);
        (await engine.WorkAsync()).ShouldBeFalse();
        var free = await engine.StartAsync(workflow);
        (await engine.WorkAsync()).ShouldBeTrue();
        (await engine.DetailAsync(free.Id)).Run.Status.ShouldBe(RunStatus.Succeeded);
        (await engine.DetailAsync(waiting.Id)).Run.Status.ShouldBe(RunStatus.Queued);

        time.Advance(TimeSpan.FromHours(9));
        (await engine.WorkAsync()).ShouldBeTrue();
        (await engine.DetailAsync(waiting.Id)).Run.Status.ShouldBe(RunStatus.Succeeded);
    }

    [Fact]
    public async Task Blackout_LeavesAloneWhatAPersonPaused_AndATeamsBlackoutIsThatTeams()
    {
        var time = new TestTime(_morning.AddHours(1));
        await using var engine = await CreateAsync(time: time);
        var (service, watch) = (engine.Get<BlackoutService>(), engine.Get<ScheduleWatch>());
        var run = await engine.StartAsync(OneScan);
        await engine.Get<RunControl>().PauseAsync(engine.Analyst with { Name = ScheduleWatch.Name }, run.Id, "by hand", default);
        var row = await service.AddAsync(engine.Analyst, Office(), default);
        await watch.BlackoutsAsync(default);
        await service.DeleteAsync(engine.Analyst, row.Id, default);
        await watch.BlackoutsAsync(default);

        (await engine.DetailAsync(run.Id)).Run.PauseReason.ShouldBe("by hand");
        var other = await engine.Get<TeamStore>().CreateAsync(Data.Audit.Actor.System(), "other", "Other");
        var stranger = engine.Analyst with { TeamId = other.Id };
        await service.AddAsync(stranger, new NewBlackout("theirs", "daily 00:00-24:00 UTC"), default);
        await engine.Get<RunControl>().ResumeAsync(engine.Analyst, run.Id, default);
        engine.Scripts["scan"] = Finds(["r1"]);
        (await engine.WorkAsync()).ShouldBeTrue("another team's blackout is not ours");
        (await Should.ThrowAsync<SecFlowException>(() => service.DeleteAsync(stranger, row.Id, default))).Code.ShouldBe(Codes.NotFound);
    }

    [Fact]
    public async Task Change_OfABlackout_IsValidatedAuditedAndKeepsRevisions()
    {
        var time = new TestTime(_morning);
        await using var engine = await CreateAsync(time: time);
        var service = engine.Get<BlackoutService>();
        var row = await service.AddAsync(engine.Analyst, Office(), default);
        var changed = await service.EditAsync(engine.Analyst, row.Id, new NewBlackout("holidays", "2027-12-24T00:00/2027-12-27T00:00 Europe/Berlin"), row.Revision, default);
        (changed.Name, changed.Revision, changed.StandsFrom).ShouldBe(("holidays", 2, new DateTimeOffset(2027, 12, 23, 23, 0, 0, TimeSpan.Zero)));
        (await Should.ThrowAsync<SecFlowException>(() => service.EditAsync(engine.Analyst, row.Id, Office(), 1, default))).Code.ShouldBe(Codes.ScheduleChanged);
        (await Should.ThrowAsync<SecFlowException>(() => service.EditAsync(engine.Analyst, Guid.NewGuid(), Office(), 1, default))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => service.AddAsync(engine.Analyst, Office(Guid.NewGuid()), default))).Code.ShouldBe(Codes.Conflict);
        (await Should.ThrowAsync<SecFlowException>(() => service.AddAsync(engine.Analyst with { Role = TeamRole.Viewer }, Office(), default))).Code.ShouldBe(Codes.RoleMissing);
        var wrong = await Should.ThrowAsync<SecFlowException>(() => service.AddAsync(engine.Analyst, new NewBlackout(" ", "Moonday 1-2 UTC"), default));
        wrong.Diagnostics.Select(d => (d.Code, d.Path)).ShouldBe([(Codes.BlackoutInvalid, "name"), (Codes.BlackoutInvalid, "window")]);
        wrong.Message.ShouldNotContain("deny");
        (await service.ListAsync(engine.Analyst, default)).ShouldHaveSingleItem();
        (await engine.Database.ReadAsync(db => db.AuditEvents.Where(e => e.ResourceKind == "blackout").OrderBy(e => e.Seq).Select(e => e.Action).ToListAsync())).ShouldBe(["add.blackout", "edit.blackout", "refuse.access"]);
    }

    [Theory]
    [InlineData("Sat-Sun 00:00-24:00 Europe/Berlin", "2027-03-27T12:00Z", "2027-03-28T22:00Z")]
    [InlineData("Fri 18:00-24:00 UTC", "2027-06-04T19:00Z", "2027-06-05T00:00Z")]
    [InlineData("daily 22:00-21:59 UTC", "2027-06-01T06:00Z", "2027-06-01T21:59Z")]
    [InlineData("daily 00:00-24:00 UTC", "2027-06-01T06:00Z", "2027-06-15T00:00Z")]
    [InlineData("Mon-Fri 08:30-17:30 Europe/Berlin", "2027-06-01T07:00Z", "2027-06-01T15:30Z")]
    public void Window_WhoseSpansTouch_IsOne(string window, string at, string until)
    {
        var now = DateTimeOffset.Parse(at);
        BlackoutWindow.Read(window, [])!.StandingOrNext(now).ShouldBe((now, DateTimeOffset.Parse(until)));
    }

    [DatabaseData]
    public async Task Blackout_ThatGoesOnAtMidnight_HasNoMomentInWhichSomethingBegins(DatabaseKind kind)
    {
        // Sunday begins; and of a blackout without end, the two weeks that are looked at.
        foreach (var window in new[] { "Sat-Sun 00:00-24:00 UTC", "daily 00:00-24:00 UTC" })
        {
            var time = new TestTime(new DateTimeOffset(2027, 6, 5, 12, 0, 0, TimeSpan.Zero));
            await using var engine = await CreateAsync(kind, time);
            engine.Scripts["scan"] = Finds(["r1"]);
            var (service, watch) = (engine.Get<BlackoutService>(), engine.Get<ScheduleWatch>());
            var row = await service.AddAsync(engine.Analyst, new NewBlackout("freeze", window), default);
            await engine.StartAsync(OneScan);
            async Task<Blackout> StoredAsync() => (await service.ListAsync(engine.Analyst, default)).Single();

            time.Advance(new DateTimeOffset(2027, 6, 6, 0, 0, 0, TimeSpan.Zero) - time.GetUtcNow());
            (await engine.WorkAsync()).ShouldBeFalse($"{window} goes on, and nobody looked yet");
            time.Advance(row.StandsUntil!.Value - time.GetUtcNow() - TimeSpan.FromSeconds(30));
            await watch.BlackoutsAsync(default);
            (await StoredAsync()).StandsFrom.ShouldBe(row.StandsFrom, "one and the same time");

            time.Advance(TimeSpan.FromSeconds(30));
            (await engine.WorkAsync()).ShouldBe(window.StartsWith("Sat", StringComparison.Ordinal), $"{window}: Monday, or the fifteenth day");
        }
    }

    [Fact]
    public async Task Blackout_WhoseZoneIsNotKnownHere_StandsAndSaysSo_UntilItIsMended()
    {
        var time = new TestTime(_morning);
        await using var engine = await CreateAsync(time: time);
        engine.Scripts["scan"] = Finds(["r1"]);
        var (service, watch) = (engine.Get<BlackoutService>(), engine.Get<ScheduleWatch>());
        var row = await service.AddAsync(engine.Analyst, Office(), default);
        await engine.Database.WriteAsync(async write => (await write.Db.Blackouts.SingleAsync()).Window = "Mon-Fri 08:30-17:30 Mars/Olympus");
        await engine.StartAsync(OneScan);

        time.Advance(row.StandsUntil!.Value - time.GetUtcNow() + TimeSpan.FromSeconds(1));
        for (var look = 0; look < 20; look++)
        {
            await watch.BlackoutsAsync(default);
            (await engine.WorkAsync()).ShouldBeFalse("what cannot be read lets nothing run");
            time.Advance(TimeSpan.FromSeconds(55));
        }

        var stored = (await service.ListAsync(engine.Analyst, default)).Single();
        BlackoutService.InWords(stored).ShouldContain("cannot read the window 'Mon-Fri 08:30-17:30 Mars/Olympus'");
        ScheduleCalendar.Of([], [stored], time.GetUtcNow(), time.GetUtcNow().AddDays(7), time.GetUtcNow()).Blackouts.ShouldHaveSingleItem().Until.ShouldBe(time.GetUtcNow().AddDays(7));

        await service.EditAsync(engine.Analyst, row.Id, Office(), stored.Revision, default);
        (await engine.WorkAsync()).ShouldBeTrue("in the evening it does not stand any more");
        BlackoutService.Problem((await service.ListAsync(engine.Analyst, default)).Single()).ShouldBeNull();
    }

    [Theory]
    [InlineData("Mon-Fri 08:30-17:30 Mars/Olympus", "not a time zone")]
    [InlineData("Mon-Fri 08:30-08:30 UTC", "two different times")]
    [InlineData("2027-12-27T00:00/2027-12-24T00:00 UTC", "from a date to a later one")]
    [InlineData("", "Write Mon-Fri")]
    public void Window_ThatIsNone_SaysWhatIsWrong(string window, string words)
    {
        var problems = new List<Diagnostic>();
        BlackoutWindow.Read(window, problems).ShouldBeNull();
        problems.ShouldHaveSingleItem().Message.ShouldContain(words);
    }

    [Fact]
    public void Calendar_HoldsFiringsAndBlackouts_AndSaysWhichWait()
    {
        var row = new Schedule { Id = Guid.NewGuid(), Name = "hourly", Cron = "0 0 6-8 * * ?", Zone = "UTC", CreatedAt = _morning.AddDays(-1) };
        var span = new Blackout { Id = Guid.NewGuid(), Name = "office hours", Window = "Mon-Fri 08:30-17:30 Europe/Berlin" };
        var alone = new Blackout { Id = Guid.NewGuid(), Name = "of another", Window = "daily 00:00-24:00 UTC", ScheduleId = Guid.NewGuid() };
        var day = new DateTimeOffset(2027, 6, 1, 0, 0, 0, TimeSpan.Zero);

        var calendar = ScheduleCalendar.Of([row], [span, alone], day, day.AddDays(2), _morning);

        calendar.Firings.Select(f => (f.At.Day, f.At.Hour, f.In?.Name)).ShouldBe([(1, 7, "office hours"), (1, 8, "office hours"), (2, 6, null), (2, 7, "office hours"), (2, 8, "office hours")]);
        calendar.Blackouts.Where(b => b.Blackout == span).Select(b => (b.From.Day, b.From.Hour, b.Until.Hour)).ShouldBe([(1, 6, 15), (2, 6, 15)]);
        calendar.More.ShouldBeEmpty();
        ScheduleCalendar.Of([new Schedule { Cron = "0 * * * * ?", Zone = "UTC", CreatedAt = day }], [], day, day.AddDays(2), day).More.ShouldHaveSingleItem();
        calendar.LeftOut.ShouldBeEmpty();
    }

    [Fact]
    public void Calendar_OfManySchedules_IsBoundedInTotal_WholeUpToWhereItEnds_AndSaysSo()
    {
        var day = new DateTimeOffset(2027, 6, 1, 0, 0, 0, TimeSpan.Zero);
        var rows = Enumerable.Range(0, 700).Select(i => new Schedule { Id = new Guid(i, 0, 0, new byte[8]), Name = $"s{i:000}", Cron = $"0 {i % 60} * * * ?", Zone = "UTC", CreatedAt = day }).ToList();
        rows[7].Cron = "0 * * * * ?";
        var blackouts = Enumerable.Range(0, 600).Select(i => new Blackout { Id = Guid.NewGuid(), Name = $"b{i}", Window = "Mon-Fri 08:30-17:30 UTC" }).ToList();

        var calendar = ScheduleCalendar.Of(rows, blackouts, day, day.AddDays(7), day);

        calendar.Firings.Count.ShouldBe(ScheduleCalendar.MostEntries);
        calendar.Firings.Select(f => f.At).ShouldBeInOrder();
        var last = calendar.Firings[^1].At;
        calendar.Firings.Count(f => f.Schedule == rows[0]).ShouldBe(ScheduleHealth.NextAfter(rows[0], day, 400).Count(at => at < last), "what is before its end is in it, of each schedule");
        calendar.Blackouts.Count.ShouldBe(ScheduleCalendar.MostEntries);
        calendar.LeftOut.Count.ShouldBe(3, string.Join(' ', calendar.LeftOut));
        calendar.LeftOut[0].ShouldContain("500 schedules");
        calendar.LeftOut[2].ShouldContain($"up to {last:yyyy-MM-dd}");
        ScheduleCalendar.Of([rows[7]], [], day, day.AddDays(2), day).LeftOut.ShouldHaveSingleItem().ShouldBe("Of 's007' only the first 400 firings are shown.");
    }
}
