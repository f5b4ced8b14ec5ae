using System.Collections.Concurrent;
using System.Text.Json;

namespace SecFlow.Execution.Findings;

/// <summary>The JSON Schemas of the datasets (docs/schemas), as they are documented.</summary>
public static class RecordSchemas
{
    private static readonly ConcurrentDictionary<string, Lazy<RecordSchema>> _schemas = new(StringComparer.Ordinal);

    /// <summary>Types of datasets.</summary>
    public static readonly IReadOnlyList<string> Types = ["urls", "hosts", "services", "files", "findings", "json"];

    /// <summary>Why a record is not one of its type, at most three reasons; null when it is.</summary>
    public static string? Problem(string type, string json)
    {
        if (type == "json")
        {
            return null;
        }

        using var record = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = PluginProtocol.Frames.MaxDepth });
        var problems = Of(type).Problems(record.RootElement);
        return problems.Count == 0 ? null : string.Join("; ", problems);
    }

    internal static RecordSchema Of(string type) => _schemas.GetOrAdd(type, t => new Lazy<RecordSchema>(() => RecordSchema.Parse(Text(t)))).Value;

    internal static string Text(string type)
    {
        using var stream = typeof(RecordSchemas).Assembly.GetManifestResourceStream($"schemas/{type}.schema.json")
            ?? throw new ArgumentException($"There is no dataset type '{type}'.", nameof(type));
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
