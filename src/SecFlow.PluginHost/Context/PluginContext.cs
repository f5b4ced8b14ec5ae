using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Jint.Native;
using Jint.Native.Object;
using Jint.Runtime;
using SecFlow.PluginHost.Conversation;
using SecFlow.PluginHost.Parsing;
using SecFlow.PluginHost.Scripting;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Context;

/// <summary>Builds <c>ctx</c>, the only way out of the interpreter. What leaves the process are messages; the engine decides on each.</summary>
public sealed class PluginContext(Steps steps, EngineLink link, StartMessage start)
{
    private static readonly HashSet<string> Verdicts = new(StringComparer.Ordinal) { "completed", "partial", "unreachable", "misused", "failed" };
    private static readonly string[] LogLevels = ["debug", "info", "warn", "error"];

    private const int MaxChecks = 10_000;
    private const int MaxCheckBytes = 200;
    private const int MaxReasonBytes = 2_000;
    private const int MaxPortLength = 64;
    private const int InputBatch = 500;
    private const int MaxArtifactPiece = 256 * 1024;

    private readonly ScriptRealm _realm = steps.Realm;
    private readonly Handles _handles = new(steps, link);

    public ObjectInstance Build()
    {
        var ctx = _realm.NewObject();
        Fixed(ctx, "config", Part(start.Config, array: false));
        Fixed(ctx, "run", Part(start.Run, array: false));
        Fixed(ctx, "targets", Part(start.Targets, array: true));
        Fixed(ctx, "inputs", Inputs());
        Fixed(ctx, "log", Log());
        Fixed(ctx, "parse", Parsers());
        ctx.Define(steps, "tool", 3, Tool);
        ctx.Define(steps, "http", 1, Http);
        ctx.Define(steps, "tls", 1, Tls);
        ctx.Define(steps, "artifact", 2, Artifact);
        ctx.Define(steps, "resource", 1, Resource);
        ctx.Define(steps, "secret", 2, Secret);
        ctx.Define(steps, "verdict", 3, Verdict);
        ctx.Define(steps, "emit", 2, a => Emit(a.Text(0, "The port"), a.At(1)), inRecord: true);
        ctx.Define(steps, "finding", 1, a => Emit("findings", a.At(0)), inRecord: true);
        ctx.Define(steps, "progress", 2, Progress, inRecord: true);
        ctx.Define(steps, "cancelled", 0, _ => link.Cancelled ? JsValue.True : JsValue.False, inRecord: true);
        _realm.Freeze(ctx);
        return ctx;
    }

    /// <summary>The <c>raw</c> argument of <c>parse</c>.</summary>
    public JsValue Raw(RawInput? raw)
    {
        var value = _realm.NewObject();
        var nothing = new HandleRef(0, 0);
        Fixed(value, "stdout", new JsValue(_handles.Make(raw?.Stdout ?? nothing)));
        Fixed(value, "stderr", new JsValue(_handles.Make(raw?.Stderr ?? nothing)));
        var files = _realm.NewObject();
        foreach (var (name, file) in raw?.Files ?? new Dictionary<string, HandleRef>(StringComparer.Ordinal))
        {
            Fixed(files, name, new JsValue(_handles.Make(file)));
        }

        Fixed(value, "files", new JsValue(files));
        Fixed(value, "target", raw?.Target is { } target ? new JsValue(target) : JsValue.Null);
        _realm.Freeze(files);
        _realm.Freeze(value);
        return new JsValue(value);
    }

    private static void Fixed(ObjectInstance owner, string name, JsValue value) => owner.FastAddProperty(name, value, false, true, false);

    private JsValue Part(JsonPart? part, bool array)
    {
        if (part is not null)
        {
            return _realm.Json.Read(part);
        }

        var empty = array ? _realm.NewArray([]) : _realm.NewObject();
        _realm.Freeze(empty);
        return new JsValue(empty);
    }

    private JsValue Inputs()
    {
        var inputs = _realm.NewObject();
        foreach (var (name, count) in start.Inputs ?? new Dictionary<string, int>(StringComparer.Ordinal))
        {
            var input = _realm.NewObject();
            Fixed(input, "count", new JsValue((double)count));
            input.Define(steps, "each", 1, a => Each(name, a.Callback(0)));
            _realm.Freeze(input);
            Fixed(inputs, name, new JsValue(input));
        }

        _realm.Freeze(inputs);
        return new JsValue(inputs);
    }

