using Microsoft.AspNetCore.Components;
using Radzen;
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

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

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

    private async Task ArchiveAsync(Target row)
    {
        var sure = await Dialogs.Confirm(
            $"'{row.Name}' cannot be scanned any more, and schedules that name it will be refused. Its findings and the record of its authorisation stay.",
            "Archive this target?",
            new ConfirmOptions { OkButtonText = "Archive", CancelButtonText = "Keep" });
        if (sure == true)
        {
            await GuardAsync(async actor =>
            {
                await Targets.ArchiveAsync(actor, row.Id, Left);
                await LoadAsync(actor);
            });
        }
    }

    private sealed class TargetForm
    {
        public string Name { get; set; } = "";

        public TargetKind Kind { get; set; }

        public string Value { get; set; } = "";

        public Intrusiveness Intrusiveness { get; set; } = Intrusiveness.Safe;

        public int Rate { get; set; } = 10;

        public string Tags { get; set; } = "";

        public string Reference { get; set; } = "";

        public DateOnly? Until { get; set; }

        public bool Authorised { get; set; }

        public bool PrivateAddress { get; set; }

        public NewTarget ToTarget() => new(Name.Trim(), Kind, Value.Trim(), Reference.Trim(), Until is { } day ? new DateTimeOffset(day.ToDateTime(TimeOnly.MaxValue), TimeSpan.Zero) : null)
        {
            PrivateAddressApproved = PrivateAddress,
            MaxIntrusiveness = Intrusiveness,
            RequestsPerSecond = Rate,
            Tags = Tags.Trim(),
        };
    }
}
