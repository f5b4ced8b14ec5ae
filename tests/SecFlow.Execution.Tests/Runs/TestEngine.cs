using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Quartz;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Holds;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Workflows;
using SecFlow.TestKit;

using SecFlow.Execution.Tests.Workflows;

namespace SecFlow.Execution.Tests.Runs;

/// <summary>What a scripted plugin does when its node runs.</summary>
internal delegate Task<PluginOutcome> PluginScript(PluginWork work, IPluginOutput output, CancellationToken ct);

/// <summary>
/// The engine without its plugins: real database, real queue, real executors; a node's plugin is a piece of C#. For what the engine does with the outcomes of plugins;
/// that real plugins have these outcomes is tested where they run.
/// </summary>
internal sealed class TestEngine : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly bool _ownsDatabase;
    private readonly ServiceProvider _services;

    private TestEngine(TestDatabase database, bool ownsDatabase, string instance, TimeProvider time, TimeSpan? leaseFor = null, TimeSpan? frozenFor = null)
    {
        (_database, _ownsDatabase) = (database, ownsDatabase);
        var options = new EngineOptions { DataFolder = database.Folder, Database = database.Database.Options, InstanceId = instance };
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton(time);
        services.AddSecFlowData(database.Database.Options, database.Folder);
        services.AddSingleton<RunStore>().AddSingleton<RunWriter>().AddSingleton<CheckpointStore>().AddSingleton<CachedNodeStore>().AddSingleton<ReparseStore>().AddSingleton<FindingStore>().AddSingleton<Execution.Runs.Raw.ReparseService>();
        services.AddSingleton<SecFlowMeter>().AddSingleton<Execution.Alerts.AlertService>().AddSingleton<Access>().AddSingleton<FindingService>();
        services.AddSingleton<Func<CancellationToken, Task<RecipePlugins>>>(_ => ct => Task.FromResult(TestPlugins.Of([.. Plugins])));
        services.AddSingleton<WorkflowService>();
        services.AddSingleton(new PolicyEvaluator(time)).AddSingleton<Func<SandboxReport?>>(() => Sandbox).AddSingleton<HoldService>().AddSingleton<ScheduleGate>();
        services.AddSingleton(new NodePlugins
        {
            OpenAsync = OpenAsync,
            VerifyAsync = VerifyAsync,
            FactsAsync = (_, _, _) => Task.FromResult<ReuseFacts?>(Facts),
            PinAsync = (_, _, _) => Task.FromResult<Execution.Targets.TargetScope?>(null),
            FindAsync = (_, digest, _) => Task.FromResult(Plugins.FirstOrDefault(p => p.Row.Digest == digest)),
            Decide = (plugin, targets, hold) => Decide(plugin.Manifest) ?? new PolicyEvaluator(time).NodeStart(PolicySubject.Of(plugin.Row, plugin.Manifest), targets, Sandbox, hold).Refusal,
            DecideStart = (plugins, targets, hold) => new PolicyEvaluator(time).RunStart([.. plugins.Select(p => PolicySubject.Of(p.Row, p.Manifest))], targets, Sandbox, hold).Refusal,
        });
        services.AddSecFlowRuns(new RunWorkerOptions(instance) { Slots = Slots, LeaseFor = leaseFor ?? TimeSpan.FromSeconds(30), LookEvery = TimeSpan.FromMilliseconds(50), RenewEvery = TimeSpan.FromMilliseconds(200), FrozenFor = frozenFor ?? TimeSpan.FromMinutes(10) });
        services.AddSingleton<ScheduleMirror>().AddSingleton<ScheduleValidation>().AddSingleton<ScheduleStart>().AddSingleton<BlackoutService>().AddSingleton<ScheduleWatch>().AddSingleton<ScheduleService>().AddSingleton<ScheduleFiring>();
        services.AddSecFlowQuartz(options);
        _services = services.BuildServiceProvider();
    }

    /// <summary>Runs that an engine executes at the same time.</summary>
    public const int Slots = 3;

    public static readonly InstalledPlugin Scan = TestPlugins.Plugin("scan.test", "1.0.0", [], [new("urls", "urls", false)], [new("findings", "findings", true), new("urls", "urls", false)]);
    public static readonly InstalledPlugin Discovery = TestPlugins.Plugin("discovery.test", "1.0.0", [], [], [new("urls", "urls", true)]);

    public List<InstalledPlugin> Plugins { get; } = [Scan, Discovery];

    /// <summary>Node id -> what its plugin does.</summary>
    public Dictionary<string, PluginScript> Scripts { get; } = new(StringComparer.Ordinal);

    public Func<PluginManifest, Execution.Diagnostics.Diagnostic?> Decide { get; set; } = _ => null;

    /// <summary>What confines plugins; null = strong enough for all.</summary>
    public SandboxReport? Sandbox { get; set; }

    /// <summary>The tools and resources of this machine.</summary>
    public ReuseFacts Facts { get; set; } = ReuseFacts.None;

    /// <summary>Thrown when a plugin is opened, by node.</summary>
    public Dictionary<string, Func<Exception?>> OpenFaults { get; } = new(StringComparer.Ordinal);

    public Actor Analyst { get; private set; } = null!;

    public Guid TargetId { get; private set; }

    public Database Database => _database.Database;

    public RunService Runs => Get<RunService>();

    public RunStore Store => Get<RunStore>();

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public static async Task<TestEngine> CreateAsync(DatabaseKind kind = DatabaseKind.Sqlite, TimeProvider? time = null, TimeSpan? leaseFor = null, TimeSpan? frozenFor = null)
    {
        time ??= TimeProvider.System;
        var engine = new TestEngine(await TestDatabase.CreateAsync(kind, time), true, "engine-1", time, leaseFor, frozenFor);
        var admin = Actor.System();
        var team = await engine.Get<TeamStore>().CreateAsync(admin, "payments", "Payments");
        engine.Analyst = new Actor(ActorKind.User, Guid.NewGuid().ToString(), "analyst", team.Id, TeamRole.Analyst);
        await engine.Get<RunQueue>().PrepareAsync(default);
        engine.TargetId = await engine.AddTargetAsync("shop", "http://127.0.0.1:8081/");
        return engine;
    }

    /// <summary>Another engine on the same database, as after a restart or beside this one.</summary>
    public TestEngine Twin(string instance = "engine-2")
    {
        var twin = new TestEngine(_database, false, instance, _database.Database.Time) { Analyst = Analyst, TargetId = TargetId, Decide = Decide };
        foreach (var (node, script) in Scripts)
        {
            twin.Scripts[node] = script;
        }

        return twin;
    }

    public async Task<Guid> AddTargetAsync(string name, string value, DateTimeOffset? until = null) => (await Get<TargetStore>().AddAsync(
        Analyst ?? Actor.System(),
        new Target { Name = name, Kind = TargetKind.Url, Value = value, AuthorisedFrom = DateTimeOffset.UnixEpoch, AuthorisedUntil = until, AuthorisationReference = "TEST-1" })).Id;

    /// <summary>A user of the portal in the team of the tests.</summary>
    public async Task<User> AddUserAsync(string name, TeamRole role)
    {
        var user = new User { Id = Guid.NewGuid(), UserName = name, NormalizedUserName = name.ToUpperInvariant() };
        await Database.WriteAsync(write =>
        {
            write.Db.Users.Add(user);
            return Task.CompletedTask;
        });
        await Get<TeamStore>().SetMemberAsync(Actor.System(Analyst.TeamId), user.Id, role);
        return user;
    }

    /// <summary>Somebody shortens the authorisation of a target: it ended a minute ago.</summary>
    public Task EndAuthorisationAsync(Guid target) => Database.WriteAsync(async write =>
    {
        var row = await write.Db.Targets.SingleAsync(t => t.Id == target);
        (row.AuthorisedUntil, row.Revision) = (write.Now.AddMinutes(-1), row.Revision + 1);
    });

    public async Task<Guid> SaveAsync(string nodes, string more = "")
    {
        var version = await Get<WorkflowService>().SaveAsync(Analyst, $"version: \"1.0\"\nname: Test {Guid.NewGuid():N}\n{more}\nnodes:\n{nodes}\n", default);
        return version.WorkflowId;
    }

    /// <summary>Accepts a run of a recipe with these nodes.</summary>
    public async Task<Run> StartAsync(string nodes, string more = "", params Guid[] targets)
    {
        var workflow = await SaveAsync(nodes, more);
        return await StartAsync(workflow, targets);
    }

    public Task<Run> StartAsync(Guid workflow, params Guid[] targets) =>
        Runs.StartAsync(Analyst, new StartRun(workflow, targets.Length == 0 ? [TargetId] : targets, RunTrigger.Manual), default);

    /// <summary>Executes what is queued, in this thread of control.</summary>
    public Task<bool> WorkAsync() => Get<RunWorker>().RunOneAsync(default);

    public async Task<RunDetail> DetailAsync(Guid run) => await Runs.GetAsync(Analyst, run, default);

    public async Task<RunDetail> RunAsync(string nodes, string more = "", params Guid[] targets)
    {
        var run = await StartAsync(nodes, more, targets);
        (await WorkAsync()).ShouldBeTrue();
        return await DetailAsync(run.Id);
    }

    public static PluginOutcome Done(Execution.Diagnostics.Diagnostic? error = null, string? limit = null) =>
        new(error, limit, 3, 0, 1000, 10, TimeSpan.FromMilliseconds(5), null);

    /// <summary>A finding of a rule at a path of the target.</summary>
    public static JsonObject Finding(string rule, string path = "", string severity = "high") => new()
    {
        ["ruleId"] = rule,
        ["title"] = "Weakness " + rule,
        ["severity"] = severity,
        ["location"] = "http://127.0.0.1:8081/" + path,
        ["cwe"] = new JsonArray(79, 80),
    };

    /// <summary>A plugin that reports these findings and assesses every target with these checks.</summary>
    public static PluginScript Finds(IReadOnlyList<string> checks, params JsonObject[] findings) => async (_, output, ct) =>
    {
        await output.EmitAsync("findings", [.. findings.Select(f => f.DeepClone())], ct);
        await output.VerdictAsync(Verdict.Completed, "looked at everything", null, checks, ct);
        return Done();
    };

    public async Task<FindingPage> FindingsAsync() => await Get<FindingService>().ListAsync(Analyst, new FindingQuery { Sort = "title" }, default);

    public async ValueTask DisposeAsync()
    {
        if (_services.GetRequiredService<ISchedulerFactory>() is { } factory && (await factory.GetAllSchedulers()).FirstOrDefault() is { } scheduler)
        {
            await scheduler.Shutdown(false);
        }

        await _services.DisposeAsync();
        if (_ownsDatabase)
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            await _database.DisposeAsync();
        }
    }

    private Task<OpenPlugin> OpenAsync(PluginRequest request, CancellationToken ct)
    {
        if (OpenFaults.GetValueOrDefault(request.NodeId)?.Invoke() is { } fault)
        {
            throw fault;
        }

        return Task.FromResult(new OpenPlugin(ProvenanceOf(request), Plugins.First(p => p.Row.Digest == request.PluginDigest).Manifest, (work, output, token) => Scripts[request.NodeId](work, output, token), () => ValueTask.CompletedTask));
    }

    private async Task<PluginProvenance> VerifyAsync(PluginRequest request, CancellationToken ct)
    {
        if (OpenFaults.GetValueOrDefault(request.NodeId)?.Invoke() is { } fault)
        {
            throw fault;
        }

        var provenance = ProvenanceOf(request);
        await request.Record!(new AuditEntry(request.Actor, "open.plugin", "plugin", request.PluginDigest, provenance.PluginId), provenance, ct);
        return provenance;
    }

    private PluginProvenance ProvenanceOf(PluginRequest request)
    {
        var plugin = Plugins.First(p => p.Row.Digest == request.PluginDigest);
        return new PluginProvenance(plugin.Manifest.Id, plugin.Manifest.Version, plugin.Row.Digest, "test signer", "builtin", "sha256:policy", SandboxLevel.L2);
    }
}
