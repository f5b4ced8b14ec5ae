using Jint.Native;
using SecFlow.PluginHost.Conversation;

namespace SecFlow.PluginHost.Scripting;

/// <summary>
/// Moves between script, host and engine so that each is measured right: waiting for the engine stops the clock, and budgets restart at
/// each callback and after each answer.
/// </summary>
public sealed class Steps(ScriptRealm realm, WorkClock clock, Outbox outbox)
{
    public ScriptRealm Realm { get; } = realm;

    public Outbox Outbox { get; } = outbox;

    /// <summary>Whether a record callback is running: only emit, finding, log, progress and cancelled may be called.</summary>
    public bool InRecord { get; private set; }

    /// <summary>Waits for the engine; afterwards budgets are full again.</summary>
    public T Ask<T>(Func<T> question)
    {
        ArgumentNullException.ThrowIfNull(question);
        Outbox.Flush();
        clock.End();
        try
        {
            return question();
        }
        finally
        {
            Realm.Restart();
            clock.Begin();
        }
    }

    /// <summary>Writes to the engine, which may be slow to read: that time is not the script's.</summary>
    public void Tell(Action write)
    {
        ArgumentNullException.ThrowIfNull(write);
        var slow = clock.Pause();
        try
        {
            write();
        }
        finally
        {
            if (clock.Resume(slow) > TimeSpan.FromMilliseconds(50))
            {
                Realm.RestartTime();
            }
        }
    }

    /// <summary>A native parser made progress: it is not hanging.</summary>
    public void Progressed() => clock.Begin();

    /// <summary>Calls a record callback with full budgets.</summary>
    public void Record(ICallable callback, params JsValue[] arguments)
    {
        ArgumentNullException.ThrowIfNull(callback);
        Realm.Restart();
        clock.Begin();
        InRecord = true;
        try
        {
            callback.Call(JsValue.Undefined, arguments);
        }
        finally
        {
            InRecord = false;
            Realm.Restart();
            clock.Begin();
        }
    }
}
