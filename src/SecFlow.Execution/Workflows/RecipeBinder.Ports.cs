using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Yaml;

namespace SecFlow.Execution.Workflows;

/// <summary>Which dataset goes to which port.</summary>
internal sealed partial class RecipeBinder
{
    private void BindOutputs(int index, Bound node)
    {
        var ports = node.OutPorts;
        if (node.Draft.Outputs is null)
        {
            foreach (var port in ports ?? [])
            {
                node.Outputs[port.Name] = $"{node.Draft.Id}.{port.Name}";
                _datasets.TryAdd($"{node.Draft.Id}.{port.Name}", new Produced(index, port.Type));
            }

            return;
        }

        foreach (var entry in node.Draft.Outputs.Entries)
        {
            var port = ports is null ? null : PortOf(node, entry, ports, [.. node.Outputs.Keys], entry.Dataset, null, "output");
            if (entry.Dataset == Targets || !_datasets.TryAdd(entry.Dataset, new Produced(index, port?.Type)))
            {
                _problems.Add(Codes.RecipeDuplicate, entry.At, entry.Path, entry.Dataset == Targets
                    ? "'targets' is the run's own dataset; give this output another name."
                    : _datasets[entry.Dataset].Node is not { } maker ? $"The dataset '{entry.Dataset}' is one of the recipe's inputs; give this output another name."
                    : $"The output '{entry.Dataset}' is already made by the node '{_draft.Nodes[maker].Id}'. Use {{ port: another_name }}.");
            }
            else if (port is not null)
            {
                node.Outputs[port.Name] = entry.Dataset;
            }
        }

        // The other datasets of a sub-workflow are made as well.
        foreach (var port in (node.Inner?.OutPorts ?? []).Where(p => !node.Outputs.ContainsKey(p.Name)))
        {
            node.Outputs[port.Name] = $"{node.Draft.Id}.{port.Name}";
            _datasets.TryAdd(node.Outputs[port.Name], new Produced(index, port.Type));
        }
    }

    private void BindInputs(Bound node)
    {
        var ports = node.InPorts;
        foreach (var entry in node.Draft.Inputs?.Entries ?? [])
        {
            if (entry.Dataset == Targets)
            {
                continue;
            }

            if (!_datasets.TryGetValue(entry.Dataset, out var source))
            {
                _problems.Add(Codes.RecipeUnresolvedInput, entry.At, entry.Path, $"No node makes the dataset '{entry.Dataset}'.{Spelling.Hint(entry.Dataset, _datasets.Keys.Append(Targets))} There is: {string.Join(", ", _datasets.Keys.Prepend(Targets))}.");
                continue;
            }

            if (source.Node is { } maker)
            {
                node.Needs.Add(maker);
            }

            if (ports is not null && PortOf(node, entry, ports, [.. node.Inputs.Keys], entry.Dataset, source.Type, "input") is { } port)
            {
                if (!node.Inputs.TryGetValue(port.Name, out var names))
                {
                    node.Inputs[port.Name] = names = [];
                }

                if (names.Contains(entry.Dataset))
                {
                    _problems.Add(Codes.RecipeDuplicate, entry.At, entry.Path, $"The dataset '{entry.Dataset}' is bound to the input '{port.Name}' of '{node.Name}' twice.");
                    continue;
                }

                names.Add(entry.Dataset);
            }
        }

        foreach (var port in (ports ?? []).Where(p => p.Required && !node.Inputs.ContainsKey(p.Name)))
        {
            // An entry that could not be bound was already told.
            if (node.Draft.Inputs?.Entries.All(e => e.Dataset == Targets || (e.Port is not null && e.Port != port.Name)) ?? true)
            {
                _problems.Add(Codes.RecipeUnresolvedInput, node.Draft.Fields.Where("inputs"), node.Draft.Fields.At("inputs"), $"The input '{port.Name}' ({port.Type}) of '{node.Name}' is required. Add inputs: {{ {port.Name}: DATASET }}.");
            }
        }
    }

    /// <summary>The port that an entry means. <paramref name="type"/> is the dataset's type (inputs); for outputs the port decides.</summary>
    private PluginPort? PortOf(Bound node, PortEntry entry, IReadOnlyList<PluginPort> ports, IReadOnlyList<string> taken, string dataset, string? type, string direction)
    {
        var id = node.Name;
        var wanted = entry.Port ?? dataset;
        var port = ports.FirstOrDefault(p => p.Name == wanted);
        if (port is null && entry.Port is not null)
        {
            _problems.Add(Codes.RecipePortMismatch, entry.At, entry.Path, $"'{id}' has no {direction} '{wanted}'.{Spelling.Hint(wanted, ports.Select(p => p.Name))} {Known(ports, direction)}");
            return null;
        }

        if (port is null)
        {
            // By type: of a dataset whose type is known; an output without that name means the one port that is left.
            var candidates = ports.Where(p => !taken.Contains(p.Name) && (type is null || p.Type == type)).ToList();
            if (direction == "input" && candidates.Count == 0)
            {
                // A further dataset for a port that has one already: they are read one after the other.
                candidates = [.. ports.Where(p => p.Type == type)];
            }

            if (direction == "output" && candidates.Count > 1 && candidates.Where(p => p.Type == dataset).ToList() is { Count: 1 } named)
            {
                candidates = named;
            }

            if (candidates.Count != 1)
            {
                _problems.Add(Codes.RecipePortMismatch, entry.At, entry.Path, candidates.Count == 0
                    ? $"'{id}' has no free {direction} for '{dataset}'{(type is null ? "" : $" of type {type}")}. {Known(ports, direction)}"
                    : $"'{dataset}' fits several {direction}s of '{id}' ({string.Join(", ", candidates.Select(p => p.Name))}). Write {{ PORT: {dataset} }}.");
                return null;
            }

            port = candidates[0];
        }

        if (type is not null && port.Type != type)
        {
            _problems.Add(Codes.RecipePortMismatch, entry.At, entry.Path, $"The {direction} '{port.Name}' of '{id}' takes {port.Type}, but '{dataset}' holds {type}.");
            return null;
        }

        if (direction == "output" && taken.Contains(port.Name))
        {
            _problems.Add(Codes.RecipeDuplicate, entry.At, entry.Path, $"The {direction} '{port.Name}' of '{id}' is bound twice.");
            return null;
        }

        return port;
    }

    private static string Known(IReadOnlyList<PluginPort> ports, string direction) =>
        ports.Count == 0 ? $"It has no {direction}s." : $"Its {direction}s: {string.Join(", ", ports.Select(p => $"{p.Name} ({p.Type})"))}.";
}
