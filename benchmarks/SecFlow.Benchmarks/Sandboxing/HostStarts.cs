using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Benchmarks.Engine;
using SecFlow.Benchmarks.Machine;
using SecFlow.Execution;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Sandboxing;
using SecFlow.PluginProtocol;

namespace SecFlow.Benchmarks.Sandboxing;

/// <summary>From nothing, and from a host that waits, to the end of a script that does nothing.</summary>
internal static class HostStarts
{
    private static readonly string[] _empty = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "/usr/bin/true"];

    /// <summary>The engine has just started: its pool and its own compiler are busy for a moment.</summary>
    private static readonly TimeSpan _rest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(300);

    public static async Task<Sampled> ColdAsync(Bench bench, CancellationToken ct)
    {
        var engine = await BenchEngine.OfAsync(bench, ct);
        await engine.Services.GetRequiredService<HostPool>().PeekAsync();
        await Task.Delay(_rest, ct);
        var samples = await Statistics.RepeatAsync(bench.Count(15, 2), async () =>
        {
            // The kernel takes the namespaces of the one before down after its end.
            await Task.Delay(_pause, ct);
            var began = Stopwatch.GetTimestamp();
            await using var host = await StartAsync(engine, ct);
            await FirstAnswerAsync(host, ct);
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        });
        var bare = await Statistics.RepeatAsync(bench.Count(15, 2), async () =>
        {
            var began = Stopwatch.GetTimestamp();
            await ForeignProcess.RunAsync("/usr/bin/true", [], ct);
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        });
        return new Sampled(samples) { Reference = await EmptyAsync(bench, ct), Note = $"a bare exec of /usr/bin/true took {Statistics.Median(bare):0.##} ms" };
    }

    public static async Task<Sampled> PooledAsync(Bench bench, CancellationToken ct)
    {
        var pool = (await BenchEngine.OfAsync(bench, ct)).Services.GetRequiredService<HostPool>();
        var samples = await Statistics.RepeatAsync(bench.Count(15, 2), async () =>
        {
            // It goes on compiling what every plugin needs after it has said that it is ready.
            await pool.PeekAsync();
            await Task.Delay(_pause, ct);
            var began = Stopwatch.GetTimestamp();
            await using var host = await pool.TakeAsync(SessionLimits.For(null), ct);
            await FirstAnswerAsync(host.Process, ct);
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        });
        return new Sampled(samples) { Reference = await bench.ReferenceAsync("host-cold", ct) };
    }

    private static async Task<SandboxedProcess> StartAsync(BenchEngine engine, CancellationToken ct)
    {
        var sandbox = engine.Services.GetRequiredService<Sandbox>();
        var host = await SandboxedProcess.StartAsync(sandbox, PluginHostProgram.Spec(sandbox, engine.Services.GetRequiredService<EngineOptions>().PluginHostPath), ct);
        return await Frames.ReadHostMessageAsync(host.StandardOutput, ct) is ReadyMessage ? host : throw new InvalidOperationException("the plugin host did not say that it is ready");
    }

    private static async Task FirstAnswerAsync(SandboxedProcess host, CancellationToken ct)
    {
        var limits = SessionLimits.For(null);
        var start = new StartMessage("1 + 1", "bench.js", PluginEntry.Script, new JsonObject(), new JsonObject(), new JsonArray(), new Dictionary<string, int>(StringComparer.Ordinal), null, limits.Host, SessionLimits.Credit);
        await Frames.WriteAsync(host.StandardInput, start, ct);
        while (true)
        {
            switch (await Frames.ReadHostMessageAsync(host.StandardOutput, ct))
            {
                case DoneMessage { Outcome: HostOutcome.Completed }:
                    return;
                case AliveMessage:
                    break;
                case var other:
                    throw new InvalidOperationException($"the plugin host answered {other}");
            }
        }
    }

    /// <summary>Bare bubblewrap around a program that does nothing, in the same run.</summary>
    public static async Task<Reference?> EmptyAsync(Bench bench, CancellationToken ct)
    {
        if (!ForeignProcess.Exists("bwrap"))
        {
            return null;
        }

        var samples = await Statistics.RepeatAsync(bench.Count(15, 2), async () =>
        {
            var began = Stopwatch.GetTimestamp();
            await ForeignProcess.RunAsync("bwrap", _empty, ct);
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        });
        return new Reference("fresh bubblewrap + /usr/bin/true", Statistics.Median(samples));
    }
}
