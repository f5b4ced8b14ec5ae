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

    /// <summary>Throws <see cref="JsonException"/> for anything that is no message of the engine.</summary>
    public static EngineMessage Read(ReadOnlyMemory<byte> body)
    {
        var parts = new MessageParts(body);
        return parts.Text("type") switch
        {
            "start" => Start(parts),
            "result" => new ResultMessage(parts.Int32("id"), parts.Optional("value") is { } value ? JsonNode.Parse(value.Utf8.Span, documentOptions: Options) : null, parts.Inner("error") is { } error ? new CallError(error.Text("code"), error.Text("message")) : null),
            "credit" => new CreditMessage(parts.Int32("records")),
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

    private static StartMessage Start(MessageParts start) => new(
        start.Text("source"),
        start.Text("fileName"),
        start.Text("entry") switch
        {
            "Execute" => PluginEntry.Execute,
            "Parse" => PluginEntry.Parse,
            "Script" => PluginEntry.Script,
            var other => throw new JsonException($"'{other}' is no entry."),
        },
        start.Optional("config"),
        start.Optional("run"),
        start.Optional("targets"),
        Inputs(start.Inner("inputs")),
        start.Inner("raw") is { } raw ? Raw(raw) : null,
        Limits(start.Inner("limits") ?? throw new JsonException("'limits' is missing.")),
        start.Int32("credit"));

    private static HostLimits Limits(MessageParts limits) => new(
        limits.Int32("callbackMilliseconds"),
        limits.Int32("statements"),
        limits.Int32("recursion"),
        limits.Int32("sourceBytes"),
        limits.Int32("nestingDepth"),
        limits.Int32("jsonDepth"),
        limits.Int32("recordBytes"),
        limits.Int32("logLineBytes"));

    private static Dictionary<string, int> Inputs(MessageParts? counts)
    {
        var inputs = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in counts?.Names ?? [])
        {
            inputs[name] = counts!.Int32(name);
        }

        return inputs;
    }

    private static RawInput Raw(MessageParts raw)
    {
        var files = new Dictionary<string, HandleRef>(StringComparer.Ordinal);
        var handles = raw.Inner("files");
        foreach (var name in handles?.Names ?? [])
        {
            files[name] = Handle(handles!, name);
        }

        return new RawInput(Handle(raw, "stdout"), Handle(raw, "stderr"), files, raw.Optional("target") is null ? null : raw.Text("target"));
    }

    private static HandleRef Handle(MessageParts owner, string name) =>
        owner.Inner(name) is { } handle ? new HandleRef(handle.Int32("id"), handle.Int64("size")) : throw new JsonException($"'{name}' is missing.");
}
