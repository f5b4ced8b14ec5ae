using SecFlow.Benchmarks.Engine;

namespace SecFlow.Benchmarks.Nodes;

/// <summary>
/// A dataset of 1,000,000 records through a node: read by its plugin, handed on, staged, written as a dataset again. How much the engine's live memory grows between the first tenth of that time and its largest:
/// what is streamed costs the same at the end as at the beginning.
/// </summary>
internal static class DatasetStream
{
    public static async Task<Sampled> GrowthAsync(Bench bench, CancellationToken ct)
    {
        var engine = await BenchEngine.OfAsync(bench, ct);
        await engine.Plugins.InstallAsync("discovery.bench-emit", Scripts.Emit, "urls", ct);
        await engine.Plugins.InstallAsync("discovery.bench-pass", Scripts.PassOn, "urls", ct, input: "urls");
        var count = bench.Count(1_000_000, 2_000);
        var heap = new List<double>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var watching = WatchAsync(heap, stop.Token);
        var detail = await engine.RunAsync(
            $$"""
              - { id: emit, type: discovery.bench-emit, outputs: [urls], timeout: 60m, config: { count: {{count}} } }
              - { id: pass, type: discovery.bench-pass, inputs: [urls], outputs: { urls: again }, timeout: 60m }
            """,
            ct);
        await stop.CancelAsync();
        await watching;
        var first = Statistics.Median([.. heap.Take(Math.Max(1, heap.Count / 10))]);
        return new Sampled([Math.Max(0, heap.Max() - first)])
        {
            Note = $"{count:#,0} records through two nodes in {(detail.Run.EndedAt - detail.Run.StartedAt)?.TotalSeconds:0} s; live memory {first:0.0} MiB at first, {heap.Max():0.0} MiB at most",
        };
    }

    private static async Task WatchAsync(List<double> heap, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                heap.Add(GC.GetTotalMemory(forceFullCollection: true) / 1048576.0);
                await Task.Delay(500, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The run has ended.
        }
    }
}
