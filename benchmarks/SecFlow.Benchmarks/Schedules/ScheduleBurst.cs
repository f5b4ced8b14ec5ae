using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using SecFlow.Benchmarks.Engine;
using SecFlow.Data;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Schedules;

namespace SecFlow.Benchmarks.Schedules;

/// <summary>
/// A thousand schedules due at one instant, in an engine that waits for them as it does in an installation: from that instant until the transaction with a schedule's run, audit event
/// and next time is committed. Each repetition has schedules of its own; the first one is that of an engine that has fired nothing yet. None may be missing or doubled.
/// </summary>
internal static class ScheduleBurst
{
    private const int Schedules = 1000;
    private const string Plugin = "scan.bench-due";
    private static readonly TimeSpan _lead = TimeSpan.FromSeconds(8);

    public static async Task<Sampled> SqliteAsync(Bench bench, CancellationToken ct) => await MeasureAsync(bench, await BenchEngine.OfAsync(bench, ct), ct);

    public static async Task<Sampled> PostgresAsync(Bench bench, CancellationToken ct)
    {
        if (Environment.GetEnvironmentVariable("SECFLOW_BENCH_POSTGRES") is not { Length: > 0 } server)
        {
            return Sampled.Skipped("PostgreSQL is not installed");
        }

        var name = "bench_" + Guid.NewGuid().ToString("N");
        await using (var connection = new NpgsqlConnection(server))
        {
            await connection.OpenAsync(ct);
            await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
            await create.ExecuteNonQueryAsync(ct);
        }

        var database = new DatabaseOptions(DatabaseKind.Postgres, new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString);
        await using var engine = await BenchEngine.StartAsync(Path.Combine(bench.Folder, "engine-postgres"), database, ct);
        return await MeasureAsync(bench, engine, ct);
    }

    /// <summary>The p99 of a list of times.</summary>
    public static double P99(IEnumerable<double> times)
    {
        var sorted = times.Order().ToList();
        return sorted[Math.Clamp((int)Math.Ceiling(0.99 * sorted.Count) - 1, 0, sorted.Count - 1)];
    }

    private static async Task<Sampled> MeasureAsync(Bench bench, BenchEngine engine, CancellationToken ct)
    {
        var count = bench.Count(Schedules, 20);
        await engine.Plugins.InstallAsync(Plugin, Scripts.Light(99), "findings", ct);
        var workflow = await engine.SaveAsync($"  - {{ id: due, type: {Plugin} }}", ct);
        var synced = bench.SyncedWriteMs();
        var samples = new List<double>();
        for (var round = 0; round < bench.Count(3, 1); round++)
        {
            samples.Add(P99(await RoundAsync(engine, workflow, count, ct)));
        }

        return new Sampled(samples)
        {
            Reference = await bench.MeasuredAsync("bullmq-schedules"),
            SyncedWriteMs = synced,
            Note = $"p99 of {count} runs; the first time, all of it cold: {samples[0].ToString("0", CultureInfo.InvariantCulture)} ms",
        };
    }

    private static async Task<IReadOnlyList<double>> RoundAsync(BenchEngine engine, Guid workflow, int count, CancellationToken ct)
    {
        var (database, store) = (engine.Services.GetRequiredService<Database>(), engine.Services.GetRequiredService<ScheduleStore>());
        // Added for tomorrow, then moved together: how long adding them takes is not measured here, and must not meet the instant.
        var tomorrow = OnTheSecond(TimeProvider.System.GetUtcNow().AddDays(1));
        for (var i = 0; i < count; i++)
        {
            var row = new Schedule { Name = $"due {i}", WorkflowId = workflow, Kind = ScheduleKind.Once, RunAt = tomorrow, NextFireAt = tomorrow, TargetIds = engine.Target.ToString() };
            await store.AddAsync(engine.Actor, row, ct: ct);
        }

        var due = OnTheSecond(TimeProvider.System.GetUtcNow() + _lead);
        await database.WriteAsync(
            write => write.Db.Schedules.Where(s => s.WorkflowId == workflow && s.NextFireAt == tomorrow).ExecuteUpdateAsync(set => set.SetProperty(s => s.RunAt, due).SetProperty(s => s.NextFireAt, due), ct), ct);
        await engine.Services.GetRequiredService<ScheduleMirror>().SetNextAsync(ct);

        var (lateness, all) = (new List<double>(count), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var before = database.AuditCommitted;
        database.AuditCommitted = events =>
        {
            var late = (TimeProvider.System.GetUtcNow() - due).TotalMilliseconds;
            before?.Invoke(events);
            lock (lateness)
            {
                lateness.AddRange(events.Where(e => e.Action == "start.run").Select(_ => late));
                if (lateness.Count >= count)
                {
                    all.TrySetResult();
                }
            }
        };
        try
        {
            await all.Task.WaitAsync(due - TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(1), ct);
        }
        finally
        {
            database.AuditCommitted = before;
        }

        await CheckAsync(engine, workflow, due, count, ct);
        return lateness;
    }

    private static DateTimeOffset OnTheSecond(DateTimeOffset time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerSecond), TimeSpan.Zero);

    // Every run of the round once; what has not begun is cancelled, so that the next round does not compete with it.
    private static async Task CheckAsync(BenchEngine engine, Guid workflow, DateTimeOffset due, int count, CancellationToken ct)
    {
        var runs = engine.Services.GetRequiredService<RunService>();
        var mine = new List<Run>();
        for (var skip = 0; ; skip += 200)
        {
            var page = await runs.ListAsync(engine.Actor, skip, 200, ct);
            mine.AddRange(page.Where(r => r.WorkflowId == workflow && r.QueuedAt >= due));
            if (page.Count < 200)
            {
                break;
            }
        }

        if (mine.Count != count || mine.Select(r => r.ScheduleId).Distinct().Count() != count)
        {
            throw new InvalidOperationException($"{count} schedules were due; {mine.Count} runs of {mine.Select(r => r.ScheduleId).Distinct().Count()} schedules were started");
        }

        foreach (var run in mine.Where(r => !r.Status.IsFinal()))
        {
            await runs.CancelAsync(engine.Actor, run.Id, ct);
        }
    }
}
