using System.Buffers;
using System.Text;
using Jint.Native;
using Jint.Native.Object;
using Jint.Runtime;
using SecFlow.PluginHost.Context;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Scripting;

/// <summary>A loaded CommonJS module and its entries.</summary>
public sealed class PluginModule(ScriptRealm realm, PluginContext context, StartMessage start)
{
    private static readonly string[] Entries = ["initialize", "execute", "parse", "cleanup"];

    private readonly ObjectInstance _module = realm.NewObject();
    private JsValue _context = JsValue.Undefined;
    private readonly Dictionary<string, ICallable> _entries = new(StringComparer.Ordinal);
    private JsValue _completion = JsValue.Undefined;

    public bool HasExecute => _entries.ContainsKey("execute");

    public bool HasParse => _entries.ContainsKey("parse");

    /// <summary>Executes the source with <c>module</c>, <c>exports</c> and, for a bare script, <c>ctx</c> as globals.</summary>
    public void Load()
    {
        _context = new JsValue(context.Build());
        var exports = new JsValue(realm.NewObject());
        _module.FastAddProperty("exports", exports, true, true, true);
        var global = realm.Engine.Global;
        global.FastAddProperty("module", new JsValue(_module), true, false, true);
        global.FastAddProperty("exports", exports, true, false, true);
        global.FastAddProperty("require", realm.Native(_ => throw realm.Error(null, "require is not available: a plugin is one file."), 1), true, false, true);
        if (start.Entry == PluginEntry.Script)
        {
            global.FastAddProperty("ctx", _context, true, false, true);
        }

        realm.Restart();
        _completion = realm.Load(start.Source, start.FileName);
        var exported = _module.Get("exports");
        foreach (var name in Entries.Where(_ => exported.IsObject()))
        {
            // Read once: an accessor could answer differently each time.
            if (exported.AsObject().Get(name).TryCast<ICallable>() is { } entry)
            {
                _entries[name] = entry;
            }
        }
    }

    /// <summary>Calls an entry with <c>ctx</c>; a missing one is no error.</summary>
    public void Call(string entry)
    {
        if (_entries.TryGetValue(entry, out var function))
        {
            function.Call(_module.Get("exports"), [_context]);
        }
    }

    /// <summary>Calls <c>parse(ctx, raw)</c>.</summary>
    public void Parse() => _entries["parse"].Call(_module.Get("exports"), [_context, context.Raw(start.Raw)]);

    /// <summary>The completion value of a bare script as text; null for <c>undefined</c>.</summary>
    public string? CompletionText(int maxBytes)
    {
        if (_completion.IsUndefined())
        {
            return null;
        }

        if (!_completion.IsObject())
        {
            return ScriptText.Bounded(TypeConverter.ToString(_completion), maxBytes);
        }

        var buffer = new ArrayBufferWriter<byte>();
        realm.Json.Write(buffer, _completion, start.Limits.RecordBytes);
        return ScriptText.Bounded(Encoding.UTF8.GetString(buffer.WrittenSpan), maxBytes);
    }
}
