using Microsoft.Extensions.Logging.Abstractions;
using SecFlow.Data;
using SecFlow.Data.Alerts;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Teams;
using SecFlow.Execution.Alerts;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Tests.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Alerts;

public sealed class AlertTests
{
    [DatabaseData]
    public async Task Alert_RaisedAgainAndAgain_RingsOnceUntilItIsAcknowledged(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var alerts = engine.Get<AlertService>();
        var team = engine.Analyst.TeamId;
        var rang = 0;
        alerts.Changed += (_, _) => rang++;

        (await alerts.RaiseAsync(AlertKind.SlowRun, team, "Nightly", "took long", default)).ShouldBeTrue();
        (await alerts.RaiseAsync(AlertKind.SlowRun, team, "Nightly", "took longer", default, AlertSeverity.Error)).ShouldBeFalse();
        (await alerts.RaiseAsync(AlertKind.SlowRun, team, "Weekly", "took long", default)).ShouldBeTrue();

        (await alerts.RingingAsync(engine.Analyst, default)).ShouldBe(2);
        var row = (await alerts.ListAsync(engine.Analyst, true, 0, 10, default)).Single(a => a.Subject == "Nightly");
        (row.Count, row.Words, row.Severity).ShouldBe((2, "took longer", AlertSeverity.Error));
        (await alerts.AcknowledgeAsync(engine.Analyst, row.Id, "known", default)).ClosedBy.ShouldBe("analyst");
        (await Should.ThrowAsync<SecFlowException>(() => alerts.AcknowledgeAsync(engine.Analyst, row.Id, null, default))).Code.ShouldBe(Codes.Conflict);
        (await alerts.RingingAsync(engine.Analyst, default)).ShouldBe(1);
        (await alerts.RaiseAsync(AlertKind.SlowRun, team, "Nightly", "took long", default)).ShouldBeTrue();
        rang.ShouldBe(4);
        (await ActionsAsync(engine)).ShouldBe(["raise.alert", "raise.alert", "acknowledge.alert", "raise.alert"]);
    }

