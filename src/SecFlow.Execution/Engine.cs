using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Quartz;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Blobs;
using SecFlow.Data.Findings;
using SecFlow.Data.Resources;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Execution.Alerts;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Holds;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Plans;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Resources;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Tools;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution;

/// <summary>The composition root of the engine: this list reads as its table of contents. Portal and command line both use it.</summary>
public static class EngineServices
{
    /// <summary>Registers the engine; it starts and stops with the host. Throws SF1601 with every wrong option at once.</summary>
    public static IServiceCollection AddSecFlowEngine(this IServiceCollection services, EngineOptions options)
    {
        options.Validate();
        services.AddSingleton(options);
        services.AddSecFlowData(options.EffectiveDatabase, options.DataFolder);
        services.AddSingleton<RunStore>().AddSingleton<RunWriter>().AddSingleton<CheckpointStore>().AddSingleton<CachedNodeStore>().AddSingleton<ReparseStore>().AddSingleton<FindingStore>();
        services.AddSecFlowMetrics();

        services.AddSingleton<Access>().AddSingleton<AdministratorService>();
        services.AddSingleton(new TargetFolders(options.DataFolder, options.TargetFolders)).AddSingleton(provider => new TargetValidation(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<TargetFolders>())).AddSingleton<TargetService>().AddSingleton<TargetImport>().AddSingleton<TargetArchives>();
        services.AddSecFlowSecrets(options.DataFolder);
        services.AddSingleton<TargetRates>().AddSingleton<TargetHttp>().AddSingleton<TargetTls>();
        services.AddSingleton(_ => Sandboxing.Sandbox.ProbeAsync(Environment.GetEnvironmentVariable("SECFLOW_SANDBOX"), options.PluginHostPath, CancellationToken.None).GetAwaiter().GetResult());
        services.AddSingleton(provider => new ResourceService(options.DataFolder, provider.GetRequiredService<ResourceStore>(), provider.GetRequiredService<BlobStore>(), provider.GetRequiredService<Access>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSecFlowPlugins(options.DataFolder, options.PluginHostPath, options.BuiltinPluginsFolder ?? BuiltinPlugins.DefaultFolder);

        services.AddSingleton<Func<CancellationToken, Task<RecipePlugins>>>(provider => async ct =>
        {
            var registry = provider.GetRequiredService<PluginRegistry>();
            return new RecipePlugins(registry.FindAsync, await registry.ListAsync(ct));
        });
        services.AddSingleton<WorkflowService>();
        services.AddSingleton(provider => new PolicyEvaluator(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => NodePlugins.Of(
            provider.GetRequiredService<PluginRunner>(),
            provider.GetRequiredService<HostPool>(),
            provider.GetRequiredService<PolicyEvaluator>(),
            provider.GetRequiredService<Sandbox>(),
            provider.GetRequiredService<ToolCatalogue>(),
            provider.GetRequiredService<ResourceStore>(),
            new LiveTargets(provider.GetRequiredService<TargetStore>(), provider.GetRequiredService<TargetFolders>(), provider.GetRequiredService<TimeProvider>()),
            options.ExecuteRuns));
        services.AddSingleton<RunPlanner>();
        services.AddSecFlowRuns(new RunWorkerOptions(options.InstanceId, options.RunsPerTeam) { Slots = options.ParallelRuns, Compares = options.Telemetry });
        services.AddSingleton<FindingService>().AddSingleton<Runs.Raw.ReparseService>();
        services.AddSingleton<HoldService>();
        services.AddSingleton<Func<SandboxReport?>>(provider => () => options.ExecuteRuns ? provider.GetRequiredService<Sandbox>().Report : null);
        services.AddSingleton<ScheduleMirror>().AddSingleton<ScheduleGate>().AddSingleton<ScheduleValidation>().AddSingleton<ScheduleStart>().AddSingleton<BlackoutService>().AddSingleton<ScheduleWatch>().AddSingleton<ScheduleService>().AddSingleton<ScheduleFiring>();
        services.AddSecFlowQuartz(options);

        services.AddSingleton<EngineWatch>();
        services.AddSingleton<Engine>();
        services.AddHostedService(provider => provider.GetRequiredService<Engine>());
        services.AddSecFlowWatching(options);
        return services;
    }

    /// <summary>What executes runs.</summary>
    internal static IServiceCollection AddSecFlowRuns(this IServiceCollection services, RunWorkerOptions options) => services
        .AddSingleton(options)
        .AddSingleton<RunSignals>()
        .AddSingleton<RunSignalWatch>()
        .AddSingleton<RunGate>()
        .AddSingleton<ActiveRuns>()
        .AddSingleton<EngineTroubles>()
        .AddSingleton<LeaseWatch>()
        .AddSingleton<NodeDatasets>()
        .AddSingleton<NodeCache>()
        .AddSingleton<Cascades>()
        .AddSingleton<Checkpoint>()
        .AddSingleton<NodeExecutor>()
        .AddSingleton<AlertService>()
        .AddSingleton<RunTimings>()
        .AddSingleton<RunExecutor>()
        .AddSingleton<RunWorker>()
        .AddSingleton<RunQueue>()
        .AddSingleton<RunAcceptance>()
        .AddSingleton<RunControlStore>()
        .AddSingleton<RunRepeat>()
        .AddSingleton<RunControl>()
        .AddSingleton<RunService>()
        .AddSingleton<QueueService>();

    /// <summary>Quartz, persistent: on SQLite in a file of its own (it holds its lock longer than our writes may wait), on PostgreSQL in the same database, clustered.</summary>
    internal static IServiceCollection AddSecFlowQuartz(this IServiceCollection services, EngineOptions options)
    {
        services.AddQuartz(quartz =>
        {
            quartz.ConfigureScheduler(scheduler =>
            {
                scheduler.InstanceName = "SecFlow";
                scheduler.InstanceId = options.InstanceId;
                scheduler.IdleWaitTime = TimeSpan.FromSeconds(5);
            });
            // A firing that finds every slot taken returns at once; one thread is left for schedules.
            quartz.UseDefaultThreadPool(options.ParallelRuns + 2);
            quartz.UsePersistentStore(store =>
            {
                store.ProvisionSchema();
                store.UseSystemTextJsonSerializer();
                var database = options.EffectiveDatabase;
                if (database.Kind == DatabaseKind.Sqlite)
                {
                    store.UseSqlite(SqliteFactory.Instance, $"Data Source={Path.Combine(options.DataFolder, "quartz.db")}");
                }
                else
                {
                    store.UsePostgres(NpgsqlFactory.Instance, database.ConnectionString);
                    store.UseClustering();
                }
            });
        });
        return services;
    }
}

/// <summary>
/// The engine's life.
/// Start: lock of the data folder, schema, sandbox probe, plugins, recovery of what a dead engine left, Quartz, sweep.
/// Stop, in the other order: nothing new is claimed, running runs go back to the queue, Quartz ends, the lock is free.
/// </summary>
public sealed partial class Engine(IServiceProvider services, EngineOptions options, Database database, SecFlowMeter meter, ILogger<Engine> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan _sweepEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _blackoutsEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _lastWrites = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _auditCheckpointEvery = TimeSpan.FromHours(1);

    private readonly CancellationTokenSource _stop = new();
    private DataFolderLock? _lock;
    private IScheduler? _scheduler;
    private Task _loops = Task.CompletedTask;
    private Task _watching = Task.CompletedTask;

    /// <summary>True between the end of the start and the beginning of the stop.</summary>
    public bool IsReady { get; private set; }

    /// <summary>What confines plugins on this machine.</summary>
    public SandboxReport Sandbox => services.GetRequiredService<Sandbox>().Report;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _lock = DataFolderLock.Take(options.DataFolder);
        database.AuditCommitted = events =>
        {
            foreach (var e in events)
            {
                meter.AuditEvent(e.Action);
            }
        };
        SandboxFolder.Sweep(Path.GetTempPath());

        // The probe waits for what it was refused; the schema is looked at meanwhile.
        var probing = Task.Run(services.GetRequiredService<Sandbox>, cancellationToken);
        await database.MigrateAsync(cancellationToken);
        (await probing).Record(Path.Combine(options.DataFolder, "tmp", "sandboxes"));
        services.GetRequiredService<BlobStore>().SweepTemporary(database.Time.GetUtcNow());
        Confined(logger, Sandbox.Level);
        await services.GetRequiredService<ResourceService>().InstallBuiltinAsync(cancellationToken);
        await services.GetRequiredService<BuiltinPlugins>().InstallAsync(cancellationToken);
        var watch = services.GetRequiredService<PluginWatch>();
        watch.Remember();
        await services.GetRequiredService<PluginRegistry>().DiscoverAsync(Actor.System(), cancellationToken);
        _watching = Task.WhenAll(
            watch.WatchForeverAsync(_stop.Token),
            services.GetRequiredService<EngineWatch>().WatchForeverAsync(_stop.Token),
            database.Options.Kind == DatabaseKind.Sqlite ? Task.CompletedTask : services.GetRequiredService<RunSignalWatch>().WatchForeverAsync(_stop.Token));
        if (options.ExecuteRuns)
        {
            await StartQueueAsync(cancellationToken);
        }

        IsReady = true;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        IsReady = false;
        await _stop.CancelAsync();
        if (_scheduler is not null)
        {
            await _scheduler.Standby(CancellationToken.None);
        }

        var active = services.GetRequiredService<ActiveRuns>();
        try
        {
            await active.StopAllAsync().WaitAsync(options.StopWithin, database.Time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // Their rows stay as they are; the next start claims them again as after a crash. From here on they write nothing.
            StillRunning(logger, active.Count);
            active.GiveUp();
        }

        if (_scheduler is not null)
        {
            await _scheduler.Shutdown(false, CancellationToken.None);
        }

        await Task.WhenAll(_loops, _watching);
        await services.GetRequiredService<HostPool>().StopAsync();
        await LetGoAsync(active);
    }

    // A write that had begun may still be on its way: the folder is let go of after it, or, if it never ends, with the process.
    private async Task LetGoAsync(ActiveRuns active)
    {
        try
        {
            await active.StopAllAsync().WaitAsync(_lastWrites, database.Time);
            _lock?.Dispose();
        }
        catch (TimeoutException)
        {
            LockStays(logger, active.Count);
        }
    }

    public void Dispose()
    {
        _stop.Dispose();
        _lock?.Dispose();
    }

    private async Task StartQueueAsync(CancellationToken ct)
    {
        if (database.Options.Kind == DatabaseKind.Sqlite)
        {
            // The lock of the folder says that no other engine lives: whatever is Running has no engine. On PostgreSQL the watch of leases finds that out.
            await services.GetRequiredService<RunStore>().ExpireLeasesAsync(ct);
        }

        await services.GetRequiredService<RunStore>().RemoveMergedAsync(ct);
        services.GetRequiredService<HostPool>().Start(options.ParallelRuns);
        var queue = services.GetRequiredService<RunQueue>();
        _scheduler = await services.GetRequiredService<ISchedulerFactory>().GetScheduler(ct);
        await queue.PrepareAsync(ct);
        await services.GetRequiredService<ScheduleMirror>().RebuildAsync(ct);

        // What was stored of blackouts is of the last look of an engine: nothing is claimed before one looked anew.
        await services.GetRequiredService<ScheduleWatch>().BlackoutsAsync(ct);
        await _scheduler.Start(ct);
        await queue.SweepAsync(ct);
        _loops = Task.WhenAll(
            queue.SweepForeverAsync(_sweepEvery, _stop.Token),
            services.GetRequiredService<ScheduleFiring>().SweepForeverAsync(_sweepEvery, _stop.Token),
            services.GetRequiredService<ScheduleWatch>().WatchForeverAsync(_blackoutsEvery, _stop.Token),
            AuditCheckpointsAsync(_stop.Token));
    }

    private async Task AuditCheckpointsAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(_auditCheckpointEvery);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await services.GetRequiredService<AuditLog>().CheckpointAsync(ct);
                await timer.WaitForNextTickAsync(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                CheckpointFailed(logger, e);
                await timer.WaitForNextTickAsync(ct).AsTask().ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Plugins are confined at level {Level}")]
    private static partial void Confined(ILogger logger, SandboxLevel level);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} runs did not stop in time; they continue at the next start")]
    private static partial void StillRunning(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} runs are still in the middle of a write; the data folder stays locked until this process ends")]
    private static partial void LockStays(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit log could not be checkpointed; it is tried again in an hour")]
    private static partial void CheckpointFailed(ILogger logger, Exception error);
}
