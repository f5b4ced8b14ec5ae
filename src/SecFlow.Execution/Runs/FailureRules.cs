using SecFlow.Data.Runs;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>
/// What the failure of a node means for those after it.
/// 1. <c>stop</c>: none of them begins. <c>continue</c>: they begin, what it did not make is an empty dataset. <c>skip_dependents</c>: those that read its outputs are skipped, and those that read theirs.
/// 2. A sub-workflow that is stopped without stopping the run skips its own other nodes; with <c>skip_dependents</c> whatever it makes is lost.
/// 3. A node that only its own condition skipped leaves empty datasets behind.
/// </summary>
internal sealed class FailureRules(Recipe recipe)
{
    private readonly HashSet<string> _lost = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _stoppedParts = new(StringComparer.Ordinal);
    private string? _stopped;

    /// <summary>Why a node does not begin; null = its condition decides.</summary>
    public string? WhySkipped(RecipeNode node) =>
        _stopped is not null ? $"the node '{_stopped}' failed and stops the run"
        : _stoppedParts.FirstOrDefault(part => IsIn(node, part.Key)) is { Key: { } part, Value: var failed } ? $"the node '{failed}' failed and stops the sub-workflow '{part}'"
        : LostInput(node) is { } input ? $"the node that makes '{input}' failed and its dependents are skipped"
        : null;

    /// <summary>Takes note of a node's end; nodes come in the recipe's order.</summary>
    public void Ended(RecipeNode node, NodeStatus status)
    {
        if (status == NodeStatus.Skipped && LostInput(node) is not null)
        {
            _lost.UnionWith(node.Outputs.Values);
        }

        if (!RunOutcome.IsFailure(status))
        {
            return;
        }

        if (node.OnFailure == OnFailure.Stop)
        {
            _stopped ??= node.Id;
        }
        else if (node.StopsOnly is { } part)
        {
            _stoppedParts.TryAdd(part, node.Id);
        }

        if (node.OnFailure == OnFailure.SkipDependents)
        {
            _lost.UnionWith(node.StopsOnly is { } whole ? recipe.Nodes.Where(n => IsIn(n, whole)).SelectMany(n => n.Outputs.Values) : node.Outputs.Values);
        }
    }

    private static bool IsIn(RecipeNode node, string part) => node.Id.StartsWith(part + ".", StringComparison.Ordinal);

    private string? LostInput(RecipeNode node) => node.Inputs.Values.SelectMany(names => names).FirstOrDefault(_lost.Contains);
}
