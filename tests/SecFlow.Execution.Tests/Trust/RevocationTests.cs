using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Trust;

namespace SecFlow.Execution.Tests.Trust;

/// <summary>Who is revoked is ended where it runs, and refused where it waits.</summary>
public sealed class RevocationTests
{
    [Fact]
    public async Task Running_RevokedInTheRegistryOrByThePolicy_EndsWithin2Seconds_AndNothingItSaidCounts()
    {
        await using var stage = await TrustStage.StartAsync();
        await stage.TrustAsync("", "team");
        var plugins = new[] { "scan.state", "scan.artifact", "scan.key", "scan.rule", "scan.file" };
        var rows = new Dictionary<string, PluginVersion>(StringComparer.Ordinal);
        foreach (var id in plugins)
        {
            rows[id] = await stage.EnableAsync(id, TrustStage.Waits);
        }

        await ShouldEndAsync(stage, rows["scan.state"], Codes.Revoked, "SEC-1", () => stage.MoveAsync(rows["scan.state"], PluginState.Revoked, "SEC-1"));
        await ShouldEndAsync(stage, rows["scan.artifact"], Codes.Revoked, "SEC-2", () => stage.TrustAsync($"  revoked: [ {{ artifact: \"{rows["scan.artifact"].Digest}\", reason: SEC-2 }} ]\n", "team"));

        // written into the folder by hand: nobody tells the engine
        await ShouldEndAsync(stage, rows["scan.file"], Codes.Revoked, "SEC-3", () => File.WriteAllTextAsync(stage.PolicyFile, stage.PolicyYaml($"  revoked: [ {{ artifact: \"{rows["scan.file"].Digest}\", reason: SEC-3 }} ]\n", "team")));
        await ShouldEndAsync(stage, rows["scan.key"], Codes.Revoked, "SEC-4", () => stage.TrustAsync("  revoked: [ { key: team, reason: SEC-4 } ]\n", "team"));
        await stage.TrustAsync("", "team");
        await ShouldEndAsync(stage, rows["scan.rule"], Codes.Untrusted, "expected", () => stage.TrustAsync("", "other"));
        (await stage.Get<AuditLog>().VerifyAsync()).Intact.ShouldBeTrue();
    }

    [Fact]
    public async Task Running_InATool_EndsWithin2Seconds_AndAnotherPluginsRunGoesOn()
    {
        await using var stage = await TrustStage.StartAsync();
        await stage.TrustAsync("", "team");
        var other = await stage.EnableAsync("scan.other", TrustStage.Waits);
        var row = await stage.EnableAsync("scan.tool", "module.exports = { execute: function (ctx) { ctx.tool('sh', ['-c', 'echo up; sleep 600'], { timeout: 100, onLine: function (line) { ctx.progress(50, line); } }); } };", more: "tools:\n  - { name: sh }\n");
        var going = await stage.RunAsync(other.PluginId);
        await stage.AskedAsync();
        await ShouldEndAsync(stage, row, Codes.Revoked, "SEC-5", () => stage.MoveAsync(row, PluginState.Revoked, "SEC-5"), async run => await stage.UntilAsync(run, d => d.Nodes[0].ProgressText == "up" || d.Run.Status.IsFinal()));

        (await stage.UntilAsync(going, d => d.Run.Status == RunStatus.Running)).Nodes[0].Status.ShouldBe(NodeStatus.Running);
        stage.HangUp();
        (await stage.EndAsync(going)).Nodes[0].ErrorCode.ShouldNotBe(Codes.Revoked);
    }

    [Fact]
    public async Task Queued_RevokedWhileItWaits_IsDeniedBeforeItsFirstNode()
    {
        await using var stage = await TrustStage.StartAsync();
        await stage.TrustAsync("", "team");
        await stage.EnableAsync("scan.busy", TrustStage.Waits);
        var row = await stage.EnableAsync("scan.late", TrustStage.Finds);
        var byPolicy = await stage.EnableAsync("scan.later", TrustStage.Finds);
        for (var slot = 0; slot < stage.Options.RunsPerTeam; slot++)
        {
            await stage.RunAsync("scan.busy");
            await stage.AskedAsync();
        }

        var (queued, later) = (await stage.RunAsync("scan.late"), await stage.RunAsync("scan.later"));
        (await stage.UntilAsync(queued, _ => true)).Run.Status.ShouldBe(RunStatus.Queued);
        await stage.MoveAsync(row, PluginState.Revoked, "SEC-6");
        await stage.TrustAsync($"  revoked: [ {{ artifact: \"{byPolicy.Digest}\", reason: SEC-7 }} ]\n", "team");
        stage.HangUp();

        foreach (var (run, word) in new[] { (queued, "SEC-6"), (later, "SEC-7") })
        {
            var node = (await stage.EndAsync(run)).Nodes.ShouldHaveSingleItem();
            (node.Status, node.ErrorCode, node.Attempt, node.Findings).ShouldBe((NodeStatus.Denied, Codes.Revoked, 1, 0), node.ErrorMessage);
            node.ErrorMessage!.ShouldContain(word);
            (await stage.EventsAsync("finish.node")).ShouldContain(e => e.ResourceId == $"{run.Id}/n0" && e.ReasonCode == Codes.Revoked);
        }
    }

    private static Task ShouldEndAsync(TrustStage stage, PluginVersion row, string code, string word, Func<Task> revoke) => ShouldEndAsync(stage, row, code, word, revoke, _ => stage.AskedAsync());

    private static async Task ShouldEndAsync(TrustStage stage, PluginVersion row, string code, string word, Func<Task> revoke, Func<Run, Task> running)
    {
        var run = await stage.RunAsync(row.PluginId);
        await running(run);
        await revoke();
        var revoked = TimeProvider.System.GetUtcNow();
        var detail = await stage.EndAsync(run);

        var node = detail.Nodes.ShouldHaveSingleItem();
        (node.Status, node.ErrorCode).ShouldBe((NodeStatus.Denied, code), node.ErrorMessage);
        node.ErrorMessage!.ShouldContain("Ended while it ran");
        node.ErrorMessage!.ShouldContain(word);
        (detail.Run.Status, detail.Run.ErrorCode).ShouldBe((RunStatus.Denied, code));
        (node.EndedAt!.Value - revoked).ShouldBeLessThan(Crowd.Within(2), row.PluginId);

        // what it had reported is not believed, and its target is not assessed
        (await stage.Get<FindingService>().ListAsync(stage.Admin, new FindingQuery { RunId = run.Id }, default)).Total.ShouldBe(0);
        detail.Assessments.ShouldAllBe(a => a.Verdict != Verdict.Completed);
        var ended = (await stage.EventsAsync("end.plugin")).First(e => e.ResourceId == row.Digest);
        (ended.Outcome, ended.ReasonCode).ShouldBe((AuditOutcome.Denied, code));
        (await stage.EventsAsync("finish.node")).ShouldContain(e => e.ResourceId == $"{run.Id}/n0" && e.ReasonCode == code && e.Outcome == AuditOutcome.Denied);
    }
}
