using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Runs;

// long: one case each for everything that may be done with a run, over one fixture
/// <summary>Pause, resume, skip, retry and run again, as the engine and the database see them.</summary>
public sealed class RunControlTests
{
    private const string OneScan = "  - { id: scan, type: scan.test }";
    private const string TwoScans = "  - { id: one, type: scan.test, outputs: { findings: f1 } }\n  - { id: two, type: scan.test, outputs: { findings: f2 } }";
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    [DatabaseData]
    public async Task Pause_InTheMiddleOfANode_FreezesItAndResumeLetsItGoOn(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var control = engine.Get<RunControl>();
        var (begun, frozen) = (new TaskCompletionSource(), new TaskCompletionSource());
        engine.Scripts["scan"] = async (work, output, ct) =>
        {
            begun.SetResult();
            while (!work.Freezer!.IsFrozen)
            {
                await Task.Delay(5, ct);
            }

            frozen.SetResult();
            await work.Freezer.WhenThawedAsync(ct);
            return await Finds(["r1"], Finding("r1"))(work, output, ct);
        };
        var run = await engine.StartAsync(OneScan);
        var work = engine.WorkAsync();
        await begun.Task.WaitAsync(_patience);

        (await control.PauseAsync(engine.Analyst, run.Id, "lunch", default)).ShouldBeTrue();
        await frozen.Task.WaitAsync(_patience);

        var paused = (await engine.DetailAsync(run.Id)).Run;
        (paused.Status, paused.PauseRequestedBy, paused.PauseReason, paused.LeaseUntil is not null).ShouldBe((RunStatus.Paused, "analyst", "lunch", true), "its engine keeps it for a while");
        await using var other = engine.Twin();
        (await other.WorkAsync()).ShouldBeFalse("nobody else takes it");
        (await control.ResumeAsync(engine.Analyst, run.Id, default)).ShouldBeTrue();
        (await work.WaitAsync(_patience)).ShouldBeTrue();

        var detail = await engine.DetailAsync(run.Id);
        (detail.Run.Status, detail.Nodes[0].Status, detail.Nodes[0].Attempt).ShouldBe((RunStatus.Succeeded, NodeStatus.Succeeded, 1), "the same attempt went on");
        (detail.Run.PausedAt, detail.Run.PauseRequestedAt, detail.Run.PauseReason).ShouldBe((null, null, null));
        detail.Run.PausedSeconds.ShouldBeGreaterThan(0);
        (await ActionsAsync(engine)).ShouldBe(["start.run", "pause.run", "resume.run", "finish.node", "finish.run"]);
    }

    [DatabaseData]
    public async Task Pause_BeforeTheNextNode_GivesTheSlotBackAndOutlivesTheEngine(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        Run run = null!;
        engine.Scripts["one"] = async (work, output, ct) =>
        {
            var outcome = await Finds(["r1"], Finding("r1"))(work, output, ct);
            await engine.Get<RunControl>().PauseAsync(engine.Analyst, run.Id, "", ct);
            return outcome;
        };
        engine.Scripts["two"] = Finds(["r2"], Finding("r2"));
        run = await engine.StartAsync(TwoScans);

        (await engine.WorkAsync()).ShouldBeTrue("the slot is free again");

        var paused = await engine.DetailAsync(run.Id);
        (paused.Run.Status, paused.Run.LeaseUntil, paused.Run.LeaseOwner).ShouldBe((RunStatus.Paused, null, null));
        paused.Nodes.Select(n => n.Status).ShouldBe([NodeStatus.Succeeded, NodeStatus.Pending]);
        await using var next = engine.Twin();
        await next.Store.ExpireLeasesAsync(default);
        (await next.WorkAsync()).ShouldBeFalse("a paused run stays paused after a restart");
        (await next.Get<RunControl>().ResumeAsync(engine.Analyst, run.Id, default)).ShouldBeTrue();
        (await next.WorkAsync()).ShouldBeTrue();

        var detail = await engine.DetailAsync(run.Id);
        (detail.Run.Status, detail.Nodes[0].Attempt, detail.Nodes[1].Attempt).ShouldBe((RunStatus.Succeeded, 1, 1), "what was done is not done again");
    }

