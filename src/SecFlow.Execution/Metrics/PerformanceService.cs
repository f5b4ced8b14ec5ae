using SecFlow.Data.Audit;
using SecFlow.Data.Metrics;
using SecFlow.Data.Runs;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Metrics;

/// <summary>How far back one looks.</summary>
public enum PerformanceSpan
{
    Hour,
    Day,
    Week,
}

/// <summary>Half of them took at most <see cref="P50"/> seconds, 95 of 100 at most <see cref="P95"/>; null when there is none.</summary>
public sealed record Quantiles(int Count, double? P50, double? P95)
{
    /// <summary>Nearest rank: a value that was measured.</summary>
    public static Quantiles Of(IReadOnlyList<double> seconds)
    {
        var sorted = seconds.Order().ToArray();
        double? At(double share) => sorted.Length == 0 ? null : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
        return new Quantiles(sorted.Length, At(0.5), At(0.95));
    }
}

/// <summary>A node of a workflow among the slowest.</summary>
/// <param name="Workflow">Name.</param>
/// <param name="NodeId">The recipe's.</param>
/// <param name="PluginId">Its plugin.</param>
/// <param name="Took">Of those that came to a result.</param>
/// <param name="LastSeconds">The newest one.</param>
/// <param name="LastRun">Its run.</param>
/// <param name="TotalSeconds">All of them together.</param>
public sealed record SlowNode(string Workflow, string NodeId, string PluginId, Quantiles Took, double LastSeconds, Guid LastRun, double TotalSeconds);

/// <summary>One bucket of the charts; seconds, null where nothing was measured.</summary>
public sealed record PerformancePoint(DateTimeOffset At, long Runs, double? RunP50, double? RunP95, double? NodeP50, double? NodeP95, double? QueueP95, double ToolSeconds, double OverheadSeconds, double FindingsPerMinute);

/// <summary>A run that took longer than comparable ones.</summary>
public sealed record SlowRun(Guid RunId, string Workflow, double Seconds, double MedianSeconds, int Samples, DateTimeOffset EndedAt);

/// <summary>What the page Performance shows.</summary>
public sealed record PerformanceView
{
    public required DateTimeOffset Since { get; init; }

    /// <summary>Width of a point of <see cref="Points"/>.</summary>
    public required TimeSpan Step { get; init; }

    public required Quantiles Runs { get; init; }

    public required Quantiles Nodes { get; init; }

    public required Quantiles QueueWait { get; init; }

    /// <summary>Runs that wait, and runs that are executed, now.</summary>
    public required int Waiting { get; init; }

    public required int Running { get; init; }

    /// <summary>Seconds inside plugins and tools, and around them; from the rollups.</summary>
    public required double ToolSeconds { get; init; }

    public required double OverheadSeconds { get; init; }

    /// <summary>New, seen and reopened findings a minute, over the whole span.</summary>
    public required double FindingsPerMinute { get; init; }

    public required IReadOnlyList<PerformancePoint> Points { get; init; }

    public required IReadOnlyList<SlowNode> SlowestNodes { get; init; }

    public required IReadOnlyList<SlowRun> SlowRuns { get; init; }

    /// <summary>True when there was more than is looked at: the newest count.</summary>
    public required bool Cut { get; init; }
}

/// <summary>
/// What the team's runs cost in time. Headline figures come from the rows of runs and nodes (exact, live); the charts from the rollups (as exact as their buckets, a minute behind).
/// </summary>
public sealed class PerformanceService(PerformanceStore rows, MetricStore rollups, TimingStore timings, Access access, TimeProvider time)
{
    private const int MostRows = 5000;
    private const int MostSlow = 10;
    private const string RunDuration = "secflow.run.duration";
    private const string NodeDuration = "secflow.node.duration";
    private const string NodeOverhead = "secflow.node.overhead";
    private const string QueueWait = "secflow.queue.wait";
    private const string Findings = "secflow.findings";

