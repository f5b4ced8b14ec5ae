using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Yaml;

namespace SecFlow.Execution.Workflows;

/// <summary>A workflow that stands for a node: to the binder its inputs and datasets are ports.</summary>
internal sealed record InnerWorkflow(Recipe Recipe, WorkflowPin Pin)
{
    public IReadOnlyList<PluginPort> InPorts { get; } = [.. Recipe.Inputs.Select(i => new PluginPort(i.Key, i.Value, false))];

    public IReadOnlyList<PluginPort> OutPorts { get; } = [.. Recipe.Datasets.Select(d => new PluginPort(d.Key, d.Value, false))];
}

/// <summary>
/// Sub-workflows by reference.
/// 1. A workflow that is used must be right by itself; it is read once per version, at most <see cref="SubWorkflow.MostDepth"/> levels deep, and never contains one that is around it.
/// 2. Its nodes take the place of the one that stands for it, in their order, as <c>outer.inner</c>; so do the datasets that are not given another name.
/// 3. <c>when</c> of the outer node holds for each of them, besides their own conditions.
/// 4. A node that stops the inner workflow stops the run when the outer node says so as well; otherwise only the rest of the inner workflow is skipped, and what the outer node says happens with those that depend on it.
/// </summary>
internal static class SubWorkflows
{
    public static async Task<InnerWorkflow?> FindAsync(RecipeDraft around, NodeDraft node, RecipePlugins plugins, RecipeNesting nesting, YamlProblems problems, CancellationToken ct)
    {
        var fields = node.Fields;
        var name = node.Workflow!;
        var within = nesting.Within(around.Name);
        if (within.Names.Contains(name, StringComparer.Ordinal))
        {
            fields.Problem("workflow", $"The workflow contains itself: {string.Join(" -> ", within.Names.SkipWhile(n => n != name).Append(name))}. Take one of these nodes out.", Codes.RecipeSubWorkflow);
            return null;
        }

        if (within.Names.Count > SubWorkflow.MostDepth)
        {
            fields.Problem("workflow", TooDeep(name), Codes.RecipeSubWorkflow);
            return null;
        }

        if (await plugins.FindWorkflow(name, node.WorkflowVersion, ct) is not { } stored)
        {
            fields.Problem("workflow", plugins.WorkflowNames.Contains(name, StringComparer.Ordinal)
                ? $"The workflow '{name}' has no version {node.WorkflowVersion}. Remove 'version' to use its newest."
                : $"There is no saved workflow '{name}'.{Spelling.Hint(name, plugins.WorkflowNames)} Save it first.", Codes.RecipeSubWorkflow);
            return null;
        }

        if (!within.Read.TryGetValue(stored.Pin.VersionId, out var read))
        {
            within.Read[stored.Pin.VersionId] = read = await RecipeReader.ReadAsync(stored.Yaml, plugins, within, ct);
        }

        if (read.Recipe is not { } recipe)
        {
            fields.Problem("workflow", $"The workflow '{name}' (version {stored.Pin.Version}) cannot be used: {string.Join(" ", read.Problems.Take(3).Select(p => $"line {p.Line}: {p.Message}"))}", Codes.RecipeSubWorkflow);
            return null;
        }

        if (recipe.Depth >= SubWorkflow.MostDepth)
        {
            fields.Problem("workflow", TooDeep(name), Codes.RecipeSubWorkflow);
            return null;
        }

        GivenParameters.Check(fields, node.Parameters, recipe.Parameters, around.Parameters, name, problems);
        if (around.Parameters.Any(p => p.Name == "target") && recipe.Parameters.Any(p => p.Name == "target") && !node.Parameters.ContainsKey("target"))
        {
            node.Parameters["target"] = "${parameters.target}";
        }

        return new InnerWorkflow(recipe, stored.Pin);
    }

    /// <summary>The inner nodes as nodes of the recipe around them.</summary>
    /// <param name="inner">What is used.</param>
    /// <param name="node">The node that stands for it.</param>
    /// <param name="when">Its condition.</param>
    /// <param name="inputs">Input of the inner workflow -> datasets of the recipe around it.</param>
    /// <param name="outputs">Dataset of the inner workflow -> its name in the recipe around it.</param>
    public static IEnumerable<RecipeNode> Expand(InnerWorkflow inner, NodeDraft node, BoundCondition? when, IReadOnlyDictionary<string, List<string>> inputs, IReadOnlyDictionary<string, string> outputs)
    {
        IReadOnlyList<string> Names(string name) => inner.Recipe.Inputs.ContainsKey(name) ? inputs.GetValueOrDefault(name) ?? [] : [outputs.GetValueOrDefault(name, $"{node.Id}.{name}")];
        SubWorkflow Place(SubWorkflow? place) => place is null
            ? new SubWorkflow(node.Id, inner.Pin, inner.Recipe.Parameters, node.Parameters, null)
            : place with { NodeId = $"{node.Id}.{place.NodeId}", Outer = Place(place.Outer) };
        foreach (var n in inner.Recipe.Nodes)
        {
            // Where the inner workflow would stop as a whole, the outer node says what that means; where only a part of it stops, it does already.
            var stops = n.OnFailure == OnFailure.Stop;
            IReadOnlyList<BoundCondition> conditions = [.. when is null ? [] : new[] { when }, .. n.Conditions.Select(c => c.Within(Place, Names))];
            yield return n with
            {
                Id = $"{node.Id}.{n.Id}",
                Inputs = n.Inputs.Select(i => KeyValuePair.Create(i.Key, (IReadOnlyList<string>)[.. i.Value.SelectMany(Names)])).Where(i => i.Value.Count > 0).ToDictionary(StringComparer.Ordinal),
                Outputs = n.Outputs.ToDictionary(o => o.Key, o => Names(o.Value)[0], StringComparer.Ordinal),
                Inside = Place(n.Inside),
                Conditions = conditions,
                When = conditions.Count == 0 ? null : string.Join(" and ", conditions.Select(c => conditions.Count == 1 ? c.Text : $"({c.Text})")),
                OnFailure = stops ? node.OnFailure : n.OnFailure,
                StopsOnly = stops ? node.OnFailure == OnFailure.Stop ? null : node.Id : n.StopsOnly is null ? null : $"{node.Id}.{n.StopsOnly}",
            };
        }
    }

    private static string TooDeep(string name) => $"The workflow '{name}' stands too deep: at most {SubWorkflow.MostDepth} levels of workflows may stand in each other.";
}
