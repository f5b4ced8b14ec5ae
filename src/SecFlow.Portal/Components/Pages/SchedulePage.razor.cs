using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Workflows;
using SecFlow.Portal.Components.Schedules;

namespace SecFlow.Portal.Components.Pages;

/// <summary>One schedule: does it do what its owner expects?</summary>
public sealed partial class SchedulePage
{
    private const int Shown = 10;

    private Schedule? _row;
    private Run? _last;
    private Target? _ends;
    private IReadOnlyList<DateTimeOffset> _next = [];
    private IReadOnlyList<Blackout> _blackouts = [];
    private IReadOnlyList<Workflow> _workflows = [];
    private IReadOnlyList<Target> _targets = [];
    private IReadOnlyList<TeamMember> _owners = [];
    private TimeZoneInfo _viewer = TimeZoneInfo.Utc;
    private ScheduleForm? _form;
    private string _owner = "";
    private int _revision;
    private bool _saving;

    [Parameter]
    public Guid Id { get; set; }

    [Inject]
    public ScheduleService Schedules { get; set; } = null!;

    [Inject]
    public BlackoutService Blackouts { get; set; } = null!;

    [Inject]
    public WorkflowService Workflows { get; set; } = null!;

    [Inject]
    public TargetService Targets { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    [Inject]
    public IJSRuntime Js { get; set; } = null!;

    protected override object? Key => Id;

    protected override async Task LoadAsync(Actor actor)
    {
        var row = await Schedules.GetAsync(actor, Id, Left);
        _last = (await Schedules.LastRunsAsync(actor, [Id], Left)).GetValueOrDefault(Id);
        _blackouts = await Blackouts.ListAsync(actor, Left);
        _workflows = await Workflows.ListAsync(actor, Left);
        _targets = await Targets.ListAsync(actor, Left);
        _owners = May(Permission.EditSchedules) ? [.. (await Schedules.PossibleOwnersAsync(actor, Left)).Where(member => member.UserId.ToString() != row.OwnerId)] : [];
        (_next, _ends, _row) = (ScheduleHealth.Next(row, Shown), ScheduleHealth.EndsFirst(row, _targets), row);
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _viewer = await ViewerZone.ReadAsync(Js, Left);
            StateHasChanged();
        }
    }

    /// <summary>The blackout in which a time falls.</summary>
    private Blackout? Dark(DateTimeOffset at) => _blackouts.FirstOrDefault(b => (b.ScheduleId is null || b.ScheduleId == Id) && BlackoutWindow.Of(b).StandingOrNext(at) is { } span && span.From <= at);

    private void Edit() => (_form, _revision) = (ScheduleForm.Of(_row!), _row!.Revision);

    private Task ReloadAsync() => GuardAsync(LoadAsync);

    private async Task SaveAsync(ScheduleForm form)
    {
        _saving = true;
        if (await GuardAsync(async actor =>
        {
            await Schedules.EditAsync(actor, Id, new ScheduleEdit(form.ToSchedule(), _revision), Left);
            await LoadAsync(actor);
        }))
        {
            _form = null;
        }

        _saving = false;
    }

    private async Task RunAsync()
    {
        var replaced = 0;
        if (await GuardAsync(async actor => replaced = await Schedules.ReplacedAsync(actor, Id, Left)) && await RunNowQuestion.IsSureAsync(Dialogs, _row!.Name, replaced))
        {
            await GuardAsync(async actor =>
            {
                var run = await Schedules.RunNowAsync(actor, Id, RunTrigger.Manual, null, Left);
                Navigation.NavigateTo($"runs/{run.Id}");
            });
        }
    }

    private Task SwitchAsync() => GuardAsync(async actor =>
    {
        await Schedules.SetEnabledAsync(actor, Id, !_row!.IsActive, Left);
        await LoadAsync(actor);
    });

    private async Task HandOverAsync()
    {
        if (!Guid.TryParse(_owner, out var user) || _owners.FirstOrDefault(member => member.UserId == user) is not { } member)
        {
            return;
        }

        var sure = await Dialogs.Confirm($"'{_row!.Name}' will start its runs on the authority of {member.UserName} from now on.", "Hand this schedule over?", new ConfirmOptions { OkButtonText = "Hand over", CancelButtonText = "Keep" });
        if (sure == true)
        {
            await GuardAsync(async actor =>
            {
                await Schedules.HandOverAsync(actor, Id, user, Left);
                _owner = "";
                await LoadAsync(actor);
            });
        }
    }
}