    /// <summary>Throws SF3001, SF3010.</summary>
    public async Task<PerformanceView> ReadAsync(Actor actor, PerformanceSpan span, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadRuns, null, "performance", ct);
        var (length, resolution, step) = span switch
        {
            PerformanceSpan.Hour => (TimeSpan.FromHours(1), MetricStore.Minute, TimeSpan.FromMinutes(1)),
            PerformanceSpan.Day => (TimeSpan.FromDays(1), MetricStore.Minute, TimeSpan.FromMinutes(30)),
            _ => (TimeSpan.FromDays(7), MetricStore.Hour, TimeSpan.FromHours(6)),
        };
        var now = time.GetUtcNow();
        var since = Floor(now - length, step) + step;
        var runs = await rows.RunsAsync(actor.TeamId, since, MostRows, ct);
        var nodes = await rows.NodesAsync(actor.TeamId, since, MostRows, ct);
        var measured = await rollups.ReadAsync(actor.TeamId, [RunDuration, NodeDuration, NodeOverhead, QueueWait, Findings], resolution, since, ct);
        var points = Points(measured, since, now, step);
        var (waiting, running) = await rows.NowAsync(actor.TeamId, ct);
        var names = runs.ToDictionary(r => r.Id, r => r.WorkflowName);
        return new PerformanceView
        {
            Since = since,
            Step = step,
            Runs = Quantiles.Of([.. runs.Where(r => r.Status is RunStatus.Succeeded or RunStatus.Partial).Select(r => Seconds(r.StartedAt!.Value, r.EndedAt!.Value))]),
            Nodes = Quantiles.Of([.. nodes.Where(Came).Select(n => Seconds(n.StartedAt, n.EndedAt))]),
            QueueWait = Quantiles.Of([.. runs.Select(r => Seconds(r.QueuedAt, r.StartedAt!.Value))]),
            Waiting = waiting,
            Running = running,
            ToolSeconds = points.Sum(p => p.ToolSeconds),
            OverheadSeconds = points.Sum(p => p.OverheadSeconds),
            FindingsPerMinute = points.Count == 0 ? 0 : points.Average(p => p.FindingsPerMinute),
            Points = points,
            SlowestNodes = Slowest(nodes),
            SlowRuns = [.. (await timings.SinceAsync(actor.TeamId, since, nodes: false, MostRows, ct)).Where(t => t is { Slow: true, MedianSeconds: not null }).Take(MostSlow)
                .Select(t => new SlowRun(t.RunId, names.GetValueOrDefault(t.RunId, "-"), t.Seconds, t.MedianSeconds!.Value, t.Samples, t.EndedAt))],
            Cut = runs.Count == MostRows || nodes.Count == MostRows,
        };
    }

    private static bool Came(NodeTimes node) => node.Status is NodeStatus.Succeeded or NodeStatus.Partial;

    private static IReadOnlyList<SlowNode> Slowest(IReadOnlyList<NodeTimes> nodes) =>
        [.. nodes.Where(Came).GroupBy(n => (n.WorkflowName, n.NodeId, n.PluginId))
            .Select(g => new SlowNode(
                g.Key.WorkflowName, g.Key.NodeId, g.Key.PluginId, Quantiles.Of([.. g.Select(n => Seconds(n.StartedAt, n.EndedAt))]),
                Seconds(g.First().StartedAt, g.First().EndedAt), g.First().RunId, g.Sum(n => Seconds(n.StartedAt, n.EndedAt))))
            .OrderByDescending(n => n.Took.P50).ThenBy(n => n.Workflow, StringComparer.Ordinal).Take(MostSlow)];

    private static List<PerformancePoint> Points(IReadOnlyList<MetricRollup> measured, DateTimeOffset since, DateTimeOffset now, TimeSpan step)
    {
        var byTime = measured.ToLookup(r => Floor(r.At, step));
        var points = new List<PerformancePoint>();
        for (var at = since; at <= now; at += step)
        {
            var here = byTime[at].ToLookup(r => r.Instrument);
            var overhead = here[NodeOverhead].Sum(r => r.Sum);
            points.Add(new PerformancePoint(
                at,
                here[RunDuration].Sum(r => r.Count),
                Quantile(here[RunDuration], 0.5), Quantile(here[RunDuration], 0.95),
                Quantile(here[NodeDuration], 0.5), Quantile(here[NodeDuration], 0.95),
                Quantile(here[QueueWait], 0.95),
                Math.Max(0, here[NodeDuration].Sum(r => r.Sum) - overhead),
                overhead,
                here[Findings].Where(r => !r.Labels.EndsWith("outcome=fixed", StringComparison.Ordinal)).Sum(r => r.Sum) / step.TotalMinutes));
        }

        return points;
    }

    private static double? Quantile(IEnumerable<MetricRollup> rows, double share)
    {
        var (buckets, max) = (new long[Histogram.Count], 0.0);
        foreach (var row in rows)
        {
            max = Math.Max(max, row.Max);
            foreach (var (bucket, count) in Histogram.Read(row.Buckets).Index())
            {
                buckets[bucket] += count;
            }
        }

        return Histogram.Quantile(buckets, share, max);
    }

    private static double Seconds(DateTimeOffset from, DateTimeOffset to) => Math.Max(0, (to - from).TotalSeconds);

    private static DateTimeOffset Floor(DateTimeOffset at, TimeSpan step) => new(at.UtcTicks - (at.UtcTicks % step.Ticks), TimeSpan.Zero);
}
