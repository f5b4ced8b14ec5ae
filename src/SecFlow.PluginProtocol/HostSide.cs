using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SecFlow.PluginProtocol;

/// <summary>
/// The plugin host's half of the protocol's JSON, written and read by hand. The serializer would describe every message to itself first, in code that cannot be compiled
/// ahead of time: two thirds of what a host compiled at its start. The engine keeps the serializer; tests hold that both say the same.
/// </summary>
internal static class HostSide
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = Frames.MaxDepth, AllowDuplicateProperties = false };

    public static ReadOnlySpan<byte> Write(HostMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            switch (message)
            {
                case ReadyMessage m:
                    json.WriteString("type"u8, "ready"u8);
                    json.WriteNumber("protocol"u8, m.Protocol);
                    Texts(json, "confinement", m.Confinement);
                    break;
                case EmitMessage m:
                    json.WriteString("type"u8, "emit"u8);
                    json.WriteString("port"u8, m.Port);
                    json.WriteStartArray("records"u8);
                    foreach (var record in m.Records)
                    {
                        Node(json, record);
                    }

                    json.WriteEndArray();
                    break;
                case VerdictMessage m:
                    json.WriteString("type"u8, "verdict"u8);
                    json.WriteString("kind"u8, m.Kind);
                    json.WriteString("reason"u8, m.Reason);
                    Text(json, "target", m.Target);
                    Texts(json, "checks", m.Checks);
                    break;
                case LogMessage m:
                    json.WriteString("type"u8, "log"u8);
                    json.WriteString("level"u8, m.Level);
                    json.WriteString("text"u8, m.Text);
                    break;
                case ProgressMessage m:
                    json.WriteString("type"u8, "progress"u8);
                    json.WriteNumber("percent"u8, m.Percent);
                    json.WriteString("text"u8, m.Text);
                    break;
                case CallMessage m:
                    json.WriteString("type"u8, "call"u8);
                    json.WriteNumber("id"u8, m.Id);
                    json.WriteString("method"u8, m.Method);
                    if (m.Arguments is not null)
                    {
                        json.WritePropertyName("arguments"u8);
                        Node(json, m.Arguments);
                    }

                    break;
                case AliveMessage:
                    json.WriteString("type"u8, "alive"u8);
                    break;
                case DoneMessage m:
                    Done(json, m);
                    break;
                default:
                    throw new NotSupportedException($"{message.GetType().Name} is no message of this protocol.");
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan;
    }

    /// <summary>Throws <see cref="JsonException"/> and the exceptions of <see cref="JsonElement"/> for anything that is no message of the engine.</summary>
    public static EngineMessage Read(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body, Options);
        var root = document.RootElement;
        return Required(root, "type").GetString() switch
        {
            "start" => Start(root),
            "result" => new ResultMessage(Required(root, "id").GetInt32(), Node(root, "value"), Optional(root, "error") is { } error ? new CallError(String(error, "code"), String(error, "message")) : null),
            "credit" => new CreditMessage(Required(root, "records").GetInt32()),
            "cancel" => new CancelMessage(),
            var other => throw new JsonException($"'{other}' is no type of message."),
        };
    }

    private static void Done(Utf8JsonWriter json, DoneMessage m)
    {
        json.WriteString("type"u8, "done"u8);
        json.WriteString("outcome"u8, m.Outcome switch
        {
            HostOutcome.Completed => "Completed"u8,
            HostOutcome.ScriptError => "ScriptError"u8,
            HostOutcome.SyntaxError => "SyntaxError"u8,
            HostOutcome.MissingEntry => "MissingEntry"u8,
            HostOutcome.Limit => "Limit"u8,
            _ => "InterpreterError"u8,
        });
        Text(json, "limit", m.Limit);
        Text(json, "message", m.Message);
        Text(json, "location", m.Location);
        Text(json, "phase", m.Phase);
        json.WriteNumber("peakBytes"u8, m.PeakBytes);
        json.WriteNumber("cpuMilliseconds"u8, m.CpuMilliseconds);
        Text(json, "value", m.Value);
    }

    private static StartMessage Start(JsonElement root) => new(
        String(root, "source"),
        String(root, "fileName"),
        String(root, "entry") switch
        {
            "Execute" => PluginEntry.Execute,
            "Parse" => PluginEntry.Parse,
            "Script" => PluginEntry.Script,
            var other => throw new JsonException($"'{other}' is no entry."),
        },
        Node(root, "config"),
        Node(root, "run"),
        Node(root, "targets"),
        Named(root, "inputs", count => count.GetInt32()),
        Optional(root, "raw") is { } raw ? new RawInput(Handle(Required(raw, "stdout")), Handle(Required(raw, "stderr")), Named(raw, "files", Handle), Optional(raw, "target")?.GetString()) : null,
        Limits(Required(root, "limits")),
        Required(root, "credit").GetInt32());

    private static HostLimits Limits(JsonElement limits)
    {
        int Of(string name) => Required(limits, name).GetInt32();
        return new HostLimits(Of("callbackMilliseconds"), Of("statements"), Of("recursion"), Of("sourceBytes"), Of("nestingDepth"), Of("jsonDepth"), Of("recordBytes"), Of("logLineBytes"));
    }

    private static HandleRef Handle(JsonElement handle) => new(Required(handle, "id").GetInt32(), Required(handle, "size").GetInt64());

    private static Dictionary<string, T> Named<T>(JsonElement owner, string name, Func<JsonElement, T> read)
    {
        var values = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var property in Optional(owner, name) is { } map ? map.EnumerateObject() : default)
        {
            values[property.Name] = read(property.Value);
        }

        return values;
    }

    private static JsonElement Required(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) ? value : throw new JsonException($"'{name}' is missing.");

    private static JsonElement? Optional(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string String(JsonElement owner, string name) => Required(owner, name).GetString() ?? throw new JsonException($"'{name}' is null.");

    // A copy: the document goes back to its pool.
    private static JsonNode? Node(JsonElement owner, string name) => Optional(owner, name) is { } value ? Node(value.Clone()) : null;

    private static JsonNode? Node(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(value),
        JsonValueKind.Array => JsonArray.Create(value),
        JsonValueKind.Null => null,
        _ => JsonValue.Create(value),
    };

    private static void Node(Utf8JsonWriter json, JsonNode? node)
    {
        if (node is null)
        {
            json.WriteNullValue();
        }
        else
        {
            node.WriteTo(json);
        }
    }

    private static void Text(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }

    private static void Texts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
