using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Runs;

/// <summary>An engine dies between two steps, or loses its lease; another one goes on. Nothing is lost, nothing counts twice.</summary>
public sealed class RecoveryTests
{
    private const string TwoScans = "  - { id: first, type: scan.test }\n  - { id: second, type: scan.test }";

    private sealed class EngineDied() : Exception("killed here");

    [DatabaseData]
    public async Task Crash_before_the_checkpoint_runs_the_node_again_and_its_findings_count_once(DatabaseKind kind)
    {
        await using var dying = await CreateAsync(kind);
        dying.Scripts["first"] = Finds(["r1"], Finding("r1"));
        dying.Scripts["second"] = Finds(["r2"], Finding("r2"));
        var run = await dying.StartAsync(TwoScans);
        var lease = (await dying.Store.ClaimAsync(new RunClaim("engine-1", TimeSpan.FromSeconds(30), 4), default))!;

        // What a killed engine leaves: a node Running with staged records, a lease, no end.
        var first = (await dying.Store.NodesAsync(run.Id, default))[0];
        var writer = dying.Get<RunWriter>();
        await writer.ChangeNodeAsync(lease, first.Id, (n, now) => (n.Status, n.Attempt, n.StartedAt) = (NodeStatus.Running, 1, now), [], null, default);
        await writer.StageAsync(lease, [new StagedRecord { TeamId = run.TeamId, RunId = run.Id, NodeRunId = first.Id, Attempt = 1, Port = "findings", Fingerprint = new string('f', 64), Severity = "high", Data = "{}" }], [], null, default);

        await using var next = dying.Twin();
        (await next.WorkAsync()).ShouldBeFalse("the lease still holds");
        await next.Store.ExpireLeasesAsync(default);
        (await next.WorkAsync()).ShouldBeTrue();

        var detail = await next.DetailAsync(run.Id);
        detail.Run.Status.ShouldBe(RunStatus.Succeeded);
        detail.Run.LeaseEpoch.ShouldBe(2);
        detail.Nodes.Select(n => (n.Status, n.Attempt, n.Findings)).ShouldBe([(NodeStatus.Succeeded, 2, 1), (NodeStatus.Succeeded, 1, 1)]);
        (await next.FindingsAsync()).Total.ShouldBe(2);
        (await next.Get<AuditLog>().VerifyAsync()).Intact.ShouldBeTrue();
        (await next.Runs.EventsAsync(next.Analyst, run.Id, 0, 1000, default)).Select(e => e.Seq).ShouldBeInOrder();
    }

    [DatabaseData]
    public async Task Run_continues_at_the_first_node_without_a_checkpoint(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var executed = new List<string>();
        var blocked = new TaskCompletionSource();
        engine.Scripts["first"] = (work, output, ct) =>
        {
            executed.Add("first");
            return Finds(["r1"], Finding("r1"))(work, output, ct);
        };
        engine.Scripts["second"] = async (_, output, ct) =>
        {
            await output.EmitAsync("findings", [Finding("lost")], ct);
            blocked.SetResult();
            await Task.Delay(Timeout.Infinite, ct);
            return Done();
        };
        var run = await engine.StartAsync(TwoScans);
        var work = engine.WorkAsync();
        await blocked.Task;

        // The engine stops: the run goes back to the queue, its second node is Pending again.
        await engine.Get<ActiveRuns>().StopAllAsync();
        await work;
        var between = await engine.DetailAsync(run.Id);
        between.Run.Status.ShouldBe(RunStatus.Queued);
        between.Nodes.Select(n => n.Status).ShouldBe([NodeStatus.Succeeded, NodeStatus.Pending]);
        (await engine.WorkAsync()).ShouldBeFalse("an engine that stops claims nothing");

        await using var next = engine.Twin();
        next.Scripts["second"] = (w, output, ct) =>
        {
            executed.Add("second");
            return Finds(["r2"], Finding("r2"))(w, output, ct);
        };
        (await next.WorkAsync()).ShouldBeTrue();
        (await next.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Succeeded);
        executed.ShouldBe(["first", "second"]);
        (await next.FindingsAsync()).Rows.Select(f => f.RuleId).ShouldBe(["r1", "r2"]);
    }

    [Theory]
    [InlineData("flushed")]
    [InlineData("committed")]
    public async Task Fault_around_the_checkpoint_leaves_no_ghost_and_no_double(string step)
    {
        await using var engine = await CreateAsync();
        engine.Scripts["first"] = Finds(["r1"], Finding("r1"));
        engine.Scripts["second"] = Finds(["r2"]);
        engine.Get<Checkpoint>().Step = at => _ = at == step ? throw new EngineDied() : 0;
        var run = await engine.StartAsync(TwoScans);
        await engine.WorkAsync();
        var detail = await engine.DetailAsync(run.Id);
        detail.Run.Status.ShouldBe(RunStatus.Interrupted);
        detail.Nodes[0].Status.ShouldBe(step == "committed" ? NodeStatus.Succeeded : NodeStatus.Interrupted);
        (await engine.FindingsAsync()).Total.ShouldBe(step == "committed" ? 1 : 0);
    }

