using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Schedules;

namespace SecFlow.Execution.Tests.Schedules;

public sealed class CronRuleTests
{
    private static string[] Next(string cron, string zone, string after, int count) =>
        [.. ScheduleService.Next(cron, zone, DateTimeOffset.Parse(after), count).Select(t => t.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"))];

    [Fact]
    public void Berlin_wall_time_stays_through_both_changes()
    {
        // Clocks go forward on 2027-03-28 and back on 2027-10-31.
        Next("0 0 6 ? * *", "Europe/Berlin", "2027-03-27T00:00:00Z", 3).ShouldBe(["2027-03-27T05:00:00Z", "2027-03-28T04:00:00Z", "2027-03-29T04:00:00Z"]);
        Next("0 0 6 ? * *", "Europe/Berlin", "2027-10-30T00:00:00Z", 3).ShouldBe(["2027-10-30T04:00:00Z", "2027-10-31T05:00:00Z", "2027-11-01T05:00:00Z"]);
    }

    [Fact]
    public void Berlin_time_in_the_gap_fires_once_after_it()
    {
        var times = Next("0 30 2 ? * *", "Europe/Berlin", "2027-03-27T12:00:00Z", 2);
        times[0].ShouldBe("2027-03-28T01:00:00Z");
        times[1].ShouldBe("2027-03-29T00:30:00Z");
    }

    [Fact]
    public void Berlin_time_that_exists_twice_fires_once()
    {
        var times = Next("0 30 2 ? * *", "Europe/Berlin", "2027-10-30T12:00:00Z", 2);
        times.Count(t => t.StartsWith("2027-10-31", StringComparison.Ordinal)).ShouldBe(1);
        times[1].ShouldBe("2027-11-01T01:30:00Z");
    }

    [Fact]
    public void New_York_has_its_own_changes()
    {
        // 2027-03-14 and 2027-11-07.
        Next("0 0 9 ? * SUN", "America/New_York", "2027-03-07T00:00:00Z", 2).ShouldBe(["2027-03-07T14:00:00Z", "2027-03-14T13:00:00Z"]);
        Next("0 30 1 ? * *", "America/New_York", "2027-11-06T12:00:00Z", 2).Count(t => t.StartsWith("2027-11-07", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public void A_rule_that_is_over_has_no_next_time() =>
        Next("0 0 6 1 1 ? 2020", "UTC", "2027-01-01T00:00:00Z", 3).ShouldBeEmpty();

    [Theory]
    [InlineData("0 0 6 ? * MON", "every Monday at 06:00 Europe/Berlin")]
    [InlineData("0 0 6 * * ?", "every day at 06:00 Europe/Berlin")]
    [InlineData("30 15 22 ? * 2-6", "every weekday at 22:15:30 Europe/Berlin")]
    [InlineData("0 0 6 ? * MON,WED,FRI", "every Monday, Wednesday and Friday at 06:00 Europe/Berlin")]
    [InlineData("0 0/15 * * * ?", "every 15 minutes Europe/Berlin")]
    [InlineData("0 * * * * ?", "every minute Europe/Berlin")]
    [InlineData("0 5 * * * ?", "every hour at minute 5 Europe/Berlin")]
    [InlineData("0 0 0/6 * * ?", "every 6 hours at minute 0 Europe/Berlin")]
    [InlineData("0 0 3 1 * ?", "on day 1 of every month at 03:00 Europe/Berlin")]
    [InlineData("0 0 3 L * ?", "on the last day of every month at 03:00 Europe/Berlin")]
    [InlineData("0 0 3 24 12 ?", "every 24 December at 03:00 Europe/Berlin")]
    [InlineData("0 0 3 ? 1-3 MON#2", "cron 0 0 3 ? 1-3 MON#2 Europe/Berlin")]
    public void Common_shapes_are_put_in_words(string cron, string words) =>
        ScheduleService.InWords(cron, "Europe/Berlin").ShouldBe(words);

    [Theory]
    [InlineData("", "UTC", "0 fields")]
    [InlineData("0 6 * * *", "UTC", "5 fields")]
    [InlineData("0 0 25 * * ?", "UTC", "cannot be read")]
    [InlineData("0 0 6 ? * FUNDAY", "UTC", "cannot be read")]
    [InlineData("* * * * * ?", "UTC", "at most once a minute")]
    [InlineData("0/10 * * * * ?", "UTC", "at most once a minute")]
    [InlineData("0 0 6 ? * MON", "Mars/Olympus", "Mars/Olympus")]
    [InlineData("0 0 6 ? * MON", "", "IANA")]
    [InlineData("0 0 6 ? * MON", "../../etc/passwd", "IANA")]
    public void Wrong_rules_are_refused(string cron, string zone, string word)
    {
        var error = Should.Throw<SecFlowException>(() => ScheduleService.Next(cron, zone, DateTimeOffset.UnixEpoch, 1));
        error.Code.ShouldBe(Codes.ScheduleInvalid);
        error.Message.ShouldContain(word);
    }

    [Fact]
    public void Wrong_rule_and_wrong_zone_are_told_together() =>
        Should.Throw<SecFlowException>(() => ScheduleService.Next("x", "y", DateTimeOffset.UnixEpoch, 1)).Diagnostics.Select(d => d.Path).ShouldBe(["zone", "cron"]);
}
