using System.Diagnostics;
using Microsoft.Data.Sqlite;
using SecFlow.Benchmarks.Machine;

namespace SecFlow.Benchmarks.Peers;

/// <summary>A step as one would build it from parts: a fresh node in a fresh bubblewrap, its result in a synced SQLite commit.</summary>
internal static class BubblewrapNode
{
    private const string Program = "function f(n){return n<=1?n:f(n-1)+f(n-2)};process.stdout.write(String(f(10)))";

    public static async Task<Sampled> StepAsync(Bench bench, CancellationToken ct)
    {
        if (new[] { "bwrap", "node" }.FirstOrDefault(p => !ForeignProcess.Exists(p)) is { } missing)
        {
            return Sampled.Skipped($"{missing} is not installed");
        }

        var node = (await ForeignProcess.RunAsync("node", ["-p", "process.execPath"], ct)).Trim();
        var synced = bench.SyncedWriteMs();
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(bench.Folder, "bubblewrap.db")};Pooling=False");
        await connection.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE steps (step INTEGER PRIMARY KEY, result TEXT)";
        await command.ExecuteNonQueryAsync(ct);
        command.CommandText = "INSERT INTO steps (result) VALUES (@result)";
        var result = command.Parameters.Add("@result", SqliteType.Text);
        var samples = await Statistics.RepeatAsync(bench.Count(40, 2), async () =>
        {
            var began = Stopwatch.GetTimestamp();
            result.Value = await ForeignProcess.RunAsync("bwrap", Arguments(node), ct);
            await command.ExecuteNonQueryAsync(ct);
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        });
        return new Sampled(samples) { SyncedWriteMs = synced };
    }

    private static IEnumerable<string> Arguments(string node) =>
    [
        "--unshare-all", "--die-with-parent", "--new-session", "--clearenv",
        .. new[] { "/usr", "/lib", "/lib64", "/etc/ld.so.cache" }.Where(Path.Exists).SelectMany(p => new[] { "--ro-bind", p, p }),
        "--ro-bind", node, "/node", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "/node", "-e", Program,
    ];
}
