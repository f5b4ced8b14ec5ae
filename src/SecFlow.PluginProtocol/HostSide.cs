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
        JsonText json;
        switch (message)
        {
            case ReadyMessage m:
                json = new JsonText("ready"u8);
                json.Number("protocol"u8, m.Protocol);
                json.Texts("confinement"u8, m.Confinement);
                break;
            case EmitMessage m:
                json = new JsonText("emit"u8);
                json.Text("port"u8, m.Port);
                json.Nodes("records"u8, m.Records);
                break;
            case VerdictMessage m:
                json = new JsonText("verdict"u8);
                json.Text("kind"u8, m.Kind);
                json.Text("reason"u8, m.Reason);
                json.Text("target"u8, m.Target);
                json.Texts("checks"u8, m.Checks);
                break;
            case LogMessage m:
                json = new JsonText("log"u8);
                json.Text("level"u8, m.Level);
                json.Text("text"u8, m.Text);
                break;
            case ProgressMessage m:
                json = new JsonText("progress"u8);
                json.Number("percent"u8, m.Percent);
                json.Text("text"u8, m.Text);
                break;
            case CallMessage m:
                json = new JsonText("call"u8);
                json.Number("id"u8, m.Id);
                json.Text("method"u8, m.Method);
                json.Node("arguments"u8, m.Arguments);
                break;
            case AliveMessage:
                json = new JsonText("alive"u8);
                break;
            case DoneMessage m:
                json = new JsonText("done"u8);
                json.Text("outcome"u8, Word(m.Outcome));
                json.Text("limit"u8, m.Limit);
                json.Text("message"u8, m.Message);
                json.Text("location"u8, m.Location);
                json.Text("phase"u8, m.Phase);
                json.Number("peakBytes"u8, m.PeakBytes);
                json.Number("cpuMilliseconds"u8, m.CpuMilliseconds);
                json.Text("value"u8, m.Value);
                break;
            default:
                throw new NotSupportedException($"{message.GetType().Name} is no message of this protocol.");
        }

        return json.End();
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

    private static string Word(HostOutcome outcome) => outcome switch
    {
        HostOutcome.Completed => "Completed",
        HostOutcome.ScriptError => "ScriptError",
        HostOutcome.SyntaxError => "SyntaxError",
        HostOutcome.MissingEntry => "MissingEntry",
        HostOutcome.Limit => "Limit",
        _ => "InterpreterError",
    };

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
}
