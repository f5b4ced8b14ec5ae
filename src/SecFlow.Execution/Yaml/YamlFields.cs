using System.Globalization;
using System.Text.RegularExpressions;
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

            problems.Add(entry.KeyAt, At(entry.Key), $"The key '{Short(entry.Key)}' is not known here.{YamlProblems.Hint(entry.Key, known)} Known keys: {string.Join(", ", known)}.");
        }
    }

    public string Path { get; }

    public YamlMap Map => _map;

    public string At(string key) => YamlProblems.Join(Path, Short(key));

    public bool Has(string key) => _values.ContainsKey(key);

    public Mark Where(string key) => _values.TryGetValue(key, out var value) ? value.At : _map.At;

    public void Problem(string key, string message) => _problems.Add(Where(key), At(key), message);

    /// <summary>A text; null when absent (a problem when required) or wrong.</summary>
    public string? Text(string key, string rule, int atMost, bool required = false, Regex? pattern = null)
    {
        if (!_values.TryGetValue(key, out var value))
        {
            if (required)
            {
                Problem(key, $"The key '{key}' is missing: expected {rule}.");
            }

            return null;
        }

        if (value is YamlText { IsNull: false } text && text.Value.Length <= atMost && (text.Value.Length > 0 || !required) && !text.Value.Any(IsControl)
            && (pattern?.IsMatch(text.Value) ?? true))
        {
            return text.Value;
        }

        Problem(key, $"'{key}' must be {rule}{(pattern is null ? $" of at most {atMost} characters" : "")}; found {Describe(value)}.");
        return null;
    }

    /// <summary>One of a few words.</summary>
    public T? Choice<T>(string key, IReadOnlyDictionary<string, T> choices, bool required = false)
        where T : struct
    {
        if (!_values.TryGetValue(key, out var value))
        {
            if (required)
            {
                Problem(key, $"The key '{key}' is missing: expected one of {string.Join(", ", choices.Keys)}.");
            }

            return null;
        }

        if (value is YamlText text && choices.TryGetValue(text.Value, out var choice))
        {
            return choice;
        }

        Problem(key, $"'{key}' must be one of {string.Join(", ", choices.Keys)}; found {Describe(value)}.{YamlProblems.Hint((value as YamlText)?.Value ?? "", choices.Keys)}");
        return null;
    }

    public long? Integer(string key, long least, long most)
    {
        if (!_values.TryGetValue(key, out var value))
        {
            return null;
        }

        if (value is YamlText { Plain: true } text && long.TryParse(text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
        {
            return number;
        }

        Problem(key, $"'{key}' must be a whole number from {least} to {most}; found {Describe(value)}.");
        return null;
    }

    public bool Flag(string key, bool fallback)
    {
        if (!_values.TryGetValue(key, out var value))
        {
            return fallback;
        }

        if (value is YamlText { Plain: true, Value: "true" or "false" } text)
        {
            return text.Value == "true";
        }

        Problem(key, $"'{key}' must be true or false; found {Describe(value)}.");
        return fallback;
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
                _problems.Add(item.At, path, $"Each of '{key}' must be {rule}; found {Describe(item)}.{(choices is null ? "" : YamlProblems.Hint((item as YamlText)?.Value ?? "", choices))}");
            }
            else if (list.Contains(text.Value, StringComparer.Ordinal))
            {
                _problems.Add(item.At, path, $"'{Short(text.Value)}' stands twice in '{key}'.");
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
        if (!_values.TryGetValue(key, out var value))
        {
            return [];
        }

        if (value is not YamlList list)
        {
            Problem(key, $"'{key}' must be a list; found {Describe(value)}.");
            return [];
        }

        if (list.Items.Count > atMost)
        {
            Problem(key, $"'{key}' has {list.Items.Count} elements; at most {atMost} are allowed.");
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
                _problems.Add(item.At, path, $"Each of '{key}' must be a mapping with {string.Join(", ", known)}; found {Describe(item)}.");
            }
        }
    }

    public YamlFields? Object(string key, params string[] known) =>
        MapOf(key) is { } map ? new YamlFields(map, At(key), _problems, known) : null;

    /// <summary>A mapping from names under a rule to mappings.</summary>
    public IEnumerable<(string Name, YamlFields Fields)> Named(string key, string rule, int atMost, Regex pattern, params string[] known)
    {
        var map = MapOf(key);
        if (map?.Entries.Count > atMost)
        {
            Problem(key, $"'{key}' has {map.Entries.Count} entries; at most {atMost} are allowed.");
            yield break;
        }

        foreach (var entry in map?.Entries ?? [])
        {
            var path = YamlProblems.Join(At(key), Short(entry.Key));
            if (!pattern.IsMatch(entry.Key))
            {
                _problems.Add(entry.KeyAt, path, $"'{Short(entry.Key)}' must be {rule}.");
            }
            else if (entry.Value is YamlMap value)
            {
                yield return (entry.Key, new YamlFields(value, path, _problems, known));
            }
            else
            {
                _problems.Add(entry.Value.At, path, $"'{Short(entry.Key)}' must be a mapping with {string.Join(", ", known)}; found {Describe(entry.Value)}.");
            }
        }
    }

    /// <summary>The value when it is a mapping; a problem when it is something else.</summary>
    private YamlMap? MapOf(string key)
    {
        if (!_values.TryGetValue(key, out var value) || value is YamlMap)
        {
            return value as YamlMap;
        }

        Problem(key, $"'{key}' must be a mapping; found {Describe(value)}.");
        return null;
    }

    /// <summary>The value when it is a scalar; null otherwise, without a problem.</summary>
    public string? Word(string key) => _values.TryGetValue(key, out var value) && value is YamlText { IsNull: false } text ? text.Value : null;

    public static string Describe(YamlValue value) => value switch
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

    private static bool IsControl(char c) => char.IsControl(c) && c != '\n';
}
