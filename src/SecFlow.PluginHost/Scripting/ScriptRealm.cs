using System.Globalization;
using System.Runtime.CompilerServices;
using Jint;
using Jint.Native;
using Jint.Native.Function;
using Jint.Native.Object;
using Jint.Parser;
using Jint.Parser.Ast;
using Jint.Runtime;
using Jint.Runtime.Descriptors;
using Jint.Runtime.Environments;
using Jint.Runtime.Interop;
using SecFlow.PluginProtocol;
using ExecutionContext = Jint.Runtime.Environments.ExecutionContext;

namespace SecFlow.PluginHost.Scripting;

/// <summary>
/// One fresh interpreter, hardened before any plugin code runs.
/// 1. Only native script functions and script values made here are handed in; a CLR object would open the whole runtime.
/// 2. No code from strings: <c>eval</c> and the <c>Function</c> constructor are refused, so that what runs is what was signed.
/// 3. Every function that the host hands in, and every one that the interpreter brings, passes limits through and turns everything else into a script exception.
/// </summary>
public sealed class ScriptRealm
{
    private static readonly Lazy<string> Prelude = new(ReadPrelude);

    private readonly Stack<ExecutionContext> _contexts;
    private readonly ICallable _freeze;
    private readonly FunctionInstance _guard;
    private readonly FunctionInstance _thrown;
    private Options? _options;
    private HostLimits? _limits;
    private nuint _stackTop;

    /// <summary>Builds and hardens an interpreter and runs the prelude in it. Plugin code is refused until <see cref="Limit"/>.</summary>
    public ScriptRealm()
    {
        Engine = new Engine(options => _options = options
            .LocalTimeZone(TimeZoneInfo.Utc)
            .Culture(CultureInfo.InvariantCulture));
        _contexts = ContextsOf(Engine);
        _freeze = Engine.Object.Get("freeze").As<FunctionInstance>();
        _guard = Native(Guard, 0);
        _thrown = Native(Thrown, 1);
        Json = new ScriptJson(this);
        NativeGuards.Insert(this);
        Harden();
        Engine.Execute(Prelude.Value, new ParserOptions { Source = "prelude.js" });
    }

    public Engine Engine { get; }

    public ScriptJson Json { get; }

    /// <summary>What the work that runs here may use.</summary>
    public HostLimits Limits => _limits ?? throw new InvalidOperationException("The interpreter has no limits yet.");

    /// <summary>Sets the limits of the one work that runs here; its budgets are full, and the stack of script calls begins at the caller. Called on the script thread.</summary>
    public unsafe void Limit(HostLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        byte here;
        _stackTop = (nuint)(&here);
        _limits = limits;
        _options!.MaxStatements(limits.Statements).TimeoutInterval(TimeSpan.FromMilliseconds(limits.CallbackMilliseconds));
        Restart();
    }

    /// <summary>Restarts the statement and time budgets: at each callback and after each answer of the engine.</summary>
    public void Restart()
    {
        Engine.ResetStatementsCount();
        Engine.ResetTimeoutTicks();
    }

    /// <summary>Restarts the time budget only: time that was spent outside script does not count.</summary>
    public void RestartTime() => Engine.ResetTimeoutTicks();

    /// <summary>Checks, parses, guards and executes a plugin's source; returns the completion value.</summary>
    public JsValue Load(string source, string fileName)
    {
        SourceCheck.Check(source, Limits.SourceBytes, Limits.NestingDepth);
        var program = new JavaScriptParser().Parse(source, new ParserOptions { Source = fileName });
        FunctionGuards.Insert(program, _guard, _thrown);
        return Engine.Execute(program).GetCompletionValue();
    }

    /// <summary>An empty script object.</summary>
    public ObjectInstance NewObject() => Engine.Object.Construct(Arguments.Empty);

    public ObjectInstance NewArray(IEnumerable<JsValue> items)
    {
        var array = Engine.Array.Construct(Arguments.Empty);
        Engine.Array.PrototypeObject.Push(array, items.ToArray());
        return array;
    }

    public void Freeze(ObjectInstance value) => _freeze.Call(JsValue.Undefined, [value]);