    private JsValue Each(string name, ICallable callback)
    {
        var read = 0;
        for (int? from = 0; from is not null;)
        {
            var answer = steps.Ask(() => link.Call("input.read", new JsonObject { ["name"] = name, ["from"] = from, ["max"] = InputBatch }));
            from = answer?["next"] is JsonValue next && next.TryGetValue(out int at) && at > from ? at : null;
            foreach (var record in answer?["records"] as JsonArray ?? [])
            {
                steps.Record(callback, _realm.Json.Read(record), new JsValue((double)read++));
            }
        }

        return new JsValue((double)read);
    }

    private JsValue Log()
    {
        var log = _realm.NewObject();
        foreach (var level in LogLevels)
        {
            log.Define(
                steps,
                level,
                1,
                arguments =>
                {
                    var text = ScriptText.Bounded(string.Join(' ', arguments.Select(Shown)), start.Limits.LogLineBytes);
                    steps.Tell(() => link.Send(new LogMessage(level, text)));
                    return JsValue.Undefined;
                },
                inRecord: true);
        }

        _realm.Freeze(log);
        return new JsValue(log);
    }

    // Plain objects and arrays as JSON, everything else (errors too) as its string.
    private string Shown(JsValue value)
    {
        if (!value.IsObject() || value.AsObject().Class is not ("Object" or "Array"))
        {
            return TypeConverter.ToString(value);
        }

        var json = new ArrayBufferWriter<byte>();
        _realm.Json.Write(json, value, start.Limits.RecordBytes);
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    private JsValue Parsers()
    {
        var parsers = new RecordParsers(steps, _handles, start.Limits);
        var parse = _realm.NewObject();
        parse.Define(steps, "jsonLines", 2, parsers.JsonLines);
        parse.Define(steps, "json", 2, parsers.Json);
        parse.Define(steps, "xml", 2, parsers.Xml);
        parse.Define(steps, "csv", 2, parsers.Csv);
        _realm.Freeze(parse);
        return new JsValue(parse);
    }

    private JsValue Http(JsValue[] arguments)
    {
        var asked = arguments.At(0);
        var request = asked.IsString() ? new JsonObject { ["url"] = ScriptText.Valid(asked.AsString()) } : _realm.Json.ToNode(asked) as JsonObject;
        if (request?["url"] is null)
        {
            throw new ArgumentException("ctx.http needs a request: {url, method?, headers?, body?, followRedirects?, timeoutMs?, maxBytes?}.");
        }

        return WithHandles(steps.Ask(() => link.Call("http", request)), "body");
    }

    private JsValue Tool(JsValue[] arguments) =>
        WithHandles(new ToolFunction(steps, link, _handles, start.Limits.RecordBytes).Run(arguments), "stdout", "stderr", "files");

    private JsValue Tls(JsValue[] arguments) => _realm.Json.ToNode(arguments.At(0)) is JsonObject request
        ? _realm.Json.Read(steps.Ask(() => link.Call("tls", request)))
        : throw new ArgumentException("ctx.tls needs a request: {host, port?, timeoutMs?}.");

    private JsValue Artifact(JsValue[] arguments)
    {
        var name = ScriptText.Valid(arguments.Text(0, "The file's name"));
        var mediaType = ScriptText.Valid(arguments.Text(1, "The media type"));
        var file = _realm.NewObject();
        file.Define(
            steps,
            "write",
            1,
            a =>
            {
                var text = ScriptText.Valid(a.Text(0, "The text"));
                var at = 0;
                do
                {
                    // a piece fits into a frame whatever it holds, and never ends between the halves of a character
                    var length = Math.Min(MaxArtifactPiece, text.Length - at);
                    length -= at + length < text.Length && char.IsHighSurrogate(text[at + length - 1]) ? 1 : 0;
                    var piece = text.Substring(at, length);
                    steps.Ask(() => link.Call("artifact", new JsonObject { ["name"] = name, ["mediaType"] = mediaType, ["text"] = piece }));
                    at += length;
                }
                while (at < text.Length);

                return JsValue.Undefined;
            });
        _realm.Freeze(file);
        return new JsValue(file);
    }

    private JsValue Resource(JsValue[] arguments)
    {
        var uri = ScriptText.Valid(arguments.Text(0, "The resource's address"));
        var answer = steps.Ask(() => link.Call("resource", new JsonObject { ["uri"] = uri }));
        return _handles.FromNode(answer) is { } handle ? new JsValue(handle) : throw new InvalidDataException("resource gave no handle.");
    }

    private JsValue Secret(JsValue[] arguments)
    {
        var name = ScriptText.Valid(arguments.Text(0, "The secret's name"));
        var call = new JsonObject { ["name"] = name };
        if (!arguments.At(1).IsUndefined())
        {
            call["target"] = ScriptText.Valid(arguments.Text(1, "The secret's target"));
        }

        return _realm.Json.Read(steps.Ask(() => link.Call("secret", call)));
    }

    /// <summary>An answer whose named members are handles, or objects of handles (<c>files</c>).</summary>
    private JsValue WithHandles(JsonNode? answer, params string[] names)
    {
        var value = _realm.Json.Read(answer);
        if (answer is not JsonObject members || !value.IsObject())
        {
            return value;
        }

        foreach (var name in names)
        {
            if (_handles.FromNode(members[name]) is { } handle)
            {
                Fixed(value.AsObject(), name, new JsValue(handle));
            }
            else if (members[name] is JsonObject files)
            {
                var converted = _realm.NewObject();
                foreach (var (file, node) in files)
                {
                    Fixed(converted, file, _handles.FromNode(node) is { } h ? new JsValue(h) : JsValue.Null);
                }

                Fixed(value.AsObject(), name, new JsValue(converted));
            }
        }

        return value;
    }

    private JsValue Emit(string port, JsValue record)
    {
        if (port.Length is 0 or > MaxPortLength)
        {
            throw new ArgumentException($"A port's name has 1..{MaxPortLength} characters.");
        }

        if (!record.IsObject() || record.TryCast<ICallable>() is not null)
        {
            throw new ArgumentException("A record must be an object.");
        }

        // A toJSON or getter of the record may emit in its turn: the buffer is taken only when the JSON is complete.
        var buffer = new ArrayBufferWriter<byte>(1024);
        _realm.Json.Write(buffer, record, start.Limits.RecordBytes);
        if (!link.TryTakeCredit())
        {
            steps.Ask(() =>
            {
                link.WaitForCredit();
                return link.TryTakeCredit();
            });
        }

        steps.Tell(() => steps.Outbox.Add(ScriptText.Valid(port), buffer.WrittenSpan));
        return JsValue.Undefined;
    }

    private JsValue Verdict(JsValue[] arguments)
    {
        var kind = arguments.Text(0, "The verdict's kind");
        if (!Verdicts.Contains(kind))
        {
            throw new ArgumentException($"Unknown verdict '{ScriptText.Bounded(kind, 40)}'; expected {string.Join(", ", Verdicts)}.");
        }

        var reason = arguments.At(1).IsUndefined() ? "" : TypeConverter.ToString(arguments.At(1));
        var options = arguments.At(2).IsObject() ? arguments.At(2).AsObject() : _realm.NewObject();
        var target = options.Get("target");
        if (target.IsObject())
        {
            target = target.AsObject().Get("id");
        }

        var checks = new List<string>();
        if (options.Get("checks") is var list && list.IsArray())
        {
            var length = Math.Min(MaxChecks, TypeConverter.ToUint32(list.AsArray().Get("length")));
            for (uint i = 0; i < length; i++)
            {
                checks.Add(ScriptText.Bounded(TypeConverter.ToString(list.AsArray().Get(i.ToString())), MaxCheckBytes));
            }
        }

        var message = new VerdictMessage(
            kind,
            ScriptText.Bounded(reason, MaxReasonBytes),
            target.IsUndefined() || target.IsNull() ? null : ScriptText.Bounded(TypeConverter.ToString(target), MaxReasonBytes),
            checks);
        steps.Outbox.Flush();
        steps.Tell(() => link.Send(message));
        return JsValue.Undefined;
    }

    private JsValue Progress(JsValue[] arguments)
    {
        var percent = TypeConverter.ToNumber(arguments.At(0));
        if (double.IsNaN(percent))
        {
            throw new ArgumentException("progress needs a number from 0 to 100.");
        }

        var text = arguments.At(1).IsUndefined() ? "" : ScriptText.Bounded(TypeConverter.ToString(arguments.At(1)), MaxReasonBytes);
        steps.Tell(() => link.Send(new ProgressMessage(Math.Clamp(percent, 0, 100), text)));
        return JsValue.Undefined;
    }
}
