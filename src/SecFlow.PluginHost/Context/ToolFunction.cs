using System.Text.Json.Nodes;
using Jint.Native;
using Jint.Runtime;
using SecFlow.PluginHost.Conversation;
using SecFlow.PluginHost.Parsing;
using SecFlow.PluginHost.Scripting;

namespace SecFlow.PluginHost.Context;

/// <summary>
/// <c>ctx.tool(name, args, options)</c>. With <c>onLine</c> the tool runs while the host asks for its lines (<c>tool.lines</c>) and hands them to the callback, each with full budgets;
/// an answer that has its result at once (a recording) is read line by line from its stdout.
/// </summary>
internal sealed class ToolFunction(Steps steps, EngineLink link, Handles handles, int maxLineBytes)
{
    private static readonly string[] Options = ["stdin", "inputs", "files", "onLine", "timeout"];
    private readonly ScriptRealm _realm = steps.Realm;

    /// <summary>The engine's last answer: the result.</summary>
    public JsonNode? Run(JsValue[] arguments)
    {
        var name = arguments.Text(0, "The tool's name");
        if (!arguments.At(1).IsArray())
        {
            throw new ArgumentException("The tool's arguments must be an array of strings; there is no shell.");
        }

        ICallable? onLine = null;
        var call = new JsonObject { ["name"] = ScriptText.Valid(name), ["args"] = _realm.Json.ToNode(arguments.At(1)), ["options"] = Read(arguments.At(2), out onLine) };
        var answer = steps.Ask(() => link.Call("tool", call));
        if (onLine is null)
        {
            return answer;
        }

        if (answer?["running"] is null)
        {
            Replay(answer, onLine);
            return answer;
        }

        while (true)
        {
            answer = steps.Ask(() => link.Call("tool.lines", new JsonObject()));
            if (answer?["lines"] is not JsonArray lines)
            {
                return answer;
            }

            foreach (var line in lines)
            {
                steps.Record(onLine, _realm.Json.Read(line));
            }
        }
    }

    private JsonObject? Read(JsValue value, out ICallable? onLine)
    {
        onLine = null;
        if (!value.IsObject())
        {
            return value.IsUndefined() || value.IsNull() ? null : throw new ArgumentException("The tool's options must be an object.");
        }

        var asked = value.AsObject();
        if (asked.GetOwnProperties().Select(p => p.Key).FirstOrDefault(key => !Options.Contains(key, StringComparer.Ordinal)) is { } unknown)
        {
            throw new ArgumentException($"The option '{ScriptText.Bounded(unknown, 40)}' of a tool is not known; known: {string.Join(", ", Options)}.");
        }

        var options = new JsonObject();
        if (asked.Get("onLine") is var callback && !callback.IsUndefined())
        {
            onLine = callback.TryCast<ICallable>() ?? throw new ArgumentException("onLine must be a function.");
            options["lines"] = true;
        }

        if (asked.Get("stdin") is var stdin && !stdin.IsUndefined())
        {
            options["stdin"] = Content("stdin", stdin);
        }

        if (asked.Get("inputs") is var inputs && !inputs.IsUndefined())
        {
            if (!inputs.IsObject())
            {
                throw new ArgumentException("inputs must be an object of names with strings or handles.");
            }

            var files = new JsonObject();
            foreach (var (name, _) in inputs.AsObject().GetOwnProperties())
            {
                files[ScriptText.Valid(name)] = Content(name, inputs.AsObject().Get(name));
            }

            options["inputs"] = files;
        }

        foreach (var name in new[] { "files", "timeout" })
        {
            if (asked.Get(name) is var plain && !plain.IsUndefined())
            {
                options[name] = _realm.Json.ToNode(plain);
            }
        }

        return options;
    }

    private static JsonNode Content(string name, JsValue value) =>
        value.IsString() ? JsonValue.Create(ScriptText.Valid(value.AsString()))
        : value.TryCast<HandleObject>() is { } handle ? new JsonObject { ["handle"] = handle.Reference.Id }
        : throw new ArgumentException($"'{ScriptText.Bounded(name, 40)}' must be a string or a handle.");

    private void Replay(JsonNode? answer, ICallable onLine)
    {
        if (handles.FromNode(answer?["stdout"]) is not { } stdout)
        {
            return;
        }

        using var stream = handles.Open(new JsValue(stdout));
        foreach (var line in new LineReader(stream, maxLineBytes).Lines(steps.Progressed))
        {
            steps.Record(onLine, new JsValue(System.Text.Encoding.UTF8.GetString(line.Bytes.Span)));
        }
    }
}
