using System.Globalization;
using Jint.Native;
using Jint.Native.Object;
using Jint.Runtime;

namespace SecFlow.PluginHost.Scripting;

/// <summary>
/// <c>Array.prototype.sort</c>: stable, and whatever the comparing function answers it ends after n log n questions. The interpreter's own one fails on answers that contradict each other.
/// As ES5 has it: elements first, then <c>undefined</c>, then holes; only elements that exist are touched, so a length of four billion costs nothing.
/// </summary>
public static class ArraySort
{
    public static JsValue Sort(ScriptRealm realm, JsValue self, JsValue[] arguments)
    {
        ArgumentNullException.ThrowIfNull(realm);
        if (self.IsUndefined() || self.IsNull())
        {
            throw new JavaScriptException(realm.Engine.TypeError, "sort needs an array.");
        }

        var array = TypeConverter.ToObject(realm.Engine, self);
        var compare = arguments.At(0).IsUndefined()
            ? null
            : arguments.At(0).TryCast<ICallable>() ?? throw new JavaScriptException(realm.Engine.TypeError, "The comparing function is not a function.");
        var length = TypeConverter.ToUint32(array.Get("length"));
        var keys = array.GetOwnProperties().Select(p => p.Key).Where(key => IsIndex(key, length)).ToList();
        var values = new List<JsValue>(keys.Count);
        var undefined = 0;
        foreach (var key in keys)
        {
            var value = array.Get(key);
            if (value.IsUndefined())
            {
                undefined++;
            }
            else
            {
                values.Add(value);
            }
        }

        var sorted = compare is null ? ByText(values) : Merged([.. values], (a, b) => Answer(compare, a, b));
        Write(array, keys, sorted, undefined);
        return new JsValue(array);
    }

    private static void Write(ObjectInstance array, List<string> keys, JsValue[] sorted, int undefined)
    {
        var total = sorted.Length + undefined;
        for (var i = 0; i < total; i++)
        {
            array.Put(Text(i), i < sorted.Length ? sorted[i] : JsValue.Undefined, true);
        }

        foreach (var key in keys.Where(key => !IsIndex(key, (uint)total)))
        {
            array.Delete(key, true);
        }
    }

    private static JsValue[] ByText(List<JsValue> values)
    {
        var texts = values.Select(value => (Text: TypeConverter.ToString(value), Value: value)).ToArray();
        return [.. Merged(texts, (a, b) => string.CompareOrdinal(a.Text, b.Text)).Select(t => t.Value)];
    }

    private static int Answer(ICallable compare, JsValue a, JsValue b)
    {
        var answer = TypeConverter.ToNumber(compare.Call(JsValue.Undefined, [a, b]));
        return answer > 0 ? 1 : answer < 0 ? -1 : 0;
    }

    /// <summary>Merges from runs of one upwards; the right one goes first only when it is smaller.</summary>
    private static T[] Merged<T>(T[] items, Func<T, T, int> compare)
    {
        var from = items;
        var to = new T[items.Length];
        for (var width = 1; width < items.Length; width *= 2)
        {
            for (var start = 0; start < items.Length; start += 2 * width)
            {
                int left = start, middle = Math.Min(start + width, items.Length), right = middle, end = Math.Min(start + (2 * width), items.Length);
                for (var at = start; at < end; at++)
                {
                    to[at] = left < middle && (right >= end || compare(from[left], from[right]) <= 0) ? from[left++] : from[right++];
                }
            }

            (from, to) = (to, from);
        }

        return from;
    }

    private static bool IsIndex(string key, uint length) => uint.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < length && (key.Length == 1 || key[0] != '0');

    private static string Text(int index) => index.ToString(CultureInfo.InvariantCulture);
}
