using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Teams;
using SecFlow.Portal.Live;

namespace SecFlow.Portal.Components.Pages;

/// <summary>How are we, and what runs now? Read again, at most ten times a second, when something about a run of the team was committed.</summary>
public sealed partial class Overview
{
    // Bounded by what the page says: "of the newest 50".
    private const int RunsLooked = 50;

    private IReadOnlyList<RunningRun>? _active;
    private IReadOnlyList<Run>? _latest;
    private IReadOnlyList<Finding>? _findings;
    private IReadOnlyList<Schedule>? _next;
    private int? _urgent;
    private int? _open;
    private int? _notAssessed;

    [Inject]
    public RunService Runs { get; set; } = null!;

    [Inject]
    public RunSignals Signals { get; set; } = null!;

    [Inject]
    public FindingService Findings { get; set; } = null!;

    [Inject]
    public ScheduleService Schedules { get; set; } = null!;

    private string Sentence => (_urgent, _active?.Count) switch
    {
        (null, _) => "How are we, and what runs now?",
        (0, 0) => "No open critical or high finding, and nothing runs.",
        (0, _) => "No open critical or high finding.",
        ({ } urgent, _) => $"{Marks.Words.Count(urgent, "critical or high finding")} {(urgent == 1 ? "is" : "are")} open.",
    };

    protected override IDisposable Subscribe(Actor viewer) => new TeamFeed(Signals, viewer.TeamId, Time, RefreshAsync);

    protected override async Task LoadAsync(Actor actor)
    {
        var runs = await Runs.ListAsync(actor, 0, RunsLooked, Left);
        var active = new List<RunningRun>();
        foreach (var run in runs.Where(r => !r.Status.IsFinal()))
        {
            active.Add(RunningRun.Of(run, (await Runs.GetAsync(actor, run.Id, Left)).Nodes));
        }

        _active = active;
        _latest = [.. runs.Where(r => r.Status.IsFinal()).Take(5)];
        _notAssessed = runs.Count(r => RunSentence.IsIncomplete(r.Status));
        var counts = await Findings.CountAsync(actor, Left);
        _urgent = counts.OpenBySeverity.GetValueOrDefault(Severity.Critical) + counts.OpenBySeverity.GetValueOrDefault(Severity.High);
        _open = counts.OpenBySeverity.Values.Sum();
        _findings = (await Findings.ListAsync(actor, new FindingQuery { Sort = "-lastSeen", Take = 8 }, Left)).Rows;
        _next = [.. (await Schedules.ComingAsync(actor, Left)).Take(4)];
    }

    private static string Rule(Schedule schedule) => ScheduleService.InWords(schedule);

    /// <summary>A run that is not final, with the mean progress of its nodes; null = unknown.</summary>
    private sealed record RunningRun(Run Run, int? Percent, string Text)
    {
        public static RunningRun Of(Run run, IReadOnlyList<NodeRun> nodes)
        {
            if (nodes.Count == 0 || run.Status == RunStatus.Queued)
            {
                return new RunningRun(run, null, run.Status == RunStatus.Queued ? "waiting for a worker" : "starting");
            }

            var percent = nodes.Sum(n => n.Status.IsFinal() ? 100 : n.Progress ?? 0) / nodes.Count;
            var now = nodes.FirstOrDefault(n => n.Status == NodeStatus.Running);
            var done = nodes.Count(n => n.Status.IsFinal());
            return new RunningRun(run, percent, now is null ? $"{done} of {nodes.Count} nodes done" : $"{now.NodeId}: {now.ProgressText ?? "running"} ({done} of {nodes.Count} nodes done)");
        }
    }
}
