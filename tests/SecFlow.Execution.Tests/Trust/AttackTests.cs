using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using SecFlow.SigstoreKit;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Trust;

/// <summary>
/// Every attack on a plugin that was verified, approved and enabled: made between its approval and its next run, through the whole engine. Each is refused with its code and audited,
/// and nothing of the plugin runs. Under audit mode the same attacks are made again: only Unsigned and Untrusted pass.
/// </summary>
public sealed class AttackTests
{
    private const string Repository = "acme/plugins";

    /// <param name="Name">What is done.</param>
    /// <param name="Code">The refusal.</param>
    /// <param name="Do">Does it.</param>
    private sealed record Attack(string Name, string Code, Func<Scene, PluginVersion, Task> Do)
    {
        /// <summary>Lines of the policy below <c>spec</c> that belong to it.</summary>
        public Func<PluginVersion, string> Policy { get; init; } = _ => "";

        /// <summary>How the plugin was signed keylessly; null = with the team's key.</summary>
        public Func<Scene, SignOptions>? Keyless { get; init; }

        /// <summary>What authority of the rule for keys says beside its name and file.</summary>
        public string Key { get; init; } = "tlog: 0, timestamps: 0";
    }

    private static readonly Attack[] _attacks =
    [
        new("file swapped, time restored", Codes.Tampered, (s, row) => s.ChangeAsync(row, "index.js", b => b.Append((byte)' '))),
        new("listed fixture swapped, time restored", Codes.Tampered, (s, row) => s.ChangeAsync(row, "README.md", b => b.Append((byte)' '))),
        new("file and sums swapped together", Codes.Tampered, (s, row) => s.ReplaceAsync(row, TrustStage.Unsigned(TrustStage.Files(row.PluginId, TrustStage.Finds + "//")))),
        new("symbolic link in place of a file", Codes.Tampered, (s, row) => s.LinkAsync(row, "index.js")),
        new("symbolic link to another folder", Codes.Tampered, (s, row) => s.LinkFolderAsync(row)),
        new("extra file", Codes.Tampered, (s, row) => s.WriteAsync(row, "extra.js", "1"u8.ToArray())),
        new("file removed", Codes.Tampered, (s, row) => s.RemoveAsync(row, "README.md")),
        new("case twins", Codes.Tampered, (s, row) => s.WriteAsync(row, "readme.md", "# twin\n"u8.ToArray())),
        new("sums removed", Codes.Tampered, (s, row) => s.RemoveAsync(row, PluginPackage.ChecksumsFile)),
        new("signature removed", Codes.Unsigned, (s, row) => s.RemoveAsync(row, PluginPackage.BundleFile)),
        new("bundle of another plugin", Codes.SignatureInvalid, (s, row) => s.BundleAsync(row, s.Stage.Sign(TrustStage.Files("scan.neighbour", TrustStage.Finds)).Bundle!)),
        new("bundle of another version", Codes.SignatureInvalid, (s, row) => s.BundleAsync(row, s.Stage.Sign(TrustStage.Files(row.PluginId, TrustStage.Finds, "1.0.1")).Bundle!)),
        new("bundle of another plugin, keyless", Codes.SignatureInvalid, (s, row) => s.BundleAsync(row, s.Keyless(TrustStage.Files("scan.neighbour", TrustStage.Finds)).Bundle!)) { Keyless = _ => new SignOptions() },
        new("signed by somebody else", Codes.Untrusted, (s, row) => s.BundleAsync(row, PackageWriter.Sign(s.Read(row), s.Stage.Key("stranger")).Bundle!)),
        new("certificate of a neighbour", Codes.Untrusted, (s, row) => s.BundleAsync(row, s.Sigstore.SignPackageAsGitHub(s.Read(row), "acme-evil/plugins").Bundle!)) { Keyless = _ => new SignOptions() },
        new("20 MB bundle", Codes.Tampered, (s, row) => s.BundleAsync(row, Padded(s.Read(row).Bundle!, 20))),
        new("5 MB bundle", Codes.SignatureInvalid, (s, row) => s.BundleAsync(row, Padded(s.Read(row).Bundle!, 5))),
        new("two content kinds", Codes.SignatureInvalid, (s, row) => s.BundleAsync(row, With(s.Read(row).Bundle!, b => b["dsseEnvelope"] = new JsonObject { ["payload"] = "e30=", ["payloadType"] = "application/vnd.in-toto+json", ["signatures"] = new JsonArray(new JsonObject { ["sig"] = "AA==", ["keyid"] = "" }) }))),
        new("duplicate keys", Codes.SignatureInvalid, (s, row) => s.BundleAsync(row, Twice(s.Read(row).Bundle!))),
        new("revoked artifact", Codes.Revoked, (_, _) => Task.CompletedTask) { Policy = row => $"  revoked: [ {{ artifact: \"{row.Digest}\", reason: SEC-1 }} ]\n" },
        new("revoked key", Codes.Revoked, (_, _) => Task.CompletedTask) { Policy = _ => "  revoked: [ { key: team, reason: SEC-2 } ]\n" },
        new("revoked identity", Codes.Revoked, (_, _) => Task.CompletedTask) { Keyless = _ => new SignOptions(), Policy = _ => "  revoked: [ { identity: \"https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/*\", signedAfter: \"2020-01-01T00:00:00Z\", reason: SEC-3 } ]\n" },
        new("key whose time is over", Codes.Untrusted, (_, _) => Task.CompletedTask) { Key = "tlog: 0, timestamps: 0, validFor: { start: \"2020-01-01T00:00:00Z\", end: \"2021-01-01T00:00:00Z\" }" },
        new("time outside the certificate", Codes.SignatureInvalid, (s, row) => s.BundleAsync(row, s.Keyless(s.Read(row), new SignOptions { TimestampTime = TimeSpan.FromHours(1) }).Bundle!)) { Keyless = _ => new SignOptions() },
        new("no time at all", Codes.SignatureInvalid, (s, row) => s.BundleAsync(row, s.Keyless(s.Read(row), new SignOptions { TimestampAuthorities = [], Promise = false }).Bundle!)) { Keyless = _ => new SignOptions() },
        new("one log counted twice", Codes.SignatureInvalid, (_, _) => Task.CompletedTask) { Keyless = s => new SignOptions { Logs = [s.Sigstore.RekorV1, s.Sigstore.RekorV1] }, Policy = _ => "  require: { tlog: 2 }\n" },
        new("no proof that the certificate was logged", Codes.SignatureInvalid, (s, row) => s.BundleAsync(row, s.Keyless(s.Read(row), new SignOptions { CertificateLogs = [] }).Bundle!)) { Keyless = _ => new SignOptions() },
        new("foreign log", Codes.SignatureInvalid, async (s, row) =>
        {
            using var foreign = new MockLog(1, s.Sigstore.RekorV1.BaseUrl, s.Sigstore.RekorV1.Start);
            await s.BundleAsync(row, s.Keyless(s.Read(row), new SignOptions { Logs = [foreign] }).Bundle!);
        }) { Keyless = _ => new SignOptions() },
    ];

