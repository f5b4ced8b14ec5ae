using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Schedules;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Components.Schedules;

/// <summary>When nothing of the team, or of one schedule, runs.</summary>
public sealed partial class BlackoutPanel
{
    private const int MostShown = 100;

    private BlackoutForm? _form;
    private IReadOnlyList<Diagnostic>? _problems;
    private bool _saving;

    [Parameter]
    [EditorRequired]
    public IReadOnlyList<Blackout> Rows { get; set; } = [];

    [Parameter]
    [EditorRequired]
    public IReadOnlyList<Schedule> Schedules { get; set; } = [];

    /// <summary>Only those of this schedule; null = all.</summary>
    [Parameter]
    public Guid? ScheduleId { get; set; }

    [Parameter]
    public bool May { get; set; }

    [Parameter]
    public TimeZoneInfo Zone { get; set; } = TimeZoneInfo.Utc;

    [Parameter]
    public EventCallback OnChanged { get; set; }

    [Inject]
    public BlackoutService Blackouts { get; set; } = null!;

    [Inject]
    public CurrentActor Actors { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    [Inject]
    public TimeProvider Time { get; set; } = null!;

    private IReadOnlyList<Blackout> Shown => ScheduleId is { } id ? [.. Rows.Where(row => row.ScheduleId == id)] : Rows;

    private void New() => _form = new BlackoutForm { Zone = Zone.Id, Schedule = ScheduleId?.ToString() ?? "" };

    private void Edit(Blackout row) => _form = BlackoutForm.Of(row);

    private async Task SaveAsync()
    {
        if (_form is not { } form)
        {
            return;
        }

        _saving = true;
        if (await GuardAsync(async () =>
        {
            var actor = await Actors.RequireAsync(default);
            if (form.Row is { } row)
            {
                await Blackouts.EditAsync(actor, row.Id, form.ToBlackout(), row.Revision, default);
            }
            else
            {
                await Blackouts.AddAsync(actor, form.ToBlackout(), default);
            }
        }))
        {
            _form = null;
        }

        _saving = false;
    }

    private async Task DeleteAsync(Blackout row)
    {
        var sure = await Dialogs.Confirm($"'{row.Name}' will not stand any more. Runs that it paused go on.", "Delete this blackout?", new ConfirmOptions { OkButtonText = "Delete", CancelButtonText = "Keep" });
        if (sure == true)
        {
            await GuardAsync(async () => await Blackouts.DeleteAsync(await Actors.RequireAsync(default), row.Id, default));
        }
    }

    private async Task<bool> GuardAsync(Func<Task> act)
    {
        try
        {
            _problems = null;
            await act();
        }
        catch (SecFlowException known)
        {
            _problems = known.Diagnostics;
            return false;
        }

        await OnChanged.InvokeAsync();
        return true;
    }
}
