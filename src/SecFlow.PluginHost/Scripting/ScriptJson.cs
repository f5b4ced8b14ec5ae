using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Jint;
using Jint.Native;
using Jint.Native.Function;
using Jint.Native.Object;
using Jint.Runtime;
using SecFlow.PluginHost.Parsing;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Scripting;

// long: reader and writer of one format, which share their bounds
/// <summary>
/// JSON to script values and back, bounded in depth and size in both directions. The interpreter's own JSON recurses without a bound,
/// so <c>JSON.parse</c> and <c>JSON.stringify</c> are these as well.
/// </summary>
public sealed class ScriptJson(ScriptRealm realm)
{
    /// <summary>Largest text that <c>JSON.stringify</c> makes, bytes.</summary>
    private const int StringifyBytes = 16 * 1024 * 1024;

    private JsonDocumentOptions Options => new() { MaxDepth = realm.Limits.JsonDepth };

    /// <summary>A script value from JSON text; <see cref="JsonException"/> when it is not JSON or nests too deep.</summary>
    public JsValue Read(ReadOnlyMemory<byte> utf8)
    {
        using var document = JsonDocument.Parse(utf8, Options);
        return Read(document.RootElement);
    }

    /// <summary>A script value from JSON text as <paramref name="shape"/> wants it; null for a record that its filter passes over.</summary>
    public JsValue? Read(ReadOnlyMemory<byte> utf8, RecordShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        using var document = JsonDocument.Parse(utf8, Options);
        return shape.Only is { } only && !only.Takes(document.RootElement) ? null : Read(document.RootElement, shape);
    }

    /// <summary>A frozen script value from a part of the engine's start message.</summary>
    public JsValue Read(JsonPart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        var scan = new JsonScan(part.Utf8.Span);
        return Frozen(ref scan);
    }

