using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Runs;

namespace SecFlow.Portal.Components.Runs;

/// <summary>What may be done with the run of a page: the same services as behind the API and the command line. What ends or repeats work is asked about first.</summary>
public sealed partial class RunActions
{
    private bool _busy;

    [Parameter, EditorRequired]
    public Run Run { get; set; } = null!;

    [Parameter, EditorRequired]
    public IReadOnlyList<NodeRun> Nodes { get; set; } = [];

    /// <summary>Does something as the current actor and shows on the page what is refused.</summary>
    [Parameter, EditorRequired]
    public Func<Func<Actor, Task>, Task<bool>> Guard { get; set; } = null!;

    [Inject]
    public RunControl Control { get; set; } = null!;

    [Inject]
    public RunService Runs { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    [Inject]
    public NavigationManager Navigation { get; set; } = null!;

    /// <summary>Node at which a retry would begin; null when everything came to its whole result.</summary>
    private string? Unfinished => Nodes.OrderBy(n => n.Ordinal).FirstOrDefault(RunRepeat.IsUnfinished)?.NodeId;

    private Task PauseAsync() => AskAsync(
        "Pause this run?",
        "Running tools are frozen where they are and their time stands still; nothing new begins. A node that stays frozen for more than ten minutes gives its worker back and begins anew when you resume.",
        "Pause the run",
        actor => Control.PauseAsync(actor, Run.Id, "", CancellationToken.None));

    private Task ResumeAsync() => ActAsync(actor => Control.ResumeAsync(actor, Run.Id, CancellationToken.None));

    private Task CancelAsync() => AskAsync(
        "Cancel this run?",
        "Its process tree is ended within seconds. Findings of nodes that are done stay; the node that runs now is lost.",
        "Cancel the run",
        actor => Runs.CancelAsync(actor, Run.Id, CancellationToken.None),
        "Let it run");

    private Task RetryAsync(string? node) => AskAsync(
        "Retry this run?",
        $"A new run begins at {node ?? Unfinished} with the same versions, parameters and targets. What was done before that node is taken over and shown as such.",
        "Retry",
        async actor => Open(await Control.RetryAsync(actor, Run.Id, node, CancellationToken.None)));

    private Task RerunAsync() => AskAsync(
        "Run it again?",
        "A new run does all of it with the same recipe version, plugin versions, parameters and targets.",
        "Re-run",
        async actor => Open(await Control.RerunAsync(actor, Run.Id, CancellationToken.None)));

    private void Open(Run run) => Navigation.NavigateTo($"runs/{run.Id}");

    private async Task AskAsync(string title, string text, string yes, Func<Actor, Task> act, string no = "Leave it")
    {
        if (await Dialogs.Confirm(text, title, new ConfirmOptions { OkButtonText = yes, CancelButtonText = no }) == true)
        {
            await ActAsync(act);
        }
    }

    private async Task ActAsync(Func<Actor, Task> act)
    {
        _busy = true;
        await Guard(act);
        _busy = false;
    }
}
