using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Workflows;

/// <summary>Values for a recipe's parameters, checked when a run is accepted.</summary>
public static class RecipeParameters
{
    /// <summary>
    /// The values that a run pins: what was given, else the default. A parameter named <c>target</c> that was not given takes the first target's value.
    /// Throws SF1014 for every unknown, missing or wrong value at once.
    /// </summary>
    public static JsonObject Resolve(IReadOnlyList<RecipeParameter> declared, JsonObject given, string? firstTarget)
    {
        var problems = new List<Diagnostic>();
        var values = new JsonObject();
        foreach (var (name, _) in given)
        {
            if (declared.All(p => p.Name != name))
            {
                problems.Add(new(Codes.RecipeParameter, $"The workflow has no parameter '{name}'.{Spelling.Hint(name, declared.Select(p => p.Name))}") { Path = name });
            }
        }

        foreach (var parameter in declared)
        {
            var value = given[parameter.Name] ?? parameter.Default ?? (parameter.Name == "target" && firstTarget is not null ? JsonValue.Create(firstTarget) : null);
            if (value is null)
            {
                if (parameter.Required)
                {
                    problems.Add(new(Codes.RecipeParameter, $"The parameter '{parameter.Name}' ({parameter.Type}) is required. Give it a value when the run is started.") { Path = parameter.Name });
                }

                continue;
            }

            value = FromText(parameter, value);
            if (Problem(parameter, value) is { } wrong)
            {
                problems.Add(new(Codes.RecipeParameter, $"The parameter '{parameter.Name}' does not fit: {wrong}.") { Path = parameter.Name });
            }

            values[parameter.Name] = value.DeepClone();
        }

        return problems.Count == 0 ? values : throw new SecFlowException(problems);
    }

    /// <summary>
    /// The same for a whole recipe: its own parameters, those of its sub-workflows, and every <c>config</c> that they go into. Throws SF1014 for every wrong value at once, with node and parameter.
    /// </summary>
    /// <param name="recipe">What is started.</param>
    /// <param name="plugins">The plugin of each node.</param>
    /// <param name="given">What was given.</param>
    /// <param name="firstTarget">Value of the run's first target.</param>
    /// <param name="ct">Stops the check.</param>
    public static async Task<JsonObject> ResolveAsync(Recipe recipe, IReadOnlyList<InstalledPlugin> plugins, JsonObject given, string? firstTarget, CancellationToken ct)
    {
        var values = Resolve(recipe.Parameters, given, firstTarget);
        var problems = new List<Diagnostic>();
        foreach (var (node, plugin) in recipe.Nodes.Zip(plugins).Where(n => n.First.Inside is not null || Placeholders.NamesIn(n.First.Config).Count > 0))
        {
            try
            {
                var names = Placeholders.NamesIn(node.Config);
                problems.AddRange((await ConfigCheck.ProblemsAsync(plugin.ConfigSchema, node.ConfigFor(values, firstTarget), ct)).Select(wrong => new Diagnostic(
                    Codes.RecipeParameter, $"With {string.Join(", ", names.Select(n => $"'{n}'"))} as given, the config of the node '{node.Id}' does not fit: {wrong} (schema of {node.PluginId}).")
                { Path = names.Count > 0 ? names[0] : null }));
            }
            catch (SecFlowException e) when (e.Code == Codes.RecipeParameter)
            {
                problems.AddRange(e.Diagnostics.Select(d => d with { Message = $"In the sub-workflow '{node.Inside?.NodeId}': {d.Message}" }));
            }
        }

        return problems.Count == 0 ? values : throw new SecFlowException([.. problems.DistinctBy(p => p.Message)]);
    }

    /// <summary>Why a value does not fit its parameter; null when it does.</summary>
    internal static string? Problem(RecipeParameter parameter, JsonNode value)
    {
        var kind = value.GetValueKind();
        var text = kind == JsonValueKind.String ? value.GetValue<string>() : "";
        if (text.Length > 2000)
        {
            return "at most 2000 characters are allowed";
        }

        var fits = parameter.Type switch
        {
            "integer" => kind == JsonValueKind.Number && long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            "number" => kind == JsonValueKind.Number,
            "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
            "url" => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https",
            "host" => Uri.CheckHostName(text) != UriHostNameType.Unknown,
            _ => kind == JsonValueKind.String,
        };
        return fits ? null : $"expected {parameter.Type}, found {value.ToJsonString()}";
    }

    // The command line and forms give texts.
    private static JsonNode FromText(RecipeParameter parameter, JsonNode value)
    {
        if (value.GetValueKind() != JsonValueKind.String || parameter.Type is not ("integer" or "number" or "boolean"))
        {
            return value;
        }

        try
        {
            return JsonNode.Parse(value.GetValue<string>()) ?? value;
        }
        catch (JsonException)
        {
            return value;
        }
    }
}
