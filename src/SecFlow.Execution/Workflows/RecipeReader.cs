using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SecFlow.Data.Findings;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Yaml;

namespace SecFlow.Execution.Workflows;

/// <summary>
/// Reads a recipe (contracts 3) in two passes: words (this file), then meaning against the installed plugins (<see cref="RecipeBinder"/>).
/// 1. Every problem is reported at once, each with line, column, path and the nearest right spelling.
/// 2. A key that is accepted has an effect, which docs/workflows.md tells and a test shows.
/// </summary>
public static partial class RecipeReader
{
    private static readonly Dictionary<string, Severity> _severities = Enum.GetValues<Severity>().ToDictionary(s => s.ToString().ToLowerInvariant(), StringComparer.Ordinal);

    private static readonly Dictionary<string, OnFailure> _onFailure = new(StringComparer.Ordinal)
    {
        ["stop"] = OnFailure.Stop,
        ["continue"] = OnFailure.Continue,
        ["skip_dependents"] = OnFailure.SkipDependents,
    };

    /// <summary>Types of parameters.</summary>
    public static readonly IReadOnlyList<string> ParameterTypes = ["string", "integer", "number", "boolean", "url", "host"];

    /// <summary>Elements of <c>cascades</c>.</summary>
    public const int MostCascades = 20;

    /// <summary>How often staged records become durable when the recipe does not say, seconds.</summary>
    public const int DefaultCheckpointSeconds = 1;

    public static Task<RecipeValidation> ReadAsync(string yaml, RecipePlugins plugins, CancellationToken ct) => ReadAsync(yaml, plugins, new RecipeNesting(), ct);

    /// <summary>The parameters that a recipe declares, without looking at anything else of it; null when it cannot be read.</summary>
    internal static IReadOnlyList<RecipeParameter>? ReadDeclared(string yaml)
    {
        var problems = new YamlProblems(YamlForm.Recipe);
        return YamlTree.Read(yaml, problems) is { } root ? ReadParameters(new YamlFields(root, "", problems, RecipeKeys.Top)) : null;
    }

    /// <param name="yaml">The text.</param>
    /// <param name="plugins">What is installed, and what is saved.</param>
    /// <param name="nesting">The workflows around this one.</param>
    /// <param name="ct">Stops the reading.</param>
    internal static async Task<RecipeValidation> ReadAsync(string yaml, RecipePlugins plugins, RecipeNesting nesting, CancellationToken ct)
    {
        var problems = new YamlProblems(YamlForm.Recipe);
        var root = YamlTree.Read(yaml, problems);
        var draft = root is null ? null : ReadRoot(root, problems);
        var recipe = draft is null ? null : await RecipeBinder.BindAsync(draft, plugins, nesting, problems, ct);
        return problems.Count > 0 || recipe is null ? new RecipeValidation(null, problems.All) : new RecipeValidation(recipe, []);
    }

    private static RecipeDraft ReadRoot(YamlMap root, YamlProblems problems)
    {
        var fields = new YamlFields(root, "", problems, RecipeKeys.Top);
        var version = fields.Text("version", "version: \"1.0\"", 10, required: true);
        if (version is not (null or "1.0"))
        {
            fields.Problem("version", $"Recipes of version '{version}' are not known; write version: \"1.0\".");
        }

        var name = fields.Text("name", "a text of 1 to 100 characters", 100, required: true);
        var description = fields.Text("description", "a text", 500);
        var retry = ReadRetry(fields, RetryPolicy.None);
        return new RecipeDraft("1.0", name ?? "", description ?? "", ReadParameters(fields), ReadNodes(fields, retry), retry, ReadState(fields), ReadInputs(fields), ReadCascades(fields));
    }

    private static Dictionary<string, string> ReadInputs(YamlFields owner)
    {
        var inputs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in owner.Mapping("inputs")?.Entries ?? [])
        {
            var path = $"{owner.At("inputs")}.{entry.Key}";
            if (!DatasetName().IsMatch(entry.Key) || entry.Key == RecipeBinder.Targets)
            {
                owner.Problem(entry.KeyAt, path, $"'{entry.Key}' is not the name of a dataset: a lower-case letter, then lower-case letters, digits, '_', '-' or '.'; 'targets' is taken.");
            }
            else if (entry.Value is YamlText text && RecordSchemas.Types.Contains(text.Value))
            {
                inputs[entry.Key] = text.Value;
            }
            else
            {
                owner.WrongType(entry.Value, path, $"the type of the dataset: {string.Join(", ", RecordSchemas.Types)}");
            }
        }

