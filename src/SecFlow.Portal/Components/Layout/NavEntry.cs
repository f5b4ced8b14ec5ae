using SecFlow.Execution.Teams;

namespace SecFlow.Portal.Components.Layout;

/// <summary>One subject of the rail, shown to those who may read it.</summary>
public sealed record NavEntry(string Title, string Href, Permission Permission, string Icon)
{
    public static IReadOnlyList<NavEntry> All { get; } =
    [
        new("Overview", "", Permission.ReadRuns, "M3 10.5 10 4l7 6.5M5 9v7.5h10V9"),
        new("Runs", "runs", Permission.ReadRuns, "M6 4.5v11l9-5.5-9-5.5Z"),
        new("Queue", "queue", Permission.ReadRuns, "M4 5h12M4 10h12M4 15h7M14.5 13v5M12.5 16l2 2 2-2"),
        new("Findings", "findings", Permission.ReadFindings, "M10 3 2.5 16.5h15L10 3ZM10 8v4M10 14.3v.1"),
        new("Workflows", "workflows", Permission.ReadWorkflows, "M3 3.5h5v4H3zM12 8h5v4h-5zM3 12.5h5v4H3zM8 5.5h2v9H8M10 10h2"),
        new("Schedules", "schedules", Permission.ReadWorkflows, "M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3M13 3v3"),
        new("Performance", "performance", Permission.ReadRuns, "M3 16.5h14M4.5 13l3.5-4 3 2.5L16 5.5"),
        new("Targets", "targets", Permission.ReadTargets, "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM10 7a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM10 1.5v3M10 15.5v3M1.5 10h3M15.5 10h3"),
        new("Plugins", "plugins", Permission.ReadPlugins, "M7.5 3v4M12.5 3v4M5 7h10v3.5a5 5 0 0 1-10 0V7ZM10 15.5V18"),
        new("Trust", "trust", Permission.ReadPlugins, "M10 2 4 4.5v4.5c0 4 2.6 7 6 8.5 3.4-1.5 6-4.5 6-8.5V4.5L10 2ZM7.2 9.8l2 2 3.6-4"),
        new("Tools", "tools", Permission.ReadPlugins, "M12.5 3.5a4 4 0 0 0-4.6 5.3L3.5 13.2v3.3h3.3l4.4-4.4a4 4 0 0 0 5.3-4.6l-2.4 2.4-2.6-.9-.9-2.6 1.9-2.9Z"),
        new("Audit", "audit", Permission.ReadAudit, "M5 2.5h7l3.5 3.5v11.5H5zM7.5 8.5h5M7.5 11.5h5M7.5 14.5h3"),
        new("Security", "security", Permission.ReadRuns, "M10 2 4 4.5v4.5c0 4 2.6 7 6 8.5 3.4-1.5 6-4.5 6-8.5V4.5L10 2Z"),
    ];
}
