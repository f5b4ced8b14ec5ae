using SecFlow.Benchmarks.Machine;
using SecFlow.Benchmarks.Reporting;

namespace SecFlow.Benchmarks;

/// <summary>The command line of the benchmarks. Figures go to stdout, words to stderr.</summary>
public static class BenchApp
{
    /// <summary>0 all measured, whatever the figures are; 2 usage; 4 a benchmark failed.</summary>
    public static Task<int> RunAsync(IReadOnlyList<string> args, TextWriter stdout, TextWriter stderr, CancellationToken ct) => RunAsync(args, stdout, stderr, null, ct);

    /// <param name="portal">Starts a portal in place of ./start.</param>
    internal static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter stdout, TextWriter stderr, IReadOnlyList<string>? portal, CancellationToken ct)
    {
        if (args.Contains("--help", StringComparer.Ordinal) || args.Contains("-h", StringComparer.Ordinal))
        {
            await stdout.WriteLineAsync(BenchOptions.Usage);
            return 0;
        }

        var (options, problem) = BenchOptions.Parse(args);
        if (options is null)
        {
            await stderr.WriteLineAsync($"./bench: {problem}");
            await stderr.WriteLineAsync(BenchOptions.Usage);
            return 2;
        }

        if (options.List)
        {
            foreach (var benchmark in Catalog.All)
            {
                await stdout.WriteLineAsync($"{benchmark.Name,-16} {benchmark.What}{(benchmark.Peer ? " (with --peers)" : "")}");
            }

            return 0;
        }

        return await MeasureAsync(options, stdout, stderr, portal, ct);
    }

    private static async Task<int> MeasureAsync(BenchOptions options, TextWriter stdout, TextWriter stderr, IReadOnlyList<string>? portal, CancellationToken ct)
    {
        var machine = MachineState.Read();
        await stderr.WriteLineAsync(machine.Line);
        var failed = false;
        var all = new List<Measurement>();
        await using var bench = new Bench(options.Quick, stderr) { Portal = portal };
        if (!options.Json)
        {
            await stdout.WriteLineAsync(Table.Header);
        }

        foreach (var benchmark in options.Benchmarks)
        {
            var busy = await MachineState.BusyPercentAsync(TimeSpan.FromMilliseconds(options.Quick ? 50 : 500), ct);
            if (busy >= MachineState.Busy && !options.Quick)
            {
                await stderr.WriteLineAsync($"{benchmark.Name}: the processors were {busy} % busy before it; its figures are worse than the machine's.");
            }

            Sampled sampled;
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
                limit.CancelAfter(benchmark.Longest);
                sampled = await bench.MeasureAsync(benchmark.Name, limit.Token);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                failed = true;
                sampled = new Sampled([]) { Note = e is OperationCanceledException ? $"failed: longer than {benchmark.Longest.TotalSeconds:0} s" : "failed: " + e.Message.ReplaceLineEndings(" ") };
                await stderr.WriteLineAsync($"{benchmark.Name}: {e}");
            }

            var measurement = Measurement.Of(benchmark, sampled, busy);
            all.Add(measurement);
            await stdout.WriteLineAsync(options.Json ? JsonLines.Of(measurement) : Table.Row(benchmark, measurement));
            await stdout.FlushAsync(ct);
        }

        if (options.Report)
        {
            await File.WriteAllTextAsync(Path.Combine(Bench.Repository, "benchmarks", "report.md"), MarkdownReport.Of(machine, all, options.Quick), ct);
        }

        return failed ? 4 : 0;
    }
}
