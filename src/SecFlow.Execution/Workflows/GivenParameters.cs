using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Yaml;

namespace SecFlow.Execution.Workflows;

/// <summary>What a recipe hands on: the <c>parameters</c> of a sub-workflow or a cascade, and <c>${parameters.NAME}</c> in these and in <c>config</c>. Checked when it is read, as far as it is known then.</summary>
internal static class GivenParameters
{
    /// <param name="fields">The mapping that has <c>parameters</c>.</param>
    /// <param name="given">The values as JSON.</param>
    /// <param name="declared">What the other workflow declares; null = not known.</param>
    /// <param name="own">What this recipe declares.</param>
    /// <param name="workflow">Name of the other workflow.</param>
    /// <param name="problems">Where problems go.</param>
    public static void Check(YamlFields fields, JsonObject given, IReadOnlyList<RecipeParameter>? declared, IReadOnlyList<RecipeParameter> own, string workflow, YamlProblems problems)
    {
        CheckPlaceholders(fields.Value("parameters"), fields.At("parameters"), own, problems);
        if (declared is null)
        {
            return;
        }

        foreach (var entry in (fields.Value("parameters") as YamlMap)?.Entries ?? [])
        {
            var path = $"{fields.At("parameters")}.{entry.Key}";
            if (declared.FirstOrDefault(p => p.Name == entry.Key) is not { } parameter)
            {
                problems.Add(Codes.RecipeParameter, entry.KeyAt, path, $"The workflow '{workflow}' has no parameter '{entry.Key}'.{Spelling.Hint(entry.Key, declared.Select(p => p.Name))}");
            }
            else if (given[entry.Key] is { } value && Misfit(parameter, value, own) is { } wrong)
            {
                problems.Add(Codes.RecipeParameter, entry.Value.At, path, $"The parameter '{entry.Key}' of '{workflow}' does not fit: {wrong}.");
            }
        }

        // 'target' takes the first target's value by itself.
        foreach (var missing in declared.Where(p => p.Required && p.Default is null && p.Name != "target" && given[p.Name] is null))
        {
            problems.Add(Codes.RecipeParameter, fields.Where("parameters"), fields.At("parameters"), $"The workflow '{workflow}' needs the parameter '{missing.Name}' ({missing.Type}). Add parameters: {{ {missing.Name}: VALUE }}.");
        }
    }

    /// <summary>Every <c>${...}</c> below a value names a parameter of the recipe.</summary>
    public static void CheckPlaceholders(YamlValue? value, string path, IReadOnlyList<RecipeParameter> own, YamlProblems problems)
    {
        switch (value)
        {
            case YamlMap map:
                foreach (var entry in map.Entries)
                {
                    CheckPlaceholders(entry.Value, $"{path}.{entry.Key}", own, problems);
                }

                break;
            case YamlList list:
                for (var i = 0; i < list.Items.Count; i++)
                {
                    CheckPlaceholders(list.Items[i], $"{path}[{i}]", own, problems);
                }

                break;
            case YamlText text:
                var (names, wrong) = Placeholders.Read(text.Value);
                if (wrong is not null)
                {
                    problems.Add(Codes.RecipeParameter, text.At, path, $"'{wrong}' is not known: write ${{parameters.NAME}} for the value of a parameter, or $${{ for a literal ${{.");
                }

                foreach (var name in names.Where(name => own.All(p => p.Name != name)))
                {
                    problems.Add(Codes.RecipeParameter, text.At, path, $"There is no parameter '{name}'.{Spelling.Hint(name, own.Select(p => p.Name))} Declare it under 'parameters'.");
                }

                break;
        }
    }

    /// <summary>A value for each parameter to look at a schema with: its default, else one of its type.</summary>
    public static JsonObject Samples(IReadOnlyList<RecipeParameter> own) => new(own.DistinctBy(p => p.Name, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Name, p.Default?.DeepClone() ?? p.Type switch
    {
        "integer" or "number" => JsonValue.Create(1),
        "boolean" => JsonValue.Create(true),
        "url" => JsonValue.Create("http://target.example/"),
        "host" => JsonValue.Create("target.example"),
        _ => (JsonNode?)JsonValue.Create("text"),
    })));

    private static string? Misfit(RecipeParameter parameter, JsonNode value, IReadOnlyList<RecipeParameter> own)
    {
        var text = value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";
        if (Placeholders.Read(text).Names.Count == 0)
        {
            return RecipeParameters.Problem(parameter, value);
        }

        if (Placeholders.Whole(text) is not { } name)
        {
            return parameter.Type is "string" or "url" or "host" ? null : $"expected {parameter.Type}, found a text with a parameter in it";
        }

        return own.FirstOrDefault(p => p.Name == name) is not { } from || from.Type == parameter.Type
            || parameter.Type == "string" && from.Type is "url" or "host"
            || parameter.Type == "number" && from.Type == "integer"
            ? null
            : $"expected {parameter.Type}, but '{name}' is {from.Type}";
    }
}
