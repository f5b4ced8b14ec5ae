using Microsoft.AspNetCore.Components;
using Radzen;
using SecFlow.Data.Audit;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;

namespace SecFlow.Portal.Components.Pages;

/// <summary>When does what run?</summary>
public sealed partial class ScheduleList
{
    private const int NextShown = 3;

    private readonly ScheduleForm _form = new();
    private IReadOnlyList<Schedule>? _rows;
    private IReadOnlyList<Workflow> _workflows = [];
    private IReadOnlyList<Target> _targets = [];
    private bool _adding;
    private bool _saving;

    [Inject]
    public ScheduleService Schedules { get; set; } = null!;

    [Inject]
    public WorkflowService Workflows { get; set; } = null!;

    [Inject]
    public TargetService Targets { get; set; } = null!;

    [Inject]
    public DialogService Dialogs { get; set; } = null!;

    private RulePreview CurrentPreview => Preview(_form.Cron, _form.Zone);

    protected override async Task LoadAsync(Actor actor)
    {
        _rows = await Schedules.ListAsync(actor, Left);
        _workflows = await Workflows.ListAsync(actor, Left);
        _targets = await Targets.ListAsync(actor, Left);
    }

    private string WorkflowName(Guid id) => _workflows.FirstOrDefault(w => w.Id == id)?.Name ?? "-";

    private static string TargetsOf(Schedule row)
    {
        var named = row.TargetIds.Split(',', StringSplitOptions.RemoveEmptyEntries).Length;
        var words = named > 0 || row.TargetTags.Length == 0 ? Marks.Words.Count(named, "target") : "";
        return row.TargetTags.Length == 0 ? words : $"{words}{(words.Length > 0 ? " and " : "")}tagged {row.TargetTags}";
    }

    private RulePreview Preview(Schedule row) => Preview(row.Cron, row.Zone);

    private RulePreview Preview(string cron, string zone)
    {
        try
        {
            return new RulePreview(ScheduleService.InWords(cron, zone), ScheduleService.Next(cron, zone, Time.GetUtcNow(), NextShown), null);
        }
        catch (SecFlowException invalid)
        {
            return new RulePreview("-", [], invalid.Diagnostics[0]);
        }
    }

    private void PresetChanged(ChangeEventArgs e)
    {
        _form.Preset = e.Value?.ToString() ?? "";
        if (_form.Preset.Length > 0)
        {
            _form.Cron = _form.Preset;
        }
    }

    private async Task AddAsync()
    {
        _saving = true;
        _adding = !await GuardAsync(async actor =>
        {
            if (_form.Problems() is { Count: > 0 } problems)
            {
                throw new SecFlowException(problems);
            }

            await Schedules.AddAsync(actor, new NewSchedule(_form.Name.Trim(), _form.WorkflowId!.Value, _form.Cron, _form.Zone, [.. _form.Targets]) { TargetTags = _form.TagList }, Left);
            await LoadAsync(actor);
        });
        _saving = false;
    }

    private Task SwitchAsync(Schedule row) => GuardAsync(async actor =>
    {
        await Schedules.SetEnabledAsync(actor, row.Id, !row.Enabled, Left);
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

    /// <summary>A rule in words with its next times, or what is wrong with it.</summary>
    private sealed record RulePreview(string Words, IReadOnlyList<DateTimeOffset> Next, Diagnostic? Problem);

    private sealed class ScheduleForm
    {
        public string Name { get; set; } = "";

        public Guid? WorkflowId { get; set; }

        public string Preset { get; set; } = CronPresets.All[0].Cron;

        public string Cron { get; set; } = CronPresets.All[0].Cron;

        public string Zone { get; set; } = "UTC";

        public HashSet<Guid> Targets { get; } = [];

        public string Tags { get; set; } = "";

        public string[] TagList => Tags.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);

        public void Toggle(Guid id)
        {
            if (!Targets.Remove(id))
            {
                Targets.Add(id);
            }
        }

        public IReadOnlyList<Diagnostic> Problems()
        {
            var problems = new List<Diagnostic>();
            if (string.IsNullOrWhiteSpace(Name))
            {
                problems.Add(new Diagnostic(Codes.ScheduleInvalid, "The schedule needs a name."));
            }

            if (WorkflowId is null)
            {
                problems.Add(new Diagnostic(Codes.ScheduleInvalid, "Choose the workflow that it starts."));
            }

            if (Targets.Count == 0 && TagList.Length == 0)
            {
                problems.Add(new Diagnostic(Codes.ScheduleInvalid, "Choose at least one target or tag."));
            }

            return problems;
        }
    }
}
