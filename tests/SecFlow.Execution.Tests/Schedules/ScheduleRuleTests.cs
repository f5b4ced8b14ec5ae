using System.Globalization;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Schedules;

namespace SecFlow.Execution.Tests.Schedules;

public sealed class ScheduleRuleTests
{
    private static readonly DateTimeOffset _now = At("2027-06-01T12:00:00Z");

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static ScheduleRule Rule(ScheduleSpec spec, Guid? key = null) => ScheduleRule.Read(spec, key ?? Guid.Empty, _now);

    [Fact]
    public void Interval_CountsFromItsStart_OrFromItsCreation()
    {
        var spec = new ScheduleSpec { Kind = ScheduleKind.Interval, IntervalSeconds = 5400 };
        var rule = Rule(spec);
        rule.Next(_now, 2).ShouldBe([_now.AddMinutes(90), _now.AddMinutes(180)]);
        rule.Next(_now.AddMinutes(91), 1).ShouldBe([_now.AddMinutes(180)]);
        rule.Words.ShouldBe("every 90 minutes");
        Rule(spec with { StartsAt = _now.AddHours(1) }).Next(_now, 2).ShouldBe([_now.AddHours(1), _now.AddMinutes(150)]);
        Rule(spec with { IntervalSeconds = 86_400 }).Words.ShouldBe("every day");
        Rule(spec with { IntervalSeconds = 14 * 86_400 }).Words.ShouldBe("every 2 weeks");
        Rule(spec with { IntervalSeconds = 61 }).Words.ShouldBe("every 61 seconds");
    }

    [Fact]
    public void Once_FiresOnce_AndIsOver()
    {
        var rule = Rule(new ScheduleSpec { Kind = ScheduleKind.Once, RunAt = _now.AddHours(1), Zone = "Europe/Berlin" });
        rule.Next(_now, 5).ShouldBe([_now.AddHours(1)]);
        rule.Next(_now.AddHours(1), 5).ShouldBeEmpty();
        rule.Words.ShouldBe("once on 2027-06-01 at 15:00 Europe/Berlin");
    }

    [Fact]
    public void StartAndEnd_BoundTheTimes()
    {
        var rule = Rule(new ScheduleSpec { Cron = "0 0 6 * * ?", StartsAt = At("2027-06-03T06:00Z"), EndsAt = At("2027-06-05T06:00Z") });
        rule.Next(_now, 9).ShouldBe([At("2027-06-03T06:00Z"), At("2027-06-04T06:00Z")]);
    }

    [Fact]
    public void End_IsAfterTheJitter_NoTimeIsPutOffToItOrPast()
    {
        var (end, last) = (At("2027-06-05T06:10Z"), At("2027-06-05T06:00Z"));
        var times = Enumerable.Range(0, 60).Select(i => Rule(new ScheduleSpec { Cron = "0 0 6 * * ?", JitterSeconds = 3600, EndsAt = end }, new Guid(i, 0, 0, new byte[8])).Next(_now, 9)).ToList();
        times.ShouldAllBe(of => of.All(at => at < end));
        times.Count(of => of[^1] >= last).ShouldBeInRange(1, 30, "those that fall into the ten minutes before it fire, the others do not");
        times.ShouldAllBe(of => of.Count >= 3, "the days before are whole");
        var once = new ScheduleSpec { Kind = ScheduleKind.Once, RunAt = last, JitterSeconds = 3600, EndsAt = end };
        Enumerable.Range(0, 60).SelectMany(i => Rule(once, new Guid(i, 0, 0, new byte[8])).Next(_now, 9)).ShouldAllBe(at => at < end);
    }

