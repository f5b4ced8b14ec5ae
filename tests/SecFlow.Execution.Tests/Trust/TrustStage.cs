using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Trust;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests.Trust;

/// <summary>The whole engine with plugins that a key of the test signs, and a target on loopback that never answers.</summary>
internal sealed class TrustStage : IAsyncDisposable
{
    /// <summary>Reports one finding per target.</summary>
    public const string Finds = "module.exports = { execute: function (ctx) { ctx.targets.forEach(function (t) { ctx.finding({ ruleId: 'r', title: 'T', severity: 'low', location: t.url }); ctx.verdict('completed', 'looked', { target: t.id, checks: ['r'] }); }); } };";

    /// <summary>Reports one finding, then waits for a target that never answers.</summary>
    public const string Waits = "module.exports = { execute: function (ctx) { var t = ctx.targets[0]; ctx.finding({ ruleId: 'r', title: 'T', severity: 'low', location: t.url }); ctx.verdict('completed', 'looked', { target: t.id, checks: ['r'] }); ctx.http({ url: t.url, timeoutMs: 100000 }); } };";

    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-trust-").FullName;
    private readonly TcpListener _silent = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _asked = [];
    private Task? _refusing;
    private ServiceProvider _services;
    private readonly Dictionary<string, ECDsa> _keys = new(StringComparer.Ordinal);

