using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Runs;

namespace SecFlow.Portal.Components.Runs;

/// <summary>The run above, the runs below, and what the cascades of a run refused or left out; nothing for a run without any.</summary>
public sealed partial class CascadePanel
{
    private RunCascades? _cascades;

    [Parameter, EditorRequired]
    public Guid RunId { get; set; }

    /// <summary>Whether the run has ended: its cascades start then.</summary>
    [Parameter]
    public bool Ended { get; set; }

    [Inject]
    public RunService Runs { get; set; } = null!;

    protected override object? Key => (RunId, Ended);

    protected override async Task LoadAsync(Actor actor) => _cascades = await Runs.CascadesAsync(actor, RunId, Left);

    private static string Targets(Run run) => string.Join(", ", RunContext.ReadTargets(run.Targets).Select(t => t.Name));
}
