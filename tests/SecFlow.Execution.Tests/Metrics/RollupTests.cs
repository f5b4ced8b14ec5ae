using Microsoft.Extensions.Logging.Abstractions;
using SecFlow.Data;
using SecFlow.Data.Metrics;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Tests.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Metrics;

public sealed class RollupTests
{
    [DatabaseData]
    public async Task Run_IsRolledUpPerMinuteAndHourForItsTeam_AndShownAsPerformance(DatabaseKind kind)
    {
        var time = new TestTime(new DateTimeOffset(2026, 3, 4, 10, 0, 30, TimeSpan.Zero));
        await using var engine = await CreateAsync(kind, time);
        using var rollups = await StartAsync(engine);
        engine.Scripts["scan"] = Finds([], Finding("r1"), Finding("r2", "x"));
        var workflow = await engine.SaveAsync("  - { id: scan, type: scan.test }");
        var team = engine.Analyst.TeamId;

        for (var i = 0; i < 3; i++)
        {
            await engine.StartAsync(workflow);
            time.Advance(TimeSpan.FromSeconds(20));
            (await engine.WorkAsync()).ShouldBeTrue();
            await rollups.FlushAsync(default);
        }

        await rollups.FlushAsync(default);
        var store = engine.Get<MetricStore>();
        var minutes = await store.ReadAsync(team, ["secflow.nodes"], MetricStore.Minute, time.GetUtcNow().AddHours(-1), default);
        minutes.Select(m => (m.At.Minute, m.Labels, m.Sum)).ShouldBe([(0, "plugin=scan.test,status=Succeeded", 1.0), (1, "plugin=scan.test,status=Succeeded", 2.0)]);
        var hour = (await store.ReadAsync(team, ["secflow.nodes"], MetricStore.Hour, time.GetUtcNow().AddHours(-2), default)).ShouldHaveSingleItem();
        (hour.At, hour.Sum).ShouldBe((new DateTimeOffset(2026, 3, 4, 10, 0, 0, TimeSpan.Zero), 3.0));
        var waits = await store.ReadAsync(team, ["secflow.queue.wait"], MetricStore.Hour, time.GetUtcNow().AddHours(-2), default);
        waits.Sum(w => w.Count).ShouldBe(3);
        Histogram.Read(waits[0].Buckets)[Histogram.BucketOf(20)].ShouldBe(3);
        (await store.ReadAsync(Guid.NewGuid(), ["secflow.nodes"], MetricStore.Hour, time.GetUtcNow().AddHours(-2), default)).ShouldBeEmpty();

        var view = await new PerformanceService(engine.Get<PerformanceStore>(), store, engine.Get<TimingStore>(), engine.Get<Execution.Teams.Access>(), time).ReadAsync(engine.Analyst, PerformanceSpan.Hour, default);
        (view.Runs.Count, view.Nodes.Count, view.QueueWait.P50, view.QueueWait.P95).ShouldBe((3, 3, 20, 20));
        view.Points.Sum(p => p.Runs).ShouldBe(3);
        view.Points.Sum(p => p.FindingsPerMinute).ShouldBe(6);
        view.SlowestNodes.ShouldHaveSingleItem().NodeId.ShouldBe("scan");
        (view.Waiting, view.Running, view.Cut).ShouldBe((0, 0, false));

        time.Advance(MetricStore.MinutesKept + TimeSpan.FromHours(1));
        (await store.RemoveOldAsync(default)).ShouldBeGreaterThan(0);
        (await store.ReadAsync(team, ["secflow.nodes"], MetricStore.Minute, DateTimeOffset.MinValue.AddDays(1), default)).ShouldBeEmpty();
        (await store.ReadAsync(team, ["secflow.nodes"], MetricStore.Hour, DateTimeOffset.MinValue.AddDays(1), default)).ShouldHaveSingleItem();
        await rollups.StopAsync(default);
    }

    [Fact]
    public async Task Minute_ThatCannotBeStored_WaitsForTheNextOne()
    {
        var time = new TestTime();
        await using var engine = await CreateAsync(DatabaseKind.Sqlite, time);
        using var rollups = await StartAsync(engine);
        await MeasureAsync(engine.Analyst.TeamId);
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => rollups.FlushAsync(stopped.Token));
        await MeasureAsync(engine.Analyst.TeamId);

        await rollups.FlushAsync(default);

        (await engine.Get<MetricStore>().ReadAsync(engine.Analyst.TeamId, ["secflow.tool.failures"], MetricStore.Minute, time.GetUtcNow().AddHours(-1), default)).ShouldHaveSingleItem().Sum.ShouldBe(2);
        await rollups.StopAsync(default);
    }

    private static async Task MeasureAsync(Guid team)
    {
        SecFlowMeter.MeasureFor(team);
        SecFlowMeter.ToolFailure("nmap", "exit");
        await Task.CompletedTask;
    }

    private static async Task<MetricRollups> StartAsync(TestEngine engine)
    {
        var rollups = new MetricRollups(engine.Get<MetricStore>(), engine.Get<SecFlowMeter>(), new EngineOptions { InstanceId = "one" }, engine.Database.Time, NullLogger<MetricRollups>.Instance);
        await rollups.StartAsync(default);
        return rollups;
    }
}
