using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;

namespace SecFlow.Execution.Plugins;

/// <summary>An installed plugin version with its parsed manifest and config schema.</summary>
public sealed record InstalledPlugin(PluginVersion Row, PluginManifest Manifest, string ConfigSchema);

/// <summary>
/// The plugins that this installation knows, and their life (contracts 1). Folders under <c>data/plugins</c> are watched by looking (at start and on <see cref="DiscoverAsync"/>):
/// adding one takes no C# line and no restart.
/// </summary>
public sealed class PluginRegistry
{
    /// <summary>Looks at the plugin folders: new ones become Discovered (or Enabled when the rule <c>builtin</c> verifies them), changed ones are re-verified, vanished ones are Disabled.</summary>
    public Task<IReadOnlyList<PluginVersion>> DiscoverAsync(Actor actor, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>The enabled version for an id or alias and an optional range (<c>scan.nuclei@^1.2</c>); null when there is none.</summary>
    public Task<InstalledPlugin?> FindAsync(string idOrAlias, CancellationToken ct) => throw new NotSupportedException();

    public Task<IReadOnlyList<InstalledPlugin>> ListAsync(CancellationToken ct) => throw new NotSupportedException();

    /// <summary>Moves a version along its life; a transition that contracts 1 does not know is SF1503. Role Admin.</summary>
    public Task<PluginVersion> ChangeStateAsync(Actor actor, Guid pluginVersionId, PluginState state, string reason, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>Unpacks a package (.zip or folder) into the plugin folder and discovers it. Role Admin.</summary>
    public Task<PluginVersion> InstallAsync(Actor actor, string packagePath, CancellationToken ct) => throw new NotSupportedException();
}
