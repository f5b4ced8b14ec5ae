using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Teams;
using SecFlow.Data.Tools;
using SecFlow.Data.Trust;
using SecFlow.Execution.Plugins.Review;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Tools;
using SecFlow.Execution.Trust;

namespace SecFlow.Execution.Plugins;

/// <summary>What plugins need, registered in one place. The stores, <see cref="Access"/>, the sandbox, TargetHttp and the clock are registered by the engine.</summary>
public static class PluginServices
{
    /// <param name="dataFolder">Data folder of the installation.</param>
    /// <param name="hostPath">Path of <c>SecFlow.PluginHost.dll</c>.</param>
    /// <param name="shippedFolder">Folder with the built plugins that are shipped with the program.</param>
    public static IServiceCollection AddSecFlowPlugins(this IServiceCollection services, string dataFolder, string hostPath, string shippedFolder) => services
        .AddSingleton(p => new TrustPolicyService(dataFolder, p.GetRequiredService<TrustPolicyStore>(), p.GetRequiredService<TeamStore>(), p.GetRequiredService<AuditLog>(), p.GetRequiredService<TimeProvider>()))
        .AddSingleton(p => new TrustAdministration(dataFolder, p.GetRequiredService<TrustPolicyService>(), p.GetRequiredService<TrustPolicyStore>(), p.GetRequiredService<PluginRegistry>(), p.GetRequiredService<Access>()))
        .AddSingleton(p => ActivatorUtilities.CreateInstance<TrustDryRun>(p, dataFolder))
        .AddSingleton(p => new PluginRegistry(
            dataFolder, p.GetRequiredService<PluginStore>(), p.GetRequiredService<TeamStore>(), p.GetRequiredService<TrustPolicyService>(), p.GetRequiredService<PolicyEvaluator>(), p.GetRequiredService<Access>(),
            p.GetRequiredService<AuditLog>(), p.GetRequiredService<TimeProvider>()))
        .AddSingleton<PluginReviews>()
        .AddSingleton(p => new PluginWatch(dataFolder, p.GetRequiredService<PluginRegistry>(), p.GetRequiredService<ILogger<PluginWatch>>()))
        .AddSingleton(p => new BuiltinPlugins(
            dataFolder, new ShippedPlugins(BuiltinPlugins.RuleName, BuiltinPlugins.BuiltinReason, () => ShippedPlugins.In(shippedFolder)), p.GetRequiredService<PluginStore>(), p.GetRequiredService<PluginRegistry>(), p.GetRequiredService<TrustPolicyService>()))
        .AddSingleton(p => new HostProcess(p.GetRequiredService<Sandbox>(), hostPath, p.GetRequiredService<TimeProvider>()))
        .AddSingleton<ToolRunner>()
        .AddSingleton(p => new ToolCatalogue(p.GetRequiredService<ToolRunner>(), p.GetRequiredService<ToolStore>()))
        .AddSingleton<ToolService>()
        .AddSingleton<HostPool>()
        .AddSingleton<PluginRunner>()
        .AddSingleton<BlastRadiusService>()
        .AddSingleton<DevelopmentSession>();
}
