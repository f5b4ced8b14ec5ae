using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Holds;
using SecFlow.Data.Runs;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Holds;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Tests.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Holds;

public sealed class HoldTests
{
    private const string OneScan = "  - { id: scan, type: scan.test }";
    private const string TwoScans = "  - { id: first, type: scan.test }\n  - { id: second, type: scan.test }";

    [DatabaseData]
    public async Task Stop_EndsWhatRuns_LetsNothingStart_AndResumeLetsTheRestGoOn(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var began = BlockScan(engine);
        var workflow = await engine.SaveAsync(OneScan);
        var running = await engine.StartAsync(workflow);
        var working = engine.WorkAsync();
        await began.Task.WaitAsync(TimeSpan.FromMinutes(1));
        var queued = await engine.StartAsync(workflow);
        var holds = engine.Get<HoldService>();

        var hold = await holds.StopAsync(Admin(engine), HoldReach.Team, "an intruder was seen", "payments", default);

        (await working.WaitAsync(TimeSpan.FromMinutes(1))).ShouldBeTrue();
        hold.StoppedRuns.ShouldBe(1);
        var ended = (await engine.DetailAsync(running.Id)).Run;
        (ended.Status, ended.CancelRequestedBy).ShouldBe((RunStatus.Cancelled, "analyst"));
        (await engine.WorkAsync()).ShouldBeFalse("the queue does not claim");
        (await engine.Store.WaitingAsync(4, 10, default)).ShouldBeEmpty();
        var refusal = (await Should.ThrowAsync<SecFlowException>(() => engine.StartAsync(workflow))).Diagnostics[0];
        (refusal.Code, refusal.Rule).ShouldBe((Codes.WorkHeld, "hold.standing"));
        refusal.Message.ShouldContain("an intruder was seen");
        refusal.Remedy.ShouldNotBeNullOrEmpty();
        (await holds.StandingAsync(engine.Analyst, default))!.Id.ShouldBe(hold.Id);

        await holds.ResumeAsync(Admin(engine), HoldReach.Team, "looked at", default);

        engine.Scripts["scan"] = Finds(["r1"], Finding("r1"));
        (await engine.WorkAsync()).ShouldBeTrue();
        (await engine.DetailAsync(queued.Id)).Run.Status.ShouldBe(RunStatus.Succeeded);
        var history = (await holds.HistoryAsync(engine.Analyst, 0, 10, default)).ShouldHaveSingleItem();
        (history.EndedBy, history.EndReason).ShouldBe(("analyst", "looked at"));
        (await EventsAsync(engine, ".work")).Where(e => e.ResourceKind == "team").Select(e => (e.Action, e.Outcome, e.ResourceKind)).ShouldBe([("resume.work", AuditOutcome.Allowed, "team"), ("stop.work", AuditOutcome.Allowed, "team")]);
        (await EventsAsync(engine, "start.run")).Where(e => e.Outcome == AuditOutcome.Denied).ShouldHaveSingleItem().ReasonCode.ShouldBe(Codes.WorkHeld);
        (await engine.Get<AuditLog>().VerifyAsync()).Intact.ShouldBeTrue();
    }

