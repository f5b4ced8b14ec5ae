using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SecFlow.Execution.Findings;

/// <summary>
/// What makes two findings the same one.
/// 1. SHA-256 over length-prefixed parts (4 bytes big-endian, then UTF-8; a missing part has length 0xFFFFFFFF): no two lists of parts give the same bytes.
/// 2. First part: version of this rule; second: plugin id, because a rule id is unique within its plugin only; then the fields that the manifest names.
/// 3. Parts are normalised; severity, version, time and random payload never belong to them.
/// </summary>
public static class Fingerprint
{
    public const int Version = 1;

    /// <summary>Fields of a plugin that names none.</summary>
    public static readonly IReadOnlyList<string> DefaultFields = ["ruleId", "location", "method", "parameter"];

    /// <summary>Lower-case hex.</summary>
    public static string Of(string pluginId, JsonObject record, IReadOnlyList<string> fields)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, "secflow-fingerprint-1");
        Add(hash, pluginId);
        foreach (var field in fields.Count == 0 ? DefaultFields : fields)
        {
            Add(hash, field);
            Add(hash, Normalise(field, Value(record, field)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static JsonNode? Value(JsonObject record, string field)
    {
        JsonNode? at = record;
        foreach (var part in field.Split('.'))
        {
            at = (at as JsonObject)?[part];
        }

        return at;
    }

    private static string? Normalise(string field, JsonNode? value)
    {
        if (value is null)
        {
            return null;
        }

        if (value.GetValueKind() != JsonValueKind.String)
        {
            return value.ToJsonString();
        }

        var text = value.GetValue<string>().Trim();
        return field switch
        {
            "location" => NormaliseLocation(text),
            "method" => text.ToUpperInvariant(),
            _ => text,
        };
    }

    /// <summary>For a url: scheme and host in lower case, no default port, no fragment, no user. Anything else as it is.</summary>
    internal static string NormaliseLocation(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            return text;
        }

        var port = uri.IsDefaultPort ? "" : $":{uri.Port}";
        return $"{uri.Scheme}://{uri.IdnHost.ToLowerInvariant()}{port}{uri.PathAndQuery}";
    }

    private static void Add(IncrementalHash hash, string? part)
    {
        Span<byte> length = stackalloc byte[4];
        if (part is null)
        {
            BinaryPrimitives.WriteUInt32BigEndian(length, uint.MaxValue);
            hash.AppendData(length);
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(part);
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
