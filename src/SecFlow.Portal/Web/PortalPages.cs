using Radzen;
using SecFlow.Portal.Live;

namespace SecFlow.Portal.Web;

/// <summary>What the pages need.</summary>
public static class PortalPages
{
    /// <summary>Static files are asked for again with their ETag: a new version of the portal is seen at once.</summary>
    public static StaticFileOptions StaticFiles => new() { OnPrepareResponse = context => context.Context.Response.Headers.CacheControl = "no-cache" };

    public static IServiceCollection AddPortalPages(this IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents(circuits =>
        {
            // Bounds what people who went away cost.
            circuits.DisconnectedCircuitMaxRetained = 50;
            circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(2);
            circuits.DetailedErrors = false;
        });
        services.AddSingleton<HoldFeed>().AddHostedService(provider => provider.GetRequiredService<HoldFeed>());
        services.AddRadzenComponents();
        services.AddExceptionHandler<Problems>();
        services.AddProblemDetails();
        return services;
    }
}