        return inputs;
    }

    private static List<CascadeDraft> ReadCascades(YamlFields owner) =>
    [
        .. owner.Objects("cascades", MostCascades, RecipeKeys.Cascade).Select(fields => new CascadeDraft(
            fields,
            fields.Text("workflow", "the name of a saved workflow", 100, required: true) ?? "",
            fields.Text("from", "the name of a dataset of hosts, urls, services or findings", 127, required: true) ?? "",
            fields.Text("when", "a condition such as outputs.urls.count > 0", Condition.MaxLength),
            ReadGiven(fields),
            fields.Choice("min_severity", _severities),
            (int)(fields.Integer("max_runs", 1, Cascade.MostRuns) ?? Cascade.DefaultRuns),
            (int)(fields.Integer("max_depth", 1, Cascade.MostDepth) ?? Cascade.DefaultDepth))),
    ];

    private static JsonObject ReadGiven(YamlFields fields) => fields.Mapping("parameters") is { } map ? (JsonObject)map.ToJson()! : [];

    private static RetryPolicy ReadRetry(YamlFields owner, RetryPolicy inherited) => owner.Object("retry", RecipeKeys.Retry) is not { } fields
        ? inherited
        : new RetryPolicy(
            (int)(fields.Integer("max_attempts", 1, 10) ?? inherited.MaxAttempts),
            fields.Number("backoff_factor", 1, 10) ?? inherited.BackoffFactor,
            fields.Number("base_delay", 0, 300) ?? inherited.BaseDelaySeconds);

    private static StatePolicy ReadState(YamlFields owner)
    {
        var fields = owner.Object("state", RecipeKeys.State);
        return new StatePolicy(
            (int)(fields?.Integer("checkpoint_interval", 0, 3600) ?? DefaultCheckpointSeconds),
            fields?.Flag("resume_on_failure", true) ?? true,
            fields?.Flag("cache_intermediate", false) ?? false);
    }

    private static List<RecipeParameter> ReadParameters(YamlFields owner)
    {
        var parameters = new List<RecipeParameter>();
        var named = owner.Named("parameters", "a name of a parameter: a lower-case letter, then letters, digits or '_', at most 63", int.MaxValue, ParameterName(), RecipeKeys.Parameter);
        foreach (var (name, fields) in named)
        {
            var type = fields.Choice("type", ParameterTypes, required: true);
            var parameter = new RecipeParameter(name, type ?? "string", fields.Flag("required", false), fields.Value("default")?.ToJson());
            if (type is not null && parameter.Default is not null && RecipeParameters.Problem(parameter, parameter.Default) is { } wrong)
            {
                fields.Problem("default", $"The default of '{name}' does not fit: {wrong}.", Codes.RecipeParameter);
            }

            parameters.Add(parameter);
        }

        return parameters;
    }

    private static List<NodeDraft> ReadNodes(YamlFields owner, RetryPolicy retry)
    {
        const string expected = "a list of at least one node";
        if (!owner.Has("nodes"))
        {
            owner.Missing("nodes", expected);
        }
        else if (owner.Value("nodes") is not YamlList { Items.Count: > 0 } list)
        {
            owner.WrongType("nodes", expected);
        }
        else
        {
            if (list.Items.Count > Limits.NodesPerRecipe.Default)
            {
                owner.Problem("nodes", $"The recipe has {list.Items.Count} nodes; at most {Limits.NodesPerRecipe.Default} are allowed.", Codes.RecipeTooLarge);
            }

            return [.. owner.Objects("nodes", int.MaxValue, RecipeKeys.Node).Select(node => ReadNode(node, retry))];
        }

        return [];
    }

    private static NodeDraft ReadNode(YamlFields fields, RetryPolicy retry)
    {
        var id = fields.Text("id", "a name for this step", 63, required: true) ?? "";
        if (id.Length > 0 && (!NodeId().IsMatch(id) || id == "targets"))
        {
            fields.Problem("id", $"'{id}' is not an id of a node: a lower-case letter, then lower-case letters, digits, '_' or '-', at most 63; 'targets' is taken.");
        }

        var isWorkflow = fields.Has("workflow");
        foreach (var key in (isWorkflow ? RecipeKeys.OfPlugin : RecipeKeys.OfWorkflow).Where(fields.Has))
        {
            fields.Problem(key, isWorkflow
                ? $"'{key}' is for a node with a plugin; this one stands for a workflow. Remove '{key}' or 'workflow'."
                : $"'{key}' is for a node with 'workflow'; this one has a plugin. Remove '{key}'{(key == "parameters" ? ", or write the values into 'config'" : ", or write the version range behind the plugin's id: scan.web@^1.2")}.");
        }

        if (fields.Has("chunk") && !fields.Has("foreach"))
        {
            fields.Problem("chunk", "'chunk' says how many records each chunk of 'foreach' has. Add foreach: DATASET, or remove 'chunk'.");
        }

        var config = fields.Mapping("config") is { } c ? (JsonObject)c.ToJson()! : [];
        return new NodeDraft(
            fields,
            id,
            isWorkflow ? "" : fields.Text("type", "the id of a plugin, such as scan.web-baseline", 200, required: true) ?? "",
            config,
            ReadPorts(fields, "inputs"),
            ReadPorts(fields, "outputs"),
            fields.Duration("timeout", TimeSpan.FromSeconds(Limits.NodeWallSeconds.Ceiling)) ?? TimeSpan.FromSeconds(Limits.NodeWallSeconds.Default),
            ReadRetry(fields, retry),
            fields.Text("when", "a condition such as outputs.urls.count > 0", Condition.MaxLength),
            fields.Choice("on_failure", _onFailure) ?? OnFailure.Stop)
        {
            ForEach = fields.Text("foreach", "the name of a dataset that an earlier node makes", 127),
            Chunk = (int)(fields.Integer("chunk", 1, ForEach.MostPerChunk) ?? ForEach.DefaultChunk),
            Workflow = isWorkflow ? fields.Text("workflow", "the name of a saved workflow", 100, required: true) ?? "" : null,
            WorkflowVersion = (int?)fields.Integer("version", 1, int.MaxValue),
            Parameters = ReadGiven(fields),
        };
    }

    private static PortDraft? ReadPorts(YamlFields fields, string key)
    {
        var entries = new List<PortEntry>();
        switch (fields.Value(key))
        {
            case null:
                return null;
            case YamlList list:
                for (var i = 0; i < list.Items.Count; i++)
                {
                    Add(null, list.Items[i], $"[{i}]");
                }

                return new PortDraft(false, entries);
            case YamlMap map:
                foreach (var entry in map.Entries)
                {
                    if (key == "inputs" && entry.Value is YamlList several)
                    {
                        for (var i = 0; i < several.Items.Count; i++)
                        {
                            Add(entry.Key, several.Items[i], $".{entry.Key}[{i}]");
                        }

                        continue;
                    }

                    Add(entry.Key, entry.Value, $".{entry.Key}");
                }

                return new PortDraft(true, entries);
            default:
                fields.WrongType(key, "a list of dataset names or a mapping of port to dataset name");
                return null;
        }

        void Add(string? port, YamlValue value, string place)
        {
            if (value is YamlText text && DatasetName().IsMatch(text.Value))
            {
                entries.Add(new PortEntry(port, text.Value, value.At, fields.At(key) + place));
            }
            else
            {
                fields.WrongType(value, fields.At(key) + place, "a dataset name: a lower-case letter, then lower-case letters, digits, '_', '-' or '.'");
            }
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9_-]{0,62}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NodeId();

    [GeneratedRegex("^[a-z][A-Za-z0-9_]{0,62}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ParameterName();

    [GeneratedRegex(@"^[a-z][a-z0-9_.-]{0,126}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex DatasetName();
}
