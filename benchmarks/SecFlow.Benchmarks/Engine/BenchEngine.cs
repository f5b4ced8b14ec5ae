using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;

namespace SecFlow.Benchmarks.Engine;

/// <summary>The real engine as portal and command line start it: SQLite with synced commits, signed plugins, the sandbox of this machine.</summary>
internal sealed class BenchEngine : IAsyncDisposable
{
    private readonly IHost _host;
    private int _workflows;

    private BenchEngine(IHost host, string folder, Actor actor, Guid target)
    {
        (_host, Actor, Target) = (host, actor, target);
        Plugins = new BenchPlugins(host.Services, folder);
    }

    public BenchPlugins Plugins { get; }

    /// <summary>One beside it, without rollups, comparisons and alert rules.</summary>
    public static Task<BenchEngine> WithoutTelemetryAsync(Bench bench, CancellationToken ct) => StartAsync(Path.Combine(bench.Folder, "engine-without-telemetry"), null, ct, telemetry: false);

    public IServiceProvider Services => _host.Services;

    /// <summary>An admin of its only team.</summary>
    public Actor Actor { get; }

    /// <summary>The loopback address.</summary>
    public Guid Target { get; }

    /// <summary>One of its own that executes so many runs at once.</summary>
    public static Task<BenchEngine> ParallelAsync(Bench bench, int runs, CancellationToken ct) => StartAsync(Path.Combine(bench.Folder, $"engine-{Guid.NewGuid():N}"), null, ct, parallel: runs);

    /// <summary>Accepts a run of these nodes.</summary>
    public async Task<Guid> BeginAsync(string nodes, CancellationToken ct)
    {
        var workflow = await Services.GetRequiredService<WorkflowService>().SaveAsync(Actor, $"version: \"1.0\"\nname: Bench {++_workflows}\nnodes:\n{nodes}\n", ct);
        return (await Services.GetRequiredService<RunService>().StartAsync(Actor, new StartRun(workflow.WorkflowId, [Target], RunTrigger.Manual), ct)).Id;
    }

    /// <summary>The one of this call of ./bench; its target is a loopback address.</summary>
    public static Task<BenchEngine> OfAsync(Bench bench, CancellationToken ct) => bench.SharedAsync(() => StartAsync(Path.Combine(bench.Folder, "engine"), null, ct));

    /// <summary>A server of this process as a target: its port has to be approved by itself.</summary>
    public async Task<Guid> AddTargetAsync(string url, CancellationToken ct) => (await _host.Services.GetRequiredService<TargetService>().AddAsync(
        Actor, new NewTarget(url, TargetKind.Url, url, "benchmark", null) { PrivateAddressApproved = true, RequestsPerSecond = 1000 }, ct)).Id;

    /// <summary>Runs a recipe of these nodes to its end; throws when it does not succeed.</summary>
    public async Task<RunDetail> RunAsync(string nodes, CancellationToken ct, Guid? target = null)
    {
        var workflow = await SaveAsync(nodes, ct);
        var runs = _host.Services.GetRequiredService<RunService>();
        var run = await runs.StartAsync(Actor, new StartRun(workflow, [target ?? Target], RunTrigger.Manual), ct);
        RunDetail detail;
        while (!(detail = await runs.GetAsync(Actor, run.Id, ct)).Run.Status.IsFinal())
        {
            // seldom enough not to be measured itself
            await Task.Delay(100, ct);
        }

        if (detail.Run.Status != RunStatus.Succeeded)
        {
            var node = detail.Nodes.FirstOrDefault(n => n.Status != NodeStatus.Succeeded);
            throw new InvalidOperationException($"the run ended as {detail.Run.Status}; node {node?.NodeId}: {node?.Status} {node?.ErrorCode} {node?.ErrorMessage}");
        }

        return detail;
    }

    /// <summary>Queues runs of a recipe of these nodes, and waits for their end; throws when one does not succeed.</summary>
    public async Task<IReadOnlyList<Run>> RunInARowAsync(string nodes, int count, CancellationToken ct)
    {
        var workflow = await SaveAsync(nodes, ct);
        var runs = _host.Services.GetRequiredService<RunService>();
        var queued = new List<Guid>();
        for (var i = 0; i < count; i++)
        {
            queued.Add((await runs.StartAsync(Actor, new StartRun(workflow, [Target], RunTrigger.Manual), ct)).Id);
        }

        var ended = new List<Run>();
        foreach (var id in queued)
        {
            Run run;
            while (!(run = (await runs.GetAsync(Actor, id, ct)).Run).Status.IsFinal())
            {
                await Task.Delay(100, ct);
            }

            ended.Add(run.Status == RunStatus.Succeeded ? run : throw new InvalidOperationException($"the run ended as {run.Status}: {run.ErrorCode} {run.ErrorMessage}"));
        }

        return ended;
    }

    /// <summary>Saves a recipe of these nodes; returns its workflow.</summary>
    public async Task<Guid> SaveAsync(string nodes, CancellationToken ct) =>
        (await _host.Services.GetRequiredService<WorkflowService>().SaveAsync(Actor, $"version: \"1.0\"\nname: Bench {++_workflows}\nnodes:\n{nodes}\n", ct)).WorkflowId;

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Plugins.Dispose();
    }

    /// <summary>Another one, on a folder and a database of its own; null = SQLite in the folder.</summary>
    public static async Task<BenchEngine> StartAsync(string folder, DatabaseOptions? database, CancellationToken ct, bool telemetry = true, int parallel = 1)
    {
        Directory.CreateDirectory(folder);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSecFlowEngine(new EngineOptions { DataFolder = folder, Database = database, ParallelRuns = parallel, RunsPerTeam = Math.Max(4, parallel), Telemetry = telemetry });
        var host = builder.Build();
        await host.StartAsync(ct);
        var team = await host.Services.GetRequiredService<TeamStore>().CreateAsync(Actor.System(), "bench", "Bench", ct: ct);
        var actor = new Actor(ActorKind.User, "bench", "bench", team.Id, TeamRole.Admin);
        var target = await host.Services.GetRequiredService<TargetService>().AddAsync(
            actor, new NewTarget("loopback", TargetKind.Host, "127.0.0.1", "benchmark", null) { PrivateAddressApproved = true, RequestsPerSecond = 1000 }, ct);
        return new BenchEngine(host, folder, actor, target.Id);
    }
}
