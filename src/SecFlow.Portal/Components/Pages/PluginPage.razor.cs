using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Plugins.Review;

namespace SecFlow.Portal.Components.Pages;

/// <summary>May it run, and why?</summary>
public sealed partial class PluginPage
{
    private PluginReview? _review;
    private PackageFile? _file;
    private string _reason = "";
    private string _comment = "";
    private bool _busy;

    [Parameter]
    public Guid Id { get; set; }

    [Inject]
    public PluginRegistry Plugins { get; set; } = null!;

    [Inject]
    public PluginReviews Reviews { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    protected override object? Key => Id;

    protected override async Task LoadAsync(Actor actor)
    {
        _review = await Reviews.GetAsync(actor, Id, Left);
        _file = null;
    }

    private static string Tone(PluginState next) => next switch
    {
        PluginState.Approved or PluginState.Enabled or PluginState.Submitted => "primary",
        PluginState.Revoked or PluginState.Quarantined or PluginState.Rejected => "danger",
        _ => "",
    };

    private async Task MoveAsync(PluginState next)
    {
        if (next is PluginState.Revoked or PluginState.Quarantined
            && await Dialogs.Confirm(PluginWords.Lost(next, _review!.Plugin.Row), $"{PluginWords.Act(next, _review.Plugin.Row.State)} {_review.Plugin.Row.PluginId} {_review.Plugin.Row.Version}?", new ConfirmOptions { OkButtonText = PluginWords.Act(next, _review.Plugin.Row.State), CancelButtonText = "Keep" }) != true)
        {
            return;
        }

        await ActAsync(actor => Plugins.ChangeStateAsync(actor, Id, next, _reason, Left));
    }

    private Task PinAsync() => ActAsync(actor => Plugins.PinAsync(actor, Id, _reason, Left));

    private Task UnpinAsync() => ActAsync(actor => Plugins.UnpinAsync(actor, Id, _reason, Left));

    private Task RollBackAsync() => ActAsync(actor => Plugins.RollBackAsync(actor, Id, _reason, Left));

    private async Task CommentAsync()
    {
        _busy = true;
        if (await GuardAsync(async actor =>
        {
            await Reviews.CommentAsync(actor, Id, _comment, Left);
            await LoadAsync(actor);
        }))
        {
            _comment = "";
        }

        _busy = false;
    }

    private async Task ShowAsync(string path)
    {
        if (_file?.Path == path)
        {
            _file = null;
            return;
        }

        _busy = true;
        await GuardAsync(async actor => _file = await Reviews.FileAsync(actor, Id, path, Left));
        _busy = false;
    }

    /// <summary>One act with the reason that was typed; what is shown afterwards is what is there then, also after a refusal.</summary>
    private async Task ActAsync(Func<Actor, Task> act)
    {
        _busy = true;
        if (await GuardAsync(act))
        {
            _reason = "";
        }

        await ReadAsync();
        _busy = false;
    }
}
