namespace SecFlow.Portal.Demo;

/// <summary>What the demo and the first steps need.</summary>
public static class DemoServices
{
    public static IServiceCollection AddPortalDemo(this IServiceCollection services) => services
        .AddSingleton<DemoPlugins>()
        .AddSingleton<DemoRemoval>()
        .AddSingleton<DemoSetup>()
        .AddSingleton<FirstSteps>();
}