    /// <summary>A host function: what it throws is either a limit or a script exception.</summary>
    public FunctionInstance Native(Func<JsValue[], JsValue> body, int length) => new ClrFunctionInstance(
        Engine,
        (_, arguments) =>
        {
            try
            {
                return body(arguments);
            }
            catch (Exception e) when (!ScriptLimits.MustPass(e))
            {
                throw Error(e switch { Conversation.CallFailedException call => call.Code, DataLimitException data => data.Limit, _ => null }, e.Message);
            }
        },
        length);

    /// <summary>A script exception with <c>message</c> and, when given, <c>code</c>.</summary>
    public JavaScriptException Error(string? code, string message)
    {
        var error = Engine.Error.Construct([new JsValue(message)]);
        if (code is not null)
        {
            error.FastAddProperty("code", new JsValue(code), true, true, true);
        }

        return new JavaScriptException(new JsValue(error));
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_executionContexts")]
    private static extern ref Stack<ExecutionContext> ContextsOf(Engine engine);

    private static string ReadPrelude()
    {
        using var stream = typeof(ScriptRealm).Assembly.GetManifestResourceStream("prelude.js")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private void Harden()
    {
        var global = Engine.Global;
        global.FastAddProperty("eval", Refused("eval"), false, false, false);
        var function = Refused("Function");
        function.FastAddProperty("prototype", Engine.Function.PrototypeObject, false, false, false);
        global.FastAddProperty("Function", function, false, false, false);
        Engine.Function.PrototypeObject.FastAddProperty("constructor", function, false, false, false);

        var json = NewObject();
        json.FastAddProperty("parse", Native(Json.Parse, 2), true, false, true);
        json.FastAddProperty("stringify", Native(Json.Stringify, 3), true, false, true);
        global.FastAddProperty("JSON", json, true, false, true);
        Engine.Array.PrototypeObject.FastAddProperty("sort", new ClrFunctionInstance(Engine, (self, arguments) => ArraySort.Sort(this, self, arguments), 1), true, false, true);
        Engine.Object.FastAddProperty("setPrototypeOf", Native(SetPrototypeOf, 2), true, false, true);
        global.FastAddProperty("globalThis", global, true, false, true);
    }

    private FunctionInstance Refused(string name) =>
        Native(_ => throw Error(null, $"{name} is not available: a plugin runs only the code that was signed."), 1);

    private JsValue SetPrototypeOf(JsValue[] arguments)
    {
        var value = arguments.At(0);
        var prototype = arguments.At(1);
        if (value.IsObject() && (prototype.IsObject() || prototype.IsNull()))
        {
            var target = value.AsObject();
            var parent = prototype.IsNull() ? null : prototype.AsObject();
            var depth = 0;
            for (var up = parent; up is not null; up = up.Prototype)
            {
                if (ReferenceEquals(up, target) || ++depth > 1000)
                {
                    throw Error(null, "A prototype chain may not be cyclic or longer than 1000.");
                }
            }

            if (target.Extensible)
            {
                target.Prototype = parent;
            }
        }

        return value;
    }

    // The interpreter reads `message` of what is thrown and fails on anything but a text.
    private static JsValue Thrown(JsValue[] arguments)
    {
        var value = arguments.At(0);
        if (value.IsObject() && value.AsObject() is { Extensible: true } error && error.Get("message") is var message && !message.IsString())
        {
            if (!error.HasOwnProperty("message"))
            {
                error.FastAddProperty("message", new JsValue(""), true, false, true);
            }
            else if (!message.IsObject() && error.GetOwnProperty("message") is { Configurable: true })
            {
                error.DefineOwnProperty("message", new PropertyDescriptor(new JsValue(TypeConverter.ToString(message)), true, true, true), false);
            }
        }

        return value;
    }

    private unsafe JsValue Guard(JsValue[] arguments)
    {
        byte here;
        if (_contexts.Count > Limits.Recursion || _stackTop - (nuint)(&here) > Host.StackBytes / 2)
        {
            throw new ScriptLimitException(ScriptLimits.Recursion, $"Script functions call each other deeper than {Limits.Recursion}.");
        }

        return JsValue.Undefined;
    }
}
