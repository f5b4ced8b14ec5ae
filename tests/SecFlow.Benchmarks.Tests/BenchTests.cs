using System.Text.Json;

namespace SecFlow.Benchmarks.Tests;

/// <summary>Every benchmark once with tiny counts: that it measures something and says so in the form of its contract. Never how fast anything is.</summary>
public sealed class BenchTests
{
    private static readonly string[] _contract = ["name", "value", "unit", "reference", "referenceValue", "ratio", "target", "met"];

    private static readonly string[] _starts = ["start-cold", "start-warm", "first-page", "page-html"];

    [Fact]
    public async Task Benchmarks_WithoutStarts_MeasureOnceInTheFormOfTheContract() =>
        await MeasureAsync([.. Catalog.All.Where(b => !b.Peer).Select(b => b.Name).Except(_starts, StringComparer.Ordinal)]);

    /// <summary>The portal of this build in place of ./start, which would build another one.</summary>
    [Fact]
    public async Task Starts_MeasureOnceInTheFormOfTheContract() => await MeasureAsync(_starts);

    [Fact]
    public async Task UnknownName_IsUsageAndNamesEveryBenchmark()
    {
        var run = await BenchRun.OfAsync("node-same", "node-sam");
        run.Code.ShouldBe(2);
        run.Out.ShouldBeEmpty();
        run.Error.ShouldContain("'node-sam'");
        foreach (var benchmark in Catalog.All)
        {
            run.Error.ShouldContain(benchmark.Name);
        }
    }

    [Fact]
    public async Task UnknownOption_IsUsage()
    {
        var run = await BenchRun.OfAsync("--jsn");
        run.Code.ShouldBe(2);
        run.Error.ShouldContain("--jsn");
    }

    [Fact]
    public async Task List_NamesWhatIsMeasured_AndHelpTheOptions()
    {
        var list = await BenchRun.OfAsync("--list");
        list.Code.ShouldBe(0);
        list.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(Catalog.All.Count);
        (await BenchRun.OfAsync("--help")).Out.ShouldContain("--peers");
    }

    [Fact]
    public async Task Table_ShowsTargetAndSyncedWriteBesideADurableFigure()
    {
        var run = await BenchRun.OfAsync("--quick", "sqlite-commit");
        run.Code.ShouldBe(0, run.Error);
        run.Out.ShouldContain("sqlite-commit");
        run.Out.ShouldContain("a synced 4 KiB write took");
    }

    [Theory]
    [InlineData("network-pasta", 60)]
    [InlineData("network-loopback", 200)]
    [InlineData("node-same", 5)]
    [InlineData("node-distinct", 45)]
    [InlineData("telemetry", 5)]
    [InlineData("node-long", 97)]
    [InlineData("emit", 20_000)]
    [InlineData("dataset-1m", 64)]
    [InlineData("ingest-20-pages", 500)]
    [InlineData("start-warm", 5)]
    [InlineData("first-page", 1.5)]
    public void Target_IsWhatIsPromised(string name, double target) => Catalog.Find(name)!.Target.ShouldBe(target);

    private static async Task MeasureAsync(string[] names)
    {
        var run = await BenchRun.OfAsync(["--quick", "--json", .. names]);
        run.Code.ShouldBe(0, run.Error);
        var lines = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        lines.Select(l => l.GetProperty("name").GetString()).ShouldBe(names);
        foreach (var line in lines)
        {
            line.EnumerateObject().Select(p => p.Name).Take(_contract.Length).ShouldBe(_contract);
            var name = line.GetProperty("name").GetString()!;
            var skipped = line.GetProperty("note").GetString()?.StartsWith("skipped: ", StringComparison.Ordinal) == true;
            (line.GetProperty("value").ValueKind == JsonValueKind.Number).ShouldBe(!skipped, line.ToString());
            if (!skipped)
            {
                // Of runs that are this short a difference has either sign, and growth may be none.
                line.GetProperty("value").GetDouble().ShouldBeGreaterThan(name is "telemetry" or "dataset-1m" ? -10_000 : 0);
                line.GetProperty("met").ValueKind.ShouldBe(Catalog.Find(name)!.Target is null ? JsonValueKind.Null : line.GetProperty("met").GetBoolean() ? JsonValueKind.True : JsonValueKind.False);
            }
        }
    }
}
