using System.Text.RegularExpressions;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Trust;
using SecFlow.Execution.Yaml;

namespace SecFlow.Execution.Workflows;

/// <summary>
/// Meaning of a recipe: plugins, ports, order, conditions, config.
/// 1. A dataset has one producer; <c>targets</c> is there from the start. Inputs may name a node that stands later in the file.
/// 2. Ports bind by name, else by the one port of that type; <c>{port: name}</c> says it outright. An input takes several datasets of its type; an output makes one.
/// 3. Without <c>outputs</c> a node's ports are called <c>id.port</c>.
/// 4. Order: topological, ties by place in the file.
/// 5. What follows from a problem that was already told (a plugin that is not there) is not told again.
/// </summary>
internal sealed partial class RecipeBinder
{
    public const string Targets = "targets";

    private readonly RecipeDraft _draft;
    private readonly YamlProblems _problems;
    private readonly Dictionary<string, Produced> _datasets = new(StringComparer.Ordinal);

    private RecipeBinder(RecipeDraft draft, YamlProblems problems) => (_draft, _problems) = (draft, problems);

    /// <summary>Who makes a dataset; type null = its plugin is not known.</summary>
    private sealed record Produced(int Node, string? Type);

    private sealed class Bound(NodeDraft draft, InstalledPlugin? plugin)
    {
        public NodeDraft Draft { get; } = draft;

        public InstalledPlugin? Plugin { get; } = plugin;

        public Dictionary<string, List<string>> Inputs { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, string> Outputs { get; } = new(StringComparer.Ordinal);

        public SortedSet<int> Needs { get; } = [];
    }

    public static async Task<Recipe?> BindAsync(RecipeDraft draft, RecipePlugins plugins, YamlProblems problems, CancellationToken ct)
    {
        var binder = new RecipeBinder(draft, problems);
        var bound = new List<Bound>();
        foreach (var node in draft.Nodes)
        {
            var plugin = node.Type.Length == 0 ? null : await binder.FindPluginAsync(node, plugins, ct);
            bound.Add(new Bound(node, plugin));
            if (plugin is not null)
            {
                await ConfigCheck.CheckAsync(node, plugin, problems, ct);
            }
        }

        binder.CheckIds();
        for (var i = 0; i < bound.Count; i++)
        {
            binder.BindOutputs(i, bound[i]);
        }

        foreach (var node in bound)
        {
            binder.BindInputs(node);
            binder.BindCondition(node);
        }

        var order = binder.Order(bound);
        return problems.Count > 0 ? null : new Recipe(draft.Version, draft.Name, draft.Description, draft.Parameters, [.. order.Select(i => ToNode(bound[i]))], draft.Retry, draft.State);
    }

    private static RecipeNode ToNode(Bound b) => new(
        b.Draft.Id, b.Draft.Type, b.Plugin!.Manifest.Id, b.Plugin.Manifest.Version, b.Plugin.Row.Digest, b.Draft.Config,
        b.Inputs.ToDictionary(i => i.Key, i => (IReadOnlyList<string>)i.Value, StringComparer.Ordinal), b.Outputs, b.Draft.Timeout, b.Draft.Retry, b.Draft.When, b.Draft.OnFailure);

    private async Task<InstalledPlugin?> FindPluginAsync(NodeDraft node, RecipePlugins plugins, CancellationToken ct)
    {
        var (at, path) = (node.Fields.Where("type"), node.Fields.At("type"));
        if (!PluginType().IsMatch(node.Type))
        {
            _problems.Add(Codes.RecipeOutOfRange, at, path, $"'{node.Type}' is not the id of a plugin: category.name such as scan.web-baseline, optionally @version range.");
            return null;
        }

        if (await plugins.Find(node.Type, ct) is { } found)
        {
            return found;
        }

        var name = node.Type.Split('@')[0];
        var same = plugins.Installed.Where(p => p.Manifest.Id == name || p.Manifest.Aliases.Contains(name, StringComparer.Ordinal)).ToList();
        var enabled = same.Where(p => p.Row.State == PluginState.Enabled).Select(p => p.Manifest.Version).ToList();
        if (same.Count > 0 && enabled.Count == 0)
        {
            // what trust refuses is told as that refusal, with the rule that would let it pass
            var row = same.Select(p => p.Row).MaxBy(r => r.DiscoveredAt)!;
            _problems.Add(TrustRuleText.CodeOf(row.TrustState) ?? Codes.RecipePluginNotInstalled, at, path, TrustRuleText.Refusal(row));
            return null;
        }

        var message = same.Count == 0
            ? $"The plugin '{name}' is not installed.{Spelling.Hint(name, plugins.Installed.SelectMany(p => p.Manifest.Aliases.Prepend(p.Manifest.Id)))} Install its package, or use an installed one."
            : same.FirstOrDefault(p => p.Pin is not null)?.Pin is { } pin
            ? $"'{pin.PluginId}' is pinned to {pin.Version} by {pin.PinnedBy} ({pin.Reason}), and that version {(same.Any(p => p.Row.Digest == pin.Digest && p.Row.State == PluginState.Enabled) ? $"does not fit '{node.Type}'" : "is not enabled")}. An administrator can take the pin away or pin another version."
            : $"No enabled version of '{name}' fits '{node.Type[(name.Length + 1)..]}'; enabled: {string.Join(", ", enabled)}.";
        _problems.Add(Codes.RecipePluginNotInstalled, at, path, message);
        return null;
    }

