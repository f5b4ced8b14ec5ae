using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Plans;
using SecFlow.Execution.Runs;
using SecFlow.Portal.Demo;
using SecFlow.Portal.Live;

namespace SecFlow.Portal.Components.FirstRun;

/// <summary>The first five minutes as a list: what is done shows what came of it, the next step is open, the others wait.</summary>
public sealed partial class FirstStepsCard
{
    private readonly HashSet<FirstStepPlace> _opened = [];
    private readonly OwnScan _own = new();
    private FirstStepsView? _view;
    private TeamFeed? _feed;
    private RunPlan? _plan;
    private AuditVerification? _broken;
    private FirstStepPlace? _problemAt;
    private bool _working;
    private bool _asking;
    private bool _removedNow;

    /// <summary>True on their own page: shown also when they were put away.</summary>
    [Parameter]
    public bool Always { get; set; }

    /// <summary>Something was done that the page around may show as well.</summary>
    [Parameter]
    public EventCallback OnDone { get; set; }

    [Inject]
    public FirstSteps Steps { get; set; } = null!;

    [Inject]
    public RunSignals Signals { get; set; } = null!;

    protected override async Task LoadAsync(Actor actor) => _view = await Steps.FindAsync(actor, Left);

    protected override void OnAfterRender(bool firstRender)
    {
        if (_feed is null && Viewer is not null && _view is { Finished: false })
        {
            _feed = new TeamFeed(Signals, Viewer.TeamId, Time, () => InvokeAsync(LookAsync));
        }
    }

    protected override void Dispose(bool disposing)
    {
        _feed?.Dispose();
        base.Dispose(disposing);
    }

    private static string Title(FirstStepPlace place) => place switch
    {
        FirstStepPlace.Scan => "Scan the demo shop",
        FirstStepPlace.Break => "Try to break it",
        FirstStepPlace.Own => "Scan something of yours",
        FirstStepPlace.Schedule => "Every Monday 06:00?",
        FirstStepPlace.Verify => "Verify the log",
        _ => "Remove the demo",
    };

    private static string Text(FirstStepPlace place) => place switch
    {
        FirstStepPlace.Scan => "A deliberately weak web shop runs on this machine. One signed plugin looks at it, confined, and what it finds appears here.",
        FirstStepPlace.Break => "Three real attempts through the same engine. Each one ends with a code and a row of the audit log.",
        FirstStepPlace.Own => "Only what you are allowed to have scanned. Look at the plan first: nothing is sent before you press Run.",
        FirstStepPlace.Schedule => "A schedule scans by itself and tells what is new, what is fixed and what was not assessed.",
        FirstStepPlace.Verify => "Everything that you did so far is in the audit log, chained by hashes. Prove that nothing was changed.",
        _ => "When you have seen enough. What goes is named before it goes.",
    };

    private Guid? Run(FirstStepKind kind) => _view!.Runs.TryGetValue(kind, out var detail) ? detail.Run.Id : null;

    private async Task ActAsync(FirstStepPlace place, Func<Actor, CancellationToken, Task> act)
    {
        (_working, _problemAt) = (true, place);
        await GuardAsync(async actor =>
        {
            await act(actor, Left);
            _view = await Steps.FindAsync(actor, Left);
        });
        _working = false;
        await OnDone.InvokeAsync();
    }

    private Task PlanAsync() => ActAsync(FirstStepPlace.Own, async (actor, ct) =>
    {
        _plan = null;
        _plan = await Steps.PlanAsync(actor, _own, ct);
    });

    private Task RunOwnAsync() => ActAsync(FirstStepPlace.Own, (actor, ct) => Steps.ScanOwnAsync(actor, _own, ct));

    private Task VerifyAsync() => ActAsync(FirstStepPlace.Verify, async (actor, ct) =>
    {
        var result = await Steps.VerifyAsync(actor, ct);
        _broken = result.Intact ? null : result;
    });

    private async Task RemoveAsync()
    {
        _asking = false;
        await ActAsync(FirstStepPlace.Remove, (actor, ct) => Steps.RemoveDemoAsync(actor, ct));
        _removedNow = _view?.Removed == true;
    }

    private Task DismissAsync(bool dismissed) => ActAsync(FirstStepPlace.Remove, (actor, ct) => Steps.DismissAsync(actor, dismissed, ct));

    private async Task LookAsync()
    {
        if (_working)
        {
            // The act reads again at its end.
            return;
        }

        await ReadAsync();
        StateHasChanged();
    }
}