    [Fact]
    public async Task Attack_ThroughTheEngine_IsRefusedWithItsCodeAndAudited_AndAuditModePassesOnlyUnsignedAndUntrusted()
    {
        await using var scene = await Scene.StartAsync();
        var rows = new List<(Attack Attack, PluginVersion Row)>();
        foreach (var attack in _attacks)
        {
            var files = TrustStage.Files($"scan.attack{rows.Count}", TrustStage.Finds);
            rows.Add((attack, await scene.Stage.EnableAsync(attack.Keyless is { } how ? scene.Keyless(TrustStage.Unsigned(files), how(scene)) : scene.Stage.Sign(files))));
        }

        // as it was approved it runs, so that a verdict is there to be believed
        (await scene.Stage.EndAsync(await scene.Stage.RunAsync([.. rows.Select(r => r.Row.PluginId)]))).Run.Status.ShouldBe(RunStatus.Succeeded);

        foreach (var (attack, row) in rows)
        {
            await attack.Do(scene, row);
            await scene.PolicyAsync(attack.Policy(row), attack.Key);
            await ShouldBeDeniedAsync(scene, attack, row, "enforce");
            await scene.PolicyAsync(attack.Policy(row), attack.Key, audit: true);
            if (attack.Code is Codes.Unsigned or Codes.Untrusted)
            {
                var node = (await RunAsync(scene, row)).Nodes[0];
                (node.Status, node.TrustRule).ShouldBe((NodeStatus.Succeeded, node.TrustRule is "team" or "lab" ? node.TrustRule : "a rule in audit mode"), $"{attack.Name}: {node.ErrorMessage}");
                node.Signer!.ShouldContain("audit mode", Case.Sensitive, attack.Name);
            }
            else
            {
                await ShouldBeDeniedAsync(scene, attack, row, "audit");
            }
        }
    }

