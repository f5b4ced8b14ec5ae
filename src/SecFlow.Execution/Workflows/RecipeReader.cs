using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using YamlDotNet.RepresentationModel;

namespace SecFlow.Execution.Workflows;

/// <summary>Where the reader looks plugins up: the enabled version for an id, alias or range, and everything that is installed (for hints).</summary>
public sealed record RecipePlugins(Func<string, CancellationToken, Task<InstalledPlugin?>> Find, IReadOnlyList<InstalledPlugin> Installed);

/// <summary>
/// Reads a recipe (contracts 3) in two passes: words (this file), then meaning against the installed plugins (<see cref="RecipeBinder"/>).
/// 1. Every problem is reported at once, each with line, column, path and the nearest right spelling.
/// 2. A key that is accepted has an effect; what this version cannot do is refused by name, never ignored.
/// </summary>
public static partial class RecipeReader
{
    private static readonly string[] _topKeys = ["version", "name", "description", "parameters", "nodes", "retry", "state"];
    private static readonly string[] _nodeKeys = ["id", "type", "config", "inputs", "outputs", "timeout", "retry", "when", "on_failure", "foreach", "chunk"];
    private static readonly string[] _retryKeys = ["max_attempts", "backoff_factor", "base_delay"];
    private static readonly string[] _stateKeys = ["checkpoint_interval", "resume_on_failure", "cache_intermediate"];
    private static readonly string[] _parameterKeys = ["type", "required", "default"];

    /// <summary>Types of parameters.</summary>
    public static readonly IReadOnlyList<string> ParameterTypes = ["string", "integer", "number", "boolean", "url", "host"];

    /// <summary>How often staged records become durable when the recipe does not say, seconds.</summary>
    public const int DefaultCheckpointSeconds = 1;

    public static async Task<RecipeValidation> ReadAsync(string yaml, RecipePlugins plugins, CancellationToken ct)
    {
        var problems = new RecipeProblems();
        var root = RecipeYaml.Load(yaml, problems);
        var draft = root is null ? null : ReadRoot(root, problems);
        var recipe = draft is null ? null : await RecipeBinder.BindAsync(draft, plugins, problems, ct);
        if (draft is { State.CacheIntermediate: true } && problems.All.All(p => p.Code != Codes.RecipePluginNotInstalled))
        {
            // After the plugins: a recipe that names missing ones is told exactly that first.
            problems.Add(Codes.RecipeUnsupported, root!.Children[new YamlScalarNode("state")], "state.cache_intermediate", "'cache_intermediate: true' is not supported in this version: every node runs in every run. Write false, or leave it out.");
        }

        return new RecipeValidation(problems.Count == 0 ? recipe : null, problems.All);
    }

    private static RecipeDraft ReadRoot(YamlMappingNode root, RecipeProblems problems)
    {
        var fields = new RecipeFields(root, "", problems, _topKeys);
        var version = fields.Text("version", 10, required: true, "write version: \"1.0\"");
        if (version is not (null or "1.0"))
        {
            problems.Add(Codes.RecipeOutOfRange, fields.Where("version"), "version", $"Recipes of version '{version}' are not known; write version: \"1.0\".");
        }

        var name = fields.Text("name", 100, required: true, "1 to 100 characters");
        var description = fields.Text("description", 500, required: false, "");
        var retry = ReadRetry(fields, RetryPolicy.None, problems);
        var draft = new RecipeDraft("1.0", name ?? "", description ?? "", ReadParameters(fields, problems), ReadNodes(fields, retry, problems), retry, ReadState(fields, problems));
        return draft;
    }

    private static RetryPolicy ReadRetry(RecipeFields owner, RetryPolicy inherited, RecipeProblems problems)
    {
        if (owner.Mapping("retry") is not { } node)
        {
            return inherited;
        }

        var fields = new RecipeFields(node, owner.At("retry"), problems, _retryKeys);
        return new RetryPolicy(
            (int)fields.Number("max_attempts", inherited.MaxAttempts, 1, 10, whole: true),
            fields.Number("backoff_factor", inherited.BackoffFactor, 1, 10, whole: false),
            fields.Number("base_delay", inherited.BaseDelaySeconds, 0, 300, whole: false));
    }