    [Fact]
    public void Jitter_IsTheSameForTheSameTime_SpreadsSchedules_AndKeepsTheirOrder()
    {
        var spec = new ScheduleSpec { Cron = "0 0 * * * ?", JitterSeconds = 600 };
        var keys = Enumerable.Range(0, 40).Select(i => new Guid(i, 0, 0, new byte[8])).ToList();
        var first = keys.Select(key => Rule(spec, key).Next(_now.AddMinutes(30), 1)[0]).ToList();
        first.ShouldAllBe(at => at >= _now.AddHours(1) && at <= _now.AddHours(1).AddSeconds(600));
        first.Distinct().Count().ShouldBeGreaterThan(25);

        // The next hour's time does not depend on the moment at which it is asked for, also when that is inside the jitter.
        var rule = Rule(spec, keys[3]);
        var times = rule.Next(_now.AddMinutes(30), 50);
        times.ShouldBe(times.Order());
        rule.Next(times[0], 49).ShouldBe(times.Skip(1));
        rule.Next(times[0].AddSeconds(-1), 1).ShouldBe([times[0]]);
        rule.Due(_now.AddMinutes(30), times[2], MisfirePolicy.All).Fire.ShouldBe(times.Take(3));
    }

    [Fact]
    public void Due_AfterALongOutage_IsBoundedByPolicy()
    {
        var rule = Rule(new ScheduleSpec { Cron = "0 * * * * ?" });
        var (after, now) = (_now.AddDays(-400), _now.AddSeconds(10));
        var all = rule.Due(after, now, MisfirePolicy.All);
        all.Fire.Count.ShouldBe(ScheduleRule.MostMadeUp + 1, "the newest hundred that are late, and the one that is not");
        all.Fire[^1].ShouldBe(_now);
        all.LeftOut.ShouldBeGreaterThan(0);
        rule.Due(after, now, MisfirePolicy.Once).Fire.ShouldBe([_now]);
        rule.Due(after, now, MisfirePolicy.Skip).Fire.ShouldBe([_now]);
        all.Until.ShouldBe(_now);
    }

    [Fact]
    public void Due_RareTimesOfALongOutage_AreAllFound() =>
        Rule(new ScheduleSpec { Cron = "0 0 0 1 * ?" }).Due(At("2026-01-15T00:00Z"), At("2027-05-20T00:00Z"), MisfirePolicy.All).Fire.Count.ShouldBe(16);

    [Theory]
    [InlineData(ScheduleKind.Interval, 59, 0, "intervalSeconds")]
    [InlineData(ScheduleKind.Interval, null, 0, "intervalSeconds")]
    [InlineData(ScheduleKind.Interval, 600, 600, "jitterSeconds")]
    [InlineData(ScheduleKind.Cron, null, 3600, "jitterSeconds")]
    [InlineData(ScheduleKind.Cron, null, -1, "jitterSeconds")]
    [InlineData(ScheduleKind.Once, null, 0, "runAt")]
    public void WrongRules_AreRefusedByPath(ScheduleKind kind, int? interval, int jitter, string path)
    {
        var error = Should.Throw<SecFlowException>(() => Rule(new ScheduleSpec { Kind = kind, Cron = "0 0 * * * ?", IntervalSeconds = interval, JitterSeconds = jitter }));
        error.Diagnostics.ShouldHaveSingleItem().Path.ShouldBe(path);
        error.Code.ShouldBe(Codes.ScheduleInvalid);
    }

    [Fact]
    public void WrongZone_NamesTheNearest_AndTheEndComesAfterTheStart()
    {
        var error = Should.Throw<SecFlowException>(() => Rule(new ScheduleSpec { Cron = "0 0 6 * * ?", Zone = "Europe/Berln", StartsAt = _now, EndsAt = _now }));
        error.Diagnostics.Select(d => d.Path).ShouldBe(["zone", "endsAt"]);
        error.Message.ShouldContain("Europe/Berlin");
    }

    private static Schedule Row(OverlapPolicy overlap = OverlapPolicy.Skip, MisfirePolicy misfire = MisfirePolicy.Once) =>
        new() { Id = Guid.NewGuid(), Cron = "0 0 6 * * ?", Overlap = overlap, Misfire = misfire, CreatedAt = _now.AddDays(-9) };

