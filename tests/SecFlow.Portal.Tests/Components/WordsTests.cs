using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Tests.Components;

public sealed class WordsTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(10, "just now")]
    [InlineData(60, "1 minute ago")]
    [InlineData(3 * 60, "3 minutes ago")]
    [InlineData(59 * 60 + 45, "1 hour ago")]
    [InlineData(5 * 3600, "5 hours ago")]
    [InlineData(3 * 86400, "3 days ago")]
    [InlineData(100 * 86400, "30 Nov 2025")]
    [InlineData(-10, "in a moment")]
    [InlineData(-7200, "in 2 hours")]
    public void Relative_Time_IsSaidAsPeopleSayIt(int secondsAgo, string words) => Words.Relative(Now.AddSeconds(-secondsAgo), Now).ShouldBe(words);

    [Theory]
    [InlineData(0.2, "200 ms")]
    [InlineData(3.14, "3.1 s")]
    [InlineData(125, "2 min 5 s")]
    [InlineData(3900, "1 h 5 min")]
    public void Duration_Seconds_HasTheRightUnit(double seconds, string words) => Words.Duration(TimeSpan.FromSeconds(seconds)).ShouldBe(words);

    [Fact]
    public void Unknown_IsADashNeverZero()
    {
        Words.Duration(null).ShouldBe("-");
        Words.Duration(Now, null).ShouldBe("-");
        Words.Bytes(0).ShouldBe("-");
        Words.Short(null).ShouldBe("-");
    }

    [Fact]
    public void Short_Digest_IsItsStart() => Words.Short("sha256:0123456789abcdef0123").ShouldBe("0123456789ab");

    [Theory]
    [InlineData(1, "1 node")]
    [InlineData(1200, "1,200 nodes")]
    public void Count_Number_AgreesWithItsNoun(int count, string words) => Words.Count(count, "node").ShouldBe(words);
}
