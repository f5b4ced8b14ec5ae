using System.Globalization;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Schedules;

namespace SecFlow.Execution.Tests.Schedules;

/// <summary>
/// Both changes of the clock in three zones, under each misfire policy, with a clock that is set: exact instants.
/// <code>
///   Europe/Berlin         2027-03-28  02:00 +1 -> 03:00 +2        2027-10-31  03:00 +2 -> 02:00 +1
///   America/New_York      2027-03-14  02:00 -5 -> 03:00 -4        2027-11-07  02:00 -4 -> 01:00 -5
///   Australia/Lord_Howe   2027-10-03  02:00 +10:30 -> 02:30 +11   2027-04-04  02:00 +11 -> 01:30 +10:30
/// </code>
/// </summary>
public sealed class DaylightSavingTests
{
    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static string[] Text(IEnumerable<DateTimeOffset> times) => [.. times.Select(t => t.UtcDateTime.ToString("MM-dd HH:mm", CultureInfo.InvariantCulture))];

    // A daily time inside the jump, and what is due when the engine was away from noon two days before until six hours after it.
    [Theory]
    [InlineData("Europe/Berlin", "0 30 2 * * ?", "2027-03-26T12:00Z", "2027-03-28T07:00Z", "03-27 01:30|03-28 01:00")]
    [InlineData("Europe/Berlin", "0 30 2 * * ?", "2027-10-29T12:00Z", "2027-10-31T07:00Z", "10-30 00:30|10-31 00:30")]
    [InlineData("America/New_York", "0 30 2 * * ?", "2027-03-12T12:00Z", "2027-03-14T13:00Z", "03-13 07:30|03-14 07:00")]
    [InlineData("America/New_York", "0 30 1 * * ?", "2027-11-05T12:00Z", "2027-11-07T13:00Z", "11-06 05:30|11-07 05:30")]
    [InlineData("Australia/Lord_Howe", "0 15 2 * * ?", "2027-10-01T00:00Z", "2027-10-02T22:00Z", "10-01 15:45|10-02 15:30")]
    [InlineData("Australia/Lord_Howe", "0 45 1 * * ?", "2027-04-02T00:00Z", "2027-04-03T21:00Z", "04-02 14:45|04-03 14:45")]
    public void DailyTime_InTheJump_FiresOnceADay_UnderEachPolicy(string zone, string cron, string after, string now, string times)
    {
        var rule = CronRule.Parse(cron, zone);
        var expected = times.Split('|');

        var all = rule.Due(At(after), At(now), MisfirePolicy.All);
        Text(all.Fire).ShouldBe(expected);
        (all.Missed, all.LeftOut).ShouldBe((2, 0));

        var once = rule.Due(At(after), At(now), MisfirePolicy.Once);
        Text(once.Fire).ShouldBe([expected[^1]]);
        (once.Missed, once.LeftOut).ShouldBe((2, 1));

        var skip = rule.Due(At(after), At(now), MisfirePolicy.Skip);
        skip.Fire.ShouldBeEmpty();
        (skip.Missed, skip.LeftOut).ShouldBe((2, 2));

        foreach (var answer in (DueFirings[])[all, once, skip])
        {
            Text([answer.Until]).ShouldBe([expected[^1]], "whatever the policy, these times are decided");
            rule.Due(answer.Until, At(now), MisfirePolicy.All).Fire.ShouldBeEmpty("nothing fires twice");
        }
    }

    // The same times when the engine was there: on time they fire whatever the policy.
    [Theory]
    [InlineData("Europe/Berlin", "0 30 2 * * ?", "2027-03-28T01:00:00Z", "2027-03-27T01:30Z")]
    [InlineData("Europe/Berlin", "0 30 2 * * ?", "2027-10-31T00:30:00Z", "2027-10-30T00:30Z")]
    [InlineData("America/New_York", "0 30 2 * * ?", "2027-03-14T07:00:00Z", "2027-03-13T07:30Z")]
    [InlineData("America/New_York", "0 30 1 * * ?", "2027-11-07T05:30:00Z", "2027-11-06T05:30Z")]
    [InlineData("Australia/Lord_Howe", "0 15 2 * * ?", "2027-10-02T15:30:00Z", "2027-10-01T15:45Z")]
    [InlineData("Australia/Lord_Howe", "0 45 1 * * ?", "2027-04-03T14:45:00Z", "2027-04-02T14:45Z")]
    public void DailyTime_InTheJump_OnTime_FiresUnderEachPolicy(string zone, string cron, string due, string after)
    {
        var rule = CronRule.Parse(cron, zone);
        rule.Due(At(after), At(due).AddSeconds(-1), MisfirePolicy.All).Fire.ShouldBeEmpty("a second before it is not due");
        foreach (var policy in Enum.GetValues<MisfirePolicy>())
        {
            rule.Due(At(after), At(due).AddSeconds(2), policy).Fire.ShouldBe([At(due)], policy.ToString());
            rule.Due(At(due), At(due).AddHours(3), policy).Fire.ShouldBeEmpty("the hour that comes twice holds no second firing");
        }
    }

