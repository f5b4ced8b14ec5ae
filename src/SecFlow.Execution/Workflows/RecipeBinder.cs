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

    /// <summary>Who makes a dataset; node null = the workflow around this one hands it in; type null = its plugin is not known.</summary>
    private sealed record Produced(int? Node, string? Type);

    private sealed class Bound(NodeDraft draft, InstalledPlugin? plugin, InnerWorkflow? inner)
    {
        public NodeDraft Draft { get; } = draft;

        public InstalledPlugin? Plugin { get; } = plugin;

        public InnerWorkflow? Inner { get; } = inner;

        /// <summary>As messages name it.</summary>
        public string Name => Plugin?.Manifest.Id ?? Inner?.Pin.Name ?? "";

        /// <summary>Null = not known.</summary>
        public IReadOnlyList<PluginPort>? InPorts { get; } = plugin?.Manifest.Inputs ?? inner?.InPorts;

        public IReadOnlyList<PluginPort>? OutPorts { get; } = plugin?.Manifest.Outputs ?? inner?.OutPorts;

        public BoundCondition? When { get; set; }

        public ForEach? ForEach { get; set; }

        public Dictionary<string, List<string>> Inputs { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, string> Outputs { get; } = new(StringComparer.Ordinal);

        public SortedSet<int> Needs { get; } = [];
    }

    public static async Task<Recipe?> BindAsync(RecipeDraft draft, RecipePlugins plugins, RecipeNesting nesting, YamlProblems problems, CancellationToken ct)
    {
        var binder = new RecipeBinder(draft, problems);
        var bound = new List<Bound>();
        foreach (var node in draft.Nodes)
        {
            var plugin = node.Type.Length == 0 ? null : await binder.FindPluginAsync(node, plugins, ct);
            var inner = node.Workflow is { Length: > 0 } ? await SubWorkflows.FindAsync(draft, node, plugins, nesting, problems, ct) : null;
            bound.Add(new Bound(node, plugin, inner));
            if (plugin is not null)
            {
                await ConfigCheck.CheckAsync(node, plugin, draft.Parameters, problems, ct);
            }
        }

        binder.CheckIds();
        foreach (var (name, type) in draft.Inputs)
        {
            binder._datasets[name] = new Produced(null, type);
        }

        for (var i = 0; i < bound.Count; i++)
        {
            binder.BindOutputs(i, bound[i]);
        }

        foreach (var node in bound)
        {
            binder.BindInputs(node);
            binder.BindForEach(node);
            node.When = binder.BindCondition(node.Draft.Fields, node.Draft.When, node.Needs);
        }

        var cascades = await binder.BindCascadesAsync(plugins, ct);
        var order = binder.Order(bound);
        if (problems.Count > 0)
        {
            return null;
        }

        var nodes = order.SelectMany(i => bound[i].Inner is { } inner ? SubWorkflows.Expand(inner, bound[i].Draft, bound[i].When, bound[i].Inputs, bound[i].Outputs) : [ToNode(bound[i])]).ToList();
        if (nodes.Count > Limits.NodesPerRecipe.Default)
        {
            problems.Add(Codes.RecipeTooLarge, draft.Nodes[0].Fields.Where("id"), "nodes", $"With its sub-workflows the recipe has {nodes.Count} nodes; at most {Limits.NodesPerRecipe.Default} are allowed.");
            return null;
        }

        return new Recipe(draft.Version, draft.Name, draft.Description, draft.Parameters, nodes, draft.Retry, draft.State)
        {
            Inputs = draft.Inputs,
            Datasets = binder._datasets.Where(d => d.Value.Node is not null).ToDictionary(d => d.Key, d => d.Value.Type!, StringComparer.Ordinal),
            Cascades = cascades,
            SubWorkflows = [.. bound.Where(b => b.Inner is not null).SelectMany(b => b.Inner!.Recipe.SubWorkflows.Prepend(b.Inner.Pin)).Distinct()],
            Depth = bound.Max(b => b.Inner is null ? 0 : b.Inner.Recipe.Depth + 1),
            Notes = [.. draft.Inputs.Select(i => new Diagnostic(Codes.RecipeNote, $"The dataset '{i.Key}' ({i.Value}) is handed in by a workflow that uses this one; in a run of its own it is empty.") { Path = $"inputs.{i.Key}" })],
        };
    }

    private static RecipeNode ToNode(Bound b) => new(
        b.Draft.Id, b.Draft.Type, b.Plugin!.Manifest.Id, b.Plugin.Manifest.Version, b.Plugin.Row.Digest, b.Draft.Config,
        b.Inputs.ToDictionary(i => i.Key, i => (IReadOnlyList<string>)i.Value, StringComparer.Ordinal), b.Outputs, b.Draft.Timeout, b.Draft.Retry, b.Draft.When, b.Draft.OnFailure)
    {
        Conditions = b.When is null ? [] : [b.When],
        ForEach = b.ForEach,
    };

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

    [GeneratedRegex(@"^[a-z][a-z0-9]*(\.[a-z][a-z0-9-]*)+(@[^\s@]{1,60})?$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex PluginType();
}
