using SecFlow.Execution;

namespace SecFlow.Portal;

/// <summary>The floors below the portal.</summary>
public static class PortalEngine
{
    public static IServiceCollection AddPortalEngine(this IServiceCollection services, PortalOptions options) => services.AddSecFlowEngine(new EngineOptions
    {
        DataFolder = Path.GetFullPath(options.DataFolder),
        Database = options.Database,
        TargetFolders = options.TargetFolders,
        ParallelRuns = options.WorkerSlots,
        RunsPerTeam = options.RunsPerTeam,
        ExecuteRuns = options.Role != PortalRole.Portal,
    });
}
