using Microsoft.EntityFrameworkCore;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Tests.Workflows;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Runs;

public sealed class RunGateTests
{
    private const string Retried = "  - { id: scan, type: scan.test, retry: { max_attempts: 3, base_delay: 0 } }";

    [Fact]
    public async Task Retry_AfterTheStarterLostTheRole_IsRefusedAndAudited()
    {
        await using var engine = await CreateAsync();
        var user = await engine.AddUserAsync("ben", TeamRole.Analyst);
        var actor = new Actor(ActorKind.User, user.Id.ToString(), "ben", engine.Analyst.TeamId, TeamRole.Analyst);
        var workflow = await engine.SaveAsync(Retried);
        engine.Scripts["scan"] = async (_, output, ct) =>
        {
            await engine.Get<TeamStore>().SetMemberAsync(Actor.System(engine.Analyst.TeamId), user.Id, TeamRole.Viewer, ct);
            await output.VerdictAsync(Verdict.Unreachable, "no answer", null, [], ct);
            return Done();
        };
        var run = await engine.Runs.StartAsync(actor, new StartRun(workflow, [engine.TargetId], RunTrigger.Manual), default);
        (await engine.WorkAsync()).ShouldBeTrue();

        var node = (await engine.DetailAsync(run.Id)).Nodes[0];
        (node.Status, node.Attempt, node.ErrorCode).ShouldBe((NodeStatus.Denied, 2, Codes.RoleMissing));
        var refused = await engine.Database.ReadAsync(db => db.AuditEvents.SingleAsync(e => e.Action == "refuse.access"));
        (refused.ResourceKind, refused.ResourceId, refused.ReasonCode).ShouldBe(("workflow", workflow.ToString(), Codes.RoleMissing));
    }

    [Fact]
    public async Task Rerun_OfWhatACascadeStarted_IsOnTheAuthorityOfWhoeverRepeatsIt()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["scan"] = Finds(["r1"], Finding("r1"));
        var user = await engine.AddUserAsync("ben", TeamRole.Analyst);
        var ben = new Actor(ActorKind.User, user.Id.ToString(), "ben", engine.Analyst.TeamId, TeamRole.Analyst);
        var workflow = await engine.SaveAsync(Retried);
        var first = await engine.Runs.StartAsync(ben, new StartRun(workflow, [engine.TargetId], RunTrigger.Manual), default);
        (await engine.WorkAsync()).ShouldBeTrue();
        var child = await engine.Runs.StartAsync(ben, new StartRun(workflow, [engine.TargetId], RunTrigger.Cascade) { Cascade = new CascadeOrigin(first.Id, "scan", 1) }, default);
        (await engine.WorkAsync()).ShouldBeTrue();
        await engine.Get<TeamStore>().RemoveMemberAsync(Actor.System(engine.Analyst.TeamId), user.Id);

        var again = await engine.Get<RunControl>().RerunAsync(engine.Analyst, child.Id, default);
        (await engine.WorkAsync()).ShouldBeTrue();