    private static StatePolicy ReadState(RecipeFields owner, RecipeProblems problems)
    {
        if (owner.Mapping("state") is not { } node)
        {
            return new StatePolicy(DefaultCheckpointSeconds, ResumeOnFailure: true, CacheIntermediate: false);
        }

        var fields = new RecipeFields(node, "state", problems, _stateKeys);
        return new StatePolicy(
            (int)fields.Number("checkpoint_interval", DefaultCheckpointSeconds, 0, 3600, whole: true),
            fields.Flag("resume_on_failure", true),
            fields.Flag("cache_intermediate", false));
    }

    private static List<RecipeParameter> ReadParameters(RecipeFields owner, RecipeProblems problems)
    {
        var parameters = new List<RecipeParameter>();
        foreach (var (key, value) in owner.Mapping("parameters")?.Children ?? new YamlMappingNode().Children)
        {
            var name = (key as YamlScalarNode)?.Value ?? "";
            var path = $"parameters.{name}";
            if (!ParameterName().IsMatch(name))
            {
                problems.Add(Codes.RecipeOutOfRange, key, path, $"'{name}' is not a name of a parameter: a lower-case letter, then letters, digits or '_', at most 63.");
            }

            if (value is not YamlMappingNode node)
            {
                problems.Add(Codes.RecipeWrongType, value, path, $"A parameter is a mapping such as {{ type: url, required: true }}; found {RecipeFields.Describe(value)}.");
                continue;
            }

            var fields = new RecipeFields(node, path, problems, _parameterKeys);
            var type = fields.Text("type", 20, required: true, $"one of {string.Join(", ", ParameterTypes)}");
            if (type is not null && !ParameterTypes.Contains(type, StringComparer.Ordinal))
            {
                problems.Add(Codes.RecipeOutOfRange, fields.Where("type"), fields.At("type"), $"'{type}' is not a type of a parameter.{RecipeProblems.Hint(type, ParameterTypes)} Known: {string.Join(", ", ParameterTypes)}.");
                type = null;
            }

            var parameter = new RecipeParameter(name, type ?? "string", fields.Flag("required", false), fields.Value("default") is { } d ? RecipeYaml.ToJson(d) : null);
            if (type is not null && parameter.Default is not null && RecipeParameters.Problem(parameter, parameter.Default) is { } wrong)
            {
                problems.Add(Codes.RecipeParameter, fields.Where("default"), fields.At("default"), $"The default of '{name}' does not fit: {wrong}.");
            }

            parameters.Add(parameter);
        }

        return parameters;
    }

    private static List<NodeDraft> ReadNodes(RecipeFields owner, RetryPolicy retry, RecipeProblems problems)
    {
        var nodes = new List<NodeDraft>();
        if (owner.Value("nodes") is not { } value)
        {
            owner.Missing("nodes", "a list of at least one node");
            return nodes;
        }

        if (value is not YamlSequenceNode { Children.Count: > 0 } list)
        {
            owner.WrongType("nodes", "a list of at least one node");
            return nodes;
        }

        if (list.Children.Count > Limits.NodesPerRecipe.Default)
        {
            problems.Add(Codes.RecipeTooLarge, list, "nodes", $"The recipe has {list.Children.Count} nodes; at most {Limits.NodesPerRecipe.Default} are allowed.");
        }

        for (var i = 0; i < list.Children.Count; i++)
        {
            if (list.Children[i] is YamlMappingNode node)
            {
                nodes.Add(ReadNode(node, $"nodes[{i}]", retry, problems));
            }
            else
            {
                problems.Add(Codes.RecipeWrongType, list.Children[i], $"nodes[{i}]", $"A node is a mapping with 'id' and 'type'; found {RecipeFields.Describe(list.Children[i])}.");
            }
        }

        return nodes;
    }

