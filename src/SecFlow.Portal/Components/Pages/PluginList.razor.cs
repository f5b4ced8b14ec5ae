using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Teams;

namespace SecFlow.Portal.Components.Pages;

/// <summary>Whom do we trust?</summary>
public sealed partial class PluginList
{
    private IReadOnlyList<InstalledPlugin>? _rows;
    private Guid? _approving;
    private string _reason = "";
    private bool _saving;

    [Inject]
    public PluginRegistry Plugins { get; set; } = null!;

    [Inject]
    public Access Access { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    protected override async Task LoadAsync(Actor actor)
    {
        // The registry belongs to the installation and has no team of its own to check.
        await Access.RequireAsync(actor, Permission.ReadPlugins, null, "plugins", Left);
        _rows = await Plugins.ListAsync(Left);
    }

    private async Task DiscoverAsync()
    {
        _saving = true;
        await GuardAsync(async actor =>
        {
            await Access.RequireAsync(actor, Permission.ManagePlugins, null, "plugins", Left);
            await Plugins.DiscoverAsync(actor, Left);
            await LoadAsync(actor);
        });
        _saving = false;
    }

    private async Task SubmitAsync(InstalledPlugin plugin)
    {
        _saving = true;
        await GuardAsync(async actor =>
        {
            await Plugins.ChangeStateAsync(actor, plugin.Row.Id, PluginState.Submitted, "Submitted by " + actor.Name, Left);
            await LoadAsync(actor);
        });
        _saving = false;
    }

    private void Ask(InstalledPlugin plugin) => (_approving, _reason) = (plugin.Row.Id, "");

    private async Task ApproveAsync(InstalledPlugin plugin)
    {
        _saving = true;
        var done = await GuardAsync(async actor =>
        {
            await Plugins.ChangeStateAsync(actor, plugin.Row.Id, PluginState.Approved, _reason, Left);
            await LoadAsync(actor);
        });
        _approving = done ? null : _approving;
        _saving = false;
    }

    private async Task SwitchAsync(InstalledPlugin plugin)
    {
        var enable = plugin.Row.State != PluginState.Enabled;
        if (!enable && await Dialogs.Confirm($"Workflows that use {plugin.Row.PluginId} will be refused until it is enabled again.", "Disable this plugin?", new ConfirmOptions { OkButtonText = "Disable", CancelButtonText = "Keep" }) != true)
        {
            return;
        }

        _saving = true;
        await GuardAsync(async actor =>
        {
            await Plugins.ChangeStateAsync(actor, plugin.Row.Id, enable ? PluginState.Enabled : PluginState.Disabled, (enable ? "Enabled by " : "Disabled by ") + actor.Name, Left);
            await LoadAsync(actor);
        });
        _saving = false;
    }
}
