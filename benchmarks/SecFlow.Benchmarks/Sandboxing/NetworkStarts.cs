using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Benchmarks.Engine;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Sandboxing.Network;

namespace SecFlow.Benchmarks.Sandboxing;

/// <summary>What a confined network adds: namespace, rules loaded and read back, interface, refused attempt, until the payload is started.</summary>
internal static class NetworkStarts
{
    public static Task<Sampled> RoutedAsync(Bench bench, CancellationToken ct) => MeasureAsync(bench, "203.0.113.0/24", ct);

    public static Task<Sampled> LoopbackAsync(Bench bench, CancellationToken ct) => MeasureAsync(bench, "127.0.0.1/32", ct);

    private static async Task<Sampled> MeasureAsync(Bench bench, string network, CancellationToken ct)
    {
        var sandbox = (await BenchEngine.OfAsync(bench, ct)).Services.GetRequiredService<Sandbox>();
        var plan = new NetworkPlan([new NetworkRule(IPNetwork.Parse(network), 8080, 8090)], new Dictionary<string, IReadOnlyList<IPAddress>>(StringComparer.Ordinal));
        var spec = new SandboxSpec
        {
            Program = "/usr/bin/true",
            Arguments = [],
            ReadOnly = new Dictionary<string, string>(StringComparer.Ordinal) { ["/usr"] = "/usr" },
            Links = new Dictionary<string, string>(StringComparer.Ordinal) { ["/lib"] = "usr/lib", ["/lib64"] = "usr/lib64" },
            Network = plan,
        };
        var samples = await Statistics.RepeatAsync(bench.Count(15, 2), async () =>
        {
            var began = Stopwatch.GetTimestamp();
            await using var process = await SandboxedProcess.StartAsync(sandbox, spec, ct);
            var elapsed = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            return await process.Exit is { End: SandboxEnd.Exited, ExitCode: 0 } ? elapsed : throw new InvalidOperationException("the payload did not run");
        });
        return new Sampled(samples) { Reference = await HostStarts.EmptyAsync(bench, ct) };
    }
}
