using System.Globalization;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;
using YamlDotNet.Core;

namespace SecFlow.Execution.Yaml;

/// <summary>Reads the keys of one mapping, each with its type and rule; whatever is wrong becomes a problem at its place, and reading goes on.</summary>
internal sealed class YamlFields
{
    private readonly YamlMap _map;
    private readonly YamlProblems _problems;
    private readonly Dictionary<string, YamlValue> _values = new(StringComparer.Ordinal);

    public YamlFields(YamlMap map, string path, YamlProblems problems, params IReadOnlyList<string> known)
    {
        (_map, Path, _problems) = (map, path, problems);
        foreach (var entry in map.Entries)
        {
            if (known.Contains(entry.Key, StringComparer.Ordinal))
            {
                _values[entry.Key] = entry.Value;
                continue;
            }

            problems.Add(problems.Codes.UnknownKey, entry.KeyAt, At(entry.Key), $"The key '{Short(entry.Key)}' is not known here.{Spelling.Hint(entry.Key, known)} Known keys: {string.Join(", ", known)}.");
        }
    }

    public string Path { get; }

    public string At(string key) => YamlProblems.Join(Path, Short(key));

    public bool Has(string key) => _values.ContainsKey(key);

    public YamlValue? Value(string key) => _values.GetValueOrDefault(key);

    public Mark Where(string key) => Value(key)?.At ?? _map.At;

    /// <summary>A value outside its rule, unless another code says more.</summary>
    public void Problem(string key, string message, string? code = null) => _problems.Add(code ?? _problems.Codes.OutOfRange, Where(key), At(key), message);

    /// <summary>The same about a place further down.</summary>
    public void Problem(Mark at, string path, string message, string? code = null) => _problems.Add(code ?? _problems.Codes.OutOfRange, at, path, message);

    public void Missing(string key, string expected) => Problem(key, $"The key '{key}' is missing: expected {expected}.", _problems.Codes.Missing);

    public void WrongType(string key, string expected) => Problem(key, $"'{key}' must be {expected}; found {Describe(_values[key])}.", _problems.Codes.WrongType);

    /// <summary>A value further down, which the caller looked at itself.</summary>
    public void WrongType(YamlValue value, string path, string expected) => _problems.Add(_problems.Codes.WrongType, value.At, path, $"Expected {expected}; found {Describe(value)}.");

    /// <summary>A text; null when absent (a problem when required) or wrong.</summary>
    public string? Text(string key, string rule, int atMost, bool required = false, Regex? pattern = null)
    {
        if (Scalar(key, rule, required) is not { } text)
        {
            return null;
        }

        if (text.Length > atMost)
        {
            Problem(key, $"'{key}' has {text.Length} characters; at most {atMost} are allowed.");
            return null;
        }

        if ((required && string.IsNullOrWhiteSpace(text)) || text.Any(IsControl) || pattern?.IsMatch(text) == false)
        {
            Problem(key, $"'{key}' must be {rule}; found {Describe(_values[key])}.");
            return null;
        }

        return text;
    }

    /// <summary>One of a few words.</summary>
    public string? Choice(string key, IReadOnlyCollection<string> choices, bool required = false)
    {
        var rule = $"one of {string.Join(", ", choices)}";
        var text = Scalar(key, rule, required);
        if (text is null || choices.Contains(text))
        {
            return text;
        }

        Problem(key, $"'{key}' must be {rule}; found {Describe(_values[key])}.{Spelling.Hint(text, choices)}");
        return null;
    }

    /// <summary>What one of a few words stands for.</summary>
    public T? Choice<T>(string key, IReadOnlyDictionary<string, T> choices, bool required = false)
        where T : struct => Choice(key, [.. choices.Keys], required) is { } word ? choices[word] : null;

    public long? Integer(string key, long least, long most) => (long?)Number(key, least, most, whole: true);

    public double? Number(string key, double least, double most) => Number(key, least, most, whole: false);

    public bool Flag(string key, bool fallback)
    {
        if (Value(key) is not { } value)
        {
            return fallback;
        }

        if (value.AsFlag() is { } flag)
        {
            return flag;
        }

        WrongType(key, "true or false");
        return fallback;
    }

    /// <summary>Seconds, or a number with s, m or h; at least one second.</summary>
    public TimeSpan? Duration(string key, TimeSpan most)
    {
        if (Value(key) is not { } value)
        {
            return null;
        }

        var text = (value as YamlText)?.Value ?? "";
        var unit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, >= '0' and <= '9' => 1, _ => 0 };
        var digits = text.Length > 0 && char.IsAsciiLetter(text[^1]) ? text[..^1] : text;
        if (unit == 0 || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
        {
            WrongType(key, "seconds, or a number with s, m or h such as 5m");
            return null;
        }

        var duration = TimeSpan.FromSeconds((double)amount * unit);
        if (duration < TimeSpan.FromSeconds(1) || duration > most)
        {
            Problem(key, $"'{key}' is {Short(text)}; 1 s to {most.TotalHours:0} h is allowed.");
            return null;
        }

        return duration;
    }

    /// <summary>An RFC 3339 time in UTC.</summary>
    public DateTimeOffset? Time(string key, bool required = false)
    {
        var text = Text(key, "a time in UTC such as 2026-12-31T00:00:00Z", 40, required);
        if (text is null)
        {
            return null;
        }

        if (DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return time;
        }

        Problem(key, $"'{key}' must be a time in UTC such as 2026-12-31T00:00:00Z; found '{Short(text)}'.");
        return null;
    }

