using SecFlow.Benchmarks.Machine;
using SecFlow.Benchmarks.Reporting;

namespace SecFlow.Benchmarks.Tests;

public sealed class ReportTests
{
    [Fact]
    public void Measurement_OfSamples_IsTheirMedianBesideReferenceAndTarget()
    {
        var measured = Of("node-same", [4.2, 4.0, 9.9], new Reference("the least", 0.8));
        (measured.Value, measured.Min, measured.Max, measured.Runs).ShouldBe((4.2, 4.0, 9.9, 3));
        (measured.Ratio, measured.Met).ShouldBe((5.25, true));
        Of("node-same", [5.0], null).Met.ShouldBe(false, "the bound itself is too slow");
        Of("emit", [20_000], null).Met.ShouldBe(true, "the bound itself is fast enough");
    }

    [Fact]
    public void Measurement_ThatWasSkipped_HasNoFiguresButItsReason()
    {
        var skipped = Measurement.Of(Catalog.Find("bullmq-step")!, Sampled.Skipped("redis-server is not installed"), 0);
        (skipped.Value, skipped.Ratio, skipped.Met, skipped.Runs).ShouldBe((null, null, null, 0));
        JsonLines.Of(skipped).ShouldContain("\"note\":\"skipped: redis-server is not installed\"");
    }

    [Fact]
    public void Report_OfAMiss_KeepsTheExplanationThatSomebodyWrote()
    {
        var machine = new MachineState(2, 0.1);
        var miss = Of("node-same", [7], null);
        var first = MarkdownReport.Of(machine, [miss], quick: false, previous: null);
        first.ShouldContain("Not explained yet");
        var explained = first.Replace("Not explained yet: profile it and say here where the time goes.", "Two thirds are the commit.", StringComparison.Ordinal);
        MarkdownReport.Of(machine, [miss], quick: false, explained).ShouldContain("Two thirds are the commit.");
        MarkdownReport.Of(machine, [Of("node-same", [4], null)], quick: false, explained).ShouldNotContain("Two thirds");
    }

    [Fact]
    public void Report_IsOneTableWithEveryFigure()
    {
        var report = MarkdownReport.Of(new MachineState(2, 0.1), [Of("emit", [25_000, 26_000], new Reference("rows", 50_000)) with { SyncedWriteMs = 1.5, BusyBefore = 3 }], quick: true, previous: null);
        report.ShouldContain("| `emit` | 25,500 | 25,000..26,000 | records/s | >= 20,000 | met | 3 % | 0.51 x 50,000 of rows; a synced 4 KiB write took 1.5 ms |");
        report.ShouldContain("Quick mode");
        report.ShouldContain("## Misses\n\nNone.");
    }

    [Theory]
    [InlineData(new[] { 3.0, 1, 2 }, 2)]
    [InlineData(new[] { 4.0, 1, 2, 3 }, 2.5)]
    public void Median_IsTheMiddle(double[] values, double median) => Statistics.Median(values).ShouldBe(median);

    private static Measurement Of(string name, double[] samples, Reference? reference) => Measurement.Of(Catalog.Find(name)!, new Sampled(samples) { Reference = reference }, 0);
}
