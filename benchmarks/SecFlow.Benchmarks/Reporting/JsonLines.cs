using System.Text.Json;

namespace SecFlow.Benchmarks.Reporting;

/// <summary>One object a line: <c>{name, value, unit, reference, referenceValue, ratio, target, met}</c>, then how it was measured.</summary>
internal static class JsonLines
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(Measurement measurement) => JsonSerializer.Serialize(measurement, _options);
}