    [Fact]
    public async Task Pause_OfAQueuedRun_KeepsItFromBeingClaimed_AndOneWithoutResumeOnFailureStillGoesOn()
    {
        await using var engine = await CreateAsync();
        var control = engine.Get<RunControl>();
        Run run = null!;
        engine.Scripts["one"] = async (work, output, ct) =>
        {
            await control.PauseAsync(engine.Analyst, run.Id, "", ct);
            return await Finds(["r1"])(work, output, ct);
        };
        engine.Scripts["two"] = Finds(["r2"]);
        run = await engine.StartAsync(TwoScans, "state: { resume_on_failure: false }");
        await control.PauseAsync(engine.Analyst, run.Id, "later", default);
        (await engine.WorkAsync()).ShouldBeFalse();
        await control.ResumeAsync(engine.Analyst, run.Id, default);

        (await engine.WorkAsync()).ShouldBeTrue();
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Paused);
        await control.ResumeAsync(engine.Analyst, run.Id, default);
        (await engine.WorkAsync()).ShouldBeTrue();

        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Succeeded, "a pause is no failure");
    }

    [Fact]
    public async Task Pause_WhoseEngineDied_StaysPausedAndGoesOnWithTheNextAfterResume()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["scan"] = Finds(["r1"], Finding("r1"));
        var run = await engine.StartAsync(OneScan);
        var dead = (await engine.Store.ClaimAsync(new RunClaim("dead-engine", TimeSpan.FromMinutes(1), 4), default)).ShouldNotBeNull();
        await engine.Get<RunWriter>().ChangeNodeAsync(dead, (await engine.Store.NodesAsync(run.Id, default))[0].Id, (n, now) => (n.Status, n.Attempt, n.StartedAt) = (NodeStatus.Running, 1, now), [], null, default);
        await engine.Get<RunControl>().PauseAsync(engine.Analyst, run.Id, "", default);

        await engine.Store.ExpireLeasesAsync(default);
        (await engine.WorkAsync()).ShouldBeFalse();
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Paused);
        await engine.Get<RunControl>().ResumeAsync(engine.Analyst, run.Id, default);
        await Should.ThrowAsync<LeaseLostException>(() => engine.Get<RunWriter>().ReleaseAsync(dead, [], default), "the dead one may not write any more");
        (await engine.WorkAsync()).ShouldBeTrue();

        var detail = await engine.DetailAsync(run.Id);
        (detail.Run.Status, detail.Nodes[0].Attempt).ShouldBe((RunStatus.Succeeded, 2));
    }

    [Fact]
    public async Task Pause_ForLongerThanTheSlotIsKept_BeginsTheNodeAnew()
    {
        await using var engine = await CreateAsync(frozenFor: TimeSpan.FromMilliseconds(100));
        var attempts = 0;
        engine.Scripts["scan"] = async (work, output, ct) =>
        {
            if (++attempts == 1)
            {
                await Task.Delay(Timeout.Infinite, ct);
            }

            return await Finds(["r1"], Finding("r1"))(work, output, ct);
        };
        var run = await engine.StartAsync(OneScan);
        var work = engine.WorkAsync();
        await UntilAsync(() => attempts == 1);
        await engine.Get<RunControl>().PauseAsync(engine.Analyst, run.Id, "for long", default);

        (await work.WaitAsync(_patience)).ShouldBeTrue();
        var paused = await engine.DetailAsync(run.Id);
        (paused.Run.Status, paused.Run.LeaseUntil, paused.Nodes[0].Status).ShouldBe((RunStatus.Paused, null, NodeStatus.Pending));
        await engine.Get<RunControl>().ResumeAsync(engine.Analyst, run.Id, default);
        (await engine.WorkAsync()).ShouldBeTrue();

        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Succeeded);
        attempts.ShouldBe(2);
    }

    [Fact]
    public async Task Cancel_OfAFrozenRun_EndsItAtOnce()
    {
        await using var engine = await CreateAsync();
        var begun = new TaskCompletionSource();
        engine.Scripts["scan"] = async (_, _, ct) =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, ct);
            return Done();
        };
        var run = await engine.StartAsync(OneScan);
        var work = engine.WorkAsync();
        await begun.Task.WaitAsync(_patience);
        await engine.Get<RunControl>().PauseAsync(engine.Analyst, run.Id, "", default);

        await engine.Runs.CancelAsync(engine.Analyst, run.Id, default);
        (await work.WaitAsync(Crowd.Within(2))).ShouldBeTrue();

        var detail = await engine.DetailAsync(run.Id);
        (detail.Run.Status, detail.Run.PausedAt, detail.Nodes[0].Status).ShouldBe((RunStatus.Cancelled, null, NodeStatus.Cancelled));
        foreach (var act in new Func<Task>[] { () => engine.Get<RunControl>().PauseAsync(engine.Analyst, run.Id, "", default), () => engine.Get<RunControl>().ResumeAsync(engine.Analyst, run.Id, default), () => engine.Get<RunControl>().SkipAsync(engine.Analyst, run.Id, "scan", default) })
        {
            (await Should.ThrowAsync<SecFlowException>(act)).Code.ShouldBe(Codes.RunNotInState);
        }
    }

    [Fact]
    public async Task Cancel_OfAPausedRunThatNobodyHolds_EndsItAtOnce()
    {
        await using var engine = await CreateAsync();
        var run = await engine.StartAsync(OneScan);
        await engine.Get<RunControl>().PauseAsync(engine.Analyst, run.Id, "", default);

        await engine.Runs.CancelAsync(engine.Analyst, run.Id, default);

        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Cancelled);
        (await engine.WorkAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task Engine_PausesAndResumesOnlyOnItsOwnAccount_AndAPersonTakesOver()
    {
        await using var engine = await CreateAsync();
        var control = engine.Get<RunControl>();
        var (night, backup) = (Actor.System(engine.Analyst.TeamId, "blackout 'night'"), Actor.System(engine.Analyst.TeamId, "blackout 'backup'"));
        var run = await engine.StartAsync(OneScan);

        (await control.PauseAsync(night, run.Id, "until 06:00", default)).ShouldBeTrue();
        (await control.PauseAsync(backup, run.Id, "until 07:00", default)).ShouldBeFalse("it stands still already");
        (await control.ResumeAsync(backup, run.Id, default)).ShouldBeFalse("another one paused it");
        (await control.PauseAsync(engine.Analyst, run.Id, "leave it", default)).ShouldBeTrue();
        (await control.ResumeAsync(night, run.Id, default)).ShouldBeFalse("a person took over");
        var row = (await engine.DetailAsync(run.Id)).Run;
        (row.Status, row.PauseRequestedBy, row.PauseReason).ShouldBe((RunStatus.Paused, "analyst", "leave it"));
        (await control.ResumeAsync(engine.Analyst, run.Id, default)).ShouldBeTrue();
        (await control.ResumeAsync(night, run.Id, default)).ShouldBeFalse();
    }

    [DatabaseData]
    public async Task Skip_OfTheRunningNode_EndsItAlone_AndTheRunIsPartial(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var begun = new TaskCompletionSource();
        engine.Scripts["one"] = async (_, output, ct) =>
        {
            await output.EmitAsync("findings", [Finding("r1")], ct);
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, ct);
            return Done();
        };
        engine.Scripts["two"] = Finds(["r2"], Finding("r2"));
        var run = await engine.StartAsync(TwoScans);
        var work = engine.WorkAsync();
        await begun.Task.WaitAsync(_patience);

        await engine.Get<RunControl>().SkipAsync(engine.Analyst, run.Id, "one", default);
        (await work.WaitAsync(_patience)).ShouldBeTrue();

        var detail = await engine.DetailAsync(run.Id);
        detail.Nodes.Select(n => n.Status).ShouldBe([NodeStatus.Skipped, NodeStatus.Succeeded]);
        detail.Run.Status.ShouldBe(RunStatus.Partial, "its targets were not assessed by the skipped node");
        detail.Nodes[0].ErrorMessage.ShouldBe("Skipped: analyst wanted it; nothing of it counts");
        detail.Attempts[0].Status.ShouldBe(NodeStatus.Skipped);
        detail.Assessments.Select(a => (a.Verdict, a.Reason)).ShouldBe([(Verdict.Failed, "SF1511: not assessed: analyst skipped the node"), (Verdict.Completed, "looked at everything")], ignoreOrder: true);
        (await engine.FindingsAsync()).Rows.Select(f => f.RuleId).ShouldBe(["r2"]);
        (await engine.Database.ReadAsync(db => db.StagedRecords.CountAsync())).ShouldBe(0);
        (await ActionsAsync(engine)).ShouldBe(["start.run", "skip.node", "finish.node", "finish.node", "finish.run"]);
    }

    [Fact]
    public async Task Skip_OfAWaitingNode_PassesItOver_AndAnUnknownOneIsNamed()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["one"] = Finds(["r1"], Finding("r1"));
        var run = await engine.StartAsync(TwoScans);
        (await Should.ThrowAsync<SecFlowException>(() => engine.Get<RunControl>().SkipAsync(engine.Analyst, run.Id, "three", default))).Message.ShouldContain("one, two");

        await engine.Get<RunControl>().SkipAsync(engine.Analyst, run.Id, "two", default);
        (await engine.WorkAsync()).ShouldBeTrue();

        var detail = await engine.DetailAsync(run.Id);
        (detail.Run.Status, detail.Nodes[1].Status, detail.Nodes[1].ErrorCode).ShouldBe((RunStatus.Partial, NodeStatus.Skipped, Codes.NodeSkipped));
        detail.Assessments.Count(a => a.Verdict != Verdict.Completed).ShouldBe(1);
    }

    [DatabaseData]
    public async Task Retry_OfAFailedRun_TakesOverWhatSucceededAndRunsTheRest(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var ran = new List<string>();
        engine.Scripts["one"] = (work, output, ct) =>
        {
            ran.Add("one");
            return Finds(["r1"], Finding("r1"))(work, output, ct);
        };
        engine.Scripts["two"] = (_, _, _) =>
        {
            ran.Add("two");
            return Task.FromResult(Done(new Diagnostic(Codes.ScriptError, "broken")));
        };
        var failed = await engine.RunAsync(TwoScans);
        failed.Run.Status.ShouldBe(RunStatus.Failed);
        engine.Scripts["two"] = Finds(["r2"], Finding("r2"));

        var again = await engine.Get<RunControl>().RetryAsync(engine.Analyst, failed.Run.Id, null, default);
        (await engine.WorkAsync()).ShouldBeTrue();

        var detail = await engine.DetailAsync(again.Id);
        (detail.Run.Status, detail.Run.RetryOf, detail.Run.RetryFrom, detail.Run.Rerun).ShouldBe((RunStatus.Succeeded, failed.Run.Id, "two", false));
        detail.Nodes.Select(n => n.Status).ShouldBe([NodeStatus.Cached, NodeStatus.Succeeded]);
        detail.Nodes[0].CachedFromNodeRunId.ShouldBe(failed.Nodes[0].Id);
        ran.ShouldBe(["one", "two"], "the first node ran once");
        (detail.Run.WorkflowVersionId, detail.Run.Parameters, detail.Run.Targets).ShouldBe((failed.Run.WorkflowVersionId, failed.Run.Parameters, failed.Run.Targets));
        (await engine.DetailAsync(failed.Run.Id)).Run.Status.ShouldBe(RunStatus.Failed, "a finished run is never rewritten");
        (await Should.ThrowAsync<SecFlowException>(() => engine.Get<RunControl>().RetryAsync(engine.Analyst, again.Id, null, default))).Code.ShouldBe(Codes.RunNotInState);
        (await engine.Get<RunControl>().RetryAsync(engine.Analyst, again.Id, "one", default)).RetryFrom.ShouldBe("one");
    }

    [Fact]
    public async Task Rerun_AfterTheWorkflowChanged_RunsTheVersionOfThen()
    {
        await using var engine = await CreateAsync();
        var times = 0;
        engine.Scripts["scan"] = (work, output, ct) =>
        {
            times++;
            return Finds(["r1"])(work, output, ct);
        };
        var first = await engine.RunAsync(OneScan);

        var again = await engine.Get<RunControl>().RerunAsync(engine.Analyst, first.Run.Id, default);
        (await Should.ThrowAsync<SecFlowException>(() => engine.Get<RunControl>().RerunAsync(engine.Analyst, again.Id, default))).Code.ShouldBe(Codes.RunNotInState);
        (await engine.WorkAsync()).ShouldBeTrue();

        var detail = await engine.DetailAsync(again.Id);
        (detail.Run.RetryOf, detail.Run.Rerun, detail.Run.WorkflowVersionId, times).ShouldBe((first.Run.Id, true, first.Run.WorkflowVersionId, 2));
        (await ActionsAsync(engine)).ShouldBe(["start.run", "finish.node", "finish.run", "rerun.run", "finish.node", "finish.run"]);
    }

    [Fact]
    public async Task ResumeRetryAndRerun_AfterTheAuthorisationLapsed_AreRefusedLikeAStart()
    {
        await using var engine = await CreateAsync();
        var control = engine.Get<RunControl>();
        engine.Scripts["scan"] = Finds(["r1"]);
        var ended = await engine.RunAsync(OneScan);
        var paused = await engine.StartAsync(ended.Run.WorkflowId);
        await control.PauseAsync(engine.Analyst, paused.Id, "", default);
        await engine.EndAuthorisationAsync(engine.TargetId);

        foreach (var act in new Func<Task>[] { () => engine.StartAsync(ended.Run.WorkflowId), () => control.ResumeAsync(engine.Analyst, paused.Id, default), () => control.RetryAsync(engine.Analyst, ended.Run.Id, "scan", default), () => control.RerunAsync(engine.Analyst, ended.Run.Id, default) })
        {
            (await Should.ThrowAsync<SecFlowException>(act)).Code.ShouldBe(Codes.AuthorisationLapsed);
        }

        var refused = await engine.Database.ReadAsync(db => db.AuditEvents.Where(e => e.Outcome == AuditOutcome.Denied).ToListAsync());
        refused.Select(e => (e.Action, e.ReasonCode, e.ResourceId)).ShouldBe(Enumerable.Repeat(("start.run", (string?)Codes.AuthorisationLapsed, ended.Run.WorkflowId.ToString()), 4));
        (await engine.DetailAsync(paused.Id)).Run.Status.ShouldBe(RunStatus.Paused);
    }

    [Fact]
    public async Task Control_ByAViewerOrAStranger_IsRefusedAndAudited()
    {
        await using var engine = await CreateAsync();
        var control = engine.Get<RunControl>();
        var run = await engine.StartAsync(OneScan);
        var viewer = engine.Analyst with { Role = TeamRole.Viewer };
        var reader = engine.Analyst with { Kind = ActorKind.Token, Scopes = ["runs:read"] };
        var stranger = engine.Analyst with { TeamId = Guid.NewGuid() };
        foreach (var (actor, code) in new[] { (viewer, Codes.RoleMissing), (reader, Codes.TokenScopeMissing), (stranger, Codes.NotFound) })
        {
            foreach (var act in new Func<Task>[] { () => control.PauseAsync(actor, run.Id, "", default), () => control.ResumeAsync(actor, run.Id, default), () => control.SkipAsync(actor, run.Id, "scan", default), () => control.RetryAsync(actor, run.Id, null, default), () => control.RerunAsync(actor, run.Id, default) })
            {
                (await Should.ThrowAsync<SecFlowException>(act)).Code.ShouldBe(code);
            }
        }

        (await engine.Database.ReadAsync(db => db.AuditEvents.CountAsync(e => e.Action == "refuse.access"))).ShouldBe(15);
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Queued);
    }

    private static async Task<IReadOnlyList<string>> ActionsAsync(TestEngine engine) => await engine.Database.ReadAsync(
        db => db.AuditEvents.OrderBy(e => e.Seq).Where(e => e.Action.EndsWith(".run") || e.Action.EndsWith(".node")).Select(e => e.Action).ToListAsync());

    private static async Task UntilAsync(Func<bool> condition)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Stopwatch.GetElapsedTime(began).ShouldBeLessThan(_patience);
            await Task.Delay(10);
        }
    }
}