    [Fact]
    public async Task Resume_on_failure_false_interrupts_instead()
    {
        await using var engine = await CreateAsync();
        var running = new TaskCompletionSource();
        engine.Scripts["first"] = async (_, _, ct) =>
        {
            running.SetResult();
            await Task.Delay(Timeout.Infinite, ct);
            return Done();
        };
        var run = await engine.StartAsync(TwoScans, "state: { resume_on_failure: false }");
        var work = engine.WorkAsync();
        await running.Task;
        await engine.Get<ActiveRuns>().StopAllAsync();
        await work;
        var detail = await engine.DetailAsync(run.Id);
        (detail.Run.Status, detail.Run.ErrorCode).ShouldBe((RunStatus.Interrupted, Codes.EngineStopped));
        detail.Nodes.ShouldAllBe(n => n.Status == NodeStatus.Interrupted);
    }

    [DatabaseData]
    public async Task Write_under_an_old_epoch_changes_nothing(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var run = await engine.StartAsync(TwoScans);
        var node = (await engine.Store.NodesAsync(run.Id, default))[0];
        var old = (await engine.Store.ClaimAsync(new RunClaim("engine-1", TimeSpan.FromSeconds(30), 4), default))!;
        await engine.Store.ExpireLeasesAsync(default);
        var lease = (await engine.Store.ClaimAsync(new RunClaim("engine-2", TimeSpan.FromSeconds(30), 4), default))!;
        lease.Epoch.ShouldBe(old.Epoch + 1);

        var writer = engine.Get<RunWriter>();
        var checkpoints = engine.Get<CheckpointStore>();
        var audit = new AuditEntry(engine.Analyst, "finish.run", "run", run.Id.ToString(), "x");
        await Should.ThrowAsync<LeaseLostException>(() => writer.StageAsync(old, [], [new("log", null, "{}")], null, default));
        await Should.ThrowAsync<LeaseLostException>(() => writer.ChangeNodeAsync(old, node.Id, (n, _) => n.Status = NodeStatus.Failed, [], null, default));
        await Should.ThrowAsync<LeaseLostException>(() => writer.FinishAsync(old, RunStatus.Failed, NodeStatus.Failed, null, null, [audit], [], default));
        await Should.ThrowAsync<LeaseLostException>(() => writer.ReleaseAsync(old, [], default));
        await Should.ThrowAsync<LeaseLostException>(() => checkpoints.CommitAsync(old, new NodeCheckpoint(node.Id, 0, StagedFindings.Create, (n, _) => n.Status = NodeStatus.Failed) { Audit = _ => audit }, default));
        (await writer.RenewAsync(old, TimeSpan.FromSeconds(30), default)).Held.ShouldBeFalse();
        (await writer.LookAsync(old, default)).Held.ShouldBeFalse();
        (await writer.RenewAsync(lease, TimeSpan.FromSeconds(30), default)).Held.ShouldBeTrue();
        var after = await engine.DetailAsync(run.Id);
        after.Run.Status.ShouldBe(RunStatus.Running);
        after.Nodes.ShouldAllBe(n => n.Status == NodeStatus.Pending);
    }

    [DatabaseData]
    public async Task Second_checkpoint_of_a_node_counts_nothing_again(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var run = await engine.StartAsync(TwoScans);
        var node = (await engine.Store.NodesAsync(run.Id, default))[0];
        var lease = (await engine.Store.ClaimAsync(new RunClaim("engine-1", TimeSpan.FromSeconds(30), 4), default))!;
        var checkpoint = new NodeCheckpoint(node.Id, 0, StagedFindings.Create, (n, _) => n.Status = NodeStatus.Succeeded) { Audit = _ => new AuditEntry(engine.Analyst, "finish.node", "node", "x", "x") };
        (await engine.Get<CheckpointStore>().CommitAsync(lease, checkpoint, default)).ShouldNotBeNull();
        (await engine.Get<CheckpointStore>().CommitAsync(lease, checkpoint, default)).ShouldBeNull();
    }