    /// <summary>A list of texts, each under one rule, without repetition.</summary>
    public IReadOnlyList<string> Texts(string key, string rule, int atMost, Regex? pattern = null, IReadOnlyCollection<string>? choices = null)
    {
        var list = new List<string>();
        foreach (var (item, path) in Items(key, atMost))
        {
            if (item is not YamlText { IsNull: false } text || text.Value.Length is 0 or > 500 || text.Value.Any(IsControl) || pattern?.IsMatch(text.Value) == false
                || choices?.Contains(text.Value) == false)
            {
                var code = item is YamlText { IsNull: false } ? _problems.Codes.OutOfRange : _problems.Codes.WrongType;
                _problems.Add(code, item.At, path, $"Each of '{key}' must be {rule}; found {Describe(item)}.{(choices is null ? "" : Spelling.Hint((item as YamlText)?.Value ?? "", choices))}");
            }
            else if (list.Contains(text.Value, StringComparer.Ordinal))
            {
                _problems.Add(_problems.Codes.Duplicate, item.At, path, $"'{Short(text.Value)}' stands twice in '{key}'.");
            }
            else
            {
                list.Add(text.Value);
            }
        }

        return list;
    }

    /// <summary>The elements of a list with their paths.</summary>
    public IEnumerable<(YamlValue Item, string Path)> Items(string key, int atMost)
    {
        if (Value(key) is not { } value)
        {
            return [];
        }

        if (value is not YamlList list)
        {
            WrongType(key, "a list");
            return [];
        }

        if (list.Items.Count > atMost)
        {
            Problem(key, $"'{key}' has {list.Items.Count} elements; at most {atMost} are allowed.", _problems.Codes.TooLarge);
            return [];
        }

        return list.Items.Select((item, i) => (item, $"{At(key)}[{i}]"));
    }

    /// <summary>The elements of a list of mappings.</summary>
    public IEnumerable<YamlFields> Objects(string key, int atMost, params string[] known)
    {
        foreach (var (item, path) in Items(key, atMost))
        {
            if (item is YamlMap map)
            {
                yield return new YamlFields(map, path, _problems, known);
            }
            else
            {
                _problems.Add(_problems.Codes.WrongType, item.At, path, $"Each of '{key}' must be a mapping with {string.Join(", ", known)}; found {Describe(item)}.");
            }
        }
    }

    public YamlFields? Object(string key, params string[] known) =>
        Mapping(key) is { } map ? new YamlFields(map, At(key), _problems, known) : null;

    /// <summary>A mapping from names under a rule to mappings.</summary>
    public IEnumerable<(string Name, YamlFields Fields)> Named(string key, string rule, int atMost, Regex pattern, params string[] known)
    {
        var map = Mapping(key);
        if (map?.Entries.Count > atMost)
        {
            Problem(key, $"'{key}' has {map.Entries.Count} entries; at most {atMost} are allowed.", _problems.Codes.TooLarge);
            yield break;
        }

        foreach (var entry in map?.Entries ?? [])
        {
            var path = YamlProblems.Join(At(key), Short(entry.Key));
            if (!pattern.IsMatch(entry.Key))
            {
                _problems.Add(_problems.Codes.OutOfRange, entry.KeyAt, path, $"'{Short(entry.Key)}' must be {rule}.");
            }

            if (entry.Value is YamlMap value)
            {
                yield return (entry.Key, new YamlFields(value, path, _problems, known));
            }
            else
            {
                _problems.Add(_problems.Codes.WrongType, entry.Value.At, path, $"'{Short(entry.Key)}' must be a mapping with {string.Join(", ", known)}; found {Describe(entry.Value)}.");
            }
        }
    }

    /// <summary>The value when it is a mapping; a problem when it is something else.</summary>
    public YamlMap? Mapping(string key)
    {
        var value = Value(key);
        if (value is null or YamlMap)
        {
            return value as YamlMap;
        }

        WrongType(key, "a mapping");
        return null;
    }

    /// <summary>The value when it is a scalar; null otherwise, without a problem.</summary>
    public string? Word(string key) => Value(key) is YamlText { IsNull: false } text ? text.Value : null;

    private string? Scalar(string key, string rule, bool required)
    {
        if (Word(key) is { } text)
        {
            return text;
        }

        if (Has(key))
        {
            WrongType(key, rule);
        }
        else if (required)
        {
            Missing(key, rule);
        }

        return null;
    }

    private double? Number(string key, double least, double most, bool whole)
    {
        if (Value(key) is not { } value)
        {
            return null;
        }

        var rule = string.Create(CultureInfo.InvariantCulture, $"{(whole ? "a whole number" : "a number")} from {least} to {most}");
        if (value.AsNumber() is not { } number || (whole && number % 1 != 0))
        {
            WrongType(key, rule);
            return null;
        }

        if (number < least || number > most)
        {
            Problem(key, $"'{key}' must be {rule}; found {Describe(value)}.");
            return null;
        }

        return number;
    }

    private static string Describe(YamlValue value) => value switch
    {
        YamlMap => "a mapping",
        YamlList => "a list",
        YamlText { IsNull: true } => "nothing",
        YamlText text => $"'{Short(text.Value)}'",
        _ => "something else",
    };

    private static string Short(string text)
    {
        var clean = new string([.. text.Take(61).Select(c => IsControl(c) ? '?' : c)]);
        return clean.Length > 60 ? clean[..60] + "..." : clean;
    }

    private static bool IsControl(char c) => char.IsControl(c) && c is not ('\n' or '\t');
}
