using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Execution.Targets;

namespace SecFlow.Portal.Components.Pages;

/// <summary>Secrets of a target or of the team: names only, ever.</summary>
public sealed partial class SecretPanel
{
    private IReadOnlyList<TargetSecret>? _rows;
    private string _name = "";
    private string _value = "";
    private bool _saving;

    /// <summary>Null = of the team.</summary>
    [Parameter]
    public Guid? TargetId { get; set; }

    [Parameter]
    public bool ReadOnly { get; set; }

    [Inject]
    public SecretService Secrets { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    protected override object? Key => TargetId;

    protected override async Task LoadAsync(Actor actor) => _rows = [.. (await Secrets.ListAsync(actor, Left)).Where(row => row.TargetId == TargetId)];

    private async Task SetAsync()
    {
        _saving = true;
        var set = await GuardAsync(async actor =>
        {
            await Secrets.SetAsync(actor, TargetId, _name.Trim(), _value, Left);
            await LoadAsync(actor);
        });

        // Typed once, held no longer than needed, whatever became of it.
        (_value, _name) = ("", set ? "" : _name);
        _saving = false;
    }

    private async Task DeleteAsync(TargetSecret row)
    {
        var sure = await Dialogs.Confirm(
            $"Plugins that ask for '{row.Name}' will be refused. The value cannot be brought back.", "Delete this secret?", new ConfirmOptions { OkButtonText = "Delete", CancelButtonText = "Keep" });
        if (sure == true)
        {
            await GuardAsync(async actor =>
            {
                await Secrets.DeleteAsync(actor, TargetId, row.Name, Left);
                await LoadAsync(actor);
            });
        }
    }
}
