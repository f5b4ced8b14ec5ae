using Microsoft.EntityFrameworkCore;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Workflows;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Runs;

/// <summary>Whose turn it is, what is kept back and why, and that a key starts one run only.</summary>
public sealed class QueueTests
{
    private const string Scan = "  - { id: scan, type: scan.test }";
    private const string Discovery = "  - { id: look, type: discovery.test }";

    [DatabaseData]
    public async Task Claim_TwoTeams_TakeTurnsWhateverOneHasQueued(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        engine.Scripts["scan"] = Finds(["r1"]);
        var first = await engine.SaveAsync(Scan);
        for (var i = 0; i < 4; i++)
        {
            await engine.StartAsync(first);
        }

        var other = await OtherTeamAsync(engine);
        var later = new[] { await other.StartAsync(), await other.StartAsync() };

        (await ClaimedTeamsAsync(engine, 6)).ShouldBe([engine.Analyst.TeamId, other.Actor.TeamId, engine.Analyst.TeamId, other.Actor.TeamId, engine.Analyst.TeamId, engine.Analyst.TeamId]);
        (await engine.Store.FindAsync(later[1].Id, default))!.Status.ShouldBe(RunStatus.Succeeded);
        (await engine.WorkAsync()).ShouldBeFalse("nothing waits any more");
    }

    [Fact]
    public async Task Claim_HigherPriority_ComesFirstAlsoWhenItWasRaisedLater()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["scan"] = Finds(["r1"]);
        var workflow = await engine.SaveAsync(Scan);
        var (one, two, three) = (await engine.StartAsync(workflow), await engine.StartAsync(workflow), await engine.StartAsync(workflow));
        var queue = engine.Get<QueueService>();

        (await queue.SetPriorityAsync(engine.Analyst, three.Id, 9, default)).Priority.ShouldBe(9);
        (await queue.ViewAsync(engine.Analyst, default)).Places.Select(p => p.Run.Id).ShouldBe([three.Id, one.Id, two.Id]);
        await engine.WorkAsync();

