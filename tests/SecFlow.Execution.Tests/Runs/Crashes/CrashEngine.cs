using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Teams;
using SecFlow.Execution.Runs;

namespace SecFlow.Execution.Tests.Runs.Crashes;

/// <summary>The real engine as a portal composes it, on a data folder and a database. Only its patience with dead engines is shorter (PostgreSQL: leases and check-ins), so that a test need not wait 30 s.</summary>
internal static class CrashEngine
{
    public static IHost Build(string folder, DatabaseOptions? database, Action<IServiceCollection>? change = null)
    {
        var options = new EngineOptions
        {
            DataFolder = Path.Combine(folder, "data"),
            BuiltinPluginsFolder = Path.Combine(folder, "shipped"),
            Database = database,
            InstanceId = $"crash-{Guid.NewGuid():N}",
            StopWithin = TimeSpan.FromSeconds(10),
        };
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSecFlowEngine(options);
        builder.Services.AddSingleton(new RunWorkerOptions(options.InstanceId) { LeaseFor = TimeSpan.FromSeconds(3), RenewEvery = TimeSpan.FromMilliseconds(500) });
        if (database?.Kind == DatabaseKind.Postgres)
        {
            builder.Services.Configure<ClusteringOptions>(cluster => (cluster.CheckinInterval, cluster.CheckinMisfireThreshold) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)));
        }

        change?.Invoke(builder.Services);
        return builder.Build();
    }

    public static Actor Admin(Guid team) => new(ActorKind.User, "admin", "admin", team, TeamRole.Admin);

    /// <summary>Asks for the run, as a client does that had no answer: under the same key.</summary>
    public static Task<Run> StartRunAsync(IServiceProvider services, CrashInstallation installation, string key = "one") =>
        services.GetRequiredService<RunService>().StartAsync(Admin(installation.Team), new StartRun(installation.Workflow, [installation.Target], RunTrigger.Manual) { IdempotencyKey = key }, CancellationToken.None);

    /// <summary>The team's only run, when it is final.</summary>
    public static async Task<Run> FinalRunAsync(IServiceProvider services, Guid team)
    {
        for (var i = 0; ; i++)
        {
            var run = (await services.GetRequiredService<RunStore>().ListAsync(team, 0, 10, CancellationToken.None)).ShouldHaveSingleItem();
            if (run.Status.IsFinal())
            {
                return run;
            }

            i.ShouldBeLessThan(900, $"the run is still {run.Status} after 90 s");
            await Task.Delay(100);
        }
    }
}
