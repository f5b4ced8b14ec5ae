using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Tools;

/// <summary>How a tool is installed on this system, in the manifest's words.</summary>
internal static class ToolHints
{
    private static readonly Lazy<string[]> _systems = new(() => Systems(File.Exists("/etc/os-release") ? File.ReadAllLines("/etc/os-release") : []));

    public static string For(PluginTool tool) => For(tool, _systems.Value);

    internal static string For(PluginTool tool, IEnumerable<string> systems) =>
        systems.Append("any").Select(system => tool.Install.GetValueOrDefault(system)).FirstOrDefault(hint => hint is not null) is { } hint
            ? $"Install it: {hint}"
            : $"Install {tool.Name} with the system's package manager, or have an administrator set its path.";

    /// <summary>From <c>ID=ubuntu</c> and <c>ID_LIKE="debian"</c>: the system itself first, then what it is like.</summary>
    internal static string[] Systems(IEnumerable<string> release)
    {
        var lines = release.ToList();
        return [.. Words("ID="), .. Words("ID_LIKE=")];

        string[] Words(string key) => (lines.FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal)) ?? key)[key.Length..].Trim('"', '\'').Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }
}