    [DatabaseData]
    public async Task Of_many_engines_one_claims_a_run(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        await engine.StartAsync(TwoScans);
        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => engine.Store.ClaimAsync(new RunClaim($"e{i}", TimeSpan.FromSeconds(30), 4), default))));
        claims.Count(c => c is not null).ShouldBe(1);
    }

    [Fact]
    public async Task Claim_prefers_priority_then_age_and_obeys_the_limit_of_a_team()
    {
        await using var engine = await CreateAsync();
        var workflow = await engine.SaveAsync(TwoScans);
        var old = await engine.StartAsync(workflow);
        var late = await engine.StartAsync(workflow);
        var urgent = await engine.Runs.StartAsync(engine.Analyst, new StartRun(workflow, [engine.TargetId], RunTrigger.Api) { Priority = 9 }, default);
        async Task<Guid?> Claim(int perTeam) => (await engine.Store.ClaimAsync(new RunClaim("e", TimeSpan.FromSeconds(30), perTeam), default))?.RunId;
        (await Claim(2)).ShouldBe(urgent.Id);
        (await Claim(2)).ShouldBe(old.Id);
        (await Claim(2)).ShouldBeNull();
        (await Claim(3)).ShouldBe(late.Id);
    }

    [Fact]
    public async Task Same_idempotency_key_gives_the_same_run_also_at_the_same_moment()
    {
        await using var engine = await CreateAsync();
        var workflow = await engine.SaveAsync(TwoScans);
        var request = new StartRun(workflow, [engine.TargetId], RunTrigger.Api) { IdempotencyKey = "key-1" };
        var runs = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => engine.Runs.StartAsync(engine.Analyst, request, default)));
        runs.Select(r => r.Id).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Start_of_a_disabled_plugin_is_refused_and_audited()
    {
        await using var engine = await CreateAsync();
        var workflow = await engine.SaveAsync(TwoScans);
        engine.Plugins.Remove(TestEngine.Scan);
        engine.Plugins.Add(Workflows.TestPlugins.Plugin("scan.test", "1.0.0", [], [.. TestEngine.Scan.Manifest.Inputs], [.. TestEngine.Scan.Manifest.Outputs], state: Data.Plugins.PluginState.Disabled));
        (await Should.ThrowAsync<SecFlowException>(() => engine.StartAsync(workflow))).Code.ShouldBe(Codes.PluginNotEnabled);

        (await engine.Runs.ListAsync(engine.Analyst, 0, 10, default)).ShouldBeEmpty();
        (await engine.Get<AuditLog>().ListAsync(new AuditQuery(engine.Analyst.TeamId) { Action = "start.run" })).Events.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            e => e.Outcome.ShouldBe(AuditOutcome.Denied),
            e => e.ReasonCode.ShouldBe(Codes.PluginNotEnabled));
    }

    [Fact]
    public async Task Start_refuses_what_is_not_the_teams_or_not_authorised()
    {
        await using var engine = await CreateAsync();
        var workflow = await engine.SaveAsync(TwoScans);
        var lapsed = await engine.AddTargetAsync("old", "http://127.0.0.1:9/", DateTimeOffset.UnixEpoch.AddDays(1));
        async Task<SecFlowException> Start(Guid w, params Guid[] targets) =>
            await Should.ThrowAsync<SecFlowException>(() => engine.Runs.StartAsync(engine.Analyst, new StartRun(w, targets, RunTrigger.Manual), default));
        (await Start(workflow)).Code.ShouldBe(Codes.RequestInvalid);
        (await Start(Guid.NewGuid(), engine.TargetId)).Code.ShouldBe(Codes.NotFound);
        (await Start(workflow, Guid.NewGuid(), lapsed)).Code.ShouldBe(Codes.NotFound);
        (await Start(workflow, engine.TargetId, lapsed)).Code.ShouldBe(Codes.AuthorisationLapsed);
        var refusals = (await engine.Get<AuditLog>().ListAsync(new AuditQuery(engine.Analyst.TeamId) { Action = "start.run", Outcome = AuditOutcome.Denied })).Events;
        refusals.ShouldNotBeEmpty();
        refusals.ShouldAllBe(e => e.ReasonCode == Codes.AuthorisationLapsed && e.ActorName == engine.Analyst.Name);
        var viewer = engine.Analyst with { Role = Data.Teams.TeamRole.Viewer };
        (await Should.ThrowAsync<SecFlowException>(() => engine.Runs.StartAsync(viewer, new StartRun(workflow, [engine.TargetId], RunTrigger.Manual), default))).Code.ShouldBe(Codes.RoleMissing);
        var stranger = engine.Analyst with { TeamId = Guid.NewGuid() };
        var run = await engine.StartAsync(workflow);
        (await Should.ThrowAsync<SecFlowException>(() => engine.Runs.GetAsync(stranger, run.Id, default))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => engine.Runs.EventsAsync(stranger, run.Id, 0, 10, default))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => engine.Runs.CancelAsync(stranger, run.Id, default))).Code.ShouldBe(Codes.NotFound);
    }
}
