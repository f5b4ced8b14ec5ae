using System.Collections.Concurrent;
using NJsonSchema;
using NJsonSchema.Validation;

namespace SecFlow.Execution.Findings;

/// <summary>The JSON Schemas of the datasets (docs/schemas), as they are documented.</summary>
public static class RecordSchemas
{
    private static readonly ConcurrentDictionary<string, Lazy<JsonSchema>> _schemas = new(StringComparer.Ordinal);

    /// <summary>Types of datasets.</summary>
    public static readonly IReadOnlyList<string> Types = ["urls", "hosts", "services", "files", "findings", "json"];

    /// <summary>Why a record is not one of its type, at most three reasons; null when it is.</summary>
    public static string? Problem(string type, string json)
    {
        if (type == "json")
        {
            return null;
        }

        var errors = _schemas.GetOrAdd(type, t => new Lazy<JsonSchema>(() => Load(t))).Value.Validate(json);
        return errors.Count == 0 ? null : string.Join("; ", errors.SelectMany(Leaves).Take(3).Select(Words));
    }

    private static JsonSchema Load(string type)
    {
        using var stream = typeof(RecordSchemas).Assembly.GetManifestResourceStream($"schemas/{type}.schema.json")
            ?? throw new ArgumentException($"There is no dataset type '{type}'.", nameof(type));
        using var reader = new StreamReader(stream);
        return JsonSchema.FromJsonAsync(reader.ReadToEnd()).GetAwaiter().GetResult();
    }

    // An array's error holds the errors of its items.
    private static IEnumerable<ValidationError> Leaves(ValidationError error) =>
        error is ChildSchemaValidationError { Errors.Count: > 0 } child ? child.Errors.SelectMany(e => e.Value).SelectMany(Leaves).DefaultIfEmpty(error) : [error];

    private static string Words(ValidationError error) => error.Kind switch
    {
        ValidationErrorKind.PropertyRequired => $"'{error.Property}' is missing",
        ValidationErrorKind.NoAdditionalPropertiesAllowed => $"'{error.Property}' is not a field of it",
        ValidationErrorKind.NotInEnumeration => $"'{error.Property}' is not one of {string.Join(", ", error.Schema.Enumeration)}",
        ValidationErrorKind.PatternMismatch => $"'{error.Property ?? error.Path}' does not match {error.Schema.Pattern}",
        ValidationErrorKind.StringTooLong => $"'{error.Property ?? error.Path}' has more than {error.Schema.MaxLength} characters",
        _ => $"'{error.Property ?? error.Path}': {error.Kind}",
    };
}
