using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Tests.Trust;

/// <summary>What a package, a signer or a key touched, and the provenance that is kept of it.</summary>
public sealed class BlastRadiusTests
{
    private const string Reads = "module.exports = { execute: function (ctx) { var s = ctx.secret('token'); ctx.finding({ ruleId: 'r2', title: 'T2', severity: 'high', location: ctx.targets[0].url }); ctx.verdict('completed', 'looked', { checks: ['r2'] }); } };";

    [Fact]
    public async Task Find_ByDigestSignerKeyAndFingerprint_TellsRunsTargetsFindingsSecretsAndApprovals_OfTheTeamOnly()
    {
        await using var stage = await TrustStage.StartAsync();
        await stage.TrustAsync("", "team", "other");
        var good = await stage.EnableAsync("scan.good", TrustStage.Finds);
        var reads = await stage.EnableAsync("scan.reads", Reads, more: "");
        var reader = await stage.EnableAsync(stage.Sign(Secretive("scan.reader", Reads)));
        var foreign = await stage.EnableAsync("scan.foreign", TrustStage.Finds, key: "other");
        await stage.Get<SecretService>().SetAsync(stage.Admin, null, "token", "v3ry-s3cret", default);
        var first = await stage.EndAsync(await stage.RunAsync("scan.good", "scan.reader"));
        await stage.EndAsync(await stage.RunAsync("scan.foreign"));
        first.Run.Status.ShouldBe(RunStatus.Succeeded, first.Run.ErrorMessage);
        var blasts = stage.Get<BlastRadiusService>();
        var fingerprint = (await stage.Policies.CurrentAsync(default)).Rules[0].Authorities.OfType<Execution.Trust.KeyAuthority>().Single().Key.Fingerprint;

        var byDigest = await blasts.FindAsync(stage.Admin, reader.Digest, default);
        byDigest.Traces.Versions.ShouldHaveSingleItem().Id.ShouldBe(reader.Id);
        (byDigest.Traces.NodeCount, byDigest.Traces.RunCount, byDigest.Traces.Running, byDigest.Traces.Waiting, byDigest.Findings).ShouldBe((1, 1, 0, 0, 1));
        byDigest.Traces.Findings.ShouldHaveSingleItem().Title.ShouldBe("T2");
        byDigest.Secrets.ShouldBe([new TouchedThing("token", 1)]);
        byDigest.Targets.ShouldHaveSingleItem().Id.ShouldBe(stage.Target);
        byDigest.Traces.Events.Select(e => e.Action).ShouldContain("approve.plugin");
        byDigest.Traces.Events.ShouldAllBe(e => e.ResourceId == reader.Digest);

        foreach (var of in new[] { "team", "key team", good.Signer!, fingerprint })
        {
            var radius = await blasts.FindAsync(stage.Admin, of, default);
            string.Join(" ", radius.Traces.Nodes.Select(n => n.Node.PluginId).Order(StringComparer.Ordinal)).ShouldBe("scan.good scan.reader", of);
            string.Join(" ", radius.Traces.FindingCounts.OrderBy(c => c.Key).Select(c => $"{c.Key} {c.Value}")).ShouldBe("Low 1 High 1", of);
            radius.Traces.Versions.ShouldNotContain(v => v.PluginId == "scan.foreign", of);
        }

        (await blasts.FindAsync(stage.Admin, reads.Digest, default)).ShouldSatisfyAllConditions(r => r.Traces.Versions.ShouldHaveSingleItem(), r => r.Traces.NodeCount.ShouldBe(0), r => r.Nothing.ShouldBeFalse());
        (await blasts.FindAsync(stage.Admin, "tea", default)).Nothing.ShouldBeTrue();
        (await blasts.FindAsync(stage.Admin, "%", default)).Nothing.ShouldBeTrue();

        // another team's runs: to an administrator of the installation alone
        var team = await stage.Get<TeamStore>().CreateAsync(Actor.System(), "shipping", "Shipping");
        var theirs = stage.Admin with { TeamId = team.Id };
        var target = await stage.Get<TargetService>().AddAsync(theirs, new NewTarget("their shop", Data.Targets.TargetKind.Url, "http://127.0.0.1:9/", "TEST-2", null) { PrivateAddressApproved = true }, default);
        await stage.EndAsync(await stage.RunAsAsync(theirs, target.Id, "scan.foreign"));
        (await blasts.FindAsync(stage.Admin, foreign.Digest, default)).Traces.RunCount.ShouldBe(1);
        var everywhere = await blasts.FindAsync(stage.Admin with { OfInstallation = true }, foreign.Digest, default);
        (everywhere.EveryTeam, everywhere.Traces.RunCount, everywhere.Targets.Count).ShouldBe((true, 2, 2));
        everywhere.Traces.Nodes.Select(n => everywhere.Teams[n.TeamId]).Order(StringComparer.Ordinal).ShouldBe(["Payments", "Shipping"]);

        (await stage.EventsAsync("view.blast-radius")).Count.ShouldBeGreaterThan(7);
        (await Should.ThrowAsync<SecFlowException>(() => blasts.FindAsync(stage.Admin with { Role = TeamRole.Analyst }, reader.Digest, default))).Code.ShouldBe(Codes.RoleMissing);
        (await Should.ThrowAsync<SecFlowException>(() => blasts.FindAsync(stage.Admin, " ", default))).Code.ShouldBe(Codes.RequestInvalid);
        (await Should.ThrowAsync<SecFlowException>(() => blasts.FindAsync(stage.Admin, new string('a', 501), default))).Code.ShouldBe(Codes.RequestInvalid);
    }

