using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace SecFlow.Execution.Yaml;

/// <summary>What values mean: plain scalars follow the YAML 1.2 core schema in decimal (yes and no are words), quoted ones are texts.</summary>
internal static partial class YamlScalars
{
    /// <summary>The JSON value of a value; null for nothing.</summary>
    public static JsonNode? ToJson(this YamlValue value) => value switch
    {
        YamlText text => text.ToJson(),
        YamlList list => new JsonArray([.. list.Items.Select(ToJson)]),
        YamlMap map => new JsonObject(map.Entries.Select(e => KeyValuePair.Create(e.Key, e.Value.ToJson()))),
        _ => null,
    };

    public static bool? AsFlag(this YamlValue value) => value is not YamlText { Plain: true } text ? null : text.Value switch
    {
        "true" or "True" or "TRUE" => true,
        "false" or "False" or "FALSE" => false,
        _ => null,
    };

    public static double? AsNumber(this YamlValue value) =>
        value is YamlText { Plain: true } text && Number().IsMatch(text.Value)
        && double.TryParse(text.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : null;

    private static JsonValue? ToJson(this YamlText text)
    {
        if (text.IsNull)
        {
            return null;
        }

        if (text.AsFlag() is { } flag)
        {
            return JsonValue.Create(flag);
        }

        if (text.Plain && Integer().IsMatch(text.Value) && long.TryParse(text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return JsonValue.Create(whole);
        }

        return text.AsNumber() is { } number ? JsonValue.Create(number) : JsonValue.Create(text.Value);
    }

    [GeneratedRegex(@"^[-+]?[0-9]+\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Number();
}
