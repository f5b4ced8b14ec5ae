using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Blobs;
using SecFlow.Data.Plugins;
using SecFlow.Data.Resources;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Data.Tools;
using SecFlow.Data.Trust;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Resources;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Tools;
using SecFlow.Execution.Trust;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Plugins;

/// <summary>A data folder, a database and every real part between a plugin folder and a running plugin.</summary>
internal sealed class PluginWorld : IAsyncDisposable
{
    private static readonly Lazy<Task<Sandbox>> _sandbox = new(() => Sandbox.ProbeAsync(CancellationToken.None));
    private readonly TestDatabase _database;
    private ECDsa? _key;

    private PluginWorld(TestDatabase database)
    {
        _database = database;
        DataFolder = Path.Combine(database.Folder, "data");
        Directory.CreateDirectory(DataFolder);
        Audit = new AuditLog(database.Database, AuditFiles.In(DataFolder));
        Store = new PluginStore(database.Database);
        Policies = new TrustPolicyService(DataFolder, new TrustPolicyStore(database.Database), new TeamStore(database.Database), Audit, database.Database.Time);
        Registry = new PluginRegistry(DataFolder, Store, new TeamStore(database.Database), Policies, new PolicyEvaluator(database.Database.Time), new Access(Audit, new OwnerStore(database.Database)), Audit, database.Database.Time);
    }

    public string DataFolder { get; }

    public AuditLog Audit { get; }

    public PluginStore Store { get; }

    public TrustPolicyService Policies { get; }

    public PluginRegistry Registry { get; }

    public string Shipped => Path.Combine(_database.Folder, "shipped");

    public Actor Admin { get; } = new(ActorKind.User, "admin", "admin", Guid.Empty, TeamRole.Admin);

    public TestTime Time => (TestTime)_database.Database.Time;

    public static async Task<PluginWorld> CreateAsync() => new(await TestDatabase.CreateAsync());

    /// <summary>Files of a small, valid plugin.</summary>
    public static Dictionary<string, byte[]> Files(string id = "scan.dummy", string script = "module.exports = { execute: function (ctx) { ctx.log.info('hello'); } };", string manifest = "", string version = "1.0.0") => new(StringComparer.Ordinal)
    {
        ["plugin.yaml"] = Encoding.UTF8.GetBytes($"apiVersion: secflow/v1\nid: {id}\nversion: {version}\ntitle: Dummy\nintrusiveness: passive\noutputs:\n  findings: {{ type: findings }}\n{manifest}"),
        ["index.js"] = Encoding.UTF8.GetBytes(script),
        ["config.schema.json"] = "{\"type\":\"object\"}"u8.ToArray(),
        ["README.md"] = "# Dummy\n"u8.ToArray(),
        ["fixtures/a.json"] = "{}"u8.ToArray(),
    };

    public static PluginPackage Package(Dictionary<string, byte[]> files)
    {
        var all = new Dictionary<string, byte[]>(files, StringComparer.Ordinal) { ["SHA256SUMS"] = Checksums.Write(files) };
        return PluginPackage.FromFiles(all);
    }

