using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Cli.Workflows;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Trust;
using SecFlow.Execution.Workflows;
using SecFlow.SigstoreKit;
using SecFlow.TestKit;

namespace SecFlow.Cli.Tests.Plugins;

/// <summary>A plugin that is signed by an identity, in a running engine: it runs under a policy that names the identity, and under no neighbour of it.</summary>
public sealed class KeylessRunTests : IAsyncLifetime, IDisposable
{
    private const string Issuer = "https://token.actions.githubusercontent.com";
    private const string Identity = "https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v*";
    private const string Claim = "sourceRepositoryOwnerIdentifier: \"501\"";

    private const string Recipe = """
        version: "1.0"
        name: Keyless
        nodes:
          - { id: sample, type: scan.keyless-sample, inputs: [targets], outputs: [findings] }
        """;

    private readonly CliFolder _folder = new();
    private readonly Actor _admin = Actor.System(name: "administrator of the tests");

    // a root of a laboratory that does not say so: those that do are for the demo's team alone
    private readonly MockSigstore _sigstore = new(name: "sigstore.acme-lab.net");
    private Installation _installation = null!;
    private string _policy = "";
    private Guid _target;

    private static readonly (string Identity, string Issuer, string Claim)[] _neighbours =
    [
        (Identity.Replace("acme/", "acme-evil/", StringComparison.Ordinal), Issuer, Claim),
        (Identity.Replace("refs/tags/v*", "refs/heads/main", StringComparison.Ordinal), Issuer, Claim),
        (Identity.Replace("github.com", "g.thub.com", StringComparison.Ordinal), Issuer, Claim),
        (Identity, Issuer + "/", Claim),
        (Identity, Issuer, "runnerEnvironment: self-hosted"),
    ];

    public async Task InitializeAsync()
    {
        await using var words = new StringWriter();
        _installation = await Installation.OpenAsync(_folder.At("data"), new Terminal(words, words), CancellationToken.None);
        await File.WriteAllBytesAsync(_folder.At("data/trust/lab.json"), _sigstore.TrustedRoot());
        _policy = (await Get<TrustPolicyService>().CurrentAsync(CancellationToken.None)).Yaml;
        _target = await _installation.AuthoriseAsync("http://127.0.0.1:9/", CancellationToken.None);
    }

    public async Task DisposeAsync() => await _installation.DisposeAsync();

    public void Dispose()
    {
        _sigstore.Dispose();
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Fact]
    public async Task Run_UnderAPolicyThatNamesTheIdentity_Succeeds_AndUnderNoNeighbour()
    {
        await TrustAsync(Identity, Issuer, Claim);
        var row = await InstallAsync();
        row.TrustState.ShouldBe(nameof(TrustState.Verified));
        var good = await RunAsync();
        good.Run.Status.ShouldBe(RunStatus.Succeeded, good.Nodes[0].ErrorMessage);
        good.Nodes[0].Signer!.ShouldContain("https://github.com/acme/plugins/.github/workflows/release.yml");

        foreach (var neighbour in _neighbours)
        {
            await TrustAsync(neighbour.Identity, neighbour.Issuer, neighbour.Claim);
            var refused = await RunAsync();
            refused.Run.Status.ShouldBe(RunStatus.Denied, neighbour.ToString());
            refused.Nodes[0].ErrorCode.ShouldBe(Codes.Untrusted);
        }

        await TrustAsync(Identity, Issuer, Claim);
        (await RunAsync()).Run.Status.ShouldBe(RunStatus.Succeeded);
    }

    private T Get<T>()
        where T : notnull => _installation.Services.GetRequiredService<T>();

    private async Task TrustAsync(string identity, string issuer, string claim)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(_sigstore.TrustedRoot()));
        var yaml = _policy.Replace("  rules:\n", $$"""
              trustRoots: { lab: { file: trust/lab.json, sha256: "{{digest}}" } }
              rules:
              - name: acme
                match: { plugins: ["scan.keyless-*"] }
                authorities: [ { keyless: { root: lab, issuer: "{{issuer}}", identity: { glob: "{{identity}}" }, claims: { {{claim}} } } } ]

            """, StringComparison.Ordinal);
        yaml.ShouldNotBe(_policy);
        await Get<TrustPolicyService>().ReplaceAsync(_admin, yaml, CancellationToken.None);
    }

    private async Task<PluginVersion> InstallAsync()
    {
        var package = PluginPackage.Read(Path.Combine(CliFolder.Repository, "tests", "Shared", "keyless", "package"));
        var signed = _sigstore.SignPackageAsGitHub(package, "acme/plugins");
        var zip = _folder.At("sample.zip");
        await using (var stream = File.Create(zip))
        {
            PackageWriter.WriteZip(signed, stream);
        }

        var row = await Get<PluginRegistry>().InstallAsync(_admin, zip, CancellationToken.None);
        foreach (var state in new[] { PluginState.Submitted, PluginState.Approved, PluginState.Enabled })
        {
            row = await Get<PluginRegistry>().ChangeStateAsync(_admin, row.Id, state, "needed by a test", CancellationToken.None);
        }

        return row;
    }

    private async Task<RunDetail> RunAsync()
    {
        var (version, _) = await Get<WorkflowService>().SaveForStartAsync(_installation.Actor, Recipe, CancellationToken.None);
        var run = await Get<RunService>().StartAsync(_installation.Actor, new StartRun(version.WorkflowId, [_target], RunTrigger.Cli), CancellationToken.None);
        await using var words = new StringWriter();
        return await new RunWatch(_installation, new Terminal(words, words)).ToEndAsync(run.Id, CancellationToken.None);
    }
}
