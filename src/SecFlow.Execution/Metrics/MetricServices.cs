using Microsoft.Extensions.DependencyInjection;
using SecFlow.Execution.Alerts;

namespace SecFlow.Execution.Metrics;

/// <summary>What measures, compares and alerts.</summary>
internal static class MetricServices
{
    public static IServiceCollection AddSecFlowMetrics(this IServiceCollection services) => services
        .AddSingleton<SecFlowMeter>()
        .AddSingleton<MetricRollups>()
        .AddSingleton<PerformanceService>()
        .AddSingleton<WebhookClient>()
        .AddSingleton<WebhookService>()
        .AddSingleton<WebhookSender>()
        .AddSingleton<AlertWatch>();

    /// <summary>What goes on beside the engine, from its start to its stop: registered after it, for it brings the schema up to date.</summary>
    public static IServiceCollection AddSecFlowWatching(this IServiceCollection services, EngineOptions options) => !options.Telemetry ? services : services
        .AddHostedService(provider => provider.GetRequiredService<MetricRollups>())
        .AddHostedService(provider => provider.GetRequiredService<AlertWatch>())
        .AddHostedService(provider => provider.GetRequiredService<WebhookSender>());
}
