using System.Text.Json;
using System.Text.Json.Serialization;
using SecFlow.Data.Runs;

namespace SecFlow.Portal.Web;

/// <summary>JSON of the API: camelCase, enums as words, times in UTC with <c>Z</c>, unknown members refused.</summary>
public static class ApiJson
{
    /// <summary>Options for what is written.</summary>
    public static readonly JsonSerializerOptions Written = Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.MaxDepth = 16;
        // Statuses of runs and nodes are spelled as everywhere else (Succeeded, TimedOut); other words are lower case.
        options.Converters.Add(new JsonStringEnumConverter<RunStatus>(namingPolicy: null, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<NodeStatus>(namingPolicy: null, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
        options.Converters.Add(new UtcConverter());
        return options;
    }

    private sealed class UtcConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value.UtcDateTime);
    }
}
