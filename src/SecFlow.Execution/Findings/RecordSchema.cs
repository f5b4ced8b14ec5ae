using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SecFlow.Execution.Findings;

/// <summary>
/// One JSON Schema of docs/schemas, compiled: every record of every plugin passes it, so it costs a few microseconds and no second copy of the record.
/// 1. It knows the keywords that those schemas use, and refuses to be built from any other: a rule that is documented is a rule that is held.
/// 2. It gives reasons, at most <see cref="MostReasons"/>, in words for the plugin's author.
/// </summary>
internal sealed class RecordSchema
{
    public const int MostReasons = 3;

    private static readonly TimeSpan _patternTimeout = TimeSpan.FromSeconds(1);
    private static readonly HashSet<string> _words = new(StringComparer.Ordinal) { "$schema", "$id", "title", "description" };

    private readonly string? _type;
    private readonly Dictionary<string, RecordSchema> _properties = new(StringComparer.Ordinal);
    private readonly List<string> _required = [];
    private readonly List<string>? _values;
    private readonly bool _closed;
    private readonly int _minLength;
    private readonly int _maxLength = int.MaxValue;
    private readonly int _maxItems = int.MaxValue;
    private readonly int _minProperties;
    private readonly double _minimum = double.NegativeInfinity;
    private readonly double _maximum = double.PositiveInfinity;
    private readonly string? _patternText;
    private readonly Regex? _pattern;
    private readonly RecordSchema? _items;

    private RecordSchema(JsonElement schema)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            var value = keyword.Value;
            switch (keyword.Name)
            {
                case "type": _type = value.GetString(); break;
                case "required": _required = [.. value.EnumerateArray().Select(v => v.GetString()!)]; break;
                case "additionalProperties" when value.ValueKind == JsonValueKind.False: _closed = true; break;
                case "properties": _properties = value.EnumerateObject().ToDictionary(p => p.Name, p => new RecordSchema(p.Value), StringComparer.Ordinal); break;
                case "enum": _values = [.. value.EnumerateArray().Select(v => v.GetString()!)]; break;
                case "minLength": _minLength = value.GetInt32(); break;
                case "maxLength": _maxLength = value.GetInt32(); break;
                case "minimum": _minimum = value.GetDouble(); break;
                case "maximum": _maximum = value.GetDouble(); break;
                case "minProperties": _minProperties = value.GetInt32(); break;
                case "maxItems": _maxItems = value.GetInt32(); break;
                case "items": _items = new RecordSchema(value); break;
                case "pattern":
                    _patternText = value.GetString()!;
                    _pattern = new Regex(_patternText, RegexOptions.CultureInvariant, _patternTimeout);
                    break;
                case var word when _words.Contains(word): break;
                default: throw new ArgumentException($"The keyword '{keyword.Name}' of a record schema is not known here.", nameof(schema));
            }
        }

        if (_type is not (null or "object" or "array" or "string" or "integer" or "number" or "boolean"))
        {
            throw new ArgumentException($"The type '{_type}' of a record schema is not known here.", nameof(schema));
        }
    }

    public static RecordSchema Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return new RecordSchema(document.RootElement);
    }

    /// <summary>Why the value does not fit; empty when it does.</summary>
    public IReadOnlyList<string> Problems(JsonElement value)
    {
        List<string>? problems = null;
        Check(value, "record", ref problems);
        return problems ?? (IReadOnlyList<string>)[];
    }

    private void Check(JsonElement value, string name, ref List<string>? problems)
    {
        if (problems?.Count >= MostReasons)
        {
            return;
        }

        if (_values is not null && !(value.ValueKind == JsonValueKind.String && _values.Contains(value.GetString()!, StringComparer.Ordinal)))
        {
            Add(ref problems, $"'{name}' is not one of {string.Join(", ", _values)}");
            return;
        }

        switch (_type)
        {
            case "object" when value.ValueKind == JsonValueKind.Object: Members(value, ref problems); break;
            case "array" when value.ValueKind == JsonValueKind.Array: Items(value, name, ref problems); break;
            case "string" when value.ValueKind == JsonValueKind.String: Text(value.GetString()!, name, ref problems); break;
            case "number" when value.ValueKind == JsonValueKind.Number: Number(value.GetDouble(), name, ref problems); break;
            case "integer" when value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var whole): Number(whole, name, ref problems); break;
            case "boolean" when value.ValueKind is JsonValueKind.True or JsonValueKind.False: break;
            case null: break;
            default: Add(ref problems, $"'{name}' is not {(_type is "string" or "number" or "boolean" ? "a " : "an ")}{_type}"); break;
        }
    }

    private void Members(JsonElement value, ref List<string>? problems)
    {
        foreach (var required in _required)
        {
            if (!value.TryGetProperty(required, out _))
            {
                Add(ref problems, $"'{required}' is missing");
            }
        }

        var members = 0;
        foreach (var member in value.EnumerateObject())
        {
            members++;
            if (_properties.TryGetValue(member.Name, out var schema))
            {
                schema.Check(member.Value, member.Name, ref problems);
            }
            else if (_closed)
            {
                Add(ref problems, $"'{member.Name}' is not a field of it");
            }
        }

        if (members < _minProperties)
        {
            Add(ref problems, $"the record has {members} fields, at least {_minProperties} are needed");
        }
    }

    private void Items(JsonElement value, string name, ref List<string>? problems)
    {
        if (value.GetArrayLength() > _maxItems)
        {
            Add(ref problems, $"'{name}' has more than {_maxItems} items");
            return;
        }

        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            _items?.Check(item, $"{name}[{index++}]", ref problems);
        }
    }

    private void Text(string text, string name, ref List<string>? problems)
    {
        if (text.Length < _minLength)
        {
            Add(ref problems, _minLength == 1 ? $"'{name}' is empty" : $"'{name}' has less than {_minLength} characters");
        }
        else if (text.Length > _maxLength)
        {
            Add(ref problems, $"'{name}' has more than {_maxLength} characters");
        }
        else if (_pattern?.IsMatch(text) == false)
        {
            Add(ref problems, $"'{name}' does not match {_patternText}");
        }
    }

    private void Number(double number, string name, ref List<string>? problems)
    {
        if (number < _minimum || number > _maximum)
        {
            Add(ref problems, string.Create(CultureInfo.InvariantCulture, $"'{name}' is not between {_minimum} and {_maximum}"));
        }
    }

    private static void Add(ref List<string>? problems, string problem)
    {
        problems ??= [];
        if (problems.Count < MostReasons)
        {
            problems.Add(problem);
        }
    }
}
