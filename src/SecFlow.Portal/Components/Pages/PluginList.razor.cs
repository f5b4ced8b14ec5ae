using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Tools;

namespace SecFlow.Portal.Components.Pages;

/// <summary>Whom do we trust?</summary>
public sealed partial class PluginList
{
    private IReadOnlyList<InstalledPlugin>? _rows;
    private string _note = "";
    private bool _submitting;
    private IReadOnlyDictionary<string, Diagnostic> _recordedOnly = new Dictionary<string, Diagnostic>(StringComparer.Ordinal);
    private bool _saving;

    [Inject]
    public PluginRegistry Plugins { get; set; } = null!;

    [Inject]
    public ToolService Tools { get; set; } = null!;

    [Inject]
    public Access Access { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    protected override async Task LoadAsync(Actor actor)
    {
        // The registry belongs to the installation and has no team of its own to check.
        await Access.RequireAsync(actor, Permission.ReadPlugins, null, "plugins", Left);
        _rows = await Plugins.ListAsync(Left);
        if (RendererInfo.IsInteractive)
        {
            // the list is there while the tools are asked
            StateHasChanged();
            _recordedOnly = await Tools.RecordedOnlyAsync(actor, Left);
        }
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

    private static bool Waits(PluginState state) => state is PluginState.Discovered or PluginState.Submitted or PluginState.ChangesRequested;

    private async Task SubmitAsync(InputFileChangeEventArgs chosen)
    {
        _saving = true;
        Guid? submitted = null;
        await GuardAsync(async actor =>
        {
            if (chosen.File.Size > Limits.PackageBytes.Default)
            {
                throw new SecFlowException(Codes.PackageTooLarge, $"The file has {chosen.File.Size} bytes; a package has at most {Limits.PackageBytes.Default}. Remove what the plugin does not need.");
            }

            await using var content = chosen.File.OpenReadStream(Limits.PackageBytes.Default, Left);
            submitted = (await Plugins.SubmitAsync(actor, content, _note, Left)).Id;
        });
        _saving = false;
        if (submitted is { } id)
        {
            Navigation.NavigateTo($"plugins/{id}");
        }
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
