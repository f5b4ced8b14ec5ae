using Jint;
using Jint.Native;
using Jint.Native.Object;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Context;

/// <summary>What script holds of data that stays with the engine. The number is not a script property, so it cannot be forged.</summary>
public sealed class HandleObject : ObjectInstance
{
    public HandleObject(Engine engine, HandleRef reference)
        : base(engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(reference);
        Prototype = engine.Object.PrototypeObject;
        Extensible = true;
        Reference = reference;
        FastAddProperty("size", new JsValue((double)reference.Size), false, true, false);
    }

    public HandleRef Reference { get; }
}