    private TrustStage()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "none"));
        _silent.Start();
        Options = new EngineOptions { DataFolder = Path.Combine(_folder, "data"), BuiltinPluginsFolder = Path.Combine(_folder, "none"), InstanceId = "test", ParallelRuns = 2, RunsPerTeam = 2 };
        _services = Build();
    }

    public EngineOptions Options { get; }

    /// <summary>Administrator of the one team.</summary>
    public Actor Admin { get; private set; } = null!;

    public Guid Target { get; private set; }

    public PluginRegistry Registry => Get<PluginRegistry>();

    public TrustPolicyService Policies => Get<TrustPolicyService>();

    public string PolicyFile => Path.Combine(Options.DataFolder, "trust", "policy.yaml");

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public static async Task<TrustStage> StartAsync()
    {
        var stage = new TrustStage();
        await stage.Get<Engine>().StartAsync(default);
        var team = await stage.Get<TeamStore>().CreateAsync(Actor.System(), "payments", "Payments");
        stage.Admin = new Actor(ActorKind.User, Guid.NewGuid().ToString(), "ada", team.Id, TeamRole.Admin);
        stage.Target = await stage.AddTargetAsync("shop", $"http://127.0.0.1:{((IPEndPoint)stage._silent.LocalEndpoint).Port}/");
        return stage;
    }

    /// <summary>The engine stops and begins again on the same data folder.</summary>
    public async Task RestartAsync()
    {
        await Get<Engine>().StopAsync(default);
        await _services.DisposeAsync();
        _services = Build();
        await Get<Engine>().StartAsync(default);
    }

    private ServiceProvider Build() => new ServiceCollection().AddLogging(l => l.SetMinimumLevel(LogLevel.Warning)).AddSecFlowEngine(Options).BuildServiceProvider();

    public async Task<Guid> AddTargetAsync(string name, string url) =>
        (await Get<TargetService>().AddAsync(Admin, new NewTarget(name, TargetKind.Url, url, "TEST-1", null) { PrivateAddressApproved = true }, default)).Id;

    /// <summary>A key of this test, by name; the policy of <see cref="TrustAsync"/> knows it as that id.</summary>
    public ECDsa Key(string name) => _keys.TryGetValue(name, out var key) ? key : _keys[name] = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Puts a policy in force with one rule per key, for <c>scan.*</c>; the files of the keys are written.</summary>
    /// <param name="more">Further lines below <c>spec</c>, indented by two.</param>
    /// <param name="keys">Names of keys.</param>
    public Task<TrustPolicy> TrustAsync(string more, params string[] keys) => Policies.ReplaceAsync(Actor.System(name: "administrator of the tests"), PolicyYaml(more, keys), default);

    public string PolicyYaml(string more, params string[] keys)
    {
        Directory.CreateDirectory(Path.Combine(Options.DataFolder, "trust"));
        var yaml = new StringBuilder("apiVersion: secflow/v1\nkind: PluginTrustPolicy\nspec:\n  noMatch: deny\n  rules:\n");
        foreach (var name in keys)
        {
            var pem = Encoding.ASCII.GetBytes(Key(name).ExportSubjectPublicKeyInfoPem());
            File.WriteAllBytes(Path.Combine(Options.DataFolder, "trust", name + ".pub"), pem);
            yaml.Append(TrustRuleText.ForKey(name, ["scan.*"], name + ".pub", Convert.ToHexStringLower(SHA256.HashData(pem))).Insert(0, "    ")).Append('\n');
        }

        return yaml.Append(more).ToString();
    }

    /// <summary>Files of a plugin.</summary>
    public static Dictionary<string, byte[]> Files(string id, string script, string version = "1.0.0", string more = "") => new(StringComparer.Ordinal)
    {
        ["plugin.yaml"] = Encoding.UTF8.GetBytes($"apiVersion: secflow/v1\nid: {id}\nversion: {version}\ntitle: A plugin of the tests\nintrusiveness: safe\nminLevel: L1\noutputs: {{ findings: {{ type: findings, required: true }} }}\npermissions: {{ network: targets }}\n{more}"),
        ["index.js"] = Encoding.UTF8.GetBytes(script),
        ["config.schema.json"] = """{"type":"object","additionalProperties":false,"properties":{}}"""u8.ToArray(),
        ["README.md"] = "# A plugin of the tests\n"u8.ToArray(),
    };

    public PluginPackage Sign(Dictionary<string, byte[]> files, string key = "team") => PackageWriter.Sign(Unsigned(files), Key(key));

    public static PluginPackage Unsigned(Dictionary<string, byte[]> files) => PluginPackage.FromFiles(new Dictionary<string, byte[]>(files, StringComparer.Ordinal) { [PluginPackage.ChecksumsFile] = Checksums.Write(files) });

    /// <summary>Signs, installs, approves and enables.</summary>
    public Task<PluginVersion> EnableAsync(string id, string script, string version = "1.0.0", string key = "team", string more = "") => EnableAsync(Sign(Files(id, script, version, more), key));

    /// <summary>Installs, approves and enables.</summary>
    public async Task<PluginVersion> EnableAsync(PluginPackage package)
    {
        var row = await Registry.InstallAsync(Admin, package, default);
        foreach (var state in new[] { PluginState.Submitted, PluginState.Approved, PluginState.Enabled })
        {
            row = await MoveAsync(row, state);
        }

        return row;
    }

    public Task<PluginVersion> MoveAsync(PluginVersion row, PluginState state, string reason = "needed by a test") => Registry.ChangeStateAsync(Admin, row.Id, state, reason, default);

    public string Folder(PluginVersion row) => Path.Combine(Options.DataFolder, row.Folder);

    /// <summary>Accepts a run of a workflow with these plugins, one node each.</summary>
    public Task<Run> RunAsync(params string[] plugins) => RunOnAsync(Target, plugins);

    /// <summary>The same against another target.</summary>
    public Task<Run> RunOnAsync(Guid target, params string[] plugins) => RunAsAsync(Admin, target, plugins);

    /// <summary>The same for another team.</summary>
    public async Task<Run> RunAsAsync(Actor actor, Guid target, params string[] plugins)
    {
        var nodes = string.Join("\n", plugins.Select((p, i) => $"  - {{ id: n{i}, type: {p}, timeout: 120 }}"));
        var workflow = await Get<WorkflowService>().SaveAsync(actor, $"version: \"1.0\"\nname: W {Guid.NewGuid():N}\nnodes:\n{nodes}\n", default);
        return await Get<RunService>().StartAsync(actor, new StartRun(workflow.WorkflowId, [target], RunTrigger.Manual), default);
    }

    /// <summary>Waits until something holds of the run.</summary>
    public async Task<RunDetail> UntilAsync(Run run, Func<RunDetail, bool> holds)
    {
        for (var i = 0; ; i++)
        {
            var detail = await Get<RunService>().GetAsync(Admin with { TeamId = run.TeamId }, run.Id, default);
            if (holds(detail))
            {
                return detail;
            }

            i.ShouldBeLessThan(2400, $"The run is {detail.Run.Status}; {string.Join(", ", detail.Nodes.Select(n => $"{n.NodeId} {n.Status} {n.ErrorMessage}"))}");
            await Task.Delay(25);
        }
    }

    public Task<RunDetail> EndAsync(Run run) => UntilAsync(run, d => d.Run.Status.IsFinal());

    /// <summary>Waits until the node's plugin waits for the target.</summary>
    public async Task AskedAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        _asked.Add(await _silent.AcceptSocketAsync(patience.Token));
    }

    /// <summary>The target closes every connection from now on.</summary>
    public void HangUp()
    {
        _asked.ForEach(socket => socket.Dispose());
        _asked.Clear();
        _refusing ??= RefuseAsync();
    }

    // a client tries again when a connection ends without an answer
    private async Task RefuseAsync()
    {
        try
        {
            while (true)
            {
                (await _silent.AcceptSocketAsync()).Dispose();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // the test is over
        }
    }

    public async Task<IReadOnlyList<AuditEvent>> EventsAsync(string action) =>
        (await Get<AuditLog>().ListAsync(new AuditQuery(Admin.TeamId) { Installation = true, Action = action, Take = 500 })).Events;

    public async ValueTask DisposeAsync()
    {
        _asked.ForEach(socket => socket.Dispose());
        _silent.Stop();
        await (_refusing ?? Task.CompletedTask);
        await Get<Engine>().StopAsync(default);
        await _services.DisposeAsync();
        foreach (var key in _keys.Values)
        {
            key.Dispose();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }
}
