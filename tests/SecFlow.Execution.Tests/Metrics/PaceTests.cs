using SecFlow.Data.Metrics;

namespace SecFlow.Execution.Tests.Metrics;

public sealed class PaceTests
{
    [Fact]
    public void Pace_OfANodeMadeThreeTimesSlower_IsFlaggedAndNoiseIsNot()
    {
        // A fixed seed: the same thousand runs each time.
        var random = new Random(20_26);
        var (flagged, judged, missed) = (0, 0, 0);
        var history = new List<double>();
        for (var run = 0; run < 1000; run++)
        {
            var seconds = 4 * (0.8 + (0.4 * random.NextDouble()));
            if (Pace.Of(history) is { } pace)
            {
                judged++;
                flagged += pace.IsSlow(seconds) ? 1 : 0;
                missed += pace.IsSlow(3 * seconds) ? 0 : 1;
            }

            history.Insert(0, seconds);
        }

        judged.ShouldBe(1000 - Pace.Least);
        missed.ShouldBe(0);
        flagged.ShouldBeLessThan(10);
    }

    [Fact]
    public void Pace_OfAWholeThousandWorkflows_FlagsFewerThanOneInAHundredWhenYoung()
    {
        // Each workflow at its youngest baseline, where chance is largest.
        var random = new Random(7);
        var flagged = Enumerable.Range(0, 1000).Count(_ =>
        {
            double Noise() => 10 * (0.8 + (0.4 * random.NextDouble()));
            return Pace.Of([.. Enumerable.Range(0, Pace.Least).Select(_ => Noise())])!.IsSlow(Noise());
        });

        flagged.ShouldBeLessThan(10);
    }

    [Theory]
    [InlineData(121, true)]
    [InlineData(120, false)]
    [InlineData(100, false)]
    [InlineData(20, false)]
    public void Pace_OfASteadyNode_NeedsMoreThanATwentyPercentRise(double seconds, bool slow) =>
        Pace.Of([.. Enumerable.Repeat(100.0, 20)])!.IsSlow(seconds).ShouldBe(slow);

    [Theory]
    [InlineData(224, false)]
    [InlineData(225, true)]
    public void Pace_OfAnUnsteadyNode_NeedsMoreThanThreeDeviations(double seconds, bool slow)
    {
        var pace = Pace.Of([80, 120, 80, 120, 100, 80, 120, 100, 80, 120])!;

        (pace.MedianSeconds, pace.Samples).ShouldBe((100, 10));
        pace.DeviationSeconds.ShouldBe(20 * 1.4826 * 1.4, 0.000_1);
        pace.IsSlow(seconds).ShouldBe(slow);
    }

    [Fact]
    public void Pace_OfFewRuns_SaysNothing_AndOfManyOnlyTheNewestTwentyCount()
    {
        Pace.Of([.. Enumerable.Repeat(1.0, Pace.Least - 1)]).ShouldBeNull();
        Pace.Of([.. Enumerable.Repeat(1.0, 20), .. Enumerable.Repeat(500.0, 100)])!.MedianSeconds.ShouldBe(1);
    }

    [Fact]
    public void Histogram_OfKnownValues_GivesQuantilesInTheirBuckets()
    {
        var buckets = new long[Histogram.Count];
        foreach (var value in new[] { 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 40.0 })
        {
            buckets[Histogram.BucketOf(value)]++;
        }

        Histogram.Quantile(buckets, 0.5, 40)!.Value.ShouldBeInRange(0.1, 0.25);
        Histogram.Quantile(buckets, 0.95, 40)!.Value.ShouldBeInRange(30, 40);
        Histogram.Quantile(new long[Histogram.Count], 0.5, 0).ShouldBeNull();
        Histogram.Read(Histogram.Write(buckets)).ShouldBe(buckets);
        Histogram.BucketOf(1_000_000).ShouldBe(Histogram.Count - 1);
    }
}