    // Every half hour: no time for what the clock leaves out, the hour that comes twice gone through twice. From an hour before the jump to an hour and a half after it.
    [Theory]
    [InlineData("Europe/Berlin", "0 0/30 * * * ?", "2027-03-28T00:00Z", "2027-03-28T02:00Z", "03-28 00:30|03-28 01:00|03-28 01:30|03-28 02:00")]
    [InlineData("Europe/Berlin", "0 0/30 * * * ?", "2027-10-31T00:00Z", "2027-10-31T02:00Z", "10-31 00:30|10-31 01:00|10-31 01:30|10-31 02:00")]
    [InlineData("America/New_York", "0 0/30 * * * ?", "2027-03-14T06:00Z", "2027-03-14T08:00Z", "03-14 06:30|03-14 07:00|03-14 07:30|03-14 08:00")]
    [InlineData("America/New_York", "0 0/30 * * * ?", "2027-11-07T05:00Z", "2027-11-07T07:00Z", "11-07 05:30|11-07 06:00|11-07 06:30|11-07 07:00")]
    [InlineData("Australia/Lord_Howe", "0 0/30 * * * ?", "2027-10-02T14:30Z", "2027-10-02T16:00Z", "10-02 15:00|10-02 15:30|10-02 16:00")]
    [InlineData("Australia/Lord_Howe", "0 0/30 * * * ?", "2027-04-03T14:00Z", "2027-04-03T16:00Z", "04-03 14:30|04-03 15:00|04-03 15:30|04-03 16:00")]
    public void Steps_KeepTheirPace_ThroughTheJump(string zone, string cron, string after, string now, string times)
    {
        var rule = CronRule.Parse(cron, zone);
        var expected = times.Split('|');
        Text(rule.Next(At(after), expected.Length)).ShouldBe(expected);
        Text(rule.Due(At(after), At(now), MisfirePolicy.All).Fire).ShouldBe(expected);
        Text(rule.Due(At(after), At(now), MisfirePolicy.Once).Fire).ShouldBe([expected[^1]]);
        Text(rule.Due(At(after), At(now), MisfirePolicy.Skip).Fire).ShouldBe([expected[^1]], "the newest is not late");
    }

    // Hourly on the hour: Lord Howe's hour is 30 minutes longer or shorter on the wall.
    [Theory]
    [InlineData("Europe/Berlin", "2027-10-30T23:30Z", "10-31 00:00|10-31 01:00|10-31 02:00")]
    [InlineData("America/New_York", "2027-03-14T05:30Z", "03-14 06:00|03-14 07:00|03-14 08:00")]
    [InlineData("Australia/Lord_Howe", "2027-10-02T13:45Z", "10-02 14:30|10-02 16:00|10-02 17:00")]
    [InlineData("Australia/Lord_Howe", "2027-04-03T13:30Z", "04-03 14:00|04-03 15:30|04-03 16:30")]
    public void Hourly_FollowsTheWall_ThroughTheJump(string zone, string after, string times) =>
        Text(CronRule.Parse("0 0 * * * ?", zone).Next(At(after), 3)).ShouldBe(times.Split('|'));

    [Theory]
    [InlineData("0 0 2,3 * * ?", "03-28 01:00|03-29 00:00|03-29 01:00")]
    [InlineData("0 15,45 2 * * ?", "03-28 01:00|03-29 00:15|03-29 00:45")]
    [InlineData("0 0/20 2 * * ?", "03-29 00:00|03-29 00:20|03-29 00:40")]
    public void SeveralTimes_InTheGap_AreOneFiringAfterIt(string cron, string times) =>
        Text(CronRule.Parse(cron, "Europe/Berlin").Next(At("2027-03-28T00:30Z"), 3)).ShouldBe(times.Split('|'));

    [Fact]
    public void Interval_DoesNotNoticeTheJump()
    {
        var spec = new ScheduleSpec { Kind = ScheduleKind.Interval, IntervalSeconds = 86_400, Zone = "Europe/Berlin", StartsAt = At("2027-03-26T01:30Z") };
        Text(ScheduleRule.Read(spec, Guid.Empty, default).Next(At("2027-03-26T00:00Z"), 4)).ShouldBe(["03-26 01:30", "03-27 01:30", "03-28 01:30", "03-29 01:30"]);
    }

    // A whole year in each zone, minute by minute of cron kinds that matter: times only grow, none is lost, none doubled.
    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("America/New_York")]
    [InlineData("Australia/Lord_Howe")]
    public void AYear_HasADailyTimeOnEachDay_AndEveryStep(string zone)
    {
        var (from, to) = (At("2027-01-01T00:00Z"), At("2028-01-01T00:00Z"));
        foreach (var cron in (string[])["0 15 2 * * ?", "0 45 1 * * ?", "0 30 2 * * ?"])
        {
            CronRule.Parse(cron, zone).Next(from, 400).TakeWhile(t => t < to).Count().ShouldBe(365, cron);
        }

        var steps = CronRule.Parse("0 0/30 * * * ?", zone).Next(from, 20_000).TakeWhile(t => t <= to).ToList();
        steps.Count.ShouldBe(365 * 48);
        steps.Zip(steps.Skip(1), (a, b) => b - a).ShouldAllBe(gap => gap == TimeSpan.FromMinutes(30));
    }
}
