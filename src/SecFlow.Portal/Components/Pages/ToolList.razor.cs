using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Tools;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Components.Pages;

/// <summary>Which external programs may run?</summary>
public sealed partial class ToolList
{
    private readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal);
    private IReadOnlyList<ToolState>? _tools;
    private bool _busy;

    [Inject]
    public ToolService Tools { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    protected override async Task LoadAsync(Actor actor) => _tools = await Tools.ListAsync(actor, Left);

    private static StatusLook Look(ToolState tool) => tool.Problem?.Code switch
    {
        null => new StatusLook("succeeded", "check", "Ready"),
        Codes.ToolMissing => new StatusLook("ended", "dash", "Not installed"),
        Codes.ToolChanged => new StatusLook("failed", "cross", "Changed"),
        _ => new StatusLook("failed", "cross", "Not fit"),
    };

    // A path that was set anew waits for the same answer as a changed file.
    private static bool Changed(ToolState tool) => tool is { Digest: { } found, AcceptedDigest: { } accepted } && found != accepted;

    private Task SetPathAsync(ToolState tool) => ActAsync(actor => Tools.SetPathAsync(actor, tool.Name, _paths.GetValueOrDefault(tool.Name, tool.PathSet ? tool.Path ?? "" : ""), Left));

    private Task TestAsync(ToolState tool) => ActAsync(actor => Tools.TestAsync(actor, tool.Name, Left));

    private async Task AcceptAsync(ToolState tool)
    {
        if (await Dialogs.Confirm($"From now on {tool.Path} with {tool.Digest} runs under the name {tool.Name}, for every team.", "Accept this file?", new ConfirmOptions { OkButtonText = "Accept", CancelButtonText = "Leave it" }) == true)
        {
            await ActAsync(actor => Tools.AcceptAsync(actor, tool.Name, tool.Digest, Left));
        }
    }

    private async Task ActAsync(Func<Actor, Task> act)
    {
        _busy = true;
        await GuardAsync(async actor =>
        {
            await act(actor);
            _paths.Clear();
            await LoadAsync(actor);
        });
        _busy = false;
    }
}