    public static void Write(string folder, IEnumerable<KeyValuePair<string, byte[]>> files)
    {
        foreach (var (path, bytes) in files)
        {
            var file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, bytes);
        }
    }

    /// <summary>The policy as after a restart.</summary>
    public TrustPolicyService NewPolicies() => new(DataFolder, new TrustPolicyStore(_database.Database), new TeamStore(_database.Database), Audit, _database.Database.Time);

    /// <summary>The database of this world, to break it.</summary>
    public SecFlow.Data.Database Database => _database.Database;

    public BuiltinPlugins Builtin() => new(DataFolder, new ShippedPlugins(BuiltinPlugins.RuleName, BuiltinPlugins.BuiltinReason, () => ShippedPlugins.In(Shipped)), Store, Registry, Policies);

    /// <summary>Ships a plugin and installs it as a built-in one: signed, enabled.</summary>
    public async Task<PluginVersion> EnableAsync(Dictionary<string, byte[]> files)
    {
        Write(Path.Combine(Shipped, "p" + Directory.CreateDirectory(Shipped).GetDirectories().Length), files);
        await Builtin().InstallAsync(CancellationToken.None);
        var digest = Package(files).Digest!;
        return (await Store.FindByDigestAsync(Guid.Empty, digest))!;
    }

    /// <summary>Signs a plugin with this world's key, which its policy trusts, and puts it into the plugin folder: Discovered.</summary>
    public async Task<PluginVersion> InstallSignedAsync(IReadOnlyDictionary<string, byte[]> files)
    {
        if (_key is null)
        {
            _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            await TrustAsync(_key);
        }

        return await Registry.InstallAsync(Admin, PackageWriter.Sign(Package(new Dictionary<string, byte[]>(files, StringComparer.Ordinal)), _key), CancellationToken.None);
    }

    /// <summary>Users who are admin of some team.</summary>
    public async Task AddAdministratorsAsync(params string[] names)
    {
        var teams = new TeamStore(Database);
        var team = await teams.CreateAsync(Actor.System(), "admins", "Admins");
        foreach (var name in names)
        {
            var user = new User { Id = Guid.NewGuid(), UserName = name, NormalizedUserName = name.ToUpperInvariant() };
            await Database.WriteAsync(write =>
            {
                write.Db.Users.Add(user);
                return Task.CompletedTask;
            });
            await teams.SetMemberAsync(Actor.System(team.Id), user.Id, TeamRole.Admin);
        }
    }

    /// <summary>Puts a policy in force that trusts one key for everything.</summary>
    public async Task TrustAsync(ECDsa key, string extra = "")
    {
        var pem = Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem());
        Directory.CreateDirectory(Path.Combine(DataFolder, "trust"));
        await File.WriteAllBytesAsync(Path.Combine(DataFolder, "trust", "team.pub"), pem);
        await Policies.ReplaceAsync(Admin, PolicyYaml(pem, extra), CancellationToken.None);
    }

    public static string PolicyYaml(byte[] pem, string extra = "") => $$"""
        apiVersion: secflow/v1
        kind: PluginTrustPolicy
        spec:
          noMatch: deny
          rules:
            - name: team
              match: { plugins: ["scan.*"] }
              authorities:
                - key: { id: team-key, file: trust/team.pub, sha256: "{{Convert.ToHexStringLower(SHA256.HashData(pem))}}", tlog: 0, timestamps: 0 }
        {{extra}}
        """;

    public async Task<HostProcess> HostsAsync(string? host = null) => new(await _sandbox.Value, host ?? PluginHostProgram.DefaultPath, TimeProvider.System);

    public async Task<HostPool> PoolAsync(string? host = null) => new(await HostsAsync(host), TimeProvider.System);

    public async Task<PluginRunner> RunnerAsync(string? host = null) => Runner(await PoolAsync(host));

    public PluginRunner Runner(HostPool pool) => new(Registry, Store, Policies, new PolicyEvaluator(Time), pool, Http, new TargetTls(TimeProvider.System, new TargetRates(TimeProvider.System)), Resources, Tools, ToolRunner, new SecretReader(Secrets, Protection, Audit, Meter), Audit, Time);

    public ResourceService Resources => field ??= new ResourceService(DataFolder, new ResourceStore(_database.Database), new BlobStore(DataFolder), new Access(Audit, new OwnerStore(_database.Database)), Time);

    public ToolRunner ToolRunner => field ??= new ToolRunner(_sandbox.Value.GetAwaiter().GetResult(), TimeProvider.System);

    public ToolCatalogue Tools => field ??= new ToolCatalogue(ToolRunner, new ToolStore(_database.Database));

    public TargetSecretStore Secrets => new(_database.Database);

    /// <summary>Keys that live as long as the test.</summary>
    public SecretProtection Protection { get; } = new(new Microsoft.AspNetCore.DataProtection.EphemeralDataProtectionProvider());

    public SecFlow.Execution.Metrics.SecFlowMeter Meter { get; } = new();

    public TargetHttp Http { get; } = MakeHttp();

    public PluginRequest Request(PluginVersion row) => new(Admin, row.Digest, Guid.NewGuid(), "node");

    public string Folder(PluginVersion row) => Path.Combine(DataFolder, row.Folder);

    public async Task<IReadOnlyList<AuditEvent>> EventsAsync(string action) =>
        (await Audit.ListAsync(new AuditQuery(Guid.Empty) { Installation = true, Action = action, Take = 500 })).Events;

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Meter.Dispose();
        Registry.Dispose();
        Policies.Dispose();
        await _database.DisposeAsync();
    }

    private static TargetHttp MakeHttp() => new(TimeProvider.System);
}

/// <summary>Keeps everything that a plugin says.</summary>
internal sealed class TestOutput : IPluginOutput
{
    public List<(string Port, JsonNode? Record)> Records { get; } = [];

    public List<(Verdict Verdict, string Reason)> Verdicts { get; } = [];

    public List<string> Logs { get; } = [];

    public List<Diagnostic> Refusals { get; } = [];

    public ValueTask EmitAsync(string port, IReadOnlyList<JsonNode?> records, CancellationToken ct)
    {
        Records.AddRange(records.Select(r => (port, r)));
        return ValueTask.CompletedTask;
    }

    public ValueTask VerdictAsync(Verdict verdict, string reason, string? target, IReadOnlyList<string> checks, CancellationToken ct)
    {
        Verdicts.Add((verdict, reason));
        return ValueTask.CompletedTask;
    }

    public ValueTask LogAsync(string level, string text, CancellationToken ct)
    {
        Logs.Add(level + " " + text);
        return ValueTask.CompletedTask;
    }

    public ValueTask ProgressAsync(double percent, string text, CancellationToken ct) => ValueTask.CompletedTask;

    public ValueTask RefusedAsync(Diagnostic diagnostic, CancellationToken ct)
    {
        Refusals.Add(diagnostic);
        return ValueTask.CompletedTask;
    }
}
