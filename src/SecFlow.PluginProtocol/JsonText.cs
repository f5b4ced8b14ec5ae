using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SecFlow.PluginProtocol;

/// <summary>
/// One JSON object, written into bytes. <see cref="Utf8JsonWriter"/> writes the same, but its encoder is built of code that cannot be compiled ahead of time:
/// a fifth of what a host's start costs.
/// </summary>
internal sealed class JsonText
{
    private const int LongestNumber = 32;

    private byte[] _bytes = new byte[256];
    private int _length;

    public JsonText(ReadOnlySpan<byte> type)
    {
        Raw("{\"type\":\""u8);
        Raw(type);
        Raw("\""u8);
    }

    /// <summary>Ends the object.</summary>
    public ReadOnlySpan<byte> End()
    {
        Raw("}"u8);
        return _bytes.AsSpan(0, _length);
    }

    /// <summary>Nothing for null.</summary>
    public void Text(ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
        {
            Name(name);
            Quoted(text);
        }
    }

    public void Texts(ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        Name(name);
        Raw("["u8);
        for (var i = 0; i < texts.Count; i++)
        {
            Raw(i == 0 ? ""u8 : ","u8);
            Quoted(texts[i]);
        }

        Raw("]"u8);
    }

    public void Number(ReadOnlySpan<byte> name, long number)
    {
        Name(name);
        Room(LongestNumber);
        _ = number.TryFormat(_bytes.AsSpan(_length), out var written, default, CultureInfo.InvariantCulture);
        _length += written;
    }

    public void Number(ReadOnlySpan<byte> name, double number)
    {
        if (!double.IsFinite(number))
        {
            throw new ArgumentException($"{number} is no number of JSON.", nameof(number));
        }

        Name(name);
        Room(LongestNumber);
        _ = number.TryFormat(_bytes.AsSpan(_length), out var written, default, CultureInfo.InvariantCulture);
        _length += written;
    }

    /// <summary>Nothing for null.</summary>
    public void Node(ReadOnlySpan<byte> name, JsonNode? node)
    {
        if (node is not null)
        {
            Name(name);
            Node(node);
        }
    }

    public void Nodes(ReadOnlySpan<byte> name, IReadOnlyList<JsonNode?> nodes)
    {
        Name(name);
        Raw("["u8);
        for (var i = 0; i < nodes.Count; i++)
        {
            Raw(i == 0 ? ""u8 : ","u8);
            Node(nodes[i]);
        }

        Raw("]"u8);
    }

    private void Node(JsonNode? node) => Raw(node is null ? "null"u8 : Encoding.UTF8.GetBytes(node.ToJsonString()));

    private void Name(ReadOnlySpan<byte> name)
    {
        Raw(",\""u8);
        Raw(name);
        Raw("\":"u8);
    }

    // Half a surrogate pair becomes U+FFFD: the engine takes no frame that is not text.
    private void Quoted(string text)
    {
        Raw("\""u8);
        foreach (var rune in text.EnumerateRunes())
        {
            Room(6);
            if (rune.Value is < ' ' or '"' or '\\')
            {
                "\\u00"u8.CopyTo(_bytes.AsSpan(_length));
                _bytes[_length + 4] = Hex(rune.Value >> 4);
                _bytes[_length + 5] = Hex(rune.Value & 15);
                _length += 6;
            }
            else if (rune.IsAscii)
            {
                _bytes[_length++] = (byte)rune.Value;
            }
            else
            {
                _length += rune.EncodeToUtf8(_bytes.AsSpan(_length));
            }
        }

        Raw("\""u8);
    }

    private static byte Hex(int digit) => (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        Room(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Room(int bytes)
    {
        if (_bytes.Length - _length < bytes)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes));
        }
    }
}
