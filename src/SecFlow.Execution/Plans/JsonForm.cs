using System.Text.Json.Nodes;

namespace SecFlow.Execution.Plans;

/// <summary>How the documents of plans and runs are written: an absent value is left out.</summary>
public static class JsonForm
{
    public static JsonArray Array(IEnumerable<JsonObject> items) => [.. items];

    public static JsonObject Object(params (string Name, JsonNode? Value)[] fields)
    {
        var result = new JsonObject();
        foreach (var (name, value) in fields.Where(f => f.Value is not null))
        {
            result.Add(name, value);
        }

        return result;
    }
}
