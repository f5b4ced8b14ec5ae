using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SecFlow.Benchmarks.Engine;

namespace SecFlow.Benchmarks.Nodes;

/// <summary>A node that asks a slow server sixteen times for half a second each: the share of the run's wall time that the server took.</summary>
internal static class LongNodes
{
    public static async Task<Sampled> ShareAsync(Bench bench, CancellationToken ct)
    {
        var requests = bench.Count(16, 2);
        var delay = TimeSpan.FromMilliseconds(bench.Count(500, 50));
        var worked = TimeSpan.Zero;
        await using var server = await SlowServerAsync(delay, took => worked += took, ct);
        var url = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var engine = await BenchEngine.OfAsync(bench, ct);
        await engine.Plugins.InstallAsync("scan.bench-long", Scripts.Requests, "findings", ct);
        var target = await engine.AddTargetAsync(url + "/", ct);
        var synced = bench.SyncedWriteMs();
        var recipe = string.Create(CultureInfo.InvariantCulture, $"  - {{ id: long, type: scan.bench-long, config: {{ count: {requests}, url: \"{url}/\" }} }}");
        var samples = await Statistics.RepeatAsync(
            bench.Count(3, 1),
            async () =>
            {
                worked = TimeSpan.Zero;
                var run = (await engine.RunAsync(recipe, ct, target)).Run;
                return 100 * worked.TotalMilliseconds / (run.EndedAt!.Value - run.StartedAt!.Value).TotalMilliseconds;
            },
            warmUp: false);
        return new Sampled(samples) { Reference = new Reference("all of it", 100), SyncedWriteMs = synced, Note = $"{requests} requests of {delay.TotalMilliseconds:0} ms" };
    }

    private static async Task<WebApplication> SlowServerAsync(TimeSpan delay, Action<TimeSpan> took, CancellationToken ct)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(async context =>
        {
            var began = TimeProvider.System.GetTimestamp();
            await Task.Delay(delay, context.RequestAborted);
            took(TimeProvider.System.GetElapsedTime(began));
            await context.Response.WriteAsync("done", context.RequestAborted);
        });
        await app.StartAsync(ct);
        return app;
    }
}
