using System.Globalization;
using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Runs;
using SecFlow.Portal.Live;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What waits, why, and what is next?</summary>
public sealed partial class QueuePage
{
    private QueueView? _view;
    private bool _busy;
    private bool _allTeams;
    private string _plugin = "";
    private int _most = 1;

    [Inject]
    public QueueService Queue { get; set; } = null!;

    [Inject]
    public RunService Runs { get; set; } = null!;

    [Inject]
    public RunSignals Signals { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    protected override IDisposable Subscribe(Actor viewer) => new TeamFeed(Signals, viewer.TeamId, Time, RefreshAsync);

    protected override async Task LoadAsync(Actor actor) => _view = await Queue.ViewAsync(actor, Left);

    private static string State(QueueView view) =>
        $"{view.AtWork} at work on {view.Slots} worker {(view.Slots == 1 ? "slot" : "slots")}; {view.Places.Count} of the team {(view.Places.Count == 1 ? "waits" : "wait")}{(view.OfOthers > 0 ? $", {view.OfOthers} of other teams" : "")}.";

    private static string PriorityWords(int priority) => priority switch
    {
        9 => "9, first",
        5 => "5, as usual",
        0 => "0, last",
        _ => priority.ToString(CultureInfo.InvariantCulture),
    };

    private static string LimitWords(QueueLimit limit) =>
        $"At most {limit.MostRuns} {(limit.MostRuns == 1 ? "run" : "runs")} {(limit.TeamId == Guid.Empty ? "of all teams together" : "of this team")}{(limit.PluginId.Length > 0 ? $" with {limit.PluginId}" : "")}.";

    private Task PrioritiseAsync(Guid run, string? priority) => ActAsync(actor => Queue.SetPriorityAsync(actor, run, int.Parse(priority ?? "5", CultureInfo.InvariantCulture), Left));

    private async Task CancelAsync(QueuePlace place)
    {
        if (await Dialogs.Confirm($"{place.Run.WorkflowName} has not begun; it will not run.", "Cancel this run?", new ConfirmOptions { OkButtonText = "Cancel the run", CancelButtonText = "Keep it" }) == true)
        {
            await ActAsync(actor => Runs.CancelAsync(actor, place.Run.Id, Left));
        }
    }

    private Task SetLimitAsync() => ActAsync(async actor =>
    {
        await Queue.SetLimitAsync(actor, _allTeams, _plugin, _most, Left);
        (_plugin, _most) = ("", 1);
    });

    private async Task RemoveAsync(QueueLimit limit)
    {
        if (await Dialogs.Confirm(LimitWords(limit) + " Runs that it kept back may begin at once.", "Remove this limit?", new ConfirmOptions { OkButtonText = "Remove", CancelButtonText = "Keep" }) == true)
        {
            await ActAsync(actor => Queue.SetLimitAsync(actor, limit.TeamId == Guid.Empty, limit.PluginId, null, Left));
        }
    }

    private async Task ActAsync(Func<Actor, Task> act)
    {
        _busy = true;
        await GuardAsync(act);

        // Also after a refusal: what is shown may be what is wrong.
        await ReadAsync();
        _busy = false;
    }
}