    private static NodeDraft ReadNode(YamlMappingNode node, string path, RetryPolicy retry, RecipeProblems problems)
    {
        var fields = new RecipeFields(node, path, problems, _nodeKeys);
        var id = fields.Text("id", 63, required: true, "a name for this step") ?? "";
        if (id.Length > 0 && (!NodeId().IsMatch(id) || id == "targets"))
        {
            problems.Add(Codes.RecipeOutOfRange, fields.Where("id"), fields.At("id"), $"'{id}' is not an id of a node: a lower-case letter, then lower-case letters, digits, '_' or '-', at most 63; 'targets' is taken.");
        }

        foreach (var later in new[] { "foreach", "chunk" })
        {
            if (fields.Value(later) is { } unsupported)
            {
                problems.Add(Codes.RecipeUnsupported, unsupported, fields.At(later), $"'{later}' is not supported in this version. Remove it: the node then gets the whole dataset at once.");
            }
        }

        var config = fields.Mapping("config") is { } c ? (JsonObject)RecipeYaml.ToJson(c)! : [];
        return new NodeDraft(
            fields,
            path,
            id,
            fields.Text("type", 200, required: true, "the id of a plugin, such as scan.web-baseline") ?? "",
            config,
            ReadPorts(fields, "inputs", problems),
            ReadPorts(fields, "outputs", problems),
            fields.Duration("timeout", TimeSpan.FromSeconds(Limits.NodeWallSeconds.Default), TimeSpan.FromSeconds(Limits.NodeWallSeconds.Ceiling)),
            ReadRetry(fields, retry, problems),
            fields.Text("when", Condition.MaxLength, required: false, ""),
            ReadOnFailure(fields, problems));
    }

    private static PortDraft? ReadPorts(RecipeFields fields, string key, RecipeProblems problems)
    {
        var entries = new List<PortEntry>();
        switch (fields.Value(key))
        {
            case null:
                return null;
            case YamlSequenceNode list:
                for (var i = 0; i < list.Children.Count; i++)
                {
                    Add(null, list.Children[i], $"{fields.At(key)}[{i}]");
                }

                return new PortDraft(false, entries);
            case YamlMappingNode map:
                foreach (var (port, dataset) in map.Children)
                {
                    Add((port as YamlScalarNode)?.Value ?? "", dataset, $"{fields.At(key)}.{port}");
                }

                return new PortDraft(true, entries);
            default:
                fields.WrongType(key, "a list of dataset names or a mapping of port to dataset name");
                return null;
        }

        void Add(string? port, YamlNode at, string path)
        {
            if (at is YamlScalarNode { Value: { } name } && DatasetName().IsMatch(name))
            {
                entries.Add(new PortEntry(port, name, at, path));
            }
            else
            {
                problems.Add(Codes.RecipeWrongType, at, path, $"A dataset name is a lower-case letter, then lower-case letters, digits, '_', '-' or '.'; found {RecipeFields.Describe(at)}.");
            }
        }
    }

    private static OnFailure ReadOnFailure(RecipeFields fields, RecipeProblems problems)
    {
        string[] known = ["stop", "continue", "skip_dependents"];
        var text = fields.Text("on_failure", 40, required: false, "") ?? "stop";
        switch (Array.IndexOf(known, text))
        {
            case 0: return OnFailure.Stop;
            case 1: return OnFailure.Continue;
            case 2: return OnFailure.SkipDependents;
            default:
                problems.Add(Codes.RecipeOutOfRange, fields.Where("on_failure"), fields.At("on_failure"), $"'{text}' is not known.{RecipeProblems.Hint(text, known)} Known: {string.Join(", ", known)}.");
                return OnFailure.Stop;
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9_-]{0,62}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NodeId();

    [GeneratedRegex("^[a-z][A-Za-z0-9_]{0,62}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ParameterName();

    [GeneratedRegex(@"^[a-z][a-z0-9_.-]{0,126}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex DatasetName();
}
