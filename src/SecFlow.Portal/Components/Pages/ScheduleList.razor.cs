using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.Portal.Components.Schedules;

namespace SecFlow.Portal.Components.Pages;

/// <summary>When does what run?</summary>
public sealed partial class ScheduleList
{
    private const int NextShown = 3;
    private const int PageSize = 100;

    private IReadOnlyList<Schedule>? _rows;
    private IReadOnlyList<Schedule> _coming = [];
    private int _total;
    private IReadOnlyList<Blackout> _blackouts = [];
    private IReadOnlyDictionary<Guid, Run> _runs = new Dictionary<Guid, Run>();
    private IReadOnlyList<Workflow> _workflows = [];
    private IReadOnlyList<Target> _targets = [];
    private TimeZoneInfo _viewer = TimeZoneInfo.Utc;
    private ScheduleForm? _form;
    private int _overdue;
    private bool _saving;

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

    [SupplyParameterFromQuery(Name = "skip")]
    public int? SkipText { get; set; }

    private int Skip => Math.Clamp(SkipText ?? 0, 0, 1_000_000);

    protected override object? Key => SkipText;

    protected override async Task LoadAsync(Actor actor)
    {
        (_rows, _total) = await Schedules.PageAsync(actor, Skip, PageSize, Left);
        _coming = await Schedules.ComingAsync(actor, Left);
        _runs = await Schedules.LastRunsAsync(actor, [.. _rows.Select(row => row.Id)], Left);
        (_blackouts, _) = await Blackouts.PageAsync(actor, 0, ScheduleCalendar.MostSchedules + 1, Left);
        _workflows = await Workflows.ListAsync(actor, Left);
        _targets = await Targets.ListAsync(actor, Left);
        _overdue = _coming.Count(row => ScheduleHealth.IsOverdue(row, Time.GetUtcNow()));
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _viewer = await ViewerZone.ReadAsync(Js, Left);
            StateHasChanged();
        }
    }

    private string WorkflowName(Guid id) => _workflows.FirstOrDefault(w => w.Id == id)?.Name ?? "-";

    private void New() => _form = new ScheduleForm { Zone = _viewer.HasIanaId ? _viewer.Id : "UTC" };

    private Task ReloadAsync() => GuardAsync(LoadAsync);

    private async Task AddAsync(ScheduleForm form)
    {
        _saving = true;
        if (await GuardAsync(async actor =>
        {
            await Schedules.AddAsync(actor, form.ToSchedule(), Left);
            await LoadAsync(actor);
        }))
        {
            _form = null;
        }

        _saving = false;
    }

    private async Task RunAsync(Schedule row)
    {
        var replaced = 0;
        if (await GuardAsync(async actor => replaced = await Schedules.ReplacedAsync(actor, row.Id, Left)) && await RunNowQuestion.IsSureAsync(Dialogs, row.Name, replaced))
        {
            await GuardAsync(async actor =>
            {
                var run = await Schedules.RunNowAsync(actor, row.Id, RunTrigger.Manual, null, Left);
                Navigation.NavigateTo($"runs/{run.Id}");
            });
        }
    }

    private Task SwitchAsync(Schedule row) => GuardAsync(async actor =>
    {
        await Schedules.SetEnabledAsync(actor, row.Id, !row.IsActive, Left);
        await LoadAsync(actor);
    });

    private async Task DeleteAsync(Schedule row)
    {
        var sure = await Dialogs.Confirm(
            $"'{row.Name}' will not start its workflow any more. Runs that it started stay.",
            "Delete this schedule?",
            new ConfirmOptions { OkButtonText = "Delete", CancelButtonText = "Keep" });
        if (sure == true)
        {
            await GuardAsync(async actor =>
            {
                await Schedules.DeleteAsync(actor, row.Id, Left);
                await LoadAsync(actor);
            });
        }
    }
}
