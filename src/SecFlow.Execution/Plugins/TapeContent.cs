using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Plugins;

/// <summary>Handles of answers as content, and back: <c>{"handle": 3, "size": 5}</c> and <c>{"text": "hello"}</c>, or <c>{"base64": "..."}</c> for what is not UTF-8.</summary>
internal static class TapeContent
{
    private static readonly UTF8Encoding _strict = new(false, throwOnInvalidBytes: true);

    public static async Task<JsonNode?> OutOfHandlesAsync(JsonNode? node, Handles handles, Action<long> count, CancellationToken ct)
    {
        switch (node)
        {
            case JsonObject { Count: 2 } handle when handle["handle"] is JsonValue id && handle["size"] is JsonValue && id.TryGetValue<int>(out var number):
                var bytes = await ReadAsync(handles, number, count, ct);
                return Text(bytes) is { } text ? new JsonObject { ["text"] = text } : new JsonObject { ["base64"] = Convert.ToBase64String(bytes) };
            case JsonObject members:
                var copy = new JsonObject();
                foreach (var (name, value) in members)
                {
                    copy[name] = await OutOfHandlesAsync(value, handles, count, ct);
                }

                return copy;
            default:
                return node?.DeepClone();
        }
    }

    public static async Task<JsonNode?> IntoHandlesAsync(JsonNode? node, Handles handles, CancellationToken ct)
    {
        switch (node)
        {
            case JsonObject { Count: 1 } content when Content(content) is { } bytes:
                var handle = await handles.KeepAsync(bytes, ct);
                return new JsonObject { ["handle"] = handle.Id, ["size"] = handle.Size };
            case JsonObject members:
                var copy = new JsonObject();
                foreach (var (name, value) in members)
                {
                    copy[name] = await IntoHandlesAsync(value, handles, ct);
                }

                return copy;
            default:
                return node?.DeepClone();
        }
    }

    /// <summary>The same JSON with the keys of objects in ordinal order and without those whose value is null.</summary>
    public static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.Where(m => m.Value is not null).OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, Sorted(m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    /// <summary>A call as people name it.</summary>
    public static string NameOf(string method, JsonNode? arguments)
    {
        string? Member(string name) => arguments is JsonObject call && call[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
        var name = method == "http" ? $"{Member("method") ?? "GET"} {Member("url")}" : $"ctx.{method} {Member("name") ?? Member("uri") ?? Member("host") ?? Member("url")}".TrimEnd();
        return name.Length > 300 ? name[..300] : name;
    }

    private static byte[]? Content(JsonObject content)
    {
        if (content["text"] is JsonValue text && text.TryGetValue<string>(out var plain))
        {
            return Encoding.UTF8.GetBytes(plain);
        }

        if (content["base64"] is not JsonValue coded || !coded.TryGetValue<string>(out var base64))
        {
            return null;
        }

        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var written)
            ? bytes[..written]
            : throw new SecFlowException(Codes.RequestInvalid, "A recorded answer has a 'base64' that is none. Record the fixture again.");
    }

    private static async Task<byte[]> ReadAsync(Handles handles, int number, Action<long> count, CancellationToken ct)
    {
        using var all = new MemoryStream();
        while (await handles.ReadAsync(number, all.Length, Handles.MostBytesAtOnce, ct) is { Length: > 0 } piece)
        {
            count(piece.Length);
            all.Write(piece);
        }

        return all.ToArray();
    }

    private static string? Text(byte[] bytes)
    {
        try
        {
            return _strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            // not text: it is kept byte for byte
            return null;
        }
    }
}
