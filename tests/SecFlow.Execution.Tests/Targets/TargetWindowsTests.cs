using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Tests.Targets;

/// <summary>When a target may be scanned, by the wall clock of a zone, also on the days when that clock jumps.</summary>
public sealed class TargetWindowsTests
{
    [Theory]
    [InlineData("", "2026-03-02T12:00:00Z", null)]
    [InlineData("allow Mon-Fri 22:00-06:00 Europe/Berlin", "2026-03-02T21:00:00Z", null)] // Monday 22:00 in Berlin
    [InlineData("allow Mon-Fri 22:00-06:00 Europe/Berlin", "2026-03-02T20:59:59Z", "2026-03-02T21:00:00Z")]
    [InlineData("allow Mon-Fri 22:00-06:00 Europe/Berlin", "2026-03-07T04:59:59Z", null)] // Saturday 05:59, of Friday's window
    [InlineData("allow Mon-Fri 22:00-06:00 Europe/Berlin", "2026-03-07T05:00:00Z", "2026-03-09T21:00:00Z")] // the end is not in it
    [InlineData("deny Sat,Sun 00:00-24:00 UTC", "2026-03-07T10:00:00Z", "2026-03-09T00:00:00Z")] // two windows that touch
    [InlineData("deny 2026-12-24T00:00/2026-12-27T00:00 Europe/Berlin", "2026-12-25T12:00:00Z", "2026-12-26T23:00:00Z")]
    [InlineData("deny 2026-12-24T00:00/2026-12-27T00:00 Europe/Berlin", "2026-12-27T12:00:00Z", null)]
    [InlineData("allow daily 01:00-02:00 UTC; deny 2026-03-02T00:00/2026-03-04T00:00 UTC", "2026-03-02T01:30:00Z", "2026-03-04T01:00:00Z")]
    [InlineData("allow 2026-03-01T00:00/2026-03-02T00:00 UTC", "2026-03-05T00:00:00Z", "never")]
    [InlineData("deny daily 00:00-24:00 UTC", "2026-03-05T00:00:00Z", "never")]
    [InlineData("allow Sat-Mon 10:00-11:00 Asia/Tokyo", "2026-03-01T01:30:00Z", null)] // over the end of the week
    public void Refusal_AtATime_SaysWhenItWouldPass(string rules, string at, string? passes)
    {
        var windows = TargetWindows.Of(TargetWindows.Read(rules, []).Text);

        var refusal = windows.Refusal("shop", Time(at));

        (refusal is null).ShouldBe(passes is null);
        if (refusal is not null)
        {
            (refusal.Code, refusal.Rule).ShouldBe((Codes.OutsideWindow, "target.windows"));
            refusal.Message.ShouldContain("shop");
            refusal.Remedy!.ShouldContain(passes == "never" ? "No time within a year" : passes!);
            if (passes != "never")
            {
                windows.Refusal("shop", Time(passes!)).ShouldBeNull("the time that is named passes");
                windows.Refusal("shop", Time(passes!).AddSeconds(-1)).ShouldNotBeNull("and none before it does");
            }
        }
    }

    [Theory]
    // On 2026-03-29 Berlin's clock jumps from 02:00 to 03:00 (01:00 UTC), on 2026-10-25 from 03:00 back to 02:00 (01:00 UTC).
    [InlineData("deny Sun 02:15-02:45 Europe/Berlin", "2026-03-29T00:59:59Z", false)]
    [InlineData("deny Sun 02:15-02:45 Europe/Berlin", "2026-10-25T00:15:00Z", true)]
    [InlineData("deny Sun 02:15-02:45 Europe/Berlin", "2026-10-25T01:44:59Z", true)]
    [InlineData("deny Sun 02:15-02:45 Europe/Berlin", "2026-10-25T01:45:00Z", false)]
    [InlineData("allow Sun 02:15-03:30 Europe/Berlin", "2026-10-25T00:20:00Z", true)] // the later 02:15 counts for what is allowed
    [InlineData("allow Sun 02:15-03:30 Europe/Berlin", "2026-10-25T01:20:00Z", false)]
    [InlineData("allow Sun 01:00-02:30 Europe/Berlin", "2026-03-29T00:30:00Z", false)]
    [InlineData("allow Sun 01:00-02:30 Europe/Berlin", "2026-03-29T01:05:00Z", true)]
    public void Refusal_WhenTheClockJumps_TakesTheCarefulReading(string rules, string at, bool refused) =>
        (TargetWindows.Read(rules, []).Refusal("t", Time(at)) is not null).ShouldBe(refused);

