using System.Diagnostics;
using SecFlow.Benchmarks.Engine;
using SecFlow.Execution.Metrics;

namespace SecFlow.Benchmarks.Findings;

/// <summary>
/// A discovery that emits 100,000 urls. Once from the start of the plugin host to its end, by when every record is validated and all but the last batch are durable;
/// once from the start of the node to its checkpoint, by when they are also written as a dataset and the staged ones are merged.
/// </summary>
internal static class EmitThroughput
{
    public static async Task<Sampled> RecordsAsync(Bench bench, CancellationToken ct)
    {
        var runs = await bench.SharedAsync(() => EmitRuns.MeasureAsync(bench, ct));
        return new Sampled([.. runs.Host.Select(s => runs.Count / s)]) { Reference = await bench.ReferenceAsync("sqlite-insert", ct), SyncedWriteMs = runs.SyncedWriteMs, Note = $"{runs.Count:#,0} records a run, {runs.HostMicroseconds:0} us of processor time in the plugin host for each" };
    }

    public static async Task<Sampled> NodeAsync(Bench bench, CancellationToken ct)
    {
        var runs = await bench.SharedAsync(() => EmitRuns.MeasureAsync(bench, ct));
        return new Sampled([.. runs.Node.Select(s => runs.Count / s)]) { Reference = await bench.ReferenceAsync("sqlite-insert", ct), SyncedWriteMs = runs.SyncedWriteMs };
    }

    /// <summary>One series of runs for both figures.</summary>
    private sealed class EmitRuns : IAsyncDisposable
    {
        public required int Count { get; init; }

        public required double SyncedWriteMs { get; init; }

        /// <summary>Seconds in the plugin host, per run.</summary>
        public List<double> Host { get; } = [];

        /// <summary>Processor time of the plugin host for one record, of the last run.</summary>
        public double HostMicroseconds { get; private set; }

        /// <summary>Seconds of the node, per run.</summary>
        public List<double> Node { get; } = [];

        public static async Task<EmitRuns> MeasureAsync(Bench bench, CancellationToken ct)
        {
            var engine = await BenchEngine.OfAsync(bench, ct);
            await engine.Plugins.InstallAsync("discovery.bench-emit", Scripts.Emit, "urls", ct);
            var runs = new EmitRuns { Count = bench.Count(100_000, 2_000), SyncedWriteMs = bench.SyncedWriteMs() };
            using var listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == SecFlowMeter.Name,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = span =>
                {
                    if (span.OperationName is "plugin.host" or "node")
                    {
                        (span.OperationName == "node" ? runs.Node : runs.Host).Add(span.Duration.TotalSeconds);
                    }
                },
            };
            ActivitySource.AddActivityListener(listener);
            for (var i = 0; i < bench.Count(3, 1); i++)
            {
                var detail = await engine.RunAsync($"  - {{ id: emit, type: discovery.bench-emit, config: {{ count: {runs.Count} }} }}", ct);
                runs.HostMicroseconds = 1000.0 * detail.Nodes[0].CpuMilliseconds / runs.Count;
                if (detail.Nodes[0].RejectedRecords > 0)
                {
                    throw new InvalidOperationException($"{detail.Nodes[0].RejectedRecords} records were rejected");
                }
            }

            return runs;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
