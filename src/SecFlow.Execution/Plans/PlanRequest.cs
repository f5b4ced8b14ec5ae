using System.Text.Json.Nodes;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Plans;

/// <summary>Of what a plan is wanted: a saved workflow, or the text of a recipe; against stored targets, or one that is not stored yet.</summary>
public sealed record PlanRequest
{
    /// <summary>The saved workflow; null when only <see cref="Recipe"/> is given.</summary>
    public Guid? WorkflowId { get; init; }

    /// <summary>This text in place of the newest saved version.</summary>
    public string? Recipe { get; init; }

    public IReadOnlyList<Guid> TargetIds { get; init; } = [];

    public IReadOnlyList<string> TargetNames { get; init; } = [];

    /// <summary>All targets with one of these tags.</summary>
    public IReadOnlyList<string> TargetTags { get; init; } = [];

    /// <summary>A target that is validated as if it were added, and not stored.</summary>
    public NewTarget? NewTarget { get; init; }

    public JsonObject Parameters { get; init; } = [];

    public PlanBounds Bounds { get; init; } = PlanBounds.Default;

    /// <summary>What <c>ctx.run.id</c> shows: names that a plugin makes up of it are those of the run with this id.</summary>
    public Guid RunId { get; init; }
}

/// <summary>How far a plan goes. What it did not reach is said, never left out in silence.</summary>
/// <param name="Node">Wall time that one node's script gets.</param>
/// <param name="Whole">Wall time of all scripts together.</param>
/// <param name="Calls">Calls of one node that are followed.</param>
/// <param name="Shown">Calls of one kind and node that are shown; the rest is counted.</param>
public sealed record PlanBounds(TimeSpan Node, TimeSpan Whole, int Calls, int Shown)
{
    public static readonly PlanBounds Default = new(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(60), 5_000, 20);
}

/// <summary>How far a plan that is being made has come.</summary>
/// <param name="Done">Nodes that are finished.</param>
/// <param name="Of">Nodes of the recipe.</param>
/// <param name="NodeId">The node that is looked at now.</param>
public sealed record PlanProgress(int Done, int Of, string NodeId);
