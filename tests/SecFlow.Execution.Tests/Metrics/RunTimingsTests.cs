using SecFlow.Data;
using SecFlow.Data.Alerts;
using SecFlow.Data.Metrics;
using SecFlow.Data.Runs;
using SecFlow.Execution.Alerts;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Tests.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Metrics;

public sealed class RunTimingsTests
{
    private const string Nodes = "  - { id: scan, type: scan.test }";

    [DatabaseData]
    public async Task Node_ThatTakesMuchLongerThanItsMedian_IsMarkedOnTheRunAndRings(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        engine.Scripts["scan"] = Finds([], Finding("r1"));
        var workflow = await engine.SaveAsync(Nodes);
        var first = await RunAsync(engine, workflow);
        var early = await engine.Get<TimingStore>().OfRunAsync(first, default);
        early.Select(t => (t.NodeId, t.PluginId, t.Targets, t.MedianSeconds, t.Slow)).ShouldBe([("", "", 1, null, false), ("scan", "scan.test", 1, null, false)], ignoreOrder: true);
        await PastAsync(engine, workflow, 0.1, 12);

        engine.Scripts["scan"] = async (work, output, ct) =>
        {
            await Task.Delay(1500, ct);
            return await Finds([], Finding("r1"))(work, output, ct);
        };
        var slow = await RunAsync(engine, workflow);

        var node = (await engine.Get<TimingStore>().OfRunAsync(slow, default)).Single(t => t.NodeId == "scan");
        (node.Slow, node.MedianSeconds, node.DeviationSeconds, node.Samples).ShouldBe((true, 0.1, 0, 13));
        node.Seconds.ShouldBeGreaterThan(1.4);
        var alert = (await engine.Get<AlertService>().ListAsync(engine.Analyst, true, 0, 10, default)).Single(a => a.Kind == AlertKind.SlowNode);
        alert.Words.ShouldContain("x its median of 0.1 s over 13 comparable runs");
        alert.Link.ShouldBe($"runs/{slow}");
        (await engine.Get<TimingStore>().OfRunsAsync([first, slow], default)).Keys.ShouldBe([first, slow], ignoreOrder: true);
    }

    [Fact]
    public async Task Run_WithOtherTargetsOrPaused_IsNotComparedWithTheRest()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["scan"] = Finds([]);
        var workflow = await engine.SaveAsync(Nodes);
        await PastAsync(engine, workflow, 0.001, 12);
        var second = await engine.AddTargetAsync("other", "http://127.0.0.1:8082/");

        var two = await engine.StartAsync(workflow, engine.TargetId, second);
        await engine.WorkAsync();
        (await engine.Get<TimingStore>().OfRunAsync(two.Id, default)).ShouldAllBe(t => t.Samples == 0 && t.MedianSeconds == null);

        var paused = await engine.StartAsync(workflow);
        await engine.Database.WriteAsync(write =>
        {
            write.Db.Runs.Single(r => r.Id == paused.Id).PausedSeconds = 3;
            return Task.CompletedTask;
        });
        await engine.WorkAsync();
        (await engine.Get<TimingStore>().OfRunAsync(paused.Id, default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Run_WhoseComparisonWasLost_IsComparedLater()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["scan"] = Finds([]);
        var run = await RunAsync(engine, await engine.SaveAsync(Nodes));
        await engine.Database.WriteAsync(write =>
        {
            write.Db.Timings.RemoveRange(write.Db.Timings.Where(t => t.RunId == run));
            return Task.CompletedTask;
        });

        await engine.Get<RunTimings>().CatchUpAsync(engine.Database.Time.GetUtcNow().AddHours(-1), default);
        await engine.Get<RunTimings>().RecordAsync(run, default);

        (await engine.Get<TimingStore>().OfRunAsync(run, default)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Plugin_ThatFindsNothingForTheFirstTimeInThirtyRuns_Rings()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["scan"] = Finds([]);
        var workflow = await engine.SaveAsync(Nodes);
        await PastAsync(engine, workflow, 0.5, 28);
        await RunAsync(engine, workflow);
        (await engine.Get<AlertService>().ListAsync(engine.Analyst, true, 0, 10, default)).ShouldNotContain(a => a.Kind == AlertKind.PluginSilent);

        var other = await engine.SaveAsync(Nodes);
        await PastAsync(engine, other, 0.5, 29);
        await RunAsync(engine, other);
        (await engine.Get<AlertService>().ListAsync(engine.Analyst, true, 0, 10, default)).ShouldContain(a => a.Kind == AlertKind.PluginSilent && a.Words.Contains("for the first time in 30 runs"));
    }

    private static async Task<Guid> RunAsync(TestEngine engine, Guid workflow)
    {
        var run = await engine.StartAsync(workflow);
        (await engine.WorkAsync()).ShouldBeTrue();
        return run.Id;
    }

    /// <summary>Runs of the past: their rows and times, each with a finding.</summary>
    private static async Task PastAsync(TestEngine engine, Guid workflow, double seconds, int count) => await engine.Database.WriteAsync(write =>
    {
        for (var i = 1; i <= count; i++)
        {
            var at = write.Now.AddHours(-i);
            var run = new Run { Id = Guid.CreateVersion7(at), TeamId = engine.Analyst.TeamId, WorkflowId = workflow, WorkflowName = "Past", Status = RunStatus.Succeeded, QueuedAt = at, StartedAt = at, EndedAt = at, LeaseEpoch = 1 };
            write.Db.Runs.Add(run);
            write.Db.NodeRuns.Add(new NodeRun { Id = Guid.CreateVersion7(at), TeamId = run.TeamId, RunId = run.Id, NodeId = "scan", PluginId = "scan.test", PluginVersion = "1.0.0", PluginDigest = "sha256:x", Status = NodeStatus.Succeeded, StartedAt = at, EndedAt = at, Findings = 1 });
            write.Db.Timings.Add(new Timing { Id = Guid.CreateVersion7(at), TeamId = run.TeamId, RunId = run.Id, WorkflowId = workflow, NodeId = "scan", PluginId = "scan.test", Targets = 1, Seconds = seconds, EndedAt = at });
            write.Db.Timings.Add(new Timing { Id = Guid.CreateVersion7(at), TeamId = run.TeamId, RunId = run.Id, WorkflowId = workflow, Targets = 1, Seconds = seconds, EndedAt = at });
        }

        return Task.CompletedTask;
    });
}
