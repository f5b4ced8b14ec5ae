using System.Diagnostics;
using SecFlow.Benchmarks.Engine;
using SecFlow.Execution.Metrics;

namespace SecFlow.Benchmarks.Nodes;

/// <summary>
/// What telemetry costs: the same run of 40 light nodes in an engine with rollups, baselines and alert rules and a listener that samples every span, and in one without, in turns so that what
/// else happens on the machine meets both. Three runs wait for one slot: from the start of the first to the end of the last, so what follows the end of a run is in it.
/// </summary>
internal static class Telemetry
{
    private const int Nodes = 40;
    private const int InARow = 3;
    private const string Plugin = "scan.bench-light-00";

    public static async Task<Sampled> CostAsync(Bench bench, CancellationToken ct)
    {
        var nodes = bench.Count(Nodes, 3);
        var with = await BenchEngine.OfAsync(bench, ct);
        await using var without = await BenchEngine.WithoutTelemetryAsync(bench, ct);
        await with.Plugins.InstallAsync(Plugin, Scripts.Light(0), "findings", ct);
        await without.Plugins.InstallAsync(Plugin, Scripts.Light(0), "findings", ct);
        var recipe = string.Join('\n', Enumerable.Range(0, nodes).Select(i => $"  - {{ id: n{i}, type: {Plugin} }}"));
        var (on, off) = (new List<double>(), new List<double>());
        for (var i = 0; i < bench.Count(16, 1) + 1; i++)
        {
            var first = await MeasureAsync(i % 2 == 0 ? with : without, i % 2 == 0, recipe, nodes, ct);
            var second = await MeasureAsync(i % 2 == 0 ? without : with, i % 2 != 0, recipe, nodes, ct);
            if (i > 0)
            {
                // The first of each warms up.
                (i % 2 == 0 ? on : off).Add(first);
                (i % 2 == 0 ? off : on).Add(second);
            }
        }

        var middle = Median(off);
        return new Sampled([.. on.Select(ms => 100 * (ms - middle) / middle)]);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task<double> MeasureAsync(BenchEngine engine, bool traced, string recipe, int nodes, CancellationToken ct)
    {
        using var listener = traced
            ? new ActivityListener { ShouldListenTo = source => source.Name == SecFlowMeter.Name, Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded }
            : null;
        if (listener is not null)
        {
            ActivitySource.AddActivityListener(listener);
        }

        var runs = await engine.RunInARowAsync(recipe, InARow, ct);
        return (runs.Max(r => r.EndedAt!.Value) - runs.Min(r => r.StartedAt!.Value)).TotalMilliseconds / (nodes * InARow);
    }
}
