using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SecFlow.Data.Alerts;
using SecFlow.Data.Audit;
using SecFlow.Data.Blobs;
using SecFlow.Data.Holds;
using SecFlow.Data.Metrics;
using SecFlow.Data.Plugins;
using SecFlow.Data.Resources;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Data.Tools;
using SecFlow.Data.Trust;
using SecFlow.Data.Workflows;

namespace SecFlow.Data;

/// <summary>What this project offers to a host.</summary>
public static class DataServices
{
    /// <summary>The database, the audit log, the blob store and the stores, all singletons.</summary>
    /// <param name="services">Services of the host.</param>
    /// <param name="options">Which database.</param>
    /// <param name="dataFolder">Data folder of the installation: blobs, audit checkpoints and their key.</param>
    public static IServiceCollection AddSecFlowData(this IServiceCollection services, DatabaseOptions options, string dataFolder)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new Database(options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(AuditFiles.In(dataFolder));
        services.AddSingleton(_ => new BlobStore(dataFolder));
        services.AddSingleton<AuditLog>();
        services.AddSingleton<TeamStore>();
        services.AddSingleton<OwnerStore>();
        services.AddSingleton<AuthorityStore>();
        services.AddSingleton<TokenStore>();
        services.AddSingleton<SignInLinkStore>();
        services.AddSingleton<FirstStepStore>();
        services.AddSingleton<TargetStore>();
        services.AddSingleton<TargetSecretStore>();
        services.AddSingleton<WorkflowStore>();
        services.AddSingleton<ScheduleStore>();
        services.AddSingleton<BlackoutStore>();
        services.AddSingleton<HoldStore>();
        services.AddSingleton<QueueStore>();
        services.AddSingleton<FiringStore>();
        services.AddSingleton<PluginStore>();
        services.AddSingleton<BlastRadiusStore>();
        services.AddSingleton<ResourceStore>();
        services.AddSingleton<ToolStore>();
        services.AddSingleton<TrustPolicyStore>();
        services.AddSingleton<AlertStore>().AddSingleton<WebhookStore>().AddSingleton<AlertFactStore>();
        services.AddSingleton<MetricStore>().AddSingleton<TimingStore>().AddSingleton<PerformanceStore>();
        return services;
    }

    /// <summary>ASP.NET Identity's own stores on the same database: <c>services.AddIdentityCore&lt;User&gt;().AddRoles&lt;IdentityRole&lt;Guid&gt;&gt;().AddSecFlowStores()</c>.</summary>
    public static IdentityBuilder AddSecFlowStores(this IdentityBuilder identity)
    {
        identity.Services.TryAddScoped(provider => provider.GetRequiredService<Database>().CreateContext());
        return identity.AddEntityFrameworkStores<SecFlowContext>();
    }
}
