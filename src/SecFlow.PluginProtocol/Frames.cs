using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace SecFlow.PluginProtocol;

/// <summary>Source-generated JSON of the protocol.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    AllowDuplicateProperties = false,
    MaxDepth = Frames.MaxDepth,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EngineMessage))]
[JsonSerializable(typeof(HostMessage))]
public sealed partial class ProtocolJson : JsonSerializerContext;

/// <summary>A peer broke the protocol: wrong length, wrong JSON, wrong version.</summary>
public sealed class ProtocolException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Length-prefixed frames: 4 bytes little-endian length, then that many bytes of UTF-8 JSON.
/// 1. A length outside 2..<see cref="MaxFrameBytes"/> ends the conversation (<see cref="ProtocolException"/>).
/// 2. What a host sends is UTF-8 without half surrogate pairs and without a property twice: its parts are looked at later, and must not fail then.
/// 3. End of stream between frames is the peer's end; inside a frame it is a breach.
/// </summary>
public static class Frames
{
    /// <summary>Version of the protocol, compared in the handshake.</summary>
    public const int Version = 1;

    /// <summary>Largest frame, bytes.</summary>
    public const int MaxFrameBytes = 8 * 1024 * 1024;

    /// <summary>Deepest JSON in a frame.</summary>
    public const int MaxDepth = 80;

    public static Task WriteAsync(Stream stream, EngineMessage message, CancellationToken ct) =>
        WriteBytesAsync(stream, JsonSerializer.SerializeToUtf8Bytes(message, ProtocolJson.Default.EngineMessage), ct);

    public static void Write(Stream stream, HostMessage message) =>
        WriteBody(stream, HostSide.Write(message));

    /// <summary>Writes one frame whose JSON is already written (a batch of records).</summary>
    public static void WriteBody(Stream stream, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(stream);
        CheckLength(body.Length);
        Span<byte> prefix = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, body.Length);
        stream.Write(prefix);
        stream.Write(body);
        stream.Flush();
    }

    /// <summary>The next message of the host; null at the end of the stream.</summary>
    public static async Task<HostMessage?> ReadHostMessageAsync(Stream stream, CancellationToken ct)
    {
        var prefix = new byte[4];
        var got = await stream.ReadAtLeastAsync(prefix, 4, throwOnEndOfStream: false, ct).ConfigureAwait(false);
        if (got == 0)
        {
            return null;
        }

        var body = new byte[LengthOf(prefix, got)];
        if (await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false) < body.Length)
        {
            throw new ProtocolException("The stream ended inside a frame.");
        }

        return Parse(body);
    }

    /// <summary>The next message of the engine; null at the end of the stream.</summary>
    public static EngineMessage? ReadEngineMessage(Stream stream)
    {
        var prefix = new byte[4];
        var got = stream.ReadAtLeast(prefix, 4, throwOnEndOfStream: false);
        if (got == 0)
        {
            return null;
        }

        var body = new byte[LengthOf(prefix, got)];
        if (stream.ReadAtLeast(body, body.Length, throwOnEndOfStream: false) < body.Length)
        {
            throw new ProtocolException("The stream ended inside a frame.");
        }

        try
        {
            return HostSide.Read(body);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new ProtocolException("A frame is not a message of this protocol: " + e.Message, e);
        }
    }

    private static async Task WriteBytesAsync(Stream stream, byte[] body, CancellationToken ct)
    {
        CheckLength(body.Length);
        var prefix = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, body.Length);
        await stream.WriteAsync(prefix, ct).ConfigureAwait(false);
        await stream.WriteAsync(body, ct).ConfigureAwait(false);
        await stream.FlushAsync(ct).ConfigureAwait(false);
    }

    private static int LengthOf(byte[] prefix, int got)
    {
        if (got < 4)
        {
            throw new ProtocolException("The stream ended inside a frame.");
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        CheckLength(length);
        return length;
    }

    private static void CheckLength(int length)
    {
        if (length is < 2 or > MaxFrameBytes)
        {
            throw new ProtocolException($"A frame of {length} bytes; expected 2..{MaxFrameBytes}.");
        }
    }

    private static HostMessage Parse(byte[] body)
    {
        try
        {
            CheckText(body);
            return JsonSerializer.Deserialize(body, ProtocolJson.Default.HostMessage) ?? throw new ProtocolException("A frame holds null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw new ProtocolException("A frame is not a message of this protocol: " + e.Message, e);
        }
    }

    private static void CheckText(ReadOnlySpan<byte> body)
    {
        if (!Utf8.IsValid(body))
        {
            throw new JsonException("it is not UTF-8.");
        }

        if (body.IndexOf("\\u"u8) < 0)
        {
            return;
        }

        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                // throws for half a surrogate pair
                _ = reader.GetString();
            }
        }
    }
}
