using System.Globalization;
using System.Text;
using System.Text.Json;

namespace SecFlow.Sigstore.Bundles;

/// <summary>
/// A JSON object read without leniency.
/// 1. Names are known, or the document is refused; a name occurs once (the parser refuses duplicates).
/// 2. <c>null</c> is the same as absent, as protobuf JSON has it.
/// 3. Base64 is the standard alphabet, padded, canonical, without white space. 64-bit numbers are decimal strings.
/// </summary>
internal readonly struct StrictJson
{
    private static readonly JsonDocumentOptions _options = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = false,
        CommentHandling = JsonCommentHandling.Disallow,
        MaxDepth = BundleLimits.Depth,
    };

    private readonly JsonElement _element;
    private readonly string _path;

    private StrictJson(JsonElement element, string path, ReadOnlySpan<string> names)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new BundleFormatException(path, "an object", Describe(element));
        }

        foreach (var property in element.EnumerateObject())
        {
            if (!names.Contains(property.Name))
            {
                throw new BundleFormatException(Join(path, Shorten(property.Name)), "one of " + string.Join(", ", names.ToArray()), "an unknown name");
            }
        }

        _element = element;
        _path = path;
    }

    /// <summary>What <paramref name="read"/> makes of the document; everything that is wrong with its JSON is a <see cref="BundleFormatException"/>.</summary>
    public static T Parse<T>(ReadOnlyMemory<byte> utf8, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, _options);
            return read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new BundleFormatException(e.Path ?? "", "strict JSON", e.Message, e);
        }
        catch (InvalidOperationException e)
        {
            // bytes that are not UTF-8, or a lone surrogate in an escape, inside a name or a string
            throw new BundleFormatException("", "valid Unicode", "text that is not Unicode", e);
        }
    }

    public static StrictJson Root(JsonElement element, params ReadOnlySpan<string> names) => new(element, "", names);

    public bool Has(string name) => Find(name) is not null;

    public StrictJson? Object(string name, params ReadOnlySpan<string> names) =>
        Find(name) is { } element ? new StrictJson(element, Join(_path, name), names) : null;

    public StrictJson RequiredObject(string name, params ReadOnlySpan<string> names) =>
        new(Find(name) ?? throw Missing(name, "an object"), Join(_path, name), names);

    public List<StrictJson> Objects(string name, int atMost, params ReadOnlySpan<string> names)
    {
        var list = new List<StrictJson>();
        foreach (var element in Array(name, atMost))
        {
            list.Add(new StrictJson(element, string.Create(CultureInfo.InvariantCulture, $"{Join(_path, name)}[{list.Count}]"), names));
        }

        return list;
    }

    public List<ReadOnlyMemory<byte>> Base64List(string name, int atMost)
    {
        var list = new List<ReadOnlyMemory<byte>>();
        foreach (var element in Array(name, atMost))
        {
            list.Add(Decode(element, string.Create(CultureInfo.InvariantCulture, $"{Join(_path, name)}[{list.Count}]")));
        }

        return list;
    }

    public string? Text(string name, int atMost = BundleLimits.TextLength)
    {
        if (Find(name) is not { } element)
        {
            return null;
        }

        if (element.ValueKind != JsonValueKind.String)
        {
            throw new BundleFormatException(Join(_path, name), "a string", Describe(element));
        }

        var text = element.GetString()!;
        return text.Length <= atMost ? text : throw new BundleFormatException(Join(_path, name), $"at most {atMost} characters", $"{text.Length}");
    }

    public string RequiredText(string name, int atMost = BundleLimits.TextLength) => Text(name, atMost) ?? throw Missing(name, "a string");

    // a bare null would become an empty memory, by way of an array
    public ReadOnlyMemory<byte>? Base64(string name) => Find(name) is { } element ? Decode(element, Join(_path, name)) : (ReadOnlyMemory<byte>?)null;

    public ReadOnlyMemory<byte> RequiredBase64(string name)
    {
        var bytes = Base64(name) ?? throw Missing(name, "base64");
        return bytes.IsEmpty ? throw new BundleFormatException(Join(_path, name), "base64 of at least one byte", "an empty string") : bytes;
    }

    public long? Int64(string name)
    {
        if (Text(name, 20) is not { } text)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value.ToString(CultureInfo.InvariantCulture) == text
            ? value
            : throw new BundleFormatException(Join(_path, name), "a decimal number >= 0 in a string", "'" + text + "'");
    }

    public long RequiredInt64(string name) => Int64(name) ?? throw Missing(name, "a decimal number in a string");

    public BundleFormatException Wrong(string name, string expected, string found) => new(name.Length == 0 ? _path : Join(_path, name), expected, found);

    public BundleFormatException Unsupported(string name, string expected, string found) => new(Join(_path, name), expected, found) { IsUnsupported = true };

    private static string Join(string path, string name) => path.Length == 0 ? name : path + "." + name;

    private static string Shorten(string text) => text.Length <= 64 ? text : text[..64];

    private static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };

    private static ReadOnlyMemory<byte> Decode(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            throw new BundleFormatException(path, "base64", Describe(element));
        }

        var text = element.GetString()!;
        try
        {
            var bytes = Convert.FromBase64String(text);
            if (Convert.ToBase64String(bytes) == text)
            {
                return bytes;
            }
        }
        catch (FormatException e)
        {
            throw new BundleFormatException(path, "standard padded base64", "other text", e);
        }

        throw new BundleFormatException(path, "canonical base64 without white space", "another form");
    }

    private JsonElement? Find(string name) =>
        _element.TryGetProperty(name, out var element) && element.ValueKind != JsonValueKind.Null ? element : null;

    private BundleFormatException Missing(string name, string expected) => new(Join(_path, name), expected, "nothing");

    private List<JsonElement> Array(string name, int atMost)
    {
        if (Find(name) is not { } element)
        {
            return [];
        }

        if (element.ValueKind != JsonValueKind.Array)
        {
            throw new BundleFormatException(Join(_path, name), "a list", Describe(element));
        }

        return element.GetArrayLength() <= atMost
            ? [.. element.EnumerateArray()]
            : throw new BundleFormatException(Join(_path, name), $"at most {atMost} elements", $"{element.GetArrayLength()}");
    }
}
