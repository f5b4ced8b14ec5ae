using SecFlow.Data;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Workflows;

namespace SecFlow.Portal;

/// <summary>The floors below the portal.</summary>
public static class PortalEngine
{
    public static IServiceCollection AddPortalEngine(this IServiceCollection services, PortalOptions options)
    {
        var folder = Path.GetFullPath(options.DataFolder);
        Directory.CreateDirectory(folder);
        services.AddSecFlowData(new DatabaseOptions(DatabaseKind.Sqlite, "Data Source=" + Path.Combine(folder, "secflow.db")), folder);
        services.AddSingleton<Access>();
        services.AddSingleton<TargetService>();
        services.AddSingleton<WorkflowService>();
        services.AddSingleton<ScheduleService>();
        services.AddSingleton<RunService>();
        services.AddSingleton<RunSignals>();
        services.AddSingleton<FindingService>();
        services.AddSingleton<PluginRegistry>();
        return services;
    }
}
