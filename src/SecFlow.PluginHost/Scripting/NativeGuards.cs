using System.Runtime.CompilerServices;
using Jint.Native;
using Jint.Native.Object;
using Jint.Runtime.Interop;

namespace SecFlow.PluginHost.Scripting;

/// <summary>
/// The interpreter's own functions fail in ways of .NET when they are given what their authors did not think of (<c>(1e300).toString(2)</c>): script could not catch that,
/// and the work would end as an error of the interpreter. Each of them is put behind one guard, as functions of the host are: what is no limit becomes a script exception.
/// </summary>
public static class NativeGuards
{
    /// <summary>Puts the guard before every function that can be reached from the global object.</summary>
    public static void Insert(ScriptRealm realm)
    {
        ArgumentNullException.ThrowIfNull(realm);
        var seen = new HashSet<ObjectInstance>(ReferenceEqualityComparer.Instance);
        var open = new Stack<ObjectInstance>();
        open.Push(realm.Engine.Global);
        while (open.TryPop(out var owner))
        {
            if (!seen.Add(owner))
            {
                continue;
            }

            if (owner is ClrFunctionInstance function)
            {
                ref var body = ref BodyOf(function);
                body = Guarded(realm, body);
            }

            Push(open, owner.Prototype);
            foreach (var (_, property) in owner.GetOwnProperties())
            {
                Push(open, property.Value);
                Push(open, property.Get);
                Push(open, property.Set);
            }
        }
    }

    private static Func<JsValue, JsValue[], JsValue> Guarded(ScriptRealm realm, Func<JsValue, JsValue[], JsValue> body) => (self, arguments) =>
    {
        try
        {
            return body(self, arguments);
        }
        catch (Exception e) when (!ScriptLimits.MustPass(e))
        {
            throw realm.Error(null, "The interpreter cannot do this: " + e.Message);
        }
    };

    private static void Push(Stack<ObjectInstance> open, JsValue? value)
    {
        if (value is not null && value.IsObject())
        {
            open.Push(value.AsObject());
        }
    }

    private static void Push(Stack<ObjectInstance> open, ObjectInstance? value)
    {
        if (value is not null)
        {
            open.Push(value);
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_func")]
    private static extern ref Func<JsValue, JsValue[], JsValue> BodyOf(ClrFunctionInstance function);
}
