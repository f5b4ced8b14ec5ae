using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using SecFlow.Data.Runs;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Tests.Runs;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Metrics;

public sealed class MetricsTests
{
    [Fact]
    public async Task Run_feeds_its_instruments_and_its_spans_join_its_trace()
    {
        var measured = new ConcurrentBag<(string Name, double Value, string Tags)>();
        var spans = new ConcurrentBag<Activity>();
        using var metrics = new MeterListener { InstrumentPublished = (i, l) => { if (i.Meter.Name == SecFlowMeter.Name) { l.EnableMeasurementEvents(i); } } };
        void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            measured.Add((instrument.Name, value, string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))));
        metrics.SetMeasurementEventCallback<long>((i, v, t, _) => Note(i, v, t));
        metrics.SetMeasurementEventCallback<double>((i, v, t, _) => Note(i, v, t));
        metrics.Start();
        using var traces = new ActivityListener
        {
            ShouldListenTo = s => s.Name == SecFlowMeter.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(traces);

        await using var engine = await CreateAsync();
        engine.Scripts["scan"] = Finds([], Finding("r1", severity: "critical"));
        var detail = await engine.RunAsync("  - { id: scan, type: scan.test }");
        detail.Run.Status.ShouldBe(RunStatus.Succeeded);

        var workflow = detail.Run.WorkflowName;
        measured.ShouldContain(("secflow.runs", 1, $"workflow={workflow} status=Succeeded"));
        measured.ShouldContain(m => m.Name == "secflow.run.duration" && m.Tags == $"workflow={workflow}");
        measured.ShouldContain(m => m.Name == "secflow.queue.wait" && m.Tags == $"workflow={workflow}");
        measured.ShouldContain(m => m.Name == "secflow.nodes" && m.Tags == "plugin=scan.test status=Succeeded");
        measured.ShouldContain(m => m.Name == "secflow.node.overhead");
        measured.ShouldContain(m => m.Name == "secflow.findings" && m.Tags == "severity=critical outcome=new");
        measured.ShouldContain(m => m.Name == "secflow.sandbox.executions");

        var mine = spans.Where(s => s.TraceId.ToHexString() == detail.Run.TraceId).ToDictionary(s => s.OperationName);
        mine.Keys.ShouldBe(["run", "node", "plugin.host"], ignoreOrder: true);
        mine["node"].ParentSpanId.ShouldBe(mine["run"].SpanId);
        mine["plugin.host"].ParentSpanId.ShouldBe(mine["node"].SpanId);
        (await engine.FindingsAsync()).Rows.Single().TraceId.ShouldBe(detail.Run.TraceId);
        await engine.Database.ReadAsync(async db =>
        {
            db.AuditEvents.Where(e => e.Action == "start.run" || e.Action == "finish.node" || e.Action == "finish.run").Select(e => e.TraceId).ToList().ShouldAllBe(t => t == detail.Run.TraceId);
            return await Task.FromResult(0);
        });
    }
}
