using System.Text.Json;
using Jint.Native;
using Jint.Runtime;

namespace SecFlow.PluginHost.Parsing;

/// <summary>Which records of a large file the script wants at all. The others are passed over natively: a set of 300,000 rows costs no call for each.</summary>
public sealed class RecordFilter
{
    private readonly string[] _path;
    private readonly HashSet<string> _values;

    private RecordFilter(string field, HashSet<string> values) => (Field, _path, _values) = (field, field.Split('.'), values);

    /// <summary>Most values of one filter.</summary>
    public const int MostValues = 100_000;

    /// <summary>Dotted path as it was given.</summary>
    public string Field { get; }

    /// <summary><c>{field, values}</c>; null when there is none.</summary>
    public static RecordFilter? Read(JsValue options)
    {
        if (!options.IsObject() || options.AsObject().Get("only") is not { } only || only.IsUndefined())
        {
            return null;
        }

        if (!only.IsObject() || !only.AsObject().Get("field").IsString() || !only.AsObject().Get("values").IsArray())
        {
            throw new ArgumentException("'only' needs {field: text, values: [texts]}.");
        }

        return new RecordFilter(only.AsObject().Get("field").AsString(), RecordShape.Texts(only.AsObject().Get("values"), "only.values", MostValues, StringComparer.OrdinalIgnoreCase));
    }

    public bool Takes(string? value) => value is not null && _values.Contains(value);

    public bool Takes(JsonElement record)
    {
        foreach (var name in _path)
        {
            if (record.ValueKind != JsonValueKind.Object || !record.TryGetProperty(name, out record))
            {
                return false;
            }
        }

        return record.ValueKind == JsonValueKind.String && Takes(record.GetString());
    }
}

/// <summary>What script gets of a JSON record: texts cut, members left out, records passed over.</summary>
/// <param name="Cut">Most characters of a text; null = all.</param>
/// <param name="Skip">Names of members that are left out wherever they stand.</param>
/// <param name="Only">Null = every record.</param>
public sealed record RecordShape(int? Cut, IReadOnlySet<string> Skip, RecordFilter? Only)
{
    /// <summary>How many times larger than the limit a record may be in the file when something of it is left out.</summary>
    public const int RawFactor = 32;

    private const int MostNames = 100;

    /// <summary>Whether less arrives than stands in the file.</summary>
    public bool IsLess => Cut is not null || Skip.Count > 0;

    public static RecordShape Read(JsValue options)
    {
        var cut = options.IsObject() && options.AsObject().Get("cut") is { } asked && !asked.IsUndefined() ? (int)Math.Clamp(TypeConverter.ToInteger(asked), 1, 1_000_000) : (int?)null;
        var skip = options.IsObject() && options.AsObject().Get("skip") is { } names && !names.IsUndefined() ? Texts(names, "skip", MostNames, StringComparer.Ordinal) : [];
        return new RecordShape(cut, skip, RecordFilter.Read(options));
    }

    internal static HashSet<string> Texts(JsValue list, string what, int most, StringComparer comparer)
    {
        var texts = new HashSet<string>(comparer);
        var length = list.IsArray() ? TypeConverter.ToUint32(list.AsArray().Get("length")) : throw new ArgumentException($"'{what}' must be a list of texts.");
        if (length > most)
        {
            throw new ArgumentException($"'{what}' has {length} entries; at most {most} are allowed.");
        }

        for (uint i = 0; i < length; i++)
        {
            var value = list.AsArray().Get(i.ToString(System.Globalization.CultureInfo.InvariantCulture));
            texts.Add(value.IsString() ? value.AsString() : throw new ArgumentException($"'{what}' must be a list of texts."));
        }

        return texts;
    }
}
