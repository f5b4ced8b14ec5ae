using System.Globalization;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using YamlDotNet.RepresentationModel;

namespace SecFlow.Execution.Workflows;

/// <summary>Reads the keys of one mapping, each with its type and range; whatever is wrong becomes a problem at its place, and reading goes on.</summary>
internal sealed class RecipeFields
{
    private readonly YamlMappingNode _node;
    private readonly string _path;
    private readonly RecipeProblems _problems;
    private readonly Dictionary<string, YamlNode> _values = new(StringComparer.Ordinal);

    public RecipeFields(YamlMappingNode node, string path, RecipeProblems problems, IReadOnlyList<string> known)
    {
        (_node, _path, _problems) = (node, path, problems);
        foreach (var (key, value) in node.Children)
        {
            var name = (key as YamlScalarNode)?.Value;
            if (name is null || !known.Contains(name, StringComparer.Ordinal))
            {
                problems.Add(Codes.RecipeUnknownKey, key, At(name ?? "?"), $"The key '{name}' is not known here.{RecipeProblems.Hint(name ?? "", known)} Known keys: {string.Join(", ", known)}.");
                continue;
            }

            _values[name] = value;
        }
    }

    public YamlMappingNode Node => _node;

    public string At(string key) => _path.Length == 0 ? key : $"{_path}.{key}";

    public YamlNode? Value(string key) => _values.GetValueOrDefault(key);

    public YamlNode Where(string key) => Value(key) ?? _node;

    public void Missing(string key, string expected) =>
        _problems.Add(Codes.RecipeMissing, _node, At(key), $"The key '{key}' is missing: {expected}.");

    public string? Text(string key, int most, bool required, string expected)
    {
        if (Value(key) is not { } value)
        {
            if (required)
            {
                Missing(key, expected);
            }

            return null;
        }

        if (value is not YamlScalarNode scalar || RecipeYaml.ToJson(scalar) is null)
        {
            WrongType(key, "a text");
            return null;
        }

        var text = scalar.Value!;
        if (text.Length > most || (required && text.Trim().Length == 0))
        {
            _problems.Add(Codes.RecipeOutOfRange, value, At(key), $"'{key}' has {text.Length} characters; {(required ? 1 : 0)} to {most} are allowed.");
            return null;
        }

        return text;
    }

    public double Number(string key, double fallback, double least, double most, bool whole)
    {
        if (Value(key) is not { } value)
        {
            return fallback;
        }

        var number = RecipeYaml.ToJson(value) is JsonValue json && json.GetValueKind() == System.Text.Json.JsonValueKind.Number
            ? double.Parse(json.ToJsonString(), CultureInfo.InvariantCulture)
            : (double?)null;
        if (number is null || (whole && number % 1 != 0))
        {
            WrongType(key, whole ? "a whole number" : "a number");
            return fallback;
        }

        if (number < least || number > most)
        {
            _problems.Add(Codes.RecipeOutOfRange, value, At(key), string.Create(CultureInfo.InvariantCulture, $"'{key}' is {number}; {least} to {most} is allowed."));
            return fallback;
        }

        return number.Value;
    }

    public bool Flag(string key, bool fallback)
    {
        if (Value(key) is not { } value)
        {
            return fallback;
        }

        if (RecipeYaml.ToJson(value) is JsonValue json && json.TryGetValue<bool>(out var flag))
        {
            return flag;
        }

        WrongType(key, "true or false");
        return fallback;
    }

    /// <summary>Seconds as a number, or a number with s, m or h.</summary>
    public TimeSpan Duration(string key, TimeSpan fallback, TimeSpan most)
    {
        if (Value(key) is not { } value)
        {
            return fallback;
        }

        var text = (value as YamlScalarNode)?.Value ?? "";
        var unit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, >= '0' and <= '9' => 1, _ => 0 };
        var digits = text.Length > 0 && char.IsAsciiLetter(text[^1]) ? text[..^1] : text;
        if (unit == 0 || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
        {
            WrongType(key, "seconds, or a number with s, m or h such as 5m");
            return fallback;
        }

        var duration = TimeSpan.FromSeconds((double)amount * unit);
        if (duration < TimeSpan.FromSeconds(1) || duration > most)
        {
            _problems.Add(Codes.RecipeOutOfRange, value, At(key), $"'{key}' is {text}; 1 s to {most.TotalHours:0} h is allowed.");
            return fallback;
        }

        return duration;
    }

    public YamlMappingNode? Mapping(string key)
    {
        var value = Value(key);
        if (value is null or YamlMappingNode)
        {
            return value as YamlMappingNode;
        }

        WrongType(key, "a mapping");
        return null;
    }

    public void WrongType(string key, string expected) =>
        _problems.Add(Codes.RecipeWrongType, Where(key), At(key), $"'{key}' must be {expected}; found {Describe(Where(key))}.");

    public static string Describe(YamlNode node) => node switch
    {
        YamlMappingNode => "a mapping",
        YamlSequenceNode => "a list",
        YamlScalarNode { Value: { Length: > 40 } v } => $"'{v[..40]}...'",
        YamlScalarNode s => RecipeYaml.ToJson(s) is null ? "nothing" : $"'{s.Value}'",
        _ => "something else",
    };
}
