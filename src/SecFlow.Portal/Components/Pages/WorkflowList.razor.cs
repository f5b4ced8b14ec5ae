using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Workflows;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What can we run?</summary>
public sealed partial class WorkflowList
{
    private const int RunsLooked = 200;

    private IReadOnlyList<Card>? _cards;

    [Inject]
    public WorkflowService Workflows { get; set; } = null!;

    [Inject]
    public RunService Runs { get; set; } = null!;

    protected override async Task LoadAsync(Actor actor)
    {
        var workflows = await Workflows.ListAsync(actor, Left);
        var runs = await Runs.ListAsync(actor, 0, RunsLooked, Left);
        var cards = new List<Card>();
        foreach (var workflow in workflows)
        {
            var (_, version) = await Workflows.GetAsync(actor, workflow.Id, Left);
            cards.Add(new Card(workflow, RecipeTypes.Of(version.Recipe), runs.FirstOrDefault(r => r.WorkflowId == workflow.Id)));
        }

        _cards = cards;
    }

    private sealed record Card(Workflow Workflow, IReadOnlyList<string> Nodes, Run? Last);
}
