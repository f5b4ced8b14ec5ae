using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Benchmarks.Engine;
using SecFlow.Data.Runs;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Runs;

namespace SecFlow.Benchmarks.Findings;

/// <summary>
/// Twenty runs that report 10,000 findings each at the same time into one SQLite file, by real plugins in their sandboxes; beside them somebody opens pages: list of findings, counts, list of runs, a run.
/// Once the findings that are merged per second, once how long the slowest hundredth of these pages waits. Nothing may fail or be missing, or there is no figure.
/// </summary>
internal static class IngestLoad
{
    private const int Writers = 20;

    public static async Task<Sampled> FindingsAsync(Bench bench, CancellationToken ct)
    {
        var load = await bench.SharedAsync(() => Load.MeasureAsync(bench, ct));
        return new Sampled([load.Findings / load.Seconds]) { SyncedWriteMs = load.SyncedWriteMs, Note = $"{load.Findings:#,0} findings of {Writers} runs in {load.Seconds:0.0} s, none missing" };
    }

    public static async Task<Sampled> PagesAsync(Bench bench, CancellationToken ct)
    {
        var load = await bench.SharedAsync(() => Load.MeasureAsync(bench, ct));
        var sorted = load.Pages.Order().ToList();
        return new Sampled([sorted[(int)Math.Ceiling(sorted.Count * 0.99) - 1]])
        {
            SyncedWriteMs = load.SyncedWriteMs,
            Note = $"{sorted.Count} pages, median {Statistics.Median(sorted):0.0} ms, slowest {sorted[^1]:0} ms",
        };
    }

    private sealed class Load : IAsyncDisposable
    {
        public required int Findings { get; init; }

        public required double SyncedWriteMs { get; init; }

        public double Seconds { get; private set; }

        /// <summary>Milliseconds of each page.</summary>
        public List<double> Pages { get; } = [];

        public static async Task<Load> MeasureAsync(Bench bench, CancellationToken ct)
        {
            var each = bench.Count(10_000, 50);
            var load = new Load { Findings = Writers * each, SyncedWriteMs = bench.SyncedWriteMs() };
            await using var engine = await BenchEngine.ParallelAsync(bench, Writers, ct);
            await engine.Plugins.InstallAsync("scan.bench-findings", Scripts.Findings, "findings", ct);
            var began = Stopwatch.GetTimestamp();
            var runs = new List<Guid>();
            for (var i = 0; i < Writers; i++)
            {
                runs.Add(await engine.BeginAsync($"  - {{ id: scan, type: scan.bench-findings, timeout: 30m, config: {{ count: {each}, writer: {i} }} }}", ct));
            }

            var (service, findings) = (engine.Services.GetRequiredService<RunService>(), engine.Services.GetRequiredService<FindingService>());
            var next = 0;
            while (true)
            {
                await load.PageAsync(() => findings.ListAsync(engine.Actor, new FindingQuery { Take = 50 }, ct));
                await load.PageAsync(() => findings.CountAsync(engine.Actor, ct));
                await load.PageAsync(() => service.GetAsync(engine.Actor, runs[next++ % Writers], ct));
                IReadOnlyList<Run> list = [];
                await load.PageAsync(async () => list = await service.ListAsync(engine.Actor, 0, 50, ct));
                if (list.All(r => r.Status.IsFinal()))
                {
                    load.Seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
                    await CheckAsync(engine, list, load.Findings, ct);
                    return load;
                }

                await Task.Delay(50, ct);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static async Task CheckAsync(BenchEngine engine, IReadOnlyList<Run> runs, int expected, CancellationToken ct)
        {
            if (runs.FirstOrDefault(r => r.Status != RunStatus.Succeeded) is { } failed)
            {
                throw new InvalidOperationException($"a run ended as {failed.Status}: {failed.ErrorCode} {failed.ErrorMessage}");
            }

            var page = await engine.Services.GetRequiredService<FindingService>().ListAsync(engine.Actor, new FindingQuery(), ct);
            if (page.Total != expected)
            {
                throw new InvalidOperationException($"{expected} findings were reported, {page.Total} are there");
            }
        }

        private async Task PageAsync(Func<Task> read)
        {
            var began = Stopwatch.GetTimestamp();
            await read();
            Pages.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
    }
}
