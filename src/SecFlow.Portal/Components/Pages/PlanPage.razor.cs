using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Plans;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What would a run do, and what would be refused?</summary>
public sealed partial class PlanPage
{
    private readonly HashSet<Guid> _chosen = [];
    private Workflow? _workflow;
    private IReadOnlyList<Target>? _targets;
    private readonly JsonObject _values = [];
    private IReadOnlyList<RecipeParameter> _parameters = [];
    private RunPlan? _plan;
    private PlanProgress? _progress;
    private bool _working;

    [Parameter]
    public Guid Id { get; set; }

    [Inject]
    public WorkflowService Workflows { get; set; } = null!;

    [Inject]
    public TargetService Targets { get; set; } = null!;

    [Inject]
    public RunPlanner Planner { get; set; } = null!;

    [Inject]
    public RunService Runs { get; set; } = null!;

    protected override object? Key => Id;

    protected override async Task LoadAsync(Actor actor)
    {
        (_workflow, var version) = await Workflows.GetAsync(actor, Id, Left);
        _parameters = (await Workflows.ValidateAsync(actor.TeamId, version.Recipe, Left)).Recipe?.Parameters ?? [];
        _targets = await Targets.ListAsync(actor, Left);
        if (_targets is [var only])
        {
            _chosen.Add(only.Id);
        }
    }

    private void Choose(Guid targetId)
    {
        if (!_chosen.Remove(targetId))
        {
            _chosen.Add(targetId);
        }

        // It holds for what was chosen when it was made.
        _plan = null;
    }

    private async Task PlanAsync()
    {
        (_working, _plan, _progress) = (true, null, null);
        var progress = new Progress<PlanProgress>(now =>
        {
            _progress = now;
            StateHasChanged();
        });
        await GuardAsync(async actor => _plan = await Planner.PlanAsync(actor, new PlanRequest { WorkflowId = Id, TargetIds = [.. _chosen], Parameters = Given() }, progress, Left));
        _working = false;
    }

    private async Task RunAsync()
    {
        _working = true;
        await GuardAsync(async actor =>
        {
            var run = await Runs.StartAsync(actor, new StartRun(Id, [.. _chosen], RunTrigger.Manual) { Parameters = Given() }, Left);
            Navigation.NavigateTo($"runs/{run.Id}");
        });
        _working = false;
    }

    private JsonObject Given() => (JsonObject)_values.DeepClone();

    private static string Sentence(RunPlan plan) => (plan.Refusals.Count, plan.Allowed) switch
    {
        (0, _) => "Nothing would be refused.",
        (var count, true) => $"It could be started; {Words.Count(count, "thing")} would be refused on the way.",
        (var count, false) => $"It would not go through: {Words.Count(count, "thing")} would be refused.",
    };

    private static string Expectation(RunPlan plan) => plan.Expected.BasedOn > 0
        ? $"It is expected to take {Words.Duration(plan.Expected.Time)}."
        : $"It takes at most {Words.Duration(plan.Expected.Time)}, the limits of its nodes; not every node has an earlier run to compare with.";
}