        (await engine.Store.FindAsync(three.Id, default))!.Status.ShouldBe(RunStatus.Succeeded);
        (await engine.Store.FindAsync(one.Id, default))!.Status.ShouldBe(RunStatus.Queued);
        (await Should.ThrowAsync<SecFlowException>(() => queue.SetPriorityAsync(engine.Analyst, three.Id, 1, default))).Code.ShouldBe(Codes.NotWaiting);
        (await Should.ThrowAsync<SecFlowException>(() => queue.SetPriorityAsync(engine.Analyst, two.Id, 10, default))).Code.ShouldBe(Codes.RequestInvalid);
        (await Should.ThrowAsync<SecFlowException>(() => queue.SetPriorityAsync(engine.Analyst with { Role = TeamRole.Viewer }, two.Id, 1, default))).Code.ShouldBe(Codes.RoleMissing);
        (await Should.ThrowAsync<SecFlowException>(() => queue.SetPriorityAsync(engine.Analyst with { TeamId = Guid.NewGuid() }, two.Id, 1, default))).Code.ShouldBe(Codes.NotFound);
        var changed = await engine.Database.ReadAsync(db => db.AuditEvents.SingleAsync(e => e.Action == "prioritise.run"));
        (changed.ResourceId, changed.Outcome).ShouldBe((three.Id.ToString(), AuditOutcome.Allowed));
    }

    [DatabaseData]
    public async Task PluginLimit_Reached_KeepsTheNextRunWaitingAndSaysWhy(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var (queue, admin) = (engine.Get<QueueService>(), engine.Analyst with { Role = TeamRole.Admin, OfInstallation = true });
        await queue.SetLimitAsync(admin, allTeams: true, "scan.test", 1, default);
        var workflow = await engine.SaveAsync(Scan);
        var (running, kept) = (await engine.StartAsync(workflow), await engine.StartAsync(workflow));
        var free = await engine.StartAsync(Discovery);
        var release = new TaskCompletionSource();
        engine.Scripts["scan"] = async (_, output, ct) =>
        {
            await release.Task.WaitAsync(ct);
            await output.VerdictAsync(Verdict.Completed, "done", null, ["r1"], ct);
            return Done();
        };
        engine.Scripts["look"] = Finds([]);
        var work = engine.WorkAsync();
        await UntilAsync(async () => (await engine.Store.FindAsync(running.Id, default))!.Status == RunStatus.Running);

        var places = (await queue.ViewAsync(engine.Analyst, default)).Places;
        places.Select(p => (p.Run.Id, p.For)).ShouldBe([(free.Id, WaitingFor.Slot), (kept.Id, WaitingFor.PluginLimit)]);
        places[1].Reason.ShouldBe("1 of at most 1 run with scan.test in all teams at work.");
        (await engine.WorkAsync()).ShouldBeTrue("the run without that plugin passes");
        (await engine.WorkAsync()).ShouldBeFalse("the other one waits");
        (await engine.Store.WaitingAsync(4, 10, default)).ShouldBeEmpty("no slot is woken for nothing");
        release.SetResult();
        await work;
        (await engine.WorkAsync()).ShouldBeTrue();
        (await engine.Store.FindAsync(kept.Id, default))!.Status.ShouldBe(RunStatus.Succeeded);
    }

    [Fact]
    public async Task TeamLimit_OfItsOwn_CountsInsteadOfTheUsualOne()
    {
        await using var engine = await CreateAsync();
        var (queue, admin) = (engine.Get<QueueService>(), engine.Analyst with { Role = TeamRole.Admin, OfInstallation = true });
        await queue.SetLimitAsync(admin, allTeams: false, null, 1, default);
        var workflow = await engine.SaveAsync(Scan);
        var (first, second) = (await engine.StartAsync(workflow), await engine.StartAsync(workflow));
        (await ClaimAsync(engine)).ShouldBe(first.Id);
        (await ClaimAsync(engine)).ShouldBeNull();
        var place = (await queue.ViewAsync(engine.Analyst, default)).Places.ShouldHaveSingleItem();
        (place.Run.Id, place.For, place.Reason).ShouldBe((second.Id, WaitingFor.TeamLimit, "1 of at most 1 run of the team at work."));

        await queue.SetLimitAsync(admin, allTeams: false, "", null, default);
        (await ClaimAsync(engine)).ShouldBe(second.Id, "the limit is gone");
        (await engine.Database.ReadAsync(db => db.AuditEvents.Where(e => e.ResourceKind == "limit").Select(e => e.Action).ToListAsync())).ShouldBe(["set.limit", "remove.limit"]);
    }

    [DatabaseData]
    public async Task Limits_RunThatIsFrozen_KeepsItsPlaceUntilItGoesOn(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var (queue, control, admin) = (engine.Get<QueueService>(), engine.Get<RunControl>(), engine.Analyst with { Role = TeamRole.Admin, OfInstallation = true });
        var workflow = await engine.SaveAsync(Scan);
        var (first, second) = (await engine.StartAsync(workflow), await engine.StartAsync(workflow));
        (await ClaimAsync(engine)).ShouldBe(first.Id);
        await control.PauseAsync(engine.Analyst, first.Id, "lunch", default);

        await queue.SetLimitAsync(admin, allTeams: false, "", 1, default);
        (await ClaimAsync(engine)).ShouldBeNull("resumed at any moment, the first one would be a second one at work");
        var view = await queue.ViewAsync(engine.Analyst, default);
        (view.AtWork, view.Places.ShouldHaveSingleItem().For).ShouldBe((1, WaitingFor.TeamLimit));

        await queue.SetLimitAsync(admin, allTeams: false, "", null, default);
        await queue.SetLimitAsync(admin, allTeams: true, "scan.test", 1, default);
        (await ClaimAsync(engine)).ShouldBeNull();
        (await queue.ViewAsync(engine.Analyst, default)).Places.ShouldHaveSingleItem().Reason.ShouldBe("1 of at most 1 run with scan.test in all teams at work.");

        (await control.ResumeAsync(engine.Analyst, first.Id, default)).ShouldBeTrue();
        (await ClaimAsync(engine)).ShouldBeNull();
        (await engine.Store.FindAsync(first.Id, default))!.Status.ShouldBe(RunStatus.Running);
        await queue.SetLimitAsync(admin, allTeams: true, "scan.test", null, default);
        (await ClaimAsync(engine)).ShouldBe(second.Id);
    }

    [Fact]
    public async Task Limit_OfAnotherTeam_IsNotSeen()
    {
        await using var engine = await CreateAsync();
        var (queue, admin) = (engine.Get<QueueService>(), engine.Analyst with { Role = TeamRole.Admin, OfInstallation = true });
        await queue.SetLimitAsync(admin, allTeams: false, "", 2, default);
        await queue.SetLimitAsync(admin, allTeams: true, "scan.test", 3, default);

        (await queue.ViewAsync(admin, default)).Limits.Select(l => l.MostRuns).ShouldBe([2, 3]);
        (await queue.ViewAsync(admin with { TeamId = Guid.NewGuid() }, default)).Limits.Select(l => l.MostRuns).ShouldBe([3]);
    }

    [Fact]
    public async Task Limit_Wrong_IsRefusedWithEveryProblem()
    {
        await using var engine = await CreateAsync();
        var (queue, admin) = (engine.Get<QueueService>(), engine.Analyst with { Role = TeamRole.Admin, OfInstallation = true });
        (await Should.ThrowAsync<SecFlowException>(() => queue.SetLimitAsync(admin, true, "Not a plugin", 0, default))).Diagnostics.Select(d => (d.Code, d.Path))
            .ShouldBe([(Codes.QueueLimitInvalid, "$.mostRuns"), (Codes.QueueLimitInvalid, "$.plugin")]);
        (await Should.ThrowAsync<SecFlowException>(() => queue.SetLimitAsync(admin, true, "", 3, default))).Code.ShouldBe(Codes.QueueLimitInvalid);
        (await Should.ThrowAsync<SecFlowException>(() => queue.SetLimitAsync(admin, true, "scan.test", null, default))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => queue.SetLimitAsync(engine.Analyst, false, "scan.test", 1, default))).Code.ShouldBe(Codes.RoleMissing);
        (await queue.ViewAsync(engine.Analyst, default)).Limits.ShouldBeEmpty();
    }

    [Fact]
    public async Task Claim_RunThatComesAfterAnother_WaitsForItsEnd()
    {
        await using var engine = await CreateAsync();
        var workflow = await engine.SaveAsync(Scan);
        var (first, second) = (await engine.StartAsync(workflow), await engine.StartAsync(workflow));
        await engine.Database.WriteAsync(async write => (await write.Db.Runs.SingleAsync(r => r.Id == second.Id)).AfterRunId = first.Id);
        (await ClaimAsync(engine)).ShouldBe(first.Id);
        (await ClaimAsync(engine)).ShouldBeNull();
        var place = (await engine.Get<QueueService>().ViewAsync(engine.Analyst, default)).Places.ShouldHaveSingleItem();
        (place.Run.Id, place.For).ShouldBe((second.Id, WaitingFor.Run));
        await engine.Database.WriteAsync(async write => (await write.Db.Runs.SingleAsync(r => r.Id == first.Id)).Status = RunStatus.Failed);
        (await ClaimAsync(engine)).ShouldBe(second.Id);
    }

    [DatabaseData]
    public async Task IdempotencyKey_SameRequest_IsOneRunAndAnotherRequestIsRefused(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var workflow = await engine.SaveAsync(Scan);
        var request = new StartRun(workflow, [engine.TargetId], RunTrigger.Api) { IdempotencyKey = "nightly-1" };
        var started = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => engine.Runs.StartAsync(engine.Analyst, request, default))));
        started.Select(r => r.Id).Distinct().ShouldHaveSingleItem();
        (await engine.Runs.ListAsync(engine.Analyst, 0, 10, default)).ShouldHaveSingleItem();
        (await engine.Database.ReadAsync(db => db.AuditEvents.CountAsync(e => e.Action == "start.run"))).ShouldBe(1);

        var refused = (await Should.ThrowAsync<SecFlowException>(() => engine.Runs.StartAsync(engine.Analyst, request with { Priority = 9 }, default))).Diagnostics[0];
        (refused.Code, refused.Message.Contains(started[0].Id.ToString(), StringComparison.Ordinal)).ShouldBe((Codes.IdempotencyKeyReused, true));
        (await engine.Runs.StartAsync(engine.Analyst, request with { IdempotencyKey = "nightly-2", Priority = 9 }, default)).Id.ShouldNotBe(started[0].Id);
    }

    [Fact]
    public async Task Work_MoreWaitingThanSlots_IsDoneByTheSlotsThatThereAre()
    {
        await using var engine = await CreateAsync();
        var (atOnce, most) = (0, 0);
        engine.Scripts["scan"] = async (_, output, ct) =>
        {
            var now = Interlocked.Increment(ref atOnce);
            most = Math.Max(most, now);
            await output.VerdictAsync(Verdict.Completed, "done", null, ["r1"], ct);
            Interlocked.Decrement(ref atOnce);
            return Done();
        };
        var workflow = await engine.SaveAsync(Scan);
        for (var i = 0; i < 6; i++)
        {
            await engine.StartAsync(workflow);
        }

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(() => engine.Get<RunWorker>().WorkAsync(default))));

        (await engine.Runs.ListAsync(engine.Analyst, 0, 10, default)).ShouldAllBe(r => r.Status == RunStatus.Succeeded);
        most.ShouldBeLessThanOrEqualTo(Slots);
    }

    private static async Task<Guid?> ClaimAsync(TestEngine engine) => (await engine.Store.ClaimAsync(new RunClaim("engine-1", TimeSpan.FromMinutes(5), 4), default))?.RunId;

    private static async Task<List<Guid>> ClaimedTeamsAsync(TestEngine engine, int count)
    {
        var teams = new List<Guid>();
        for (var i = 0; i < count; i++)
        {
            var before = await engine.Database.ReadAsync(db => db.Runs.Where(r => r.Status == RunStatus.Succeeded).Select(r => r.Id).ToListAsync());
            (await engine.WorkAsync()).ShouldBeTrue();
            teams.Add(await engine.Database.ReadAsync(db => db.Runs.Where(r => r.Status == RunStatus.Succeeded && !before.Contains(r.Id)).Select(r => r.TeamId).SingleAsync()));
        }

        return teams;
    }

    private static async Task<OtherTeam> OtherTeamAsync(TestEngine engine)
    {
        var team = await engine.Get<TeamStore>().CreateAsync(Actor.System(), "other", "Other");
        var actor = engine.Analyst with { TeamId = team.Id };
        var target = await engine.Get<TargetStore>().AddAsync(actor, new Target { Name = "shop", Kind = TargetKind.Url, Value = "http://127.0.0.1:8099/", AuthorisedFrom = DateTimeOffset.UnixEpoch, AuthorisationReference = "TEST-2" });
        var workflow = await engine.Get<WorkflowService>().SaveAsync(actor, $"version: \"1.0\"\nname: Other\nnodes:\n{Scan}\n", default);
        return new OtherTeam(engine, actor, target.Id, workflow.WorkflowId);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var i = 0; !await condition(); i++)
        {
            i.ShouldBeLessThan(1200, "waited for a minute");
            await Task.Delay(50);
        }
    }

    private sealed record OtherTeam(TestEngine Engine, Actor Actor, Guid Target, Guid Workflow)
    {
        public Task<Run> StartAsync() => Engine.Runs.StartAsync(Actor, new StartRun(Workflow, [Target], RunTrigger.Manual), default);
    }
}