    [Fact]
    public async Task Provenance_OfNodeAndFinding_NamesBytesSignerRulePolicyAndIsThereWhileItRuns()
    {
        await using var stage = await TrustStage.StartAsync();
        await stage.TrustAsync("", "team");
        await stage.EnableAsync("scan.waits", TrustStage.Waits);
        var row = await stage.EnableAsync("scan.good", TrustStage.Finds);
        var accepted = await stage.RunAsync("scan.good", "scan.waits");
        await stage.AskedAsync();

        // the policy changes between acceptance and the end: what counts is under which it ran
        var policy = await stage.Policies.CurrentAsync(default);
        var running = (await stage.UntilAsync(accepted, d => d.Nodes[1].Status == NodeStatus.Running)).Nodes;
        running.ShouldAllBe(n => n.Signer == row.Signer && n.TrustRule == "team" && n.PolicyRevision == policy.Revision && n.SignerKey!.StartsWith("sha256:"));
        var blast = await stage.Get<BlastRadiusService>().FindAsync(stage.Admin, "team", default);
        blast.Traces.Running.ShouldBe(1);
        await stage.TrustAsync("  exceptions: []\n", "team");
        stage.HangUp();
        var detail = await stage.EndAsync(accepted);

        var node = detail.Nodes[0];
        Provenance.Of(node).ToString().ShouldBe($"scan.good 1.0.0 ({row.Digest[..19]}), signed by {row.Signer}, accepted by rule team of trust policy {policy.Revision[..19]}");
        var finding = (await stage.Get<Execution.Findings.FindingService>().ListAsync(stage.Admin, new Execution.Findings.FindingQuery { RunId = accepted.Id }, default)).Rows.Single(f => f.PluginId == "scan.good");
        (finding.Signer, finding.TrustRule, finding.PolicyRevision, finding.TrustRoot).ShouldBe((row.Signer!, "team", policy.Revision, ""));
        Provenance.Of(finding).ToString().ShouldBe(Provenance.Of(node).ToString());
    }

    [Fact]
    public void Provenance_Line_SaysRootAndTools_AndThatNothingWasVerified()
    {
        var all = new Provenance("scan.x", "1.0.0", "sha256:" + new string('a', 64), "acme", "acme", "sha256:" + new string('b', 64), "sha256:" + new string('c', 64), "nmap", "7.93");
        all.ToString().ShouldBe("scan.x 1.0.0 (sha256:aaaaaaaaaaaa), signed by acme, accepted by rule acme of trust policy sha256:bbbbbbbbbbbb, trust root sha256:cccccccccccc, with nmap 7.93");
        (all with { Signer = null, TrustRoot = null, Tool = "" }).ToString().ShouldBe("scan.x 1.0.0 (sha256:aaaaaaaaaaaa), not verified");
    }

    private static Dictionary<string, byte[]> Secretive(string id, string script)
    {
        var files = TrustStage.Files(id, script);
        files["plugin.yaml"] = System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(files["plugin.yaml"]).Replace("permissions: { network: targets }", "permissions: { network: targets, secrets: [token] }", StringComparison.Ordinal));
        return files;
    }
}
