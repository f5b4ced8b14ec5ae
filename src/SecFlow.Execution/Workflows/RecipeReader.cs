using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Yaml;

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

    private static readonly Dictionary<string, OnFailure> _onFailure = new(StringComparer.Ordinal)
    {
        ["stop"] = OnFailure.Stop,
        ["continue"] = OnFailure.Continue,
        ["skip_dependents"] = OnFailure.SkipDependents,
    };

    /// <summary>Types of parameters.</summary>
    public static readonly IReadOnlyList<string> ParameterTypes = ["string", "integer", "number", "boolean", "url", "host"];

    /// <summary>How often staged records become durable when the recipe does not say, seconds.</summary>
    public const int DefaultCheckpointSeconds = 1;

    public static async Task<RecipeValidation> ReadAsync(string yaml, RecipePlugins plugins, CancellationToken ct)
    {
        var problems = new YamlProblems(YamlForm.Recipe);
        var root = YamlTree.Read(yaml, problems);
        var draft = root is null ? null : ReadRoot(root, problems);
        var recipe = draft is null ? null : await RecipeBinder.BindAsync(draft, plugins, problems, ct);
        return problems.Count > 0 || recipe is null
            ? new RecipeValidation(null, problems.All)
            : new RecipeValidation(recipe with { Notes = draft!.State.CacheIntermediate ? [NotCached((int)root!.Find("state")!.At.Line)] : [] }, []);
    }

    // Running a node anew is always right, only slower: so this is taken, and said.
    private static Diagnostic NotCached(int line) => new(Codes.RecipeNote, "'cache_intermediate: true' is taken, but outputs are not reused in this version: every node runs in every run, and none is shown as Cached.")
    {
        Line = line,
        Path = "state.cache_intermediate",
    };

    private static RecipeDraft ReadRoot(YamlMap root, YamlProblems problems)
    {
        var fields = new YamlFields(root, "", problems, _topKeys);
        var version = fields.Text("version", "version: \"1.0\"", 10, required: true);
        if (version is not (null or "1.0"))
        {
            fields.Problem("version", $"Recipes of version '{version}' are not known; write version: \"1.0\".");
        }

        var name = fields.Text("name", "a text of 1 to 100 characters", 100, required: true);
        var description = fields.Text("description", "a text", 500);
        var retry = ReadRetry(fields, RetryPolicy.None);
        return new RecipeDraft("1.0", name ?? "", description ?? "", ReadParameters(fields), ReadNodes(fields, retry), retry, ReadState(fields));
    }

    private static RetryPolicy ReadRetry(YamlFields owner, RetryPolicy inherited) => owner.Object("retry", "max_attempts", "backoff_factor", "base_delay") is not { } fields
        ? inherited
        : new RetryPolicy(
            (int)(fields.Integer("max_attempts", 1, 10) ?? inherited.MaxAttempts),
            fields.Number("backoff_factor", 1, 10) ?? inherited.BackoffFactor,
            fields.Number("base_delay", 0, 300) ?? inherited.BaseDelaySeconds);

    private static StatePolicy ReadState(YamlFields owner)
    {
        var fields = owner.Object("state", "checkpoint_interval", "resume_on_failure", "cache_intermediate");
        return new StatePolicy(
            (int)(fields?.Integer("checkpoint_interval", 0, 3600) ?? DefaultCheckpointSeconds),
            fields?.Flag("resume_on_failure", true) ?? true,
            fields?.Flag("cache_intermediate", false) ?? false);
    }

    private static List<RecipeParameter> ReadParameters(YamlFields owner)
    {
        var parameters = new List<RecipeParameter>();
        var named = owner.Named("parameters", "a name of a parameter: a lower-case letter, then letters, digits or '_', at most 63", int.MaxValue, ParameterName(), "type", "required", "default");
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

            return [.. owner.Objects("nodes", int.MaxValue, _nodeKeys).Select(node => ReadNode(node, retry))];
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

        foreach (var later in new[] { "foreach", "chunk" })
        {
            if (fields.Has(later))
            {
                fields.Problem(later, $"'{later}' is not supported in this version. Remove it: the node then gets the whole dataset at once.", Codes.RecipeUnsupported);
            }
        }

        var config = fields.Mapping("config") is { } c ? (JsonObject)c.ToJson()! : [];
        return new NodeDraft(
            fields,
            id,
            fields.Text("type", "the id of a plugin, such as scan.web-baseline", 200, required: true) ?? "",
            config,
            ReadPorts(fields, "inputs"),
            ReadPorts(fields, "outputs"),
            fields.Duration("timeout", TimeSpan.FromSeconds(Limits.NodeWallSeconds.Ceiling)) ?? TimeSpan.FromSeconds(Limits.NodeWallSeconds.Default),
            ReadRetry(fields, retry),
            fields.Text("when", "a condition such as outputs.urls.count > 0", Condition.MaxLength),
            fields.Choice("on_failure", _onFailure) ?? OnFailure.Stop);
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
