using System.Diagnostics;
using SecFlow.Benchmarks.Machine;

namespace SecFlow.Benchmarks.Starts;

/// <summary>./start on a built tree, and the first page of what it started. One series of warm starts gives the last three figures.</summary>
internal static class PortalStarts
{
    public static async Task<Sampled> ColdAsync(Bench bench, CancellationToken ct)
    {
        await BuiltAsync(bench, ct);
        var number = 0;
        var samples = await Statistics.RepeatAsync(
            bench.Count(3, 1),
            async () =>
            {
                await using var portal = await StartedPortal.StartAsync(bench, Path.Combine(bench.Folder, $"cold-{number++}"), ct);
                return portal.Took.TotalSeconds;
            },
            warmUp: false);
        return new Sampled(samples) { Note = "with the demo team" };
    }

    public static async Task<Sampled> WarmAsync(Bench bench, CancellationToken ct)
    {
        var starts = await bench.SharedAsync(() => WarmStarts.MeasureAsync(bench, ct));
        return new Sampled(starts.Ready) { Note = "with the demo team" };
    }

    public static async Task<Sampled> FirstPageAsync(Bench bench, CancellationToken ct)
    {
        var starts = await bench.SharedAsync(() => WarmStarts.MeasureAsync(bench, ct));
        return starts.Page.Count == 0 ? Sampled.Skipped("chromium is not installed") : new Sampled(starts.Page) { Note = "overview, signed in, empty browser cache" };
    }

    public static async Task<Sampled> HtmlAsync(Bench bench, CancellationToken ct)
    {
        var starts = await bench.SharedAsync(() => WarmStarts.MeasureAsync(bench, ct));
        return new Sampled(starts.Html);
    }

    private static async Task BuiltAsync(Bench bench, CancellationToken ct)
    {
        if (bench.Portal is not null)
        {
            return;
        }

        foreach (var (name, project) in new[] { ("portal", "src/SecFlow.Portal"), ("demo", "demo/SecFlow.DemoTarget") })
        {
            await ForeignProcess.RunAsync(Path.Combine(Bench.Repository, "tools", "publish.sh"), [name, project], ct);
        }
    }

    private sealed class WarmStarts : IAsyncDisposable
    {
        public List<double> Ready { get; } = [];

        public List<double> Page { get; } = [];

        public List<double> Html { get; } = [];

        public static async Task<WarmStarts> MeasureAsync(Bench bench, CancellationToken ct)
        {
            await BuiltAsync(bench, ct);
            var starts = new WarmStarts();
            var folder = Path.Combine(bench.Folder, "warm");
            using var visitor = new Visitor();
            await using (var first = await StartedPortal.StartAsync(bench, folder, ct))
            {
                await visitor.SignInAsync(first.Url, StartedPortal.Password, ct);
            }

            for (var i = 0; i < bench.Count(5, 1); i++)
            {
                // The browser starts before the server, so that only its navigation is measured.
                await using var chromium = ForeignProcess.Exists("chromium") ? await Chromium.StartAsync(Path.Combine(bench.Folder, $"browser-{i}"), ct) : null;
                await using var portal = await StartedPortal.StartAsync(bench, folder, ct);
                starts.Ready.Add(portal.Took.TotalSeconds);
                if (chromium is not null)
                {
                    starts.Page.Add((await chromium.LiveAsync(portal.Url, visitor.CookieOf(portal.Url), ct)).TotalSeconds);
                }

                await HtmlAsync(visitor, portal.Url, ct);
                for (var again = 0; again < 4; again++)
                {
                    starts.Html.Add(await HtmlAsync(visitor, portal.Url, ct));
                }
            }

            return starts;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static async Task<double> HtmlAsync(Visitor visitor, Uri portal, CancellationToken ct)
        {
            var began = Stopwatch.GetTimestamp();
            await visitor.OverviewAsync(portal, ct);
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
    }
}
