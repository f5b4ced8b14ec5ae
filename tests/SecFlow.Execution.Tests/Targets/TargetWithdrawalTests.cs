using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tests.Trust;

namespace SecFlow.Execution.Tests.Targets;

/// <summary>What becomes of a target while a node works on it counts at once: a tool at work is stopped, a request is refused.</summary>
[Trait("Category", "Confinement")]
public sealed class TargetWithdrawalTests
{
    // Claims to have done everything.
    private const string Tool = """
        module.exports = { execute: function (ctx) {
          try { ctx.tool('sh', ['-c', "echo up; while :; do sleep 1; done"], { timeout: 100, onLine: function (line) { ctx.progress(50, line); } }); } catch (e) { ctx.log.info('caught ' + e.code); }
          ctx.verdict('completed', 'all of it', { target: ctx.targets[0].id, checks: ['r'] });
        } };
        """;

    [Fact]
    public async Task Tool_AtWork_IsStoppedWhenItsTargetIsWithdrawn()
    {
        await using var stage = await TrustStage.StartAsync();
        await stage.TrustAsync("", "team");
        var row = await stage.EnableAsync("scan.tool", Tool, more: "tools:\n  - { name: sh }\n");
        (string Name, string Code, Func<Guid, Task> Change)[] cases =
        [
            ("the window closes", Codes.OutsideWindow, id => EditAsync(stage, id, target => target.Windows = "deny daily 00:00-24:00 UTC")),
            ("the authorisation ends", Codes.AuthorisationLapsed, id => EditAsync(stage, id, target => target.AuthorisedUntil = TimeProvider.System.GetUtcNow())),
            ("a port is taken away", Codes.OutOfScope, id => EditAsync(stage, id, target => target.Ports = "8001")),
            ("less is allowed", Codes.IntrusivenessExceeded, id => EditAsync(stage, id, target => target.MaxIntrusiveness = Intrusiveness.Passive)),
            ("the target is archived", Codes.AuthorisationLapsed, id => stage.Get<TargetStore>().ArchiveAsync(stage.Admin, id)),
        ];
        foreach (var (name, code, change) in cases)
        {
            var target = (await stage.Get<TargetService>().AddAsync(stage.Admin, new NewTarget(name, TargetKind.Host, "127.0.0.1", "TEST-1", null) { Ports = "8001 8002", PrivateAddressApproved = true }, default)).Id;
            var run = await stage.RunOnAsync(target, row.PluginId);
            await stage.UntilAsync(run, d => d.Nodes[0].ProgressText == "up" || d.Run.Status.IsFinal());
            await change(target);
            var changed = TimeProvider.System.GetUtcNow();
            var detail = await stage.EndAsync(run);

            var node = detail.Nodes.ShouldHaveSingleItem();
            (node.Status, node.ErrorCode, detail.Run.Status).ShouldBe((NodeStatus.Denied, code, RunStatus.Denied), $"{name}: {node.ErrorMessage}");
            node.ErrorMessage!.ShouldContain("was stopped while it ran", customMessage: name);
            detail.Assessments.ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Partial, "its word for a target that was withdrawn is not enough");

            // half a second until it is noticed, and the time that ending a tool takes
            (node.EndedAt!.Value - changed).ShouldBeLessThan(Crowd.Within(5), name);
            var refused = (await stage.EventsAsync("refuse.tool")).Single(e => e.ResourceId == $"{run.Id}/n0");
            (refused.Outcome, refused.ReasonCode).ShouldBe((AuditOutcome.Denied, code), name);
        }
    }

    [Fact]
    public async Task Request_AfterTheTargetIsWithdrawn_IsRefusedInTheSameNode()
    {
        await using var stage = await TrustStage.StartAsync();
        await stage.TrustAsync("", "team");
        var row = await stage.EnableAsync("scan.http", """
            module.exports = { execute: function (ctx) {
              var t = ctx.targets[0], code = '';
              while (!/^SF3/.test(code)) { try { ctx.http({ url: t.url, timeoutMs: 200 }); } catch (e) { code = e.code; ctx.progress(1, code); } }
              ctx.verdict('partial', code, { target: t.id, checks: ['r'] });
            } };
            """);
        var run = await stage.RunAsync(row.PluginId);
        await stage.UntilAsync(run, d => d.Nodes[0].ProgressText is { Length: > 0 } || d.Run.Status.IsFinal());
        await EditAsync(stage, stage.Target, target => target.Windows = "deny daily 00:00-24:00 UTC");

        var detail = await stage.EndAsync(run);
        (detail.Nodes[0].Status, detail.Assessments.ShouldHaveSingleItem().Reason).ShouldBe((NodeStatus.Partial, Codes.OutsideWindow), detail.Nodes[0].ErrorMessage);
    }

    private static async Task EditAsync(TrustStage stage, Guid id, Action<Target> change)
    {
        var targets = stage.Get<TargetStore>();
        var revision = (await targets.FindAsync(stage.Admin.TeamId, id))!.Revision;
        (await targets.EditAsync(stage.Admin, id, revision, change, [])).ShouldNotBeNull();
    }
}
