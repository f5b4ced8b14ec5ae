using System.Globalization;
using Microsoft.AspNetCore.Components;
using SecFlow.Data.Targets;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Workflows;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Components.Schedules;

/// <summary>The form of a schedule: its rule in plain language, with what it means as one types.</summary>
public sealed partial class ScheduleEditor
{
    private const int Shown = 10;

    private static readonly IReadOnlyList<string> _zones = [.. TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id).Where(id => id.Contains('/', StringComparison.Ordinal) && !id.StartsWith("Etc/", StringComparison.Ordinal)).Prepend("UTC")];

    private IReadOnlyList<RecipeParameter> _parameters = [];
    private IReadOnlyList<string> _dropped = [];
    private Guid? _read;

    [Parameter]
    [EditorRequired]
    public ScheduleForm Form { get; set; } = null!;

    [Parameter]
    [EditorRequired]
    public IReadOnlyList<Workflow> Workflows { get; set; } = [];

    [Parameter]
    [EditorRequired]
    public IReadOnlyList<Target> TargetRows { get; set; } = [];

    /// <summary>Zone of the person who looks.</summary>
    [Parameter]
    public TimeZoneInfo Viewer { get; set; } = TimeZoneInfo.Utc;

    [Parameter]
    public string Save { get; set; } = "Save";

    [Parameter]
    public bool Saving { get; set; }

    [Parameter]
    public EventCallback<ScheduleForm> OnSave { get; set; }

    [Parameter]
    public EventCallback OnClose { get; set; }

    [Inject]
    public WorkflowService Recipes { get; set; } = null!;

    [Inject]
    public CurrentActor Actors { get; set; } = null!;

    [Inject]
    public TimeProvider Time { get; set; } = null!;

    private static IReadOnlyList<string> Zones => _zones;

    private RulePreview Preview { get; set; } = new("-", [], TimeZoneInfo.Utc, null);

    private bool Foreign => Preview.Zone.BaseUtcOffset != Viewer.BaseUtcOffset || Preview.Zone.SupportsDaylightSavingTime != Viewer.SupportsDaylightSavingTime || Preview.Next.Any(at => Preview.Zone.GetUtcOffset(at) != Viewer.GetUtcOffset(at));

    protected override async Task OnParametersSetAsync() => await ReadParametersAsync();

    protected override bool ShouldRender()
    {
        Preview = Look();
        return true;
    }

    protected override void OnInitialized() => Preview = Look();

    private RulePreview Look()
    {
        var problems = new List<Diagnostic>();
        try
        {
            var now = Time.GetUtcNow();
            var spec = Form.ToSpec(problems);
            if (problems.Count > 0)
            {
                return new("-", [], TimeZoneInfo.Utc, problems[0]);
            }

            var rule = ScheduleRule.Read(spec, Guid.Empty, now);
            return new(ScheduleService.InWords(rule, spec.JitterSeconds), rule.Next(now, Shown), rule.TimeZone, null);
        }
        catch (SecFlowException invalid)
        {
            return new("-", [], TimeZoneInfo.Utc, invalid.Diagnostics[0]);
        }
    }

    private void OftenChanged(ChangeEventArgs e)
    {
        Form.Often = Enum.TryParse<Often>(Text(e), out var often) ? often : Often.Own;
        Form.Spell();
    }

    private void CronTyped(ChangeEventArgs e) => (Form.Cron, Form.Often) = (Text(e), Often.Own);

    private async Task WorkflowChangedAsync(ChangeEventArgs e)
    {
        Form.WorkflowId = Guid.TryParse(Text(e), out var id) ? id : null;
        await ReadParametersAsync();
    }

    // What a recipe asks for; one that is not valid any more asks for nothing here, and its schedule is told so when it is saved or fires.
    private async Task ReadParametersAsync()
    {
        if (Form.WorkflowId == _read)
        {
            return;
        }

        (_read, _parameters, _dropped) = (Form.WorkflowId, [], []);
        if (Form.WorkflowId is { } id)
        {
            var actor = await Actors.RequireAsync(default);
            var (_, version) = await Recipes.GetAsync(actor, id, default);
            if ((await Recipes.ValidateAsync(actor.TeamId, version.Recipe, default)).Recipe is { } recipe)
            {
                _parameters = recipe.Parameters;
                _dropped = Form.KeepDeclared([.. recipe.Parameters.Select(parameter => parameter.Name)]);
            }
        }
    }

    private static string Text(ChangeEventArgs e) => e.Value?.ToString() ?? "";

    private static int Number(ChangeEventArgs e) => int.TryParse(Text(e), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>A rule in words with its next times, or what is wrong with it.</summary>
    private sealed record RulePreview(string Words, IReadOnlyList<DateTimeOffset> Next, TimeZoneInfo Zone, Diagnostic? Problem);
}