    /// <summary>A script value from a message of the engine.</summary>
    public JsValue Read(JsonNode? node)
    {
        if (node is null)
        {
            return JsValue.Null;
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            node.WriteTo(writer);
        }

        using var document = JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = Frames.MaxDepth });
        return Read(document.RootElement);
    }

    public JsValue Read(JsonElement element, RecordShape? shape = null)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var result = realm.NewObject();
                foreach (var property in element.EnumerateObject())
                {
                    var name = NameOf(property);
                    if (shape?.Skip.Contains(name) != true)
                    {
                        result.FastAddProperty(name, Read(property.Value, shape), true, true, true);
                    }
                }

                return new JsValue(result);
            case JsonValueKind.Array:
                return new JsValue(realm.NewArray(element.EnumerateArray().Select(item => Read(item, shape))));
            case JsonValueKind.String:
                return new JsValue(shape?.Cut is { } most ? ScriptText.Head(TextOf(element), most) : TextOf(element));
            case JsonValueKind.Number:
                return new JsValue(element.GetDouble());
            case JsonValueKind.True:
                return JsValue.True;
            case JsonValueKind.False:
                return JsValue.False;
            default:
                return JsValue.Null;
        }
    }

    /// <summary>JSON of a script value, for a message; throws a script exception when it nests too deep.</summary>
    public JsonNode? ToNode(JsValue value, int maxBytes = Frames.MaxFrameBytes / 2)
    {
        var buffer = new ArrayBufferWriter<byte>();
        Write(buffer, value, maxBytes);
        return JsonNode.Parse(buffer.WrittenSpan, documentOptions: new JsonDocumentOptions { MaxDepth = Frames.MaxDepth });
    }

    /// <summary>Writes one value as JSON; <c>undefined</c> and functions become null at the top.</summary>
    public void Write(IBufferWriter<byte> output, JsValue value, int maxBytes)
    {
        using var writer = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        if (!new Writing(realm, writer, realm.Limits.JsonDepth, maxBytes, null, null).Value(null, "", value))
        {
            writer.WriteNullValue();
        }
    }

    /// <summary><c>JSON.parse(text, reviver)</c>.</summary>
    public JsValue Parse(JsValue[] arguments)
    {
        var text = ScriptText.Valid(TypeConverter.ToString(arguments.At(0)));
        JsValue value;
        try
        {
            value = Read(Encoding.UTF8.GetBytes(text));
        }
        catch (JsonException e)
        {
            var error = new JavaScriptException(realm.Engine.SyntaxError, "JSON.parse: " + e.Message);
            if (TooDeep(e))
            {
                error.Error.AsObject().FastAddProperty("code", new JsValue(ScriptLimits.Nesting), true, true, true);
            }

            throw error;
        }

        if (arguments.At(1).TryCast<ICallable>() is not { } reviver)
        {
            return value;
        }

        var root = realm.NewObject();
        root.FastAddProperty("", value, true, true, true);
        return Revive(root, "", reviver);
    }

    /// <summary>The reader gives no other sign of why it refused.</summary>
    public static bool TooDeep(JsonException e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return e.Message.Contains("maximum configured depth", StringComparison.Ordinal);
    }

    /// <summary><c>JSON.stringify(value, replacer, space)</c>.</summary>
    public JsValue Stringify(JsValue[] arguments)
    {
        var replacer = arguments.At(1);
        var allowed = replacer.IsArray()
            ? replacer.AsArray().GetOwnProperties().Where(p => p.Value.Value is not null && p.Value.Enumerable == true).Select(p => TypeConverter.ToString(p.Value.Value)).ToList()
            : null;
        var space = arguments.At(2);
        var indent = space.IsNumber() ? Math.Clamp((int)TypeConverter.ToInteger(space), 0, 10) : space.IsString() ? Math.Min(10, space.AsString().Length) : 0;
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions
        {
            SkipValidation = true,
            Indented = indent > 0,
            IndentSize = Math.Max(1, indent),
            NewLine = "\n",
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }))
        {
            if (!new Writing(realm, writer, realm.Limits.JsonDepth, StringifyBytes, replacer.TryCast<ICallable>(), allowed).Value(null, "", arguments.At(0)))
            {
                return JsValue.Undefined;
            }
        }

        return new JsValue(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private JsValue Frozen(ref JsonScan scan)
    {
        switch (scan.Peek())
        {
            case (byte)'{':
                var result = realm.NewObject();
                scan.Object();
                while (scan.Property(out var name))
                {
                    result.FastAddProperty(name, Frozen(ref scan), true, true, true);
                }

                return Finish(result);
            case (byte)'[':
                var items = new List<JsValue>();
                scan.Array();
                while (scan.Item())
                {
                    items.Add(Frozen(ref scan));
                }

                return Finish(realm.NewArray(items));
            case (byte)'"':
                return new JsValue(scan.Text());
            case (byte)'t' or (byte)'f' or (byte)'n':
                return scan.Word() switch { (byte)'t' => JsValue.True, (byte)'f' => JsValue.False, _ => JsValue.Null };
            default:
                return new JsValue(scan.Number());
        }
    }

    private JsValue Finish(ObjectInstance value)
    {
        realm.Freeze(value);
        return new JsValue(value);
    }

    private static JsValue Revive(ObjectInstance holder, string name, ICallable reviver)
    {
        var value = holder.Get(name);
        if (value.IsObject())
        {
            var target = value.AsObject();
            foreach (var key in target.GetOwnProperties().Where(p => p.Value.Enumerable == true).Select(p => p.Key).ToList())
            {
                var revived = Revive(target, key, reviver);
                if (revived.IsUndefined())
                {
                    target.Delete(key, false);
                }
                else
                {
                    target.Put(key, revived, false);
                }
            }
        }

        return reviver.Call(new JsValue(holder), [new JsValue(name), value]);
    }

    // An escaped lone surrogate ("\ud800") is legal JSON and comes from targets; .NET refuses to decode it.
    private static string TextOf(JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Unescape(element.GetRawText().AsSpan()[1..^1]);
        }
    }

    private static string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return "\uFFFD";
        }
    }

    private static string Unescape(ReadOnlySpan<char> raw)
    {
        var text = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\')
            {
                text.Append(raw[i]);
                continue;
            }

            i++;
            if (raw[i] == 'u')
            {
                text.Append((char)int.Parse(raw.Slice(i + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 4;
            }
            else
            {
                text.Append(raw[i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'f' => '\f', var c => c });
            }
        }

        return ScriptText.Valid(text.ToString());
    }

    /// <summary>One walk over a script value. Getters and <c>toJSON</c> are script and run inside the limits of the callback.</summary>
    private sealed class Writing(ScriptRealm realm, Utf8JsonWriter writer, int maxDepth, int maxBytes, ICallable? replacer, List<string>? allowed)
    {
        private int _depth;

        /// <summary>Writes a value, after its name when it is a member; false when it has no JSON (undefined, a function), and nothing was written.</summary>
        public bool Value(ObjectInstance? holder, string name, JsValue value, string? member = null)
        {
            value = Replaced(holder, name, value);
            if (value.IsUndefined() || value.Is<FunctionInstance>())
            {
                return false;
            }

            if (member is not null)
            {
                writer.WritePropertyName(member);
            }

            CheckSize();
            if (value.IsString())
            {
                Text(value.AsString());
            }
            else if (value.IsNumber())
            {
                Number(value.AsNumber());
            }
            else if (value.IsBoolean())
            {
                writer.WriteBooleanValue(value.AsBoolean());
            }
            else if (value.IsObject())
            {
                Nested(value);
            }
            else
            {
                writer.WriteNullValue();
            }

            return true;
        }

        private JsValue Replaced(ObjectInstance? holder, string name, JsValue value)
        {
            if (value.IsObject() && value.AsObject().Get("toJSON").TryCast<ICallable>() is { } toJson)
            {
                value = toJson.Call(value, [new JsValue(name)]);
            }

            if (replacer is not null)
            {
                value = replacer.Call(holder is null ? JsValue.Undefined : new JsValue(holder), [new JsValue(name), value]);
            }

            // Boxed primitives: new String("x").
            return value.IsObject() && value.AsObject().Class is "String" or "Number" or "Boolean" && value.IsObject()
                ? TypeConverter.ToPrimitive(value, Types.None)
                : value;
        }

        private void Nested(JsValue value)
        {
            if (++_depth > maxDepth)
            {
                throw realm.Error("nesting", $"A value nests deeper than {maxDepth}, or contains itself.");
            }

            if (value.IsArray())
            {
                Items(value.AsArray());
            }
            else
            {
                Properties(value.AsObject());
            }

            _depth--;
        }

        private void Items(ObjectInstance array)
        {
            writer.WriteStartArray();
            var length = TypeConverter.ToUint32(array.Get("length"));
            for (uint i = 0; i < length; i++)
            {
                var index = i.ToString(CultureInfo.InvariantCulture);
                if (!Value(array, index, array.Get(index)))
                {
                    CheckSize();
                    writer.WriteNullValue();
                }
            }

            writer.WriteEndArray();
        }

        private void Properties(ObjectInstance value)
        {
            writer.WriteStartObject();
            var keys = allowed ?? value.GetOwnProperties().Where(p => p.Value.Enumerable == true).Select(p => p.Key).ToList();
            HashSet<string>? replaced = null;
            foreach (var key in keys)
            {
                // Names that differ only in half surrogate pairs become one name, which an object has once: the first stays.
                var name = ScriptText.Valid(key);
                var twice = name != key && (value.HasProperty(name) || !(replaced ??= new(StringComparer.Ordinal)).Add(name));
                if (!twice && (allowed is null || value.HasProperty(key)))
                {
                    Value(value, key, value.Get(key), name);
                }
            }

            writer.WriteEndObject();
        }

        private void Text(string text)
        {
            if (text.Length > maxBytes)
            {
                throw TooLarge();
            }

            writer.WriteStringValue(ScriptText.Valid(text));
            CheckSize();
        }

        private void Number(double number)
        {
            if (!double.IsFinite(number))
            {
                writer.WriteNullValue();
            }
            else if (Math.Truncate(number) == number && Math.Abs(number) < 1e15)
            {
                writer.WriteNumberValue((long)number);
            }
            else
            {
                // The script's own format of a finite number is valid JSON.
                writer.WriteRawValue(TypeConverter.ToString(new JsValue(number)), skipInputValidation: true);
            }
        }

        private void CheckSize()
        {
            if (writer.BytesCommitted + writer.BytesPending > maxBytes)
            {
                throw TooLarge();
            }
        }

        private JavaScriptException TooLarge() => realm.Error(ScriptLimits.Record, $"A value is larger than {maxBytes} bytes of JSON.");
    }
}