    [Fact]
    public async Task SwappedWhileAnEarlierNodeRuns_TheLaterNodeIsDenied_AndWhatRanWasTheVerifiedBytes()
    {
        await using var scene = await Scene.StartAsync();
        await scene.Stage.EnableAsync("scan.first", "module.exports = { execute: function (ctx) { try { ctx.http({ url: ctx.targets[0].url, timeoutMs: 100000 }); } catch (e) {} ctx.verdict('completed', 'looked'); } };");
        var row = await scene.Stage.EnableAsync("scan.second", TrustStage.Finds);
        var run = await scene.Stage.RunAsync("scan.first", "scan.second");
        await scene.Stage.AskedAsync();
        await scene.ChangeAsync(row, "index.js", b => b.Append((byte)' '));
        scene.Stage.HangUp();

        var nodes = (await scene.Stage.EndAsync(run)).Nodes;
        (nodes[0].Status, nodes[1].Status, nodes[1].ErrorCode).ShouldBe((NodeStatus.Succeeded, NodeStatus.Denied, Codes.Tampered), nodes[0].ErrorMessage);
    }

    [Fact]
    public async Task Policy_MadeUnreadableOrNamingAMissingKey_WithdrawsNoRefusal_AndIsAudited()
    {
        await using var scene = await Scene.StartAsync();
        var row = await scene.Stage.EnableAsync("scan.revoked", TrustStage.Finds);
        var revoked = $"  revoked: [ {{ artifact: \"{row.Digest}\", reason: SEC-9 }} ]\n";
        var attack = new Attack("policy", Codes.Revoked, (_, _) => Task.CompletedTask);
        var file = scene.Stage.PolicyFile;
        foreach (var change in new Action[]
        {
            () => File.Delete(file),
            () => Directory.CreateDirectory(file),
            () => File.WriteAllText(file, "spec: {"),
            () => File.WriteAllText(file, scene.Yaml("", "tlog: 0, timestamps: 0") + "  unknown: 1\n"),
            () => File.WriteAllText(file, scene.Yaml("", "tlog: 0, timestamps: 0").Replace("file: trust/team.pub", "file: trust/gone.pub", StringComparison.Ordinal)),
        })
        {
            await scene.PolicyAsync(revoked);
            var before = (await scene.Stage.EventsAsync("change.trust-policy")).Count(e => e is { Outcome: AuditOutcome.Denied, ReasonCode: Codes.TrustPolicyInvalid });
            File.Delete(file);
            change();
            await ShouldBeDeniedAsync(scene, attack, row, "policy");
            (await scene.Stage.EventsAsync("change.trust-policy")).Count(e => e is { Outcome: AuditOutcome.Denied, ReasonCode: Codes.TrustPolicyInvalid }).ShouldBeGreaterThan(before);
            if (Directory.Exists(file))
            {
                Directory.Delete(file);
            }
        }

        // the key's file gone and the engine begun again: nobody is trusted, and it is said
        await scene.PolicyAsync("");
        File.Delete(Path.Combine(scene.Stage.Options.DataFolder, "trust", "team.pub"));
        await scene.Stage.RestartAsync();
        await ShouldBeDeniedAsync(scene, attack with { Name = "key missing", Code = Codes.Untrusted }, row, "key missing");
        scene.Stage.Policies.Problems.ShouldContain(p => p.Code == Codes.TrustPolicyInvalid && p.Message.Contains("team.pub", StringComparison.Ordinal));
    }

