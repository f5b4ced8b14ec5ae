namespace SecFlow.PluginHost.Scripting;

/// <summary>
/// An interpreter that was built while the host had nothing to do.
/// 1. It has seen no plugin and serves one work: whoever takes it has the only reference to it.
/// 2. The limits are those of the work that takes it, never those of the one before.
/// </summary>
public sealed class PreparedRealm
{
    private ScriptRealm? _realm;

    /// <summary>Builds one, unless one waits already.</summary>
    public void Prepare() => _realm ??= new ScriptRealm();

    /// <summary>The one that waits, or a fresh one.</summary>
    public ScriptRealm Take()
    {
        var realm = _realm ?? new ScriptRealm();
        _realm = null;
        return realm;
    }
}