    [Fact]
    public async Task Alert_OfOthers_IsNeitherSeenNorClosed()
    {
        await using var engine = await CreateAsync();
        var alerts = engine.Get<AlertService>();
        var other = (await engine.Get<TeamStore>().CreateAsync(Actor.System(), "other", "Other")).Id;
        await alerts.RaiseAsync(AlertKind.SlowRun, other, "Secret", "took long", default);
        await alerts.RaiseAsync(AlertKind.DiskSpace, Guid.Empty, "", "full", default);
        var stranger = engine.Analyst with { TeamId = other };
        var theirs = (await alerts.ListAsync(stranger, true, 0, 10, default)).Single(a => a.TeamId == other);

        var seen = (await alerts.ListAsync(engine.Analyst, true, 0, 10, default)).ShouldHaveSingleItem();
        seen.Kind.ShouldBe(AlertKind.DiskSpace);
        (await Should.ThrowAsync<SecFlowException>(() => alerts.AcknowledgeAsync(engine.Analyst, theirs.Id, null, default))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => alerts.AcknowledgeAsync(engine.Analyst, Guid.NewGuid(), null, default))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => alerts.AcknowledgeAsync(engine.Analyst, seen.Id, null, default))).Code.ShouldBe(Codes.RoleMissing);
        (await Should.ThrowAsync<SecFlowException>(() => alerts.AcknowledgeAsync(stranger with { Role = TeamRole.Viewer }, theirs.Id, null, default))).Code.ShouldBe(Codes.RoleMissing);
        (await alerts.AcknowledgeAsync(engine.Analyst with { OfInstallation = true }, seen.Id, null, default)).AcknowledgedAt.ShouldNotBeNull();
        (await alerts.RingingAsync(stranger, default)).ShouldBe(1, "their own");
    }

    [Fact]
    public async Task Silence_KeepsWhatItCoversFromRinging_UntilItIsOver()
    {
        var time = new TestTime();
        await using var engine = await CreateAsync(time: time);
        var alerts = engine.Get<AlertService>();
        var team = engine.Analyst.TeamId;
        await alerts.RaiseAsync(AlertKind.SlowNode, team, "Nightly/scan", "slow", default);

        (await Should.ThrowAsync<SecFlowException>(() => alerts.SilenceAsync(engine.Analyst, AlertKind.SlowNode, null, TimeSpan.FromDays(31), "x", default))).Code.ShouldBe(Codes.RequestInvalid);
        (await Should.ThrowAsync<SecFlowException>(() => alerts.SilenceAsync(engine.Analyst, AlertKind.SlowNode, null, TimeSpan.FromHours(1), " ", default))).Code.ShouldBe(Codes.RequestInvalid);
        await alerts.SilenceAsync(engine.Analyst, AlertKind.SlowNode, "Nightly/scan", TimeSpan.FromHours(1), "being moved", default);
        (await alerts.RingingAsync(engine.Analyst, default)).ShouldBe(0);
        await alerts.RaiseAsync(AlertKind.SlowNode, team, "Nightly/other", "slow", default);
        (await alerts.RingingAsync(engine.Analyst, default)).ShouldBe(1);
        var all = await alerts.SilenceAsync(engine.Analyst, AlertKind.SlowRun, "", TimeSpan.FromHours(1), "being moved", default);
        await alerts.RaiseAsync(AlertKind.SlowRun, team, "Any", "slow", default);
        (await alerts.RingingAsync(engine.Analyst, default)).ShouldBe(1);
        (await alerts.SilencesAsync(engine.Analyst, default)).Count.ShouldBe(2);
        await alerts.EndSilenceAsync(engine.Analyst, all.Id, default);
        (await Should.ThrowAsync<SecFlowException>(() => alerts.EndSilenceAsync(engine.Analyst, all.Id, default))).Code.ShouldBe(Codes.Conflict);
        await alerts.RaiseAsync(AlertKind.SlowRun, team, "Another", "slow", default);
        (await alerts.RingingAsync(engine.Analyst, default)).ShouldBe(3, "two slow runs and a slow node; the other node is silenced");
        time.Advance(TimeSpan.FromHours(2));
        (await alerts.SilencesAsync(engine.Analyst, default)).ShouldBeEmpty();
    }

    [DatabaseData]
    public async Task Watch_OfATroubledTeam_RaisesEachRule_AndStandingOnesCloseThemselves(DatabaseKind kind)
    {
        var time = new TestTime();
        await using var engine = await CreateAsync(kind, time);
        var watch = Watch(engine);
        var team = engine.Analyst.TeamId;
        engine.Scripts["scan"] = (_, _, _) => Task.FromResult(Done(new Execution.Diagnostics.Diagnostic(Codes.ScriptError, "broken")));
        var workflow = await engine.SaveAsync("  - { id: scan, type: scan.test }");
        for (var i = 0; i < 4; i++)
        {
            await engine.StartAsync(workflow);
            await engine.WorkAsync();
        }

        var waiting = await engine.StartAsync(workflow);
        await TroubleAsync(engine, team, workflow);
        time.Advance(TimeSpan.FromMinutes(12));

        await watch.LookAsync(default);

        var open = (await OpenAsync(engine)).ToDictionary(a => a.Kind);
        open.Keys.ShouldBe([AlertKind.NodeFailures, AlertKind.SignatureFailures, AlertKind.PolicyDenials, AlertKind.SandboxViolations, AlertKind.QueueWait, AlertKind.ScheduleOverdue, AlertKind.ScheduleSilent], ignoreOrder: true);
        (open[AlertKind.NodeFailures].Subject, open[AlertKind.NodeFailures].Severity).ShouldBe(("scan.test", AlertSeverity.Error));
        open[AlertKind.ScheduleOverdue].Subject.ShouldBe("late");
        open[AlertKind.ScheduleSilent].Words.ShouldContain("SF3004");

        await engine.Runs.CancelAsync(engine.Analyst, waiting.Id, default);
        await engine.Database.WriteAsync(write =>
        {
            write.Db.Schedules.RemoveRange(write.Db.Schedules);
            return Task.CompletedTask;
        });
        await watch.LookAsync(default);
        (await OpenAsync(engine)).ShouldNotContain(a => a.Kind == AlertKind.QueueWait || a.Kind == AlertKind.ScheduleOverdue || a.Kind == AlertKind.ScheduleSilent);

        // What was acknowledged does not come back for the same events.
        foreach (var alert in await OpenAsync(engine))
        {
            await engine.Get<AlertService>().AcknowledgeAsync(engine.Analyst, alert.Id, null, default);
        }

        await watch.LookAsync(default);
        (await OpenAsync(engine)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Watch_OfABrokenAuditChain_RingsForEverybody()
    {
        await using var engine = await CreateAsync();
        var watch = Watch(engine);
        await watch.LookAtChainAsync(default);
        (await OpenAsync(engine)).ShouldBeEmpty();
        await engine.Database.WriteAsync(async write =>
        {
            await Microsoft.EntityFrameworkCore.RelationalDatabaseFacadeExtensions.ExecuteSqlRawAsync(write.Db.Database, "DROP TRIGGER IF EXISTS audit_events_no_update");
            await Microsoft.EntityFrameworkCore.RelationalDatabaseFacadeExtensions.ExecuteSqlRawAsync(write.Db.Database, "UPDATE audit_events SET actor_name = 'nobody' WHERE seq = 1");
        });

        await watch.LookAtChainAsync(default);

        var alert = (await OpenAsync(engine)).ShouldHaveSingleItem();
        (alert.Kind, alert.TeamId, alert.Severity).ShouldBe((AlertKind.AuditChain, Guid.Empty, AlertSeverity.Error));
    }

    [Theory]
    [InlineData(50L, 100L, 0)]
    [InlineData(9L, 100L, 1)]
    [InlineData(1L, 100L, 2)]
    [InlineData(0L, 0L, 2)]
    public void Disk_WithLittleRoom_Rings(long freeGiB, long allGiB, int expected)
    {
        var found = AlertRules.Disk((freeGiB << 30, allGiB << 30));

        (found.Count == 0 ? 0 : found[0].Severity == AlertSeverity.Warning ? 1 : 2).ShouldBe(expected);
    }

    [Fact]
    public void Rules_EveryKind_HasOneAndSaysWhen()
    {
        AlertRules.All.Select(r => r.Kind).ShouldBe(Enum.GetValues<AlertKind>(), ignoreOrder: true);
        AlertRules.DatabaseSize(11L << 30).ShouldHaveSingleItem().Severity.ShouldBe(AlertSeverity.Warning);
        AlertRules.DatabaseSize(1L << 30).ShouldBeEmpty();
    }

    internal static AlertWatch Watch(TestEngine engine) => new(
        engine.Get<AlertFactStore>(), engine.Get<AlertService>(), engine.Get<AlertStore>(), engine.Get<RunTimings>(), engine.Get<AuditLog>(), engine.Get<SecFlowMeter>(),
        new EngineOptions { DataFolder = Path.GetTempPath() }, engine.Database.Time, NullLogger<AlertWatch>.Instance);

    // The disk of the machine that runs this is not the subject.
    internal static async Task<IReadOnlyList<Alert>> OpenAsync(TestEngine engine) => [.. (await engine.Get<AlertService>().ListAsync(engine.Analyst, true, 0, 100, default)).Where(a => a.Kind != AlertKind.DiskSpace)];

    internal static async Task<IReadOnlyList<string>> ActionsAsync(TestEngine engine) =>
        [.. await engine.Database.ReadAsync(db => Task.FromResult(db.AuditEvents.Where(e => e.ResourceKind == "alert").OrderBy(e => e.Seq).Select(e => e.Action).ToList()))];

    private static async Task TroubleAsync(TestEngine engine, Guid team, Guid workflow)
    {
        var audit = engine.Get<AuditLog>();
        foreach (var code in Enumerable.Repeat(Codes.SignatureInvalid, 5).Concat(Enumerable.Repeat(Codes.OutOfScope, 3)))
        {
            await audit.AppendAsync(new AuditEntry(engine.Analyst, "refuse.run", "workflow", workflow.ToString(), "x") { Outcome = AuditOutcome.Denied, ReasonCode = code });
        }

        await engine.Database.WriteAsync(write =>
        {
            var run = write.Db.Runs.First();
            foreach (var i in Enumerable.Range(0, 2))
            {
                write.Db.NodeRuns.Add(new NodeRun { Id = Guid.NewGuid(), TeamId = team, RunId = run.Id, NodeId = "bad" + i, PluginId = "scan.bad", PluginVersion = "1", PluginDigest = "sha256:x", Status = NodeStatus.Denied, StartedAt = write.Now, EndedAt = write.Now, ErrorCode = Codes.ForbiddenSystemCall });
            }

            write.Db.Schedules.Add(new Schedule { Id = Guid.NewGuid(), TeamId = team, WorkflowId = workflow, Name = "late", Cron = "0 0 1 * * ?", NextFireAt = write.Now.AddMinutes(1), CreatedAt = write.Now });
            write.Db.Schedules.Add(new Schedule { Id = Guid.NewGuid(), TeamId = team, WorkflowId = workflow, Name = "silent", Cron = "0 0 1 * * ?", NextFireAt = write.Now.AddDays(1), LastRefusal = "SF3004: lapsed", CreatedAt = write.Now });
            return Task.CompletedTask;
        });
    }
}
