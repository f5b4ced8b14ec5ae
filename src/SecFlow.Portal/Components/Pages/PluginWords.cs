using SecFlow.Data.Plugins;
using SecFlow.Data.Targets;
using SecFlow.Execution.Plugins;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What a plugin may do, in words.</summary>
public static class PluginWords
{
    public static string Permissions(PluginManifest manifest)
    {
        var parts = new List<string>
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
            parts.Add("read the target folder");
        }

        if (manifest.Permissions.Secrets.Count > 0)
        {
            parts.Add("read the secrets " + string.Join(", ", manifest.Permissions.Secrets));
        }

        if (manifest.Permissions.Resources.Count > 0)
        {
            parts.Add("read " + string.Join(", ", manifest.Permissions.Resources));
        }

        if (manifest.Tools.Count > 0)
        {
            parts.Add("run " + string.Join(", ", manifest.Tools.Select(t => t.Name)));
        }

        return string.Join("; ", parts) + ". Nothing else.";
    }

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
