using System.Text.Json.Nodes;

namespace SecFlow.Execution.Workflows;

/// <summary>A condition at its place: with the names that the datasets have in the whole run, and the parameters that are seen there.</summary>
public sealed class BoundCondition
{
    private readonly Condition _condition;
    private readonly SubWorkflow? _inside;
    private readonly IReadOnlyDictionary<string, IReadOnlyList<string>> _names;

    private BoundCondition(string text, Condition condition, SubWorkflow? inside, IReadOnlyDictionary<string, IReadOnlyList<string>> names)
    {
        (Text, _condition, _inside, _names) = (text, condition, inside, names);
        Outputs = [.. condition.Outputs.SelectMany(name => names.GetValueOrDefault(name) ?? [name])];
    }

    /// <summary>As written.</summary>
    public string Text { get; }

    /// <summary>Names of the datasets that it looks at.</summary>
    public IReadOnlyList<string> Outputs { get; }

    internal static BoundCondition Of(string text, Condition condition) => new(text, condition, null, new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal));

    /// <summary>The same condition inside a sub-workflow. A dataset that is handed in may be several, or none.</summary>
    internal BoundCondition Within(Func<SubWorkflow?, SubWorkflow> inside, Func<string, IReadOnlyList<string>> names) => new(
        Text, _condition, inside(_inside),
        _condition.Outputs.ToDictionary(name => name, name => (IReadOnlyList<string>)[.. (_names.GetValueOrDefault(name) ?? [name]).SelectMany(names)], StringComparer.Ordinal));

    /// <param name="counts">Records by dataset name; one that is not there counts 0.</param>
    /// <param name="run">The run's parameters.</param>
    /// <param name="firstTarget">Value of the run's first target.</param>
    public bool Holds(IReadOnlyDictionary<string, int> counts, JsonObject run, string? firstTarget) => _condition.Holds(new Condition.Facts(
        _condition.Outputs.ToDictionary(name => name, name => (_names.GetValueOrDefault(name) ?? [name]).Sum(n => counts.GetValueOrDefault(n)), StringComparer.Ordinal),
        _inside?.Values(run, firstTarget) ?? run));
}