    private static async Task ShouldBeDeniedAsync(Scene scene, Attack attack, PluginVersion row, string mode)
    {
        var why = $"{attack.Name}, {mode}";
        var detail = await RunAsync(scene, row);
        var node = detail.Nodes.ShouldHaveSingleItem();
        (node.Status, node.ErrorCode, node.Findings).ShouldBe((NodeStatus.Denied, attack.Code, 0), $"{why}: {node.ErrorMessage}");
        (detail.Run.Status, detail.Run.ErrorCode).ShouldBe((RunStatus.Denied, attack.Code), why);
        node.Signer.ShouldBeNull(why);
        node.ErrorMessage!.ShouldContain("expected ", Case.Sensitive, why);
        node.ErrorMessage!.ShouldContain("found ", Case.Sensitive, why);
        var opened = (await scene.Stage.EventsAsync("open.plugin")).First(e => e.ResourceId == row.Digest);
        (opened.Outcome, opened.ReasonCode).ShouldBe((AuditOutcome.Denied, attack.Code), why);
        Encoding.UTF8.GetString(opened.Canonical).ShouldContain(detail.Run.Id.ToString(), Case.Sensitive, why);
        (await scene.Stage.EventsAsync("finish.node")).ShouldContain(e => e.ResourceId == $"{detail.Run.Id}/n0" && e.Outcome == AuditOutcome.Denied && e.ReasonCode == attack.Code, why);
    }

    private static async Task<RunDetail> RunAsync(Scene scene, PluginVersion row) => await scene.Stage.EndAsync(await scene.Stage.RunAsync(row.PluginId));

