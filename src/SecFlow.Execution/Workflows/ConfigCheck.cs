using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NJsonSchema;
using NJsonSchema.Validation;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Yaml;
using YamlDotNet.Core;

namespace SecFlow.Execution.Workflows;

/// <summary>A node's <c>config</c> against the plugin's config.schema.json; each fault at its place in the YAML.</summary>
public static partial class ConfigCheck
{
    internal static async Task CheckAsync(NodeDraft node, InstalledPlugin plugin, IReadOnlyList<RecipeParameter> parameters, YamlProblems problems, CancellationToken ct)
    {
        GivenParameters.CheckPlaceholders(node.Fields.Value("config"), node.Fields.At("config"), parameters, problems);
        var at = node.Fields.Where("config");
        JsonSchema schema;
        try
        {
            schema = await LoadAsync(plugin.ConfigSchema, ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            problems.Add(Codes.RecipeConfigInvalid, at, node.Fields.At("config"), $"The config.schema.json of '{plugin.Manifest.Id}' cannot be used ({e.Message}). Ask its publisher for a corrected version.");
            return;
        }

        ICollection<ValidationError> errors;
        try
        {
            errors = schema.Validate(Placeholders.Fill(node.Config, GivenParameters.Samples(parameters)).ToJsonString());
        }
        catch (Exception e) when (e is InvalidCastException or OverflowException or Newtonsoft.Json.JsonException)
        {
            problems.Add(Codes.RecipeConfigInvalid, at, node.Fields.At("config"), $"A number is too large to be a setting of '{plugin.Manifest.Id}'. Write a smaller one.");
            return;
        }

        foreach (var error in errors.SelectMany(Leaves))
        {
            var (place, path, value) = Find(node, error.Path ?? "");
            if (value is YamlText text && Placeholders.Read(text.Value).Names is { Count: > 0 } names
                && !IsTypeProblem(error.Kind) && names.All(name => parameters.FirstOrDefault(p => p.Name == name)?.Default is null))
            {
                // Its value comes with the run, and is looked at then; its type is known now.
                continue;
            }

            problems.Add(Codes.RecipeConfigInvalid, place, path, $"{Words(error)} (schema of {plugin.Manifest.Id}).");
        }
    }

    /// <summary>What is wrong with a config under a schema's text, without places; empty when nothing is. Throws what <see cref="LoadAsync"/> throws.</summary>
    public static async Task<IReadOnlyList<string>> ProblemsAsync(string schemaText, JsonObject config, CancellationToken ct) =>
        [.. (await LoadAsync(schemaText, ct)).Validate(config.ToJsonString()).SelectMany(Leaves).Select(Words)];

    /// <summary>Reads a config.schema.json. Throws InvalidDataException for one that is no object or refers to another document, and what the parsers throw.</summary>
    public static async Task<JsonSchema> LoadAsync(string schemaText, CancellationToken ct)
    {
        // A reference to a file or an address would be fetched while reading a recipe.
        return JsonNode.Parse(schemaText) is JsonObject document && !HasOuterReference(document)
            ? await JsonSchema.FromJsonAsync(schemaText, ct)
            : throw new InvalidDataException("it is not an object, or it refers to another document");
    }

    private static IEnumerable<ValidationError> Leaves(ValidationError error) => error is ChildSchemaValidationError { Errors.Count: > 0 } child
        ? child.Errors.SelectMany(e => e.Value).SelectMany(Leaves).DefaultIfEmpty(error).Take(5)
        : [error];

    private static string Words(ValidationError error)
    {
        var name = error.Property ?? "config";
        var schema = error.Schema;
        return error.Kind switch
        {
            ValidationErrorKind.NoAdditionalPropertiesAllowed =>
                $"'{name}' is not a setting of this plugin.{Spelling.Hint(name, schema.ActualProperties.Keys)} Known: {string.Join(", ", schema.ActualProperties.Keys)}",
            ValidationErrorKind.PropertyRequired => $"The setting '{name}' is missing",
            ValidationErrorKind.NumberTooBig or ValidationErrorKind.IntegerTooBig => $"'{name}' is above the maximum {schema.Maximum}",
            ValidationErrorKind.NumberTooSmall => $"'{name}' is below the minimum {schema.Minimum}",
            ValidationErrorKind.NotInEnumeration => $"'{name}' is not one of {string.Join(", ", schema.Enumeration)}",
            ValidationErrorKind.IntegerExpected => $"'{name}' must be a whole number",
            ValidationErrorKind.NumberExpected => $"'{name}' must be a number",
            ValidationErrorKind.StringExpected => $"'{name}' must be a text",
            ValidationErrorKind.BooleanExpected => $"'{name}' must be true or false",
            ValidationErrorKind.ArrayExpected => $"'{name}' must be a list",
            ValidationErrorKind.ObjectExpected => $"'{name}' must be a mapping",
            ValidationErrorKind.PatternMismatch => $"'{name}' does not match the pattern {schema.Pattern}",
            _ => $"'{name}' does not fit: {error.Kind}",
        };
    }

    // NJsonSchema's paths: "#/threads", "#/headers.accept", "#/list[2].name". Walks as far as the YAML goes.
    private static (Mark Place, string Path, YamlValue? Value) Find(NodeDraft node, string jsonPath)
    {
        var (place, value, path) = (node.Fields.Where("config"), node.Fields.Value("config"), node.Fields.At("config"));
        foreach (Match part in Segment().Matches(jsonPath.TrimStart('#', '/')))
        {
            if (part.Groups["index"].Success)
            {
                value = value is YamlList list && int.TryParse(part.Groups["index"].Value, out var i) && i < list.Items.Count ? list.Items[i] : null;
                path += part.Value;
            }
            else
            {
                value = (value as YamlMap)?.Find(part.Value);
                path += "." + part.Value;
            }

            place = value?.At ?? place;
        }

        return (place, path, value);
    }

    private static bool IsTypeProblem(ValidationErrorKind kind) => kind is ValidationErrorKind.StringExpected or ValidationErrorKind.NumberExpected or ValidationErrorKind.IntegerExpected
        or ValidationErrorKind.BooleanExpected or ValidationErrorKind.ArrayExpected or ValidationErrorKind.ObjectExpected;

    private static bool HasOuterReference(JsonNode? node) => node switch
    {
        JsonObject o => o.Any(p => (p.Key is "$ref" && p.Value is JsonValue v && !(v.TryGetValue<string>(out var s) && s.StartsWith('#'))) || HasOuterReference(p.Value)),
        JsonArray a => a.Any(HasOuterReference),
        _ => false,
    };

    [GeneratedRegex(@"\[(?<index>\d+)\]|[^.\[\]]+", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Segment();
}
