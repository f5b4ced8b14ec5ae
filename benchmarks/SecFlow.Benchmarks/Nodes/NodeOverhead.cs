using System.Globalization;
using SecFlow.Benchmarks.Engine;

namespace SecFlow.Benchmarks.Nodes;

/// <summary>
/// Wall time of a run of 40 light nodes from its claim to its end, divided by 40: claim, verification, sandbox, interpreter, work, verdict, checkpoint, audit and end are all in it.
/// The work, fibonacci(10), is part of the figure as it is with the peers.
/// </summary>
internal static class NodeOverhead
{
    private const int Nodes = 40;

    public static Task<Sampled> SameAsync(Bench bench, CancellationToken ct) => MeasureAsync(bench, _ => 0, "bullmq-step", "sqlite-commit", ct);

    public static Task<Sampled> DistinctAsync(Bench bench, CancellationToken ct) => MeasureAsync(bench, i => i, "bubblewrap-node", "bubblewrap-node", ct);

    private static async Task<Sampled> MeasureAsync(Bench bench, Func<int, int> plugin, string reference, string otherwise, CancellationToken ct)
    {
        var nodes = bench.Count(Nodes, 3);
        var engine = await BenchEngine.OfAsync(bench, ct);
        foreach (var number in Enumerable.Range(0, nodes).Select(plugin).Distinct())
        {
            await engine.Plugins.InstallAsync(Id(number), Scripts.Light(number), "findings", ct);
        }

        var recipe = string.Join('\n', Enumerable.Range(0, nodes).Select(i => $"  - {{ id: n{i}, type: {Id(plugin(i))} }}"));
        var synced = bench.SyncedWriteMs();
        var samples = await Statistics.RepeatAsync(bench.Count(15, 1), async () =>
        {
            var run = (await engine.RunAsync(recipe, ct)).Run;
            return (run.EndedAt!.Value - run.StartedAt!.Value).TotalMilliseconds / nodes;
        });
        return new Sampled(samples) { Reference = await bench.MeasuredAsync(reference) ?? await bench.ReferenceAsync(otherwise, ct), SyncedWriteMs = synced };
    }

    private static string Id(int number) => "scan.bench-light-" + number.ToString("00", CultureInfo.InvariantCulture);
}
