using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;

namespace SecFlow.Portal.Components.Pages;

/// <summary>One target: what it allows, who authorised it, its secrets.</summary>
public sealed partial class TargetPage
{
    private Target? _row;
    private TargetForm _form = new();
    private bool _editing;
    private bool _saving;
    private bool _widens;

    [Parameter]
    public Guid Id { get; set; }

    [Inject]
    public TargetService Targets { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    protected override object? Key => Id;

    protected override async Task LoadAsync(Actor actor) => _row = await Targets.GetAsync(actor, Id, Left);

    private void Edit() => (_editing, _widens, _form) = (true, false, TargetForm.Of(_row!));

    private async Task SaveAsync()
    {
        _saving = true;
        var saved = await GuardAsync(async actor => _row = await Targets.EditAsync(actor, Id, new TargetEdit(_form.ToTarget(_row), _row!.Revision, _form.Authorised), Left));
        if (saved)
        {
            _editing = false;
        }
        else if (Problems?[0].Code == Codes.NewAuthorisationNeeded)
        {
            // Asked only when it matters, so that it is read.
            _widens = true;
        }

        _saving = false;
    }

    private async Task ArchiveAsync()
    {
        var sure = await Dialogs.Confirm(
            $"'{_row!.Name}' cannot be scanned any more, and schedules that name it will be refused. Its findings and the record of its authorisation stay.",
            "Archive this target?",
            new ConfirmOptions { OkButtonText = "Archive", CancelButtonText = "Keep" });
        if (sure == true && await GuardAsync(actor => Targets.ArchiveAsync(actor, Id, Left)))
        {
            Navigation.NavigateTo("targets");
        }
    }
}
