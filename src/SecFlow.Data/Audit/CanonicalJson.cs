using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SecFlow.Data.Audit;

/// <summary>JSON with one spelling per value: keys in ordinal order, no white space, UTF-8, only the escapes that JSON demands.</summary>
public static class CanonicalJson
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = false };

    public static byte[] Bytes(JsonNode? node)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            Write(writer, node);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary><c>sha256:hex</c> of the canonical bytes.</summary>
    public static string Digest(JsonNode? node) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Bytes(node)));

    /// <summary>The text with U+0000 and lone surrogates replaced by U+FFFD: both databases store the result, and it has one UTF-8 form.</summary>
    public static string CleanText(string text)
    {
        if (!text.Contains('\0') && !text.Any(char.IsSurrogate))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            // EnumerateRunes answers U+FFFD for a lone surrogate.
            clean.Append(rune.Value == 0 ? "\uFFFD" : rune.ToString());
        }

        return clean.ToString();
    }

    private static void Write(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case null:
                writer.WriteNullValue();
                break;
            case JsonObject fields:
                writer.WriteStartObject();
                foreach (var (key, value) in fields.OrderBy(field => field.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(CleanText(key));
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray items:
                writer.WriteStartArray();
                foreach (var item in items)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                WriteScalar(writer, node.AsValue());
                break;
        }
    }

    private static void WriteScalar(Utf8JsonWriter writer, JsonValue value)
    {
        if (value.GetValueKind() == JsonValueKind.String && value.TryGetValue<string>(out var text))
        {
            writer.WriteStringValue(CleanText(text));
        }
        else
        {
            value.WriteTo(writer);
        }
    }
}
