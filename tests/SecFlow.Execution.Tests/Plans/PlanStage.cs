using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Plans;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tests.Targets;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests.Plans;

/// <summary>A whole engine with its plugins in the real sandbox, beside a server that answers every request with an empty page. What the plugins of runs call is written down.</summary>
internal sealed class PlanStage : IAsyncDisposable
{
    private readonly string _folder;
    private readonly ServiceProvider _services;

    private PlanStage(string folder, ServiceProvider services, ConcurrentDictionary<string, RecordingTape> executed) => (_folder, _services, Executed) = (folder, services, executed);

    /// <summary>The repository that these tests were built from.</summary>
    public static string Repository
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder!.FullName, "SecFlow.sln")))
            {
                folder = folder.Parent;
            }

            return folder.FullName;
        }
    }

    /// <summary>What plans answer: nothing. A plugin cannot tell it from a plan.</summary>
    public HostileServer Server { get; } = new(_ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

    /// <summary>The calls of executed nodes, by the node's id.</summary>
    public ConcurrentDictionary<string, RecordingTape> Executed { get; }

    public Actor Admin { get; private set; } = null!;

    public Target Target { get; private set; } = null!;

    public RunPlanner Planner => Get<RunPlanner>();

    public static async Task<PlanStage> StartAsync(params (string Id, string Manifest, string Script)[] plugins)
    {
        var folder = Directory.CreateTempSubdirectory("secflow-plan-").FullName;
        foreach (var (id, manifest, script) in plugins)
        {
            Ship(folder, id, manifest, script);
        }

        var executed = new ConcurrentDictionary<string, RecordingTape>(StringComparer.Ordinal);
        var options = new EngineOptions { DataFolder = Path.Combine(folder, "data"), BuiltinPluginsFolder = plugins.Length == 0 ? null : Path.Combine(folder, "shipped"), InstanceId = "test" };
        var collection = new ServiceCollection().AddLogging(l => l.SetMinimumLevel(LogLevel.Warning)).AddSecFlowEngine(options);
        var real = collection.Last(d => d.ServiceType == typeof(NodePlugins)).ImplementationFactory!;
        collection.AddSingleton(provider => Recording((NodePlugins)real(provider), executed));
        var stage = new PlanStage(folder, collection.BuildServiceProvider(), executed);
        await stage.Get<Engine>().StartAsync(default);
        var team = await stage.Get<TeamStore>().CreateAsync(Actor.System(), "demo", "Demo");
        stage.Admin = new Actor(ActorKind.User, "u", "admin", team.Id, TeamRole.Admin);
        stage.Target = await stage.AddTargetAsync("site", stage.Server.Url().AbsoluteUri);
        return stage;
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public Task<Target> AddTargetAsync(string name, string value, Intrusiveness most = Intrusiveness.Exploit, TargetKind kind = TargetKind.Url) => Get<TargetService>().AddAsync(
        Admin, new NewTarget(name, kind, value, "TEST-1", null) { PrivateAddressApproved = true, MaxIntrusiveness = most, RequestsPerSecond = 1000 }, default);

    public static string Recipe(string nodes, string more = "") => $"version: \"1.0\"\nname: Planned\n{more}\nnodes:\n{nodes}\n";

    public Task<RunPlan> PlanAsync(string nodes, PlanBounds? bounds = null, string more = "") =>
        Planner.PlanAsync(Admin, new PlanRequest { Recipe = Recipe(nodes, more), TargetIds = [Target.Id], Bounds = bounds ?? PlanBounds.Default }, null, default);

    /// <summary>Runs it to its end.</summary>
    public async Task<RunDetail> RunAsync(string nodes)
    {
        var runs = Get<RunService>();
        var version = await Get<WorkflowService>().SaveAsync(Admin, Recipe(nodes), default);
        var run = await runs.StartAsync(Admin, new StartRun(version.WorkflowId, [Target.Id], RunTrigger.Manual), default);
        while (true)
        {
            var detail = await runs.GetAsync(Admin, run.Id, default);
            if (detail.Run.Status.IsFinal())
            {
                return detail;
            }

            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Get<Engine>().StopAsync(default);
        await _services.DisposeAsync();
        await Server.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private static NodePlugins Recording(NodePlugins real, ConcurrentDictionary<string, RecordingTape> executed) => real with
    {
        OpenAsync = async (request, ct) =>
        {
            var session = await real.OpenAsync(request, ct);
            return request.Planned
                ? session
                : session with { RunAsync = (work, output, token) => session.RunAsync(work with { Tape = executed.GetOrAdd(request.NodeId, _ => new RecordingTape()) }, output, token) };
        },
    };

    private static void Ship(string folder, string id, string manifest, string script)
    {
        var plugin = Directory.CreateDirectory(Path.Combine(folder, "shipped", id)).FullName;
        File.WriteAllText(Path.Combine(plugin, "plugin.yaml"), $"apiVersion: secflow/v1\nid: {id}\nversion: 1.0.0\ntitle: Test\nminLevel: L1\n{manifest}");
        File.WriteAllText(Path.Combine(plugin, "config.schema.json"), """{"type":"object"}""");
        File.WriteAllText(Path.Combine(plugin, "README.md"), $"# {id}\n");
        File.WriteAllText(Path.Combine(plugin, "index.js"), $"module.exports = {{ execute: function (ctx) {{ {script} }} }};");
    }
}