    [Theory]
    [InlineData("allow", "is not a window")]
    [InlineData("maybe Mon 10:00-11:00 UTC", "allow or deny")]
    [InlineData("denny Mon 10:00-11:00 UTC", "Did you mean 'deny'")]
    [InlineData("deny Mon 10:00-11:00 Europe/Belin", "Did you mean 'Europe/Berlin'")]
    [InlineData("deny Mon 10:00-11:00 ../../etc/passwd", "is not a window")]
    [InlineData("deny Mon 10:00-11:00 posix/../../../etc/passwd", "is not a window")]
    [InlineData("deny Mon 10:00-10:00 UTC", "two different times")]
    [InlineData("deny Mon 25:00-26:00 UTC", "two different times")]
    [InlineData("deny Mon 24:00-01:00 UTC", "two different times")]
    [InlineData("deny Mon 10:60-11:00 UTC", "two different times")]
    [InlineData("deny Moonday 10:00-11:00 UTC", "neither days with times")]
    [InlineData("deny Mon-Tue-Wed 10:00-11:00 UTC", "neither days with times")]
    [InlineData("deny 2026-12-27T00:00/2026-12-24T00:00 UTC", "to a later one")]
    [InlineData("deny 2026-02-30T00:00/2026-12-24T00:00 UTC", "to a later one")]
    [InlineData("deny 9999-01-01T00:00/9999-12-24T00:00 UTC", "to a later one")]
    public void Read_BadRule_SaysWhatIsWrong(string rule, string expected)
    {
        var problems = new List<Diagnostic>();

        TargetWindows.Read("allow daily 00:00-24:00 UTC\n" + rule, problems);

        var problem = problems.ShouldHaveSingleItem();
        (problem.Code, problem.Path, problem.Line).ShouldBe((Codes.TargetInvalid, "windows", 2));
        problem.Message.ShouldContain(expected);
    }

    [Fact]
    public void Read_TooManyOrTooLong_IsRefusedQuickly()
    {
        var problems = new List<Diagnostic>();
        TargetWindows.Read(string.Join('\n', Enumerable.Repeat("deny Mon 10:00-11:00 UTC", 51)), problems);
        TargetWindows.Read("deny " + new string('x', 100_000) + " UTC", problems);
        problems.Count.ShouldBe(2);
    }

    [Fact]
    public void Read_Rules_GetOneSpelling() =>
        TargetWindows.Read(" ALLOW   mon,tue,wed,sat  09:00-17:30   utc ;deny daily 00:00-24:00 Europe/Berlin", []).Text.ShouldBe("allow Mon-Wed,Sat 09:00-17:30 UTC\ndeny daily 00:00-24:00 Europe/Berlin");

    [Fact]
    public void Of_StoredRuleThatCannotBeRead_RefusesEveryTime() =>
        TargetWindows.Of("allow daily 00:00-24:00 Mars/Olympus").Refusal("t", Time("2026-03-02T12:00:00Z"))!.Code.ShouldBe(Codes.OutsideWindow);

    [Theory]
    [InlineData("", "deny Mon 10:00-11:00 UTC", false)]
    [InlineData("deny Mon 10:00-11:00 UTC", "", true)]
    [InlineData("allow Mon 10:00-11:00 UTC", "", true)]
    [InlineData("", "allow Mon 10:00-11:00 UTC", false)]
    [InlineData("allow Mon 10:00-11:00 UTC", "allow Mon 10:00-12:00 UTC", true)]
    [InlineData("allow Mon 10:00-11:00 UTC; allow Tue 10:00-11:00 UTC", "allow Tue 10:00-11:00 UTC", false)]
    public void MayBeWiderThan_Changes_AreCarefullyJudged(string before, string after, bool wider) =>
        TargetWindows.Read(after, []).MayBeWiderThan(TargetWindows.Read(before, [])).ShouldBe(wider);

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