        var run = (await engine.DetailAsync(again.Id)).Run;
        (run.Status, run.StartedByName).ShouldBe((RunStatus.Succeeded, engine.Analyst.Name), run.ErrorMessage);
    }

    [Fact]
    public async Task Firing_AfterTheOwnerLeftTheTeam_StartsNothing()
    {
        await using var engine = await CreateAsync();
        await engine.Get<ScheduleMirror>().RebuildAsync(default);
        var user = await engine.AddUserAsync("ben", TeamRole.Analyst);
        var owner = new Actor(ActorKind.User, user.Id.ToString(), "ben", engine.Analyst.TeamId, TeamRole.Analyst);
        var schedule = await engine.Get<ScheduleService>().AddAsync(owner, new NewSchedule("nightly", await engine.SaveAsync(Retried), "0 0 3 * * ?", "UTC", [engine.TargetId]), default);
        (await engine.Get<ScheduleFiring>().FireAsync(schedule.Id, DateTimeOffset.UnixEpoch, default)).ShouldNotBeNull();
        await engine.Get<TeamStore>().RemoveMemberAsync(Actor.System(engine.Analyst.TeamId), user.Id);

        (await engine.Get<ScheduleFiring>().FireAsync(schedule.Id, DateTimeOffset.UnixEpoch.AddDays(1), default)).ShouldBeNull();

        (await engine.Get<ScheduleStore>().FindAsync(engine.Analyst.TeamId, schedule.Id))!.LastRefusal!.ShouldContain(Codes.RoleMissing);
        engine.Scripts["scan"] = Finds(["r1"], Finding("r1"));
        (await engine.WorkAsync()).ShouldBeTrue();
        (await engine.Runs.ListAsync(engine.Analyst, 0, 10, default)).ShouldHaveSingleItem().Status.ShouldBe(RunStatus.Denied, "the run of the first firing is the owner's as well");
    }

    [DatabaseData]
    public async Task Firing_OwnedByAToken_MayWhatTheTokenMayAtThatMoment(DatabaseKind kind)
    {
        var time = new TestTime(DateTimeOffset.UtcNow);
        await using var engine = await CreateAsync(kind, time);
        await engine.Get<ScheduleMirror>().RebuildAsync(default);
        var workflow = await engine.SaveAsync(Retried);
        var (good, narrow, weak, late, revoked) = (await TokenAsync(engine, "good", 90), await TokenAsync(engine, "narrow", 90, scopes: "schedules:write"), await TokenAsync(engine, "weak", 90, TeamRole.Viewer), await TokenAsync(engine, "late", 1), await TokenAsync(engine, "revoked", 90));
        var schedules = new Dictionary<string, Guid>(StringComparer.Ordinal);
        foreach (var owner in new[] { good, narrow, weak, late, revoked })
        {
            // The store: the service would not let the weak one save it, as it would not have let it later.
            schedules[owner.Name] = (await engine.Get<ScheduleStore>().AddAsync(owner, new Schedule { Name = owner.Name, WorkflowId = workflow, Kind = ScheduleKind.Cron, Cron = "0 0 3 * * ?", Zone = "UTC", TargetIds = engine.TargetId.ToString() })).Id;
        }

        (await engine.Get<TokenStore>().RevokeAsync(engine.Analyst with { Role = TeamRole.Admin }, Guid.Parse(revoked.Id))).ShouldBeTrue();
        time.Advance(TimeSpan.FromDays(2));

        foreach (var (name, code) in new[] { ("narrow", Codes.TokenScopeMissing), ("weak", Codes.RoleMissing), ("late", Codes.Unauthenticated), ("revoked", Codes.Unauthenticated) })
        {
            (await engine.Get<ScheduleFiring>().FireAsync(schedules[name], DateTimeOffset.UnixEpoch, default)).ShouldBeNull(name);

            (await engine.Get<ScheduleStore>().FindAsync(engine.Analyst.TeamId, schedules[name]))!.LastRefusal!.ShouldContain(code);
            var refused = await engine.Database.ReadAsync(db => db.AuditEvents.SingleAsync(e => e.Outcome == AuditOutcome.Denied && e.ActorId == schedules[name].ToString()));
            (refused.Action, refused.ResourceId, refused.ReasonCode).ShouldBe(("refuse.access", workflow.ToString(), code));
        }

        (await engine.Runs.ListAsync(engine.Analyst, 0, 10, default)).ShouldBeEmpty();
        (await engine.Get<ScheduleFiring>().FireAsync(schedules["good"], DateTimeOffset.UnixEpoch, default)).ShouldNotBeNull();
        engine.Scripts["scan"] = Finds(["r1"], Finding("r1"));
        (await engine.WorkAsync()).ShouldBeTrue();
        (await engine.Runs.ListAsync(engine.Analyst, 0, 10, default)).ShouldHaveSingleItem().Status.ShouldBe(RunStatus.Succeeded);
    }

    [DatabaseData]
    public async Task Run_OfATokenThatIsRevoked_DoesNotGoOnAndIsNotResumed(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var workflow = await engine.SaveAsync(Retried);
        var token = await TokenAsync(engine, "ci", 90);
        var paused = await engine.Runs.StartAsync(token, new StartRun(workflow, [engine.TargetId], RunTrigger.Api), default);
        await engine.Get<RunControl>().PauseAsync(engine.Analyst, paused.Id, "", default);
        var going = await engine.Runs.StartAsync(token, new StartRun(workflow, [engine.TargetId], RunTrigger.Api), default);
        engine.Scripts["scan"] = async (_, output, ct) =>
        {
            await engine.Get<TokenStore>().RevokeAsync(engine.Analyst with { Role = TeamRole.Admin }, Guid.Parse(token.Id), ct);
            await output.VerdictAsync(Verdict.Unreachable, "no answer", null, [], ct);
            return Done();
        };

        (await engine.WorkAsync()).ShouldBeTrue();

        var node = (await engine.DetailAsync(going.Id)).Nodes[0];
        (node.Status, node.Attempt, node.ErrorCode).ShouldBe((NodeStatus.Denied, 2, Codes.Unauthenticated));
        (await Should.ThrowAsync<SecFlowException>(() => engine.Get<RunControl>().ResumeAsync(engine.Analyst, paused.Id, default))).Code.ShouldBe(Codes.Unauthenticated);
        (await engine.Store.FindAsync(paused.Id, default))!.PauseRequestedAt.ShouldNotBeNull();
        (await engine.Database.ReadAsync(db => db.AuditEvents.Where(e => e.Action == "refuse.access").Select(e => e.ReasonCode).ToListAsync())).ShouldBe([Codes.Unauthenticated, Codes.Unauthenticated]);
    }

    [Fact]
    public async Task Saving_WhatCouldOnlyBeRefusedLater_IsRefusedAtOnceAndAudited()
    {
        await using var engine = await CreateAsync();
        await engine.Get<ScheduleMirror>().RebuildAsync(default);
        var workflow = await engine.SaveAsync(Retried);
        var lapsed = await engine.AddTargetAsync("old", "http://127.0.0.1:9/", DateTimeOffset.UnixEpoch.AddDays(1));
        var schedules = engine.Get<ScheduleService>();

        (await Should.ThrowAsync<SecFlowException>(() => schedules.AddAsync(engine.Analyst, new NewSchedule("nightly", workflow, "0 0 3 * * ?", "UTC", [lapsed]), default))).Code.ShouldBe(Codes.AuthorisationLapsed);
        engine.Plugins[0] = TestPlugins.Plugin("scan.test", "1.0.0", [], [new("urls", "urls", false)], [new("findings", "findings", true), new("urls", "urls", false)], state: PluginState.Disabled);
        (await Should.ThrowAsync<SecFlowException>(() => schedules.AddAsync(engine.Analyst, new NewSchedule("nightly", workflow, "0 0 3 * * ?", "UTC", [engine.TargetId]), default))).Code.ShouldBe(Codes.PluginNotEnabled);
        (await Should.ThrowAsync<SecFlowException>(() => engine.SaveAsync(Retried))).Code.ShouldBe(Codes.PluginNotEnabled);

        (await schedules.ListAsync(engine.Analyst, default)).ShouldBeEmpty();
        var refused = await engine.Database.ReadAsync(db => db.AuditEvents.Where(e => e.Outcome == AuditOutcome.Denied).OrderBy(e => e.Seq).ToListAsync());
        refused.Select(e => (e.Action, e.ReasonCode)).ShouldBe([("add.schedule", Codes.AuthorisationLapsed), ("add.schedule", Codes.PluginNotEnabled), ("save.workflow", Codes.PluginNotEnabled)]);
    }

    private static async Task<Actor> TokenAsync(TestEngine engine, string name, int days, TeamRole role = TeamRole.Analyst, string scopes = "schedules:write runs:write") => TokenActor.Of((await engine.Get<TokenStore>().CreateAsync(
        engine.Analyst with { Role = TeamRole.Admin }, new NewToken(name, scopes.Split(' '), role, engine.Database.Time.GetUtcNow().AddDays(days)))).Token);
}
