using Jint.Native;
using Jint.Native.Object;
using Jint.Runtime;
using SecFlow.PluginHost.Scripting;

namespace SecFlow.PluginHost.Context;

/// <summary>How members of <c>ctx</c> are defined: fixed, and refused inside a record callback unless said otherwise.</summary>
public static class ContextFunctions
{
    public static void Define(this ObjectInstance owner, Steps steps, string name, int length, Func<JsValue[], JsValue> body, bool inRecord = false)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(steps);
        var function = steps.Realm.Native(
            arguments =>
            {
                if (!inRecord)
                {
                    RefuseInRecord(steps, name);
                }

                return body(arguments);
            },
            length);
        owner.FastAddProperty(name, new JsValue(function), false, true, false);
    }

    public static void RefuseInRecord(Steps steps, string name)
    {
        ArgumentNullException.ThrowIfNull(steps);
        if (steps.InRecord)
        {
            throw steps.Realm.Error(null, $"{name} cannot be called inside a record callback; only emit, finding, log, progress and cancelled can.");
        }
    }

    /// <summary>A required text argument.</summary>
    public static string Text(this JsValue[] arguments, int index, string what) => arguments.At(index) is var value && value.IsString()
        ? value.AsString()
        : throw new ArgumentException($"{what} must be a string.");

    /// <summary>A required function argument.</summary>
    public static ICallable Callback(this JsValue[] arguments, int index) =>
        arguments.At(index).TryCast<ICallable>() ?? throw new ArgumentException("A callback function is required.");
}
