using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What may we touch?</summary>
public sealed partial class TargetList
{
    private IReadOnlyList<Target>? _rows;
    private TargetForm _form = new();
    private bool _adding;
    private bool _saving;

    [Inject]
    public TargetService Targets { get; set; } = null!;

    protected override async Task LoadAsync(Actor actor) => _rows = await Targets.ListAsync(actor, Left);

    private async Task AddAsync()
    {
        _saving = true;
        var added = await GuardAsync(async actor =>
        {
            if (!_form.Authorised)
            {
                throw new SecFlowException(Codes.TargetInvalid, "Tick that you are allowed to have this target scanned.");
            }

            await Targets.AddAsync(actor, _form.ToTarget(), Left);
            await LoadAsync(actor);
        });
        if (added)
        {
            (_adding, _form) = (false, new TargetForm());
        }

        _saving = false;
    }
}
