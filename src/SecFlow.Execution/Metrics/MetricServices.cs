using Microsoft.Extensions.DependencyInjection;
using SecFlow.Execution.Alerts;

namespace SecFlow.Execution.Metrics;

/// <summary>What measures, compares and alerts.</summary>
public static class MetricServices
{
    public static IServiceCollection AddSecFlowMetrics(this IServiceCollection services, EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return services
            .AddSingleton<SecFlowMeter>()
            .AddSingleton<AlertService>();
    }
}