    private void CheckIds()
    {
        foreach (var twins in _draft.Nodes.Where(n => n.Id.Length > 0).GroupBy(n => n.Id, StringComparer.Ordinal))
        {
            foreach (var second in twins.Skip(1))
            {
                _problems.Add(Codes.RecipeDuplicate, second.Fields.Where("id"), second.Fields.At("id"), $"The id '{second.Id}' is taken by the node in line {twins.First().Fields.Where("id").Line}. Ids are unique.");
            }
        }
    }

    private void BindOutputs(int index, Bound node)
    {
        var ports = node.Plugin?.Manifest.Outputs;
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
                    : $"The output '{entry.Dataset}' is already made by the node '{_draft.Nodes[_datasets[entry.Dataset].Node].Id}'. Use {{ port: another_name }}.");
            }
            else if (port is not null)
            {
                node.Outputs[port.Name] = entry.Dataset;
            }
        }
    }

    private void BindInputs(Bound node)
    {
        var ports = node.Plugin?.Manifest.Inputs;
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

            node.Needs.Add(source.Node);
            if (ports is not null && PortOf(node, entry, ports, [.. node.Inputs.Keys], entry.Dataset, source.Type, "input") is { } port)
            {
                if (!node.Inputs.TryGetValue(port.Name, out var names))
                {
                    node.Inputs[port.Name] = names = [];
                }

                if (names.Contains(entry.Dataset))
                {
                    _problems.Add(Codes.RecipeDuplicate, entry.At, entry.Path, $"The dataset '{entry.Dataset}' is bound to the input '{port.Name}' of '{node.Plugin!.Manifest.Id}' twice.");
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
                _problems.Add(Codes.RecipeUnresolvedInput, node.Draft.Fields.Where("inputs"), node.Draft.Fields.At("inputs"), $"The input '{port.Name}' ({port.Type}) of '{node.Plugin!.Manifest.Id}' is required. Add inputs: {{ {port.Name}: DATASET }}.");
            }
        }
    }

    /// <summary>The port that an entry means. <paramref name="type"/> is the dataset's type (inputs); for outputs the port decides.</summary>
    private PluginPort? PortOf(Bound node, PortEntry entry, IReadOnlyList<PluginPort> ports, IReadOnlyList<string> taken, string dataset, string? type, string direction)
    {
        var id = node.Plugin!.Manifest.Id;
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

    private void BindCondition(Bound node)
    {
        if (node.Draft.When is not { } text)
        {
            return;
        }

        var (at, path) = (node.Draft.Fields.Where("when"), node.Draft.Fields.At("when"));
        try
        {
            foreach (var name in Condition.Parse(text, _draft.Parameters).Outputs)
            {
                if (_datasets.TryGetValue(name, out var source))
                {
                    node.Needs.Add(source.Node);
                }
                else
                {
                    _problems.Add(Codes.RecipeCondition, at, path, $"The condition asks for '{name}', but no node makes that dataset.{Spelling.Hint(name, _datasets.Keys)}");
                }
            }
        }
        catch (SecFlowException e) when (e.Code == Codes.RecipeCondition)
        {
            _problems.Add(Codes.RecipeCondition, at, path, e.Diagnostics[0].Message);
        }
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

    [GeneratedRegex(@"^[a-z][a-z0-9]*(\.[a-z][a-z0-9-]*)+(@[^\s@]{1,60})?$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex PluginType();
}
