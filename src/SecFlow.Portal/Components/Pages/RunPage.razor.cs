using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Workflows;
using SecFlow.Portal.Live;

namespace SecFlow.Portal.Components.Pages;

/// <summary>Is it all right, and what did it find? Live while the run goes on.</summary>
public sealed partial class RunPage
{
    private const int FindingsShown = 100;

    private IReadOnlyList<Finding>? _findings;
    private int _findingTotal;
    private FindingPage? _hidden;
    private int _findingsRead = -1;
    private bool _repeatable;

    [Parameter]
    public Guid Id { get; set; }

    [SupplyParameterFromQuery(Name = "tab")]
    public string? TabText { get; set; }

    [Inject]
    public RunService Runs { get; set; } = null!;

    [Inject]
    public WorkflowService Workflows { get; set; } = null!;

    [Inject]
    public RunSignals Signals { get; set; } = null!;

    [Inject]
    public FindingService Findings { get; set; } = null!;

    protected override object? Key => Id;

    private RunFeed? Feed { get; set; }

    private RunDetail? Detail => Feed?.Detail;

    private string Tab => TabText is "log" or "gaps" or "hidden" or "raw" or "provenance" ? TabText : "findings";

    private IReadOnlyList<Assessment> Gaps => [.. Detail!.Assessments.Where(a => a.Verdict != Verdict.Completed)];

    private IEnumerable<(string Key, string Title, long? Count)> Tabs =>
    [
        ("findings", "Findings", Math.Max(_findingTotal, Detail!.Run.Status.IsFinal() ? 0 : Feed!.LiveFindings.Count)),
        ("log", "Log", Feed!.LogTotal),
        ("gaps", "Not assessed", Gaps.Count),
        .. Detail.Hidden > 0 ? [("hidden", "Hidden", (long?)Detail.Hidden)] : Array.Empty<(string, string, long?)>(),
        ("raw", "Raw output", null),
        ("provenance", "Provenance", null),
    ];

    protected override async Task LoadAsync(Actor actor)
    {
        // The page stays when only the run changes, so nothing of the one before may: neither its reading nor what was read beside it.
        var before = Feed;
        Feed = null;
        if (before is not null)
        {
            await before.DisposeAsync();
        }

        if (Feed is not null)
        {
            // Meanwhile another run was chosen.
            return;
        }

        (_findings, _findingTotal, _hidden, _findingsRead, _repeatable) = (null, 0, null, -1, false);
        var feed = new RunFeed(Runs, Actors.RequireAsync, Time, Id);
        Feed = feed;

        // The prerendered page reads once; only the page with a circuit keeps reading.
        try
        {
            await feed.StartAsync(Signals, RendererInfo.IsInteractive, () => InvokeAsync(() => ChangedAsync(feed)), failure => InvokeAsync(() => FailedAsync(feed, failure)));
        }
        catch (OperationCanceledException) when (feed != Feed)
        {
            return;
        }

        await ReadFindingsAsync(actor);
        var workflows = await Workflows.ListAsync(actor, Left);
        _repeatable = workflows.Any(w => w.Id == feed.Detail!.Run.WorkflowId);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing && Feed is { } feed)
        {
            _ = feed.DisposeAsync().AsTask();
        }
    }

    private Task ChangedAsync(RunFeed feed) => feed == Feed ? ShowAsync(ReadFindingsAsync) : Task.CompletedTask;

    private Task FailedAsync(RunFeed feed, Exception failure) => feed == Feed ? ShowAsync(_ => Task.FromException(failure)) : Task.CompletedTask;

    private async Task ShowAsync(Func<Actor, Task> read)
    {
        await ReadAsync(read);
        StateHasChanged();
    }

    /// <summary>Merged findings change only when a node ends: they are read again when the sum of the nodes says so.</summary>
    private async Task ReadFindingsAsync(Actor actor)
    {
        if (Feed is not { Detail: { } detail } feed || detail.Nodes.Count(n => n.Status.IsFinal()) is var ended && ended == _findingsRead)
        {
            return;
        }

        _findingsRead = ended;
        var page = await Findings.ListAsync(actor, new FindingQuery { RunId = detail.Run.Id, Take = FindingsShown }, Left);
        var hidden = detail.Hidden > 0 ? await Findings.ListAsync(actor, new FindingQuery { RunId = detail.Run.Id, Hidden = true, Take = FindingsShown }, Left) : null;
        if (feed == Feed)
        {
            (_findings, _findingTotal, _hidden) = (page.Rows, page.Total, hidden);
        }
    }

    private async Task<bool> ActAsync(Func<Actor, Task> act)
    {
        var done = await GuardAsync(act);
        StateHasChanged();
        return done;
    }
}