    private static byte[] With(byte[] bundle, Action<JsonObject> change)
    {
        var json = (JsonObject)JsonNode.Parse(bundle)!;
        change(json);
        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    private static byte[] Twice(byte[] bundle)
    {
        var text = Encoding.UTF8.GetString(bundle);
        return Encoding.UTF8.GetBytes(text.Insert(text.IndexOf('{', StringComparison.Ordinal) + 1, "\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","));
    }

    private static byte[] Padded(byte[] bundle, int megabytes) => [.. bundle, .. Enumerable.Repeat((byte)' ', megabytes * 1024 * 1024)];

    /// <summary>An engine whose policy trusts one key and one workflow of a Sigstore of its own.</summary>
    private sealed class Scene : IAsyncDisposable
    {
        // a name that somebody could own: a root of a mock would be refused
        public MockSigstore Sigstore { get; } = new(name: "sigstore.acme-laboratory.net");

        public TrustStage Stage { get; private init; } = null!;

        public static async Task<Scene> StartAsync()
        {
            var scene = new Scene { Stage = await TrustStage.StartAsync() };
            scene.Stage.PolicyYaml("", "team");
            await File.WriteAllBytesAsync(Path.Combine(scene.Stage.Options.DataFolder, "trust", "lab.json"), scene.Sigstore.TrustedRoot());
            await scene.PolicyAsync("");
            return scene;
        }

        public Task PolicyAsync(string more, string key = "tlog: 0, timestamps: 0", bool audit = false) => Stage.Policies.ReplaceAsync(Actor.System(name: "administrator of the tests"), Yaml(more, key, audit), default);

        public string Yaml(string more, string key, bool audit = false)
        {
            string Pin(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(Stage.Options.DataFolder, "trust", file))));
            var mode = audit ? "mode: audit, until: \"2099-01-01T00:00:00Z\", " : "";
            return $$"""
                apiVersion: secflow/v1
                kind: PluginTrustPolicy
                spec:
                  noMatch: deny
                  trustRoots: { lab: { file: trust/lab.json, sha256: "{{Pin("lab.json")}}" } }
                  rules:
                    - { name: team, {{mode}}match: { plugins: ["scan.*"] }, authorities: [ { key: { id: team, file: trust/team.pub, sha256: "{{Pin("team.pub")}}", {{key}} } } ] }
                    - { name: lab, {{mode}}match: { plugins: ["scan.*"] }, authorities: [ { keyless: { root: lab, issuer: "{{Claims.GitHubIssuer}}", identity: { glob: "https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/*" } } } ] }

                """ + more;
        }

        public PluginPackage Keyless(Dictionary<string, byte[]> files) => Keyless(TrustStage.Unsigned(files), new SignOptions());

        public PluginPackage Keyless(PluginPackage package, SignOptions options) => Sigstore.SignPackageAsGitHub(package, Repository, options: options);

        public PluginPackage Read(PluginVersion row) => PluginPackage.ReadFolder(Stage.Folder(row));

        public Task BundleAsync(PluginVersion row, byte[] bundle) => File.WriteAllBytesAsync(InPackage(row, PluginPackage.BundleFile), bundle);

        public Task WriteAsync(PluginVersion row, string file, byte[] bytes) => File.WriteAllBytesAsync(InPackage(row, file), bytes);

        public Task RemoveAsync(PluginVersion row, string file)
        {
            File.Delete(InPackage(row, file));
            return Task.CompletedTask;
        }

        public async Task ChangeAsync(PluginVersion row, string file, Func<byte[], IEnumerable<byte>> change)
        {
            var path = InPackage(row, file);
            var (written, read) = (File.GetLastWriteTimeUtc(path), File.GetLastAccessTimeUtc(path));
            await File.WriteAllBytesAsync(path, [.. change(await File.ReadAllBytesAsync(path))]);
            File.SetLastWriteTimeUtc(path, written);
            File.SetLastAccessTimeUtc(path, read);
        }

        public Task ReplaceAsync(PluginVersion row, PluginPackage package)
        {
            PackageWriter.WriteFolder(PackageWriter.WithBundle(package, Read(row).Bundle!), Stage.Folder(row));
            return Task.CompletedTask;
        }

        public Task LinkAsync(PluginVersion row, string file)
        {
            var elsewhere = Path.Combine(Stage.Options.DataFolder, "tmp", row.PluginId);
            Directory.CreateDirectory(Path.GetDirectoryName(elsewhere)!);
            File.Move(InPackage(row, file), elsewhere);
            File.CreateSymbolicLink(InPackage(row, file), elsewhere);
            return Task.CompletedTask;
        }

        public Task LinkFolderAsync(PluginVersion row)
        {
            var elsewhere = Path.Combine(Stage.Options.DataFolder, "tmp", row.PluginId + "-folder");
            Directory.CreateDirectory(Path.GetDirectoryName(elsewhere)!);
            Directory.Move(Stage.Folder(row), elsewhere);
            File.AppendAllText(Path.Combine(elsewhere, "README.md"), " ");
            Directory.CreateSymbolicLink(Stage.Folder(row), elsewhere);
            return Task.CompletedTask;
        }

        public async ValueTask DisposeAsync()
        {
            await Stage.DisposeAsync();
            Sigstore.Dispose();
        }

        private string InPackage(PluginVersion row, string file) => Path.Combine(Stage.Folder(row), file);
    }
}
