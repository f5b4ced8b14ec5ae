using SecFlow.Data.Plugins;
using SecFlow.Data.Targets;
using SecFlow.Execution.Plugins;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What a plugin may do, in words.</summary>
public static class PluginWords
{
    public static string Permissions(PluginManifest manifest) => string.Join("; ", Lines(manifest)) + ". Nothing else.";

    /// <summary>The same, one permission a line.</summary>
    public static IReadOnlyList<string> Lines(PluginManifest manifest)
    {
        var lines = new List<string>
        {
            manifest.Permissions.Network switch
            {
                NetworkPermission.Targets => "send requests to approved targets",
                NetworkPermission.Hosts => "reach " + string.Join(", ", manifest.Permissions.Hosts),
                _ => "use no network",
            },
        };
        if (manifest.Permissions.TargetFiles)
        {
            lines.Add("read the target folder");
        }

        if (manifest.Permissions.Secrets.Count > 0)
        {
            lines.Add("read the secrets " + string.Join(", ", manifest.Permissions.Secrets));
        }

        if (manifest.Permissions.Resources.Count > 0)
        {
            lines.Add("read " + string.Join(", ", manifest.Permissions.Resources));
        }

        if (manifest.Tools.Count > 0)
        {
            lines.Add("run " + string.Join(", ", manifest.Tools.Select(t => t.Name)));
        }

        return lines;
    }

    /// <summary>What a person does to bring a version from one state into another.</summary>
    public static string Act(PluginState to, PluginState from) => to switch
    {
        PluginState.Submitted => "Submit for review",
        PluginState.ChangesRequested => "Request changes",
        PluginState.Rejected => "Reject",
        PluginState.Approved => "Approve",
        PluginState.Enabled => "Enable",
        PluginState.Disabled => from == PluginState.Quarantined ? "Release from quarantine" : "Disable",
        PluginState.Quarantined => "Quarantine",
        PluginState.Revoked => "Revoke",
        _ => to.ToString(),
    };

    /// <summary>What is lost by it.</summary>
    public static string Lost(PluginState to, PluginVersion row) => to == PluginState.Revoked
        ? $"{row.PluginId} {row.Version} never runs again, running nodes of it end, and nobody can take that back. Its results stay."
        : $"{row.PluginId} {row.Version} does not run until an administrator releases it.";

    /// <summary>By whom, and whether by two persons or solo.</summary>
    public static string Approval(PluginVersion row) => row.Approval switch
    {
        ApprovalKind.Two => $"by {row.FirstApprovalBy} and {row.ApprovedBy}",
        ApprovalKind.Solo => $"solo by {row.ApprovedBy}",
        _ => $"by {row.ApprovedBy}",
    };

    public static string Intrusiveness(Intrusiveness level) => level switch
    {
        Data.Targets.Intrusiveness.Passive => "passively (only what is public anyway)",
        Data.Targets.Intrusiveness.Safe => "safely (ordinary requests)",
        Data.Targets.Intrusiveness.Intrusive => "intrusively (attack-like requests)",
        _ => "with exploits",
    };
}