    private static ActiveRun Active(RunStatus status, int minutesAgo) => new(Guid.NewGuid(), status, _now.AddMinutes(-minutesAgo));

    [Fact]
    public void Decide_NothingBefore_Fires()
    {
        foreach (var overlap in Enum.GetValues<OverlapPolicy>())
        {
            FiringRules.Decide(Row(overlap), _now, _now, []).Act.ShouldBe(FiringAct.Fire);
        }
    }

    [Theory]
    [InlineData(RunStatus.Queued, "still waiting")]
    [InlineData(RunStatus.Running, "still running")]
    [InlineData(RunStatus.Paused, "paused")]
    public void Decide_Overlap_IsSkippedQueuedOrReplaced(RunStatus status, string words)
    {
        var (older, newer) = (Active(status, 60), Active(RunStatus.Queued, 30));
        var skip = FiringRules.Decide(Row(), _now, _now, [newer, older]);
        (skip.Act, skip.Code, skip.Starts).ShouldBe((FiringAct.Skip, Codes.ScheduleOverlap, false));
        skip.Reason!.ShouldContain(words);

        var queue = FiringRules.Decide(Row(OverlapPolicy.Queue), _now, _now, [newer, older]);
        (queue.Act, queue.AfterRunId).ShouldBe((FiringAct.Queue, newer.Id));
        queue.Cancel.ShouldBeEmpty();

        var replace = FiringRules.Decide(Row(OverlapPolicy.Replace), _now, _now, [newer, older]);
        (replace.Act, replace.AfterRunId).ShouldBe((FiringAct.Replace, newer.Id));
        replace.Cancel.ShouldBe([newer.Id, older.Id]);
    }

    [Fact]
    public void Decide_MadeUpUnderAll_WaitsWhateverTheOverlapPolicy()
    {
        var late = _now.AddHours(-3);
        foreach (var overlap in Enum.GetValues<OverlapPolicy>())
        {
            FiringRules.Decide(Row(overlap, MisfirePolicy.All), late, _now, [Active(RunStatus.Running, 1)]).Act.ShouldBe(FiringAct.Queue);
        }

        FiringRules.Decide(Row(OverlapPolicy.Skip, MisfirePolicy.Once), late, _now, [Active(RunStatus.Running, 1)]).Act.ShouldBe(FiringAct.Skip);
        var full = Enumerable.Range(0, FiringRules.MostWaiting).Select(i => Active(RunStatus.Queued, i)).ToList();
        FiringRules.Decide(Row(OverlapPolicy.Queue), _now, _now, full).Reason!.ShouldContain("100 runs of this schedule wait");
    }

    [Fact]
    public void Decide_NotActive_SaysWhy()
    {
        string Why(Action<Schedule> change)
        {
            var row = Row();
            change(row);
            var decision = FiringRules.Decide(row, _now, _now, []);
            (decision.Act, decision.Code).ShouldBe((FiringAct.Skip, Codes.ScheduleNotActive));
            ScheduleRule.NextOf(row).ShouldBeNull();
            return decision.Reason!;
        }

        Why(row => row.Enabled = false).ShouldContain("disabled");
        Why(row => row.StoppedReason = "the authorisation ended").ShouldContain("the authorisation ended");
        Why(row => row.ArchivedAt = _now).ShouldContain("deleted");
        Why(row => row.EndsAt = _now.AddDays(-20)).ShouldContain("ended on");
    }

    [Fact]
    public void NextOf_IsCountedFromWhatIsDecided()
    {
        var row = Row();
        row.LastFiredAt = At("2027-05-30T06:00:03Z");
        ScheduleRule.NextOf(row).ShouldBe(At("2027-05-31T06:00Z"));
        row.DecidedUntil = At("2027-06-02T06:00Z");
        ScheduleRule.NextOf(row).ShouldBe(At("2027-06-03T06:00Z"));
    }
}
