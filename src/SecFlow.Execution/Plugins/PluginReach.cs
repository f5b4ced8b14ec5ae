using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Plugins;

/// <summary>What a plugin may reach in one work: the run's targets, the hosts that its manifest names (resolved and pinned at the first use), or nothing.</summary>
/// <param name="permissions">What it declares.</param>
/// <param name="targets">The run's targets; null where the work has none.</param>
/// <param name="pin">Pins the hosts of a manifest.</param>
internal sealed class PluginReach(PluginPermissions permissions, TargetScope? targets, Func<IReadOnlyList<string>, CancellationToken, Task<TargetScope>> pin)
{
    private TargetScope? _hosts;

    /// <summary>Different addresses that were connected to.</summary>
    public int AddressesReached => (targets?.AddressesReached ?? 0) + (_hosts?.AddressesReached ?? 0);

    /// <summary>The scope for <c>ctx.http</c>, <c>ctx.tls</c> and, as its network plan, for tools; null = no network.</summary>
    public async Task<TargetScope?> ScopeAsync(CancellationToken ct) => permissions.Network switch
    {
        NetworkPermission.Targets => await NowAsync(ct),
        NetworkPermission.Hosts => _hosts ??= await pin(permissions.Hosts, ct),
        _ => null,
    };

    private async Task<TargetScope?> NowAsync(CancellationToken ct)
    {
        if (targets is not null)
        {
            await targets.LookAgainAsync(ct);
        }

        return targets;
    }
}
