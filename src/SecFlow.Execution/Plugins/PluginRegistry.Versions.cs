using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Plugins;

// Which of several versions runs: pins, and the way back. Role Admin; each act is one transaction with its events.
public sealed partial class PluginRegistry
{
    /// <summary>From now on this version runs wherever its id is asked for, and no other. It must be Enabled, and Trust must accept it now.</summary>
    public async Task<PluginPin> PinAsync(Actor actor, Guid pluginVersionId, string reason, CancellationToken ct)
    {
        var row = await OfAdminAsync(actor, pluginVersionId, reason, ct);
        if (row.State != PluginState.Enabled)
        {
            throw new SecFlowException(Codes.Conflict, $"{row.PluginId} {row.Version} is {row.State}; only an Enabled version can be pinned. Enable it first.");
        }

        await RequireAsync(actor, "pin.plugin", row, await TrustRefusalAsync(row, ct), ct);
        return await store.PinAsync(actor with { TeamId = Guid.Empty }, row, reason, ct);
    }

    /// <summary>The newest enabled version of this one's id runs again. SF1503 when the id is not pinned.</summary>
    public async Task UnpinAsync(Actor actor, Guid pluginVersionId, string reason, CancellationToken ct)
    {
        var row = await OfAdminAsync(actor, pluginVersionId, reason, ct);
        if (!await store.UnpinAsync(actor with { TeamId = Guid.Empty }, row.PluginId, reason, ct))
        {
            throw new SecFlowException(Codes.Conflict, $"The plugin '{row.PluginId}' is not pinned. Look at the list of plugins.");
        }
    }

    /// <summary>Goes back to an approved older version: enables it and disables every newer one, at once; a pin moves along. SF1503 when there is nothing to go back from.</summary>
    public async Task<PluginVersion> RollBackAsync(Actor actor, Guid pluginVersionId, string reason, CancellationToken ct)
    {
        var row = await OfAdminAsync(actor, pluginVersionId, reason, ct);
        var newer = NewerEnabled(row, await store.ListAsync(Guid.Empty, ct));
        if (row.State is not (PluginState.Enabled or PluginState.Disabled) || newer.Count == 0)
        {
            throw new SecFlowException(
                Codes.Conflict, $"{row.PluginId} cannot be rolled back to {row.Version}, which is {row.State}: {(newer.Count == 0 ? "no newer version is enabled" : "only an approved version can be gone back to")}. Look at its versions.");
        }

        await RequireAsync(actor, "enable.plugin", row, await TrustRefusalAsync(row, ct), ct);
        try
        {
            return await store.RollBackAsync(actor with { TeamId = Guid.Empty }, row, newer, reason, ct);
        }
        catch (ConflictException e)
        {
            throw new SecFlowException(Codes.Conflict, e.Message, e);
        }
    }

    /// <summary>Enabled versions of the same id that are newer.</summary>
    internal static IReadOnlyList<PluginVersion> NewerEnabled(PluginVersion row, IReadOnlyList<PluginVersion> all)
    {
        var version = SemanticVersion.TryParse(row.Version);
        return [.. all.Where(other => other.PluginId == row.PluginId && other.State == PluginState.Enabled && SemanticVersion.TryParse(other.Version) is { } v && version is not null && SemanticVersion.Order.Compare(v, version) > 0)];
    }

    private async Task<PluginVersion> OfAdminAsync(Actor actor, Guid pluginVersionId, string reason, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManagePlugins, null, $"plugin/{pluginVersionId}", ct);
        RequireReason(reason);
        return await store.FindAsync(actor.TeamId, pluginVersionId, ct) ?? throw NoSuchVersion();
    }

    private static void RequireReason(string reason)
    {
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > MostReason)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"A reason of 1 to {MostReason} characters is needed. Say why.");
        }
    }

    private static SecFlowException NoSuchVersion() => new(Codes.NotFound, "There is no such plugin version. Look at the list of plugins.");
}
