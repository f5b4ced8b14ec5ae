using System.Globalization;
using Microsoft.Extensions.Logging;
using SecFlow.Data.Alerts;
using SecFlow.Data.Metrics;
using SecFlow.Data.Runs;
using SecFlow.Execution.Alerts;
using SecFlow.Execution.Runs;

namespace SecFlow.Execution.Metrics;

/// <summary>
/// Compares what a run and its nodes took with their last comparable ones, stores it, and raises the alerts of what was slow or suddenly silent.
/// 1. Compared are runs and nodes that came to a result (Succeeded, Partial) undisturbed: not paused, not continued after a restart, nothing taken from a cache.
/// 2. Comparable: the same workflow, as many targets, and for a node the same node id and plugin.
/// 3. It happens after the end of the run is durable; what a crash kept from being compared is compared later (<see cref="CatchUpAsync"/>).
/// </summary>
public sealed partial class RunTimings(TimingStore timings, RunStore runs, AlertService alerts, ILogger<RunTimings> logger)
{
    /// <summary>Before there is a baseline a node is slow from here on (warning, error), seconds.</summary>
    private static readonly (double Warning, double Error) _node = (10, 60);
    private static readonly (double Warning, double Error) _run = (30, 120);

    /// <summary>What is less than this above its median rings no bell, whatever its factor: it is marked on the run only.</summary>
    private const double LeastSeconds = 1;

    private const int SilentAfter = 30;

    /// <summary>Never throws: a run does not fail because it could not be compared.</summary>
    public async Task RecordAsync(Guid runId, CancellationToken ct)
    {
        try
        {
            await CompareAsync(runId, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            NotCompared(logger, runId, e);
        }
    }

    /// <summary>Compares runs that ended since then and were not compared, at most 100.</summary>
    public async Task CatchUpAsync(DateTimeOffset since, CancellationToken ct)
    {
        foreach (var run in await timings.UncomparedAsync(since, 100, ct))
        {
            await RecordAsync(run, ct);
        }
    }

    private async Task CompareAsync(Guid runId, CancellationToken ct)
    {
        if (await runs.FindAsync(runId, ct) is not { StartedAt: not null, EndedAt: not null } run || !Counts(run))
        {
            return;
        }

        var nodes = await runs.NodesAsync(runId, ct);
        var targets = RunContext.ReadTargets(run.Targets).Count;
        var measured = new List<Timing>();
        if (nodes.All(n => n.Status != NodeStatus.Cached))
        {
            measured.Add(Of(run, "", "", targets, run.EndedAt.Value - run.StartedAt.Value, run.EndedAt.Value));
        }

        measured.AddRange(nodes.Where(n => n.Status is NodeStatus.Succeeded or NodeStatus.Partial && n.StartedAt is not null && n.EndedAt is not null)
            .Select(n => Of(run, n.NodeId, n.PluginId, targets, n.EndedAt!.Value - n.StartedAt!.Value, n.EndedAt.Value)));
        var before = await timings.ComparableAsync(run.TeamId, run.WorkflowId, targets, measured.ToDictionary(t => t.NodeId, t => t.PluginId, StringComparer.Ordinal), ct);
        foreach (var timing in measured)
        {
            timing.Samples = before[timing.NodeId].Count;
            if (Pace.Of(before[timing.NodeId]) is { } pace)
            {
                (timing.MedianSeconds, timing.DeviationSeconds, timing.Samples, timing.Slow) = (pace.MedianSeconds, pace.DeviationSeconds, pace.Samples, pace.IsSlow(timing.Seconds));
            }
        }

        await timings.AddAsync(measured, ct);
        foreach (var timing in measured)
        {
            await AlertAsync(run, timing, ct);
        }

        foreach (var node in nodes.Where(n => n.Findings == 0 && n.Status is NodeStatus.Succeeded or NodeStatus.Partial))
        {
            await AskSilenceAsync(run, node, ct);
        }
    }

    private static bool Counts(Run run) => run.Status is RunStatus.Succeeded or RunStatus.Partial && run.LeaseEpoch == 1 && run.PausedSeconds == 0;

    private static Timing Of(Run run, string node, string plugin, int targets, TimeSpan took, DateTimeOffset ended) => new()
    {
        Id = Guid.CreateVersion7(ended),
        TeamId = run.TeamId,
        RunId = run.Id,
        WorkflowId = run.WorkflowId,
        NodeId = node,
        PluginId = plugin,
        Targets = targets,
        Seconds = Math.Max(0, took.TotalSeconds),
        EndedAt = ended,
    };

    private async Task AlertAsync(Run run, Timing timing, CancellationToken ct)
    {
        var (kind, subject, what, usual) = timing.NodeId.Length == 0
            ? (AlertKind.SlowRun, run.WorkflowName, $"The workflow {run.WorkflowName}", _run)
            : (AlertKind.SlowNode, $"{run.WorkflowName}/{timing.NodeId}", $"The node {timing.NodeId} of {run.WorkflowName} ({timing.PluginId})", _node);
        if (timing.MedianSeconds is { } median)
        {
            if (timing.Slow && timing.Seconds - median > LeastSeconds)
            {
                await alerts.RaiseAsync(
                    kind, run.TeamId, subject,
                    $"{what} took {Words(timing.Seconds)}, {(timing.Seconds / median).ToString("0.0", CultureInfo.InvariantCulture)}x its median of {Words(median)} over {timing.Samples} comparable runs. Look at its targets and its log for what changed.",
                    ct, AlertSeverity.Warning, $"runs/{run.Id}");
            }
        }
        else if (timing.Seconds > usual.Warning)
        {
            await alerts.RaiseAsync(
                kind, run.TeamId, subject,
                $"{what} took {Words(timing.Seconds)}; more than {Words(timing.Seconds > usual.Error ? usual.Error : usual.Warning)} is told until {Pace.Least} comparable runs say what is usual. {timing.Samples} are known.",
                ct, timing.Seconds > usual.Error ? AlertSeverity.Error : AlertSeverity.Warning, $"runs/{run.Id}");
        }
    }

    // A scanner that always found something and now finds nothing may be broken rather than lucky.
    private async Task AskSilenceAsync(Run run, NodeRun node, CancellationToken ct)
    {
        var before = await timings.FindingsBeforeAsync(run, node, SilentAfter - 1, ct);
        if (before.Count == SilentAfter - 1 && before.All(found => found > 0))
        {
            await alerts.RaiseAsync(
                AlertKind.PluginSilent, run.TeamId, $"{run.WorkflowName}/{node.NodeId}",
                $"The node {node.NodeId} of {run.WorkflowName} ({node.PluginId}) found nothing for the first time in {SilentAfter} runs. Expected findings as in each of the {SilentAfter - 1} before. See whether its targets still answer as before, and whether the plugin or its tool changed.",
                ct, AlertSeverity.Warning, $"runs/{run.Id}");
        }
    }

    private static string Words(double seconds) => seconds < 120 ? seconds.ToString("0.0", CultureInfo.InvariantCulture) + " s" : (seconds / 60).ToString("0.0", CultureInfo.InvariantCulture) + " min";

    [LoggerMessage(Level = LogLevel.Warning, Message = "The run {RunId} could not be compared with earlier ones; it is tried again")]
    private static partial void NotCompared(ILogger logger, Guid runId, Exception error);
}
