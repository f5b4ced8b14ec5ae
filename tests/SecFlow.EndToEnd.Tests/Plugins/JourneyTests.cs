using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Teams;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Plugins;
using SecFlow.SigstoreKit;
using SecFlow.TestKit;

namespace SecFlow.EndToEnd.Tests.Plugins;

/// <summary>
/// The whole way of a plugin by a signer whom no default policy names. Its author has an empty folder outside of the repository and the packaged command line, nothing else:
/// made, signed keylessly, submitted, seen Untrusted, then the rule that the refusal proposes, approval, Verified, scheduled, run, and revoked while it runs.
/// </summary>
public sealed partial class JourneyTests(PackagedCommandLine package) : IClassFixture<PackagedCommandLine>, IDisposable
{
    private const string Script = "module.exports = { execute: function (ctx) { ctx.targets.forEach(function (t) { ctx.finding({ ruleId: 'journey', title: 'Seen', severity: 'low', location: t.url }); ctx.http({ url: t.url, timeoutMs: 100000 }); ctx.verdict('completed', 'looked', { target: t.id, checks: ['journey'] }); }); } };\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-journey-").FullName;
    private readonly string _owner = "journey-" + Guid.NewGuid().ToString("N")[..12];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Plugin_OfAnUnknownIdentity_FromUntrustedToVerifiedScheduledRunAndRevokedWhileItRuns()
    {
        _folder.ShouldNotStartWith(Repository.Root);
        using var sigstore = new MockSigstore(name: "sigstore.acme-laboratory.net");
        using var target = new SilentTarget();
        await using var portal = await RunningPortal.StartAsync("none");
        var token = await portal.AddTokenAsync(TeamRole.Admin, "plugins:submit", "plugins:write", "plugins:read", "runs:read", "runs:write", "audit:read", "schedules:write");
        Task<(int Code, string Out, string Error)> Cli(params string[] arguments) => RunAsync(portal.Url, token, arguments);

        // the author: an empty folder, a script, a signature over SHA256SUMS that a workflow of theirs made
        (await Cli("plugin", "new", "scan.journey", "--js")).Code.ShouldBe(0);
        await File.WriteAllTextAsync(Path.Combine(_folder, "scan.journey", "index.js"), Script);
        (await Cli("plugin", "pack", "scan.journey", "--output", "journey.zip")).Code.ShouldBe(0);
        var sums = PluginPackage.Read(Path.Combine(_folder, "journey.zip")).Required(PluginPackage.ChecksumsFile);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "bundle.json"), sigstore.SignAsGitHub(sums, $"{_owner}/plugins"));
        (await Cli("plugin", "sign", "journey.zip", "--bundle", "bundle.json")).Code.ShouldBe(0);

        // the administrator knows the Sigstore of that organisation, and nobody who signs by it
        await TrustRootAsync(portal, sigstore.TrustedRoot());
        var submitted = await Cli("plugin", "submit", "journey.zip");
        submitted.Code.ShouldBe(0, submitted.Error);
        submitted.Out.ShouldStartWith("Submitted  scan.journey 0.1.0  Untrusted  sha256:");
        var digest = submitted.Out.Trim().Split(' ')[^1];
        var id = submitted.Error.Trim()[(submitted.Error.Trim().LastIndexOf('/') + 1)..];
        string State(string state, string reason) => JsonSerializer.Serialize(new { state, reason });
        var refused = await Cli("api", "POST", $"plugins/{id}/state", "--body", State("approved", "needed"));
        refused.Code.ShouldBe(3);
        refused.Error.ShouldContain("SF2002");
        refused.Error.ShouldContain($"{_owner}/plugins");

        // exactly the rule that the refusal proposes, below rules:
        var rule = ProposedRule().Match(refused.Error).Groups["rule"].Value;
        rule.ShouldContain(_owner);
        await EditPolicyAsync(portal, yaml => BelowRules(yaml, rule));
        foreach (var (state, reason) in new[] { ("approved", "the team's own release workflow"), ("enabled", "needed") })
        {
            var moved = await Cli("api", "POST", $"plugins/{id}/state", "--body", State(state, reason));
            moved.Code.ShouldBe(0, moved.Error);
        }

        using (var review = JsonDocument.Parse((await Cli("api", "GET", $"plugins/{id}")).Out))
        {
            review.RootElement.GetProperty("trustState").GetString().ShouldBe("Verified");
            review.RootElement.GetProperty("plugin").GetProperty("state").GetString().ShouldBe("enabled");
        }

        // scheduled, and run by its schedule
        var workflow = await portal.SaveWorkflowAsync("Journey", "scan.journey");
        var site = await portal.AddTargetAsync(target.Url);
        var made = await Cli("api", "POST", "schedules", "--body", JsonSerializer.Serialize(new { name = "nightly", workflowId = workflow, cron = "0 0 3 * * ?", zone = "Europe/Berlin", targetIds = new[] { site.Id } }));
        made.Code.ShouldBe(0, made.Error);
        var schedule = JsonDocument.Parse(made.Out).RootElement.GetProperty("id").GetGuid();
        (await Cli("api", "POST", $"schedules/{schedule}/run")).Code.ShouldBe(0);
        await target.AskedAsync();
        var run = (await portal.Runs.ListAsync(portal.Actor, 0, 10, default)).Single(r => r.ScheduleId == schedule && r.Status == RunStatus.Running);
        var node = (await portal.Runs.GetAsync(portal.Actor, run.Id, default)).Nodes.ShouldHaveSingleItem();
        (node.Status, node.PluginDigest, node.SignerIdentity).ShouldBe((NodeStatus.Running, digest, Claims.GitHubIdentity($"{_owner}/plugins")));
        node.TrustRoot.ShouldBe("sha256:" + Convert.ToHexStringLower(SHA256.HashData(sigstore.TrustedRoot())));

        // revoked while it runs
        var revoked = await Cli("api", "POST", $"plugins/{id}/state", "--body", State("revoked", "SEC-1: their account was taken over"));
        var ended = TimeProvider.System.GetUtcNow();
        revoked.Code.ShouldBe(0, revoked.Error);
        var detail = await portal.WaitAsync(run.Id);
        (detail.Run.Status, detail.Nodes[0].Status, detail.Nodes[0].ErrorCode).ShouldBe((RunStatus.Denied, NodeStatus.Denied, "SF2005"), detail.Nodes[0].ErrorMessage);
        (detail.Nodes[0].EndedAt!.Value - ended).ShouldBeLessThan(Crowd.Within(2));
        (await portal.FindingsAsync(run.Id)).ShouldBeEmpty();

        // the schedule is refused from now on, and everything is on record
        var again = await Cli("api", "POST", $"schedules/{schedule}/run");
        again.Code.ShouldBe(3);
        again.Error.ShouldContain("SF2005");
        (await Cli("api", "DELETE", $"schedules/{schedule}")).Code.ShouldBe(0);
        using (var radius = JsonDocument.Parse((await Cli("api", "GET", "blast-radius?of=" + Uri.EscapeDataString(digest))).Out))
        {
            radius.RootElement.GetProperty("runCount").GetInt32().ShouldBe(1);
            radius.RootElement.GetProperty("versions")[0].GetProperty("state").GetString().ShouldBe("revoked");
            radius.RootElement.GetProperty("nodes")[0].GetProperty("provenance").GetString()!.ShouldContain(_owner);
        }

        (await Cli("api", "GET", "blast-radius?of=" + Uri.EscapeDataString(Claims.GitHubIdentity($"{_owner}/plugins")))).Out.ShouldContain(run.Id.ToString());
        var told = (await portal.AuditAsync()).Where(e => e.ResourceId == digest).ToList();
        foreach (var act in new[] { "submit.plugin", "approve.plugin", "enable.plugin", "open.plugin", "revoke.plugin" })
        {
            told.ShouldContain(e => e.Action == act && e.Outcome == AuditOutcome.Allowed, act);
        }

        told.ShouldContain(e => e.Action == "end.plugin" && e.Outcome == AuditOutcome.Denied && e.ReasonCode == "SF2005");
    }

    private static Task TrustRootAsync(RunningPortal portal, byte[] root)
    {
        File.WriteAllBytes(Path.Combine(portal.DataFolder, "trust", "laboratory.json"), root);
        return EditPolicyAsync(portal, yaml => yaml.Insert(yaml.IndexOf("  rules:", StringComparison.Ordinal), $"  trustRoots: {{ laboratory: {{ file: trust/laboratory.json, sha256: \"{Convert.ToHexStringLower(SHA256.HashData(root))}\" }} }}\n"));
    }

    // the file is read at the next question
    private static async Task EditPolicyAsync(RunningPortal portal, Func<string, string> edit)
    {
        var file = Path.Combine(portal.DataFolder, "trust", "policy.yaml");
        await File.WriteAllTextAsync(file + ".edit", edit(await File.ReadAllTextAsync(file)));
        File.Move(file + ".edit", file, overwrite: true);
    }

    private static string BelowRules(string yaml, string rule)
    {
        var first = yaml.IndexOf("- name:", StringComparison.Ordinal);
        return yaml.Insert(first, rule + "\n" + new string(' ', first - yaml.LastIndexOf('\n', first) - 1));
    }

    private async Task<(int Code, string Out, string Error)> RunAsync(Uri url, string token, string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(package.Folder, "secflow")) { WorkingDirectory = _folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        start.Environment["PATH"] = string.Join(':', (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(p => !p.StartsWith(Repository.Root, StringComparison.Ordinal)));
        start.Environment["HOME"] = _folder;
        start.Environment["SECFLOW_URL"] = url.ToString();
        start.Environment["SECFLOW_TOKEN"] = token;
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { } runtime)
        {
            start.Environment["DOTNET_ROOT"] = runtime;
        }

        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, await output, await error);
    }

    [GeneratedRegex(@"trust policy: (?<rule>- \{.*\}) Else ", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ProposedRule();

    /// <summary>Takes every connection and never answers.</summary>
    private sealed class SilentTarget : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly List<Socket> _asked = [];

        public SilentTarget() => _listener.Start();

        public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

        public async Task AskedAsync()
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            _asked.Add(await _listener.AcceptSocketAsync(patience.Token));
        }

        public void Dispose()
        {
            _asked.ForEach(s => s.Dispose());
            _listener.Dispose();
        }
    }
}
