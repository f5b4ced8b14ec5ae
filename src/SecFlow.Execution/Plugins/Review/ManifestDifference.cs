using System.Globalization;
using SecFlow.Data.Targets;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Plugins.Review;

/// <summary>One thing that the manifest says otherwise than before.</summary>
/// <param name="Key">What, as in <c>plugin.yaml</c>; an item of a list as <c>permissions.secrets: NAME</c>.</param>
/// <param name="Before">Null when it was not there.</param>
/// <param name="After">Null when it is not there any more.</param>
/// <param name="Widens">Whether the plugin may more than before.</param>
public sealed record ManifestChange(string Key, string? Before, string? After, bool Widens);

/// <summary>What two manifests say differently, the widening first.</summary>
public static class ManifestDifference
{
    public static IReadOnlyList<ManifestChange> Of(PluginManifest before, PluginManifest after)
    {
        var (old, now) = (Flat(before), Flat(after));
        return
        [
            .. old.Keys.Union(now.Keys)
                .Where(key => old.GetValueOrDefault(key).Text != now.GetValueOrDefault(key).Text)
                .Select(key => new ManifestChange(key, old.GetValueOrDefault(key).Text, now.GetValueOrDefault(key).Text, now.GetValueOrDefault(key).Power > old.GetValueOrDefault(key).Power))
                .OrderByDescending(change => change.Widens).ThenBy(change => change.Key, StringComparer.Ordinal),
        ];
    }

    /// <summary>Each statement by its key, with a number that grows with what it permits (0 = permits nothing).</summary>
    private static Dictionary<string, (string? Text, long Power)> Flat(PluginManifest manifest)
    {
        var flat = new Dictionary<string, (string? Text, long Power)>(StringComparer.Ordinal)
        {
            ["version"] = (manifest.Version, 0),
            ["title"] = (manifest.Title, 0),
            ["description"] = (manifest.Description, 0),
            ["publisher"] = (manifest.Publisher, 0),
            ["license"] = (manifest.License, 0),
            ["homepage"] = (manifest.Homepage, 0),
            ["fingerprint"] = (string.Join(", ", manifest.Fingerprint), 0),
            ["intrusiveness"] = (manifest.Intrusiveness.ToString().ToLowerInvariant(), 1 + (long)manifest.Intrusiveness - (long)Intrusiveness.Passive),
            ["minLevel"] = (manifest.MinLevel.ToString(), 1 + (long)SandboxLevel.L3 - (long)manifest.MinLevel),
            ["permissions.network"] = (manifest.Permissions.Network.ToString().ToLowerInvariant(), manifest.Permissions.Network switch { NetworkPermission.None => 0, NetworkPermission.Hosts => 1, _ => 2 }),
            ["permissions.files"] = manifest.Permissions.TargetFiles ? ("target", 1) : ("none", 0),
        };
        foreach (var (key, items) in new[] { ("permissions.hosts", manifest.Permissions.Hosts), ("permissions.secrets", manifest.Permissions.Secrets), ("permissions.resources", manifest.Permissions.Resources), ("aliases", manifest.Aliases) })
        {
            foreach (var item in items)
            {
                flat[$"{key}: {item}"] = ("yes", 1);
            }
        }

        foreach (var tool in manifest.Tools)
        {
            flat[$"tools: {tool.Name}"] = (tool.MinVersion is null ? "any version" : $"{tool.MinVersion} or newer", 1);
        }

        foreach (var (key, ports) in new[] { ("inputs", manifest.Inputs), ("outputs", manifest.Outputs) })
        {
            foreach (var port in ports)
            {
                flat[$"{key}: {port.Name}"] = (port.Required ? $"{port.Type}, required" : port.Type, 0);
            }
        }

        foreach (var (key, limits) in new[] { ("limits.host", manifest.HostLimits), ("limits.tool", manifest.ToolLimits) })
        {
            foreach (var (name, value) in limits)
            {
                flat[$"{key}.{name}"] = (value.ToString(CultureInfo.InvariantCulture), value);
            }
        }

        return flat;
    }
}
