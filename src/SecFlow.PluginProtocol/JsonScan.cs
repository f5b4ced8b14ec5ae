using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace SecFlow.PluginProtocol;

/// <summary>
/// Reads JSON from front to back, strictly after RFC 8259; what is wrong is a <see cref="JsonException"/>.
/// Only for what the engine sends: <see cref="Utf8JsonReader"/> and <see cref="JsonDocument"/> do the same and much more, but bringing them to life costs a quarter of a host's start.
/// </summary>
public ref struct JsonScan
{
    private readonly ReadOnlySpan<byte> _json;
    private int _at;
    private int _depth;
    private bool _first;

    public JsonScan(ReadOnlySpan<byte> json)
    {
        _json = Utf8.IsValid(json) ? json : throw new JsonException("it is not UTF-8.");
    }

    /// <summary>Where it stands, bytes.</summary>
    public readonly int At => _at;

    /// <summary>The first byte of the value that follows; 0 at the end.</summary>
    public byte Peek()
    {
        while (_at < _json.Length && _json[_at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            _at++;
        }

        return _at < _json.Length ? _json[_at] : (byte)0;
    }

    /// <summary>Nothing may follow.</summary>
    public void End()
    {
        if (Peek() != 0 || _at < _json.Length)
        {
            throw Wrong("the end");
        }
    }

    /// <summary>Enters an object; then ask for its <see cref="Property"/>.</summary>
    public void Object() => Enter((byte)'{');

    /// <summary>Enters an array; then ask for its <see cref="Item"/>.</summary>
    public void Array() => Enter((byte)'[');

    /// <summary>The next property's name, which its value must follow; false at the end of the object, which is left.</summary>
    public bool Property(out string name)
    {
        name = "";
        if (!Another((byte)'}'))
        {
            return false;
        }

        name = Text();
        Take((byte)':');
        return true;
    }

    /// <summary>Whether there is another item; at the end the array is left.</summary>
    public bool Item() => Another((byte)']');

    public string Text()
    {
        var text = Quoted(out var plain);
        return plain ? Encoding.UTF8.GetString(text) : Unescaped(text);
    }

    public double Number()
    {
        Peek();
        var from = _at;
        Skip('-');
        if (!Skip('0') && !Digits())
        {
            throw Wrong("a number");
        }

        if ((Skip('.') && !Digits()) || ((Skip('e') || Skip('E')) && !Exponent()))
        {
            throw Wrong("a digit");
        }

        return double.Parse(_json[from.._at], NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    public int Int32() => Number() is var number && number == (int)number ? (int)number : throw Wrong("a whole number");

    /// <summary>Whole numbers up to 2^53.</summary>
    public long Int64() => Number() is var number && number == (long)number ? (long)number : throw Wrong("a whole number");

    /// <summary>true, false or null; returns its first byte.</summary>
    public byte Word()
    {
        var first = Peek();
        var word = first switch { (byte)'t' => "true"u8, (byte)'f' => "false"u8, (byte)'n' => "null"u8, _ => throw Wrong("a value") };
        if (!_json[_at..].StartsWith(word))
        {
            throw Wrong("a value");
        }

        _at += word.Length;
        return first;
    }

    /// <summary>Passes over a null.</summary>
    public bool Null() => Peek() == 'n' && Word() == 'n';

    /// <summary>Passes over one value, whatever it is; returns its bytes.</summary>
    public ReadOnlySpan<byte> Value()
    {
        var first = Peek();
        var from = _at;
        switch (first)
        {
            case (byte)'{':
                Object();
                while (Property(out _))
                {
                    Value();
                }

                break;
            case (byte)'[':
                Array();
                while (Item())
                {
                    Value();
                }

                break;
            case (byte)'"':
                Quoted(out _);
                break;
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                Number();
                break;
            default:
                Word();
                break;
        }

        return _json[from.._at];
    }

    private readonly JsonException Wrong(string expected) => new($"expected {expected} at byte {_at}.");

    private void Enter(byte bracket)
    {
        Take(bracket);
        _first = true;
        if (++_depth > Frames.MaxDepth)
        {
            throw Wrong($"at most {Frames.MaxDepth} levels");
        }
    }

    private bool Another(byte bracket)
    {
        if (Peek() == bracket)
        {
            _at++;
            _depth--;
            _first = false;
            return false;
        }

        if (!_first)
        {
            Take((byte)',');
        }

        _first = false;
        return true;
    }

    private void Take(byte what)
    {
        if (Peek() != what)
        {
            throw Wrong($"'{(char)what}'");
        }

        _at++;
    }

    private bool Skip(char what)
    {
        var there = _at < _json.Length && _json[_at] == what;
        _at += there ? 1 : 0;
        return there;
    }

    private bool Exponent()
    {
        _ = Skip('+') || Skip('-');
        return Digits();
    }

    private bool Digits()
    {
        var from = _at;
        while (_at < _json.Length && _json[_at] is >= (byte)'0' and <= (byte)'9')
        {
            _at++;
        }

        return _at > from;
    }

    // What stands between the quotes; its escapes are such that there are.
    private ReadOnlySpan<byte> Quoted(out bool plain)
    {
        Take((byte)'"');
        plain = true;
        var from = _at;
        while (_at < _json.Length && _json[_at] is var here && here != '"')
        {
            if (here < ' ' || (here == '\\' && Escape(_json[_at..]) < 0))
            {
                throw Wrong("a text");
            }

            plain &= here != '\\';
            _at += here == '\\' ? Length(_json[_at..]) : 1;
        }

        var text = _json[from..Math.Min(_at, _json.Length)];
        Take((byte)'"');
        return text;
    }

    private readonly string Unescaped(ReadOnlySpan<byte> escaped)
    {
        var text = new char[escaped.Length];
        var length = 0;
        while (escaped.IndexOf((byte)'\\') is var slash and >= 0)
        {
            length += Encoding.UTF8.GetChars(escaped[..slash], text.AsSpan(length));
            text[length++] = (char)Escape(escaped[slash..]);
            escaped = escaped[(slash + Length(escaped[slash..]))..];
        }

        length += Encoding.UTF8.GetChars(escaped, text.AsSpan(length));
        for (var i = 0; i < length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(i + 1 < length && char.IsSurrogatePair(text[i], text[++i])))
            {
                throw Wrong("no half of a surrogate pair");
            }
        }

        return new string(text, 0, length);
    }

    private static int Length(ReadOnlySpan<byte> escape) => escape[1] == 'u' ? 6 : 2;

    // The character that an escape stands for; -1 when there is none such.
    private static int Escape(ReadOnlySpan<byte> escape) => escape.Length < 2 ? -1 : escape[1] switch
    {
        (byte)'n' => '\n',
        (byte)'t' => '\t',
        (byte)'r' => '\r',
        (byte)'b' => '\b',
        (byte)'f' => '\f',
        (byte)'"' or (byte)'\\' or (byte)'/' => escape[1],
        (byte)'u' => Hex(escape[2..]),
        _ => -1,
    };

    private static int Hex(ReadOnlySpan<byte> digits)
    {
        var code = digits.Length < 4 ? -1 : 0;
        for (var i = 0; i < 4 && code >= 0; i++)
        {
            code = digits[i] switch
            {
                >= (byte)'0' and <= (byte)'9' and var d => (code << 4) + d - '0',
                >= (byte)'a' and <= (byte)'f' and var d => (code << 4) + d - 'a' + 10,
                >= (byte)'A' and <= (byte)'F' and var d => (code << 4) + d - 'A' + 10,
                _ => -1,
            };
        }

        return code;
    }
}
