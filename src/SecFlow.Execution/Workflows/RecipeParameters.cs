using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;

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