    [DatabaseData]
    public async Task Stop_ByAnotherProcess_IsNoticedByTheHeartbeat_AlsoForARunThatWasClaimedInTheSameMoment(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var began = BlockScan(engine);
        var run = await engine.StartAsync(OneScan);
        var working = engine.WorkAsync();
        await began.Task.WaitAsync(TimeSpan.FromMinutes(1));
        await engine.Get<HoldStore>().BeginAsync(Admin(engine), Guid.Empty, HoldKind.Stop, "everything");

        // As if the claim had been committed right after the hold looked at what runs.
        await engine.Database.WriteAsync(write =>
        {
            write.Db.Runs.Single(r => r.Id == run.Id).CancelRequestedAt = null;
            return Task.CompletedTask;
        });

        (await working.WaitAsync(TimeSpan.FromMinutes(1))).ShouldBeTrue();
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Cancelled);
    }

    [DatabaseData]
    public async Task Stop_EndsAFrozenRun_AlsoWhenItsEngineIsDead(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var run = await engine.StartAsync(OneScan);
        (await engine.Store.ClaimAsync(new RunClaim("dead-engine", TimeSpan.FromMinutes(5), 4), default)).ShouldNotBeNull();
        await engine.Get<RunControl>().PauseAsync(engine.Analyst, run.Id, "lunch", default);

        var hold = await engine.Get<HoldService>().StopAsync(Admin(engine), HoldReach.Team, "an intruder was seen", "payments", default);

        hold.StoppedRuns.ShouldBe(1);
        var told = (await engine.DetailAsync(run.Id)).Run;
        (told.Status, told.CancelRequestedBy, told.PausedAt, told.PauseReason).ShouldBe((RunStatus.Running, "analyst", null, null), "whoever has it ends it");
        await engine.Store.ExpireLeasesAsync(default);
        (await engine.WorkAsync()).ShouldBeTrue("its end must be written");
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Cancelled);
    }

    [DatabaseData]
    public async Task Stop_OfARunWhoseEngineGivesItBack_EndsItInsteadOfQueueingItBehindTheHold(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var run = await engine.StartAsync(OneScan);
        var lease = (await engine.Store.ClaimAsync(new RunClaim("engine-1", TimeSpan.FromMinutes(5), 4), default)).ShouldNotBeNull();
        var node = (await engine.Store.NodesAsync(run.Id, default))[0];
        await engine.Get<RunWriter>().ChangeNodeAsync(lease, node.Id, (n, now) => (n.Status, n.Attempt, n.StartedAt) = (NodeStatus.Running, 1, now), [], null, default);
        await engine.Get<HoldService>().StopAsync(Admin(engine), HoldReach.Team, "an intruder was seen", "payments", default);

        (await engine.Get<RunWriter>().ReleaseAsync(lease, [], default, "the engine stops")).ShouldBe(RunStatus.Cancelled);

        var ended = await engine.DetailAsync(run.Id);
        (ended.Run.Status, ended.Run.LeaseUntil, ended.Run.EndedAt is not null).ShouldBe((RunStatus.Cancelled, null, true));
        (ended.Nodes[0].Status, ended.Attempts.ShouldHaveSingleItem().Status).ShouldBe((NodeStatus.Cancelled, NodeStatus.Cancelled));
        (await EventsAsync(engine, "finish.run")).ShouldHaveSingleItem().ResourceId.ShouldBe(run.Id.ToString());
        (await engine.WorkAsync()).ShouldBeFalse("nothing is left to do");
    }

    [Fact]
    public async Task Drain_LetsTheRunningRunComeToItsEnd()
    {
        await using var engine = await CreateAsync();
        var (began, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        engine.Scripts["first"] = async (work, output, ct) =>
        {
            began.SetResult();
            await go.Task.WaitAsync(ct);
            return await Finds(["r1"], Finding("r1"))(work, output, ct);
        };
        engine.Scripts["second"] = Finds(["r2"], Finding("r2"));
        var run = await engine.StartAsync(TwoScans);
        var working = engine.WorkAsync();
        await began.Task.WaitAsync(TimeSpan.FromMinutes(1));

        await engine.Get<HoldService>().DrainAsync(Admin(engine), HoldReach.Team, "maintenance at noon", default);
        go.SetResult();

        await working.WaitAsync(TimeSpan.FromMinutes(1));
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Succeeded);
        (await Should.ThrowAsync<SecFlowException>(() => engine.StartAsync(OneScan))).Code.ShouldBe(Codes.WorkHeld);

        var stop = await engine.Get<HoldService>().StopAsync(Admin(engine), HoldReach.Team, "worse", "payments", default);
        (await engine.Get<HoldStore>().ListStandingAsync()).ShouldHaveSingleItem().Id.ShouldBe(stop.Id);
    }

    [Fact]
    public async Task Hold_OfOneTeam_LeavesOthersAlone_AndThatOfTheInstallationHoldsAll()
    {
        await using var engine = await CreateAsync();
        var other = await engine.Get<TeamStore>().CreateAsync(Actor.System(), "other", "Other");
        var theirs = new Actor(ActorKind.User, Guid.NewGuid().ToString(), "oda", other.Id, TeamRole.Admin);
        var holds = engine.Get<HoldService>();
        await holds.StopAsync(theirs, HoldReach.Team, "ours", "other", default);
        engine.Scripts["scan"] = Finds(["r1"], Finding("r1"));
        (await engine.RunAsync(OneScan)).Run.Status.ShouldBe(RunStatus.Succeeded);
        (await holds.StandingAsync(engine.Analyst, default)).ShouldBeNull();
        (await holds.HistoryAsync(engine.Analyst, 0, 10, default)).ShouldBeEmpty();

        await holds.StopAsync(theirs with { OfInstallation = true }, HoldReach.Installation, "everybody", "installation", default);

        (await Should.ThrowAsync<SecFlowException>(() => engine.StartAsync(OneScan))).Diagnostics[0].Message.ShouldContain("of this installation");
    }

    [Fact]
    public async Task Hold_ByWhoMayNot_OrWithoutReasonAndConfirmation_IsRefusedAndHoldsNothing()
    {
        await using var engine = await CreateAsync();
        var holds = engine.Get<HoldService>();
        async Task<string> Code(Func<Task> act) => (await Should.ThrowAsync<SecFlowException>(act)).Code;

        (await Code(() => holds.StopAsync(engine.Analyst, HoldReach.Team, "why", "payments", default))).ShouldBe(Codes.RoleMissing);
        (await Code(() => holds.DrainAsync(engine.Analyst, HoldReach.Team, "why", default))).ShouldBe(Codes.RoleMissing);
        (await Code(() => holds.ResumeAsync(engine.Analyst, HoldReach.Team, "why", default))).ShouldBe(Codes.RoleMissing);
        (await Code(() => holds.StopAsync(Admin(engine), HoldReach.Installation, "why", "installation", default))).ShouldBe(Codes.RoleMissing);
        (await Code(() => holds.DrainAsync(Admin(engine) with { Kind = ActorKind.Token, Scopes = ["runs:write"] }, HoldReach.Team, "why", default))).ShouldBe(Codes.TokenScopeMissing);
        (await Code(() => holds.StopAsync(Admin(engine), HoldReach.Team, "why", "yes", default))).ShouldBe(Codes.RequestInvalid);
        (await Code(() => holds.StopAsync(Admin(engine), HoldReach.Team, " ", "payments", default))).ShouldBe(Codes.RequestInvalid);
        (await Code(() => holds.ResumeAsync(Admin(engine), HoldReach.Team, "why", default))).ShouldBe(Codes.Conflict);
        (await engine.Get<HoldStore>().ListStandingAsync()).ShouldBeEmpty();
        (await EventsAsync(engine, "refuse.access")).Count.ShouldBe(5);

        await holds.StopAsync(Admin(engine), HoldReach.Team, "why", "payments", default);
        (await Code(() => holds.StopAsync(Admin(engine), HoldReach.Team, "again", "payments", default))).ShouldBe(Codes.Conflict);
        (await Code(() => holds.DrainAsync(Admin(engine), HoldReach.Team, "softer", default))).ShouldBe(Codes.Conflict);
    }

    private static Actor Admin(TestEngine engine) => engine.Analyst with { Role = TeamRole.Admin };

    private static TaskCompletionSource BlockScan(TestEngine engine)
    {
        var began = new TaskCompletionSource();
        engine.Scripts["scan"] = async (_, _, ct) =>
        {
            began.TrySetResult();
            await Task.Delay(Timeout.Infinite, ct);
            return Done();
        };
        return began;
    }

    private static async Task<IReadOnlyList<AuditEvent>> EventsAsync(TestEngine engine, string action) =>
        (await engine.Get<AuditLog>().ListAsync(new AuditQuery(engine.Analyst.TeamId) { Installation = true, Action = action, Take = 100 })).Events;
}
