using SecFlow.Data.Targets;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Plugins;

/// <summary>One input or output port of a plugin.</summary>
public sealed record PluginPort(string Name, string Type, bool Required);

/// <summary>An external program that the plugin drives.</summary>
public sealed record PluginTool(string Name, string? MinVersion, IReadOnlyList<string> VersionArgs, string? VersionPattern, IReadOnlyDictionary<string, string> Install);

public enum NetworkPermission
{
    None,
    Targets,
    Hosts,
}

/// <summary>What the plugin may ask for; nothing unless declared.</summary>
public sealed record PluginPermissions(NetworkPermission Network, IReadOnlyList<string> Hosts, bool TargetFiles, IReadOnlyList<string> Secrets, IReadOnlyList<string> Resources);

/// <summary>A validated <c>plugin.yaml</c> (contracts 1).</summary>
public sealed record PluginManifest
{
    public required string Id { get; init; }

    public IReadOnlyList<string> Aliases { get; init; } = [];

    public required string Version { get; init; }

    public required string Title { get; init; }

    public string Description { get; init; } = "";

    public string Publisher { get; init; } = "";

    public string License { get; init; } = "";

    public string? Homepage { get; init; }

    public required Intrusiveness Intrusiveness { get; init; }

    public IReadOnlyList<PluginPort> Inputs { get; init; } = [];

    public IReadOnlyList<PluginPort> Outputs { get; init; } = [];

    public IReadOnlyList<PluginTool> Tools { get; init; } = [];

    public required PluginPermissions Permissions { get; init; }

    /// <summary>Finding fields that make its fingerprint.</summary>
    public IReadOnlyList<string> Fingerprint { get; init; } = [];

    public SandboxLevel MinLevel { get; init; } = SandboxLevel.L2;

    /// <summary><c>limits.host.*</c> as asked for, by name: <c>callbackMilliseconds</c>, <c>statements</c>, <c>recursion</c>, <c>cpuSeconds</c>, <c>heapBytes</c>, <c>silentSeconds</c>.</summary>
    public IReadOnlyDictionary<string, long> HostLimits { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, long> ToolLimits { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>First part of the id.</summary>
    public string Category => Id[..Id.IndexOf('.', StringComparison.Ordinal)];
}
