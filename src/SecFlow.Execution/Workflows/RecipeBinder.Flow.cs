using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Yaml;

namespace SecFlow.Execution.Workflows;

/// <summary>Order, conditions, chunks and cascades.</summary>
internal sealed partial class RecipeBinder
{
    /// <summary>A condition at its place, with what it needs; null = none, or a problem was told.</summary>
    private BoundCondition? BindCondition(YamlFields fields, string? text, SortedSet<int>? needs)
    {
        if (text is null)
        {
            return null;
        }

        var (at, path) = (fields.Where("when"), fields.At("when"));
        try
        {
            var condition = Condition.Parse(text, _draft.Parameters);
            foreach (var name in condition.Outputs)
            {
                if (!_datasets.TryGetValue(name, out var source))
                {
                    _problems.Add(Codes.RecipeCondition, at, path, $"The condition asks for '{name}', but no node makes that dataset.{Spelling.Hint(name, _datasets.Keys)}");
                }
                else if (source.Node is { } maker)
                {
                    needs?.Add(maker);
                }
            }

            return BoundCondition.Of(text, condition);
        }
        catch (SecFlowException e) when (e.Code == Codes.RecipeCondition)
        {
            _problems.Add(Codes.RecipeCondition, at, path, e.Diagnostics[0].Message);
            return null;
        }
    }

    /// <summary>
    /// <c>foreach</c> names a dataset that is bound to an input, or an input port itself. A dataset that is not bound yet is bound by it, as if it stood in <c>inputs</c>.
    /// </summary>
    private void BindForEach(Bound node)
    {
        if (node.Draft.ForEach is not { } name || node.Plugin is null)
        {
            return;
        }

        var fields = node.Draft.Fields;
        var port = node.Inputs.FirstOrDefault(i => i.Value.Contains(name, StringComparer.Ordinal)).Key ?? (node.Inputs.ContainsKey(name) ? name : null);
        if (port is null && name == Targets)
        {
            fields.Problem("foreach", "'foreach' goes over the records of a dataset; 'targets' are no records, and a plugin is always given all of them. Name a dataset that an earlier node makes.", Codes.RecipeForEach);
            return;
        }

        if (port is null && !_datasets.ContainsKey(name))
        {
            fields.Problem("foreach", $"No node makes the dataset '{name}'.{Spelling.Hint(name, _datasets.Keys)} There is: {string.Join(", ", _datasets.Keys)}.", Codes.RecipeForEach);
            return;
        }

        if (port is null)
        {
            var source = _datasets[name];
            if (PortOf(node, new PortEntry(null, name, fields.Where("foreach"), fields.At("foreach")), node.InPorts!, [.. node.Inputs.Keys], name, source.Type, "input") is not { } bound)
            {
                return;
            }

            port = bound.Name;
            if (!node.Inputs.TryGetValue(port, out var names))
            {
                node.Inputs[port] = names = [];
            }

            names.Add(name);
            if (source.Node is { } maker)
            {
                node.Needs.Add(maker);
            }
        }

        if (node.Plugin.Manifest.Category == "report")
        {
            fields.Problem("foreach", $"'{node.Name}' writes one report of everything; it cannot be fed in chunks. Remove 'foreach'.", Codes.RecipeForEach);
            return;
        }

        node.ForEach = new ForEach(port, node.Draft.Chunk);
    }

    private async Task<IReadOnlyList<Cascade>> BindCascadesAsync(RecipePlugins plugins, CancellationToken ct)
    {
        var cascades = new List<Cascade>();
        foreach (var cascade in _draft.Cascades)
        {
            var fields = cascade.Fields;
            var when = BindCondition(fields, cascade.When, null);
            var type = _datasets.GetValueOrDefault(cascade.From)?.Type;
            if (cascade.From.Length > 0 && !_datasets.ContainsKey(cascade.From))
            {
                fields.Problem("from", $"No node makes the dataset '{cascade.From}'.{Spelling.Hint(cascade.From, _datasets.Keys)} There is: {string.Join(", ", _datasets.Keys)}.", Codes.RecipeCascade);
            }
            else if (type is not null && !Cascade.Types.Contains(type))
            {
                fields.Problem("from", $"'{cascade.From}' holds {type}; a cascade needs records that name places: {string.Join(", ", Cascade.Types)}.", Codes.RecipeCascade);
            }

            if (cascade.MinSeverity is not null && type is not (null or "findings"))
            {
                fields.Problem("min_severity", $"'min_severity' is for findings; '{cascade.From}' holds {type}. Remove it.", Codes.RecipeCascade);
            }

            // A workflow may be continued by itself: max_depth ends that.
            var own = cascade.Workflow == _draft.Name;
            var stored = own || plugins.Pinned || cascade.Workflow.Length == 0 ? null : await plugins.FindWorkflow(cascade.Workflow, null, ct);
            var declared = own ? _draft.Parameters : stored is null ? null : RecipeReader.ReadDeclared(stored.Yaml);
            if (!own && !plugins.Pinned && stored is null && cascade.Workflow.Length > 0)
            {
                fields.Problem("workflow", $"There is no saved workflow '{cascade.Workflow}'.{Spelling.Hint(cascade.Workflow, plugins.WorkflowNames)} Save it first.", Codes.RecipeCascade);
            }

            GivenParameters.Check(fields, cascade.Parameters, declared, _draft.Parameters, cascade.Workflow, _problems);
            if (type is not null)
            {
                cascades.Add(new Cascade(cascade.Workflow, cascade.From, type, when, cascade.Parameters, cascade.MinSeverity, cascade.MaxRuns, cascade.MaxDepth));
            }
        }

        return cascades;
    }

    private List<int> Order(List<Bound> nodes)
    {
        var order = new List<int>();
        var open = new SortedSet<int>(Enumerable.Range(0, nodes.Count));
        while (open.Count > 0)
        {
            var ready = open.FirstOrDefault(i => !nodes[i].Needs.Overlaps(open), -1);
            if (ready < 0)
            {
                var first = FirstOnCycle(nodes, open);
                var names = new List<string>();
                var at = first;
                do
                {
                    names.Add(nodes[at].Draft.Id);
                    at = nodes[at].Needs.First(open.Contains);
                }
                while (at != first);

                _problems.Add(Codes.RecipeCycle, nodes[first].Draft.Fields.Where("inputs"), nodes[first].Draft.Fields.At("inputs"), $"The nodes wait for each other: {string.Join(" <- ", names.Append(names[0]))}. Remove one of these inputs.");
                return order;
            }

            open.Remove(ready);
            order.Add(ready);
        }

        return order;
    }

    // Each open node needs an open node: following the first need long enough ends on a cycle.
    private static int FirstOnCycle(List<Bound> nodes, SortedSet<int> open)
    {
        var at = open.Min;
        for (var i = 0; i < nodes.Count; i++)
        {
            at = nodes[at].Needs.First(open.Contains);
        }

        return at;
    }
}
