using SecFlow.Data.Plugins;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// The life of a plugin version (contracts 1) as one table.
/// 1. Only Enabled versions run; only an approval leads there.
/// 2. Quarantined (after a sandbox violation) leads back over Disabled, with a reason. Revoked is the end.
/// </summary>
public static class PluginLife
{
    private static readonly Dictionary<PluginState, PluginState[]> _next = new()
    {
        [PluginState.Discovered] = [PluginState.Submitted, PluginState.Rejected, PluginState.Revoked],
        [PluginState.Submitted] = [PluginState.ChangesRequested, PluginState.Rejected, PluginState.Approved, PluginState.Revoked],
        [PluginState.ChangesRequested] = [PluginState.Submitted, PluginState.Rejected, PluginState.Revoked],
        [PluginState.Rejected] = [PluginState.Submitted, PluginState.Revoked],
        [PluginState.Approved] = [PluginState.Enabled, PluginState.Rejected, PluginState.Revoked],
        [PluginState.Enabled] = [PluginState.Disabled, PluginState.Quarantined, PluginState.Revoked],
        [PluginState.Disabled] = [PluginState.Enabled, PluginState.Quarantined, PluginState.Revoked],
        [PluginState.Quarantined] = [PluginState.Disabled, PluginState.Revoked],
        [PluginState.Revoked] = [],
    };

    /// <summary>States that a version in this state may be moved to.</summary>
    public static IReadOnlyList<PluginState> Next(PluginState from) => _next[from];
}
