using System.Text;
using System.Text.Json.Nodes;
using Jint.Native;
using Jint.Runtime;
using SecFlow.PluginHost.Conversation;
using SecFlow.PluginHost.Scripting;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Context;

/// <summary>Handles: <c>.size</c>, <c>.head(n)</c>, <c>.text(max)</c>, and the stream behind them for the parsers.</summary>
public sealed class Handles(Steps steps, EngineLink link)
{
    /// <summary>Most bytes of one <c>handle.read</c>.</summary>
    public const int PieceBytes = 256 * 1024;

    private const int DefaultHead = 4096;
    private const int DefaultText = 1024 * 1024;
    private const int MaxText = 16 * 1024 * 1024;

    /// <summary>A handle object; <c>head</c> and <c>text</c> decode UTF-8 leniently and give at most what is there.</summary>
    public HandleObject Make(HandleRef reference)
    {
        var realm = steps.Realm;
        var handle = new HandleObject(realm.Engine, reference);
        handle.FastAddProperty("head", Reader(reference, DefaultHead), false, false, false);
        handle.FastAddProperty("text", Reader(reference, DefaultText), false, false, false);
        realm.Freeze(handle);
        return handle;
    }

    /// <summary>The handle of a <c>{handle, size}</c> node; null for anything else.</summary>
    public HandleObject? FromNode(JsonNode? node) =>
        node is JsonObject o && o["handle"] is JsonValue id && id.TryGetValue(out int number)
            ? Make(new HandleRef(number, o["size"] is JsonValue size && size.TryGetValue(out long bytes) ? bytes : 0))
            : null;

    /// <summary>The bytes behind a value that script passed to a parser: a handle, or text.</summary>
    public Stream Open(JsValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.IsString())
        {
            return new MemoryStream(Encoding.UTF8.GetBytes(ScriptText.Valid(value.AsString())), writable: false);
        }

        return value.TryCast<HandleObject>() is { } handle
            ? new HandleStream(this, handle.Reference)
            : throw new ArgumentException("Expected a handle or a string.");
    }

    /// <summary>One piece of a handle's data; empty at the end.</summary>
    public byte[] Read(HandleRef reference, long offset, int length)
    {
        ArgumentNullException.ThrowIfNull(reference);
        var answer = steps.Ask(() => link.Call("handle.read", new JsonObject
        {
            ["handle"] = reference.Id,
            ["offset"] = offset,
            ["length"] = Math.Clamp(length, 1, PieceBytes),
        }));
        return answer?["data"] is JsonValue data && data.TryGetValue(out string? text)
            ? Convert.FromBase64String(text)
            : throw new InvalidDataException("handle.read gave no data.");
    }

    private JsValue Text(HandleRef reference, int max)
    {
        using var all = new MemoryStream();
        while (all.Length < Math.Min(max, reference.Size))
        {
            var piece = Read(reference, all.Length, (int)Math.Min(PieceBytes, max - all.Length));
            if (piece.Length == 0)
            {
                break;
            }

            all.Write(piece);
        }

        return new JsValue(Encoding.UTF8.GetString(all.GetBuffer(), 0, (int)all.Length));
    }

    private JsValue Reader(HandleRef reference, int byDefault) => new(steps.Realm.Native(
        arguments =>
        {
            ContextFunctions.RefuseInRecord(steps, "handle");
            var asked = arguments.At(0);
            var max = asked.IsUndefined() ? byDefault : TypeConverter.ToInteger(asked);
            return Text(reference, (int)Math.Clamp(max, 0, MaxText));
        },
        1));
}
