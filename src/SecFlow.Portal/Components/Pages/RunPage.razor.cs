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
        if (Feed is not null)
        {
            await Feed.DisposeAsync();
        }

        var feed = new RunFeed(Runs, Actors.RequireAsync, Time, Id);
        Feed = feed;

        // The prerendered page reads once; only the page with a circuit keeps reading.
        await feed.StartAsync(Signals, RendererInfo.IsInteractive, () => InvokeAsync(ChangedAsync), FailedAsync);
        await ReadFindingsAsync(actor);
        _repeatable = (await Workflows.ListAsync(actor, Left)).Any(w => w.Id == Detail!.Run.WorkflowId);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing && Feed is { } feed)
        {
            _ = feed.DisposeAsync().AsTask();
        }
    }

    private async Task ChangedAsync()
    {
        await GuardAsync(ReadFindingsAsync);
        StateHasChanged();
    }

    private Task FailedAsync(Exception failure) => InvokeAsync(async () =>
    {
        await GuardAsync(_ => Task.FromException(failure));
        StateHasChanged();
    });

    /// <summary>Merged findings change only when a node ends: they are read again when the sum of the nodes says so.</summary>
    private async Task ReadFindingsAsync(Actor actor)
    {
        var ended = Detail!.Nodes.Count(n => n.Status.IsFinal());
        if (ended == _findingsRead)
        {
            return;
        }

        _findingsRead = ended;
        var page = await Findings.ListAsync(actor, new FindingQuery { RunId = Id, Take = FindingsShown }, Left);
        (_findings, _findingTotal) = (page.Rows, page.Total);
        _hidden = Detail.Hidden > 0 ? await Findings.ListAsync(actor, new FindingQuery { RunId = Id, Hidden = true, Take = FindingsShown }, Left) : null;
    }

    private void Show(string tab) => Navigation.NavigateTo($"runs/{Id}?tab={tab}", replace: true);

    private async Task<bool> ActAsync(Func<Actor, Task> act)
    {
        var done = await GuardAsync(act);
        StateHasChanged();
        return done;
    }
}
