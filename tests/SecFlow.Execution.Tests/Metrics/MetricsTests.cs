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
    public async Task Run_AsScripted_GivesExactlyTheseMeasurementsAndSpans()
    {
        await using var engine = await CreateAsync();
        engine.Get<Data.Database>().AuditCommitted = events => events.ToList().ForEach(e => engine.Get<SecFlowMeter>().AuditEvent(e.Action));
        var team = engine.Analyst.TeamId;
        var measured = new ConcurrentBag<string>();
        var spans = new ConcurrentBag<Activity>();
        using var metrics = new MeterListener { InstrumentPublished = (i, l) => { if (i.Meter.Name == SecFlowMeter.Name) { l.EnableMeasurementEvents(i); } } };
        void Note(Instrument instrument, string value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            // Other tests of this process measure for their own teams.
            // (and where a node takes 10 s, an alert is raised)
            if (SecFlowMeter.CurrentTeam == team && !(tags.Length == 1 && tags[0].Value is "raise.alert"))
            {
                measured.Add($"{instrument.Name}{value} {string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}".TrimEnd());
            }
        }

        metrics.SetMeasurementEventCallback<long>((i, v, t, _) => Note(i, " +" + v, t));
        metrics.SetMeasurementEventCallback<double>((i, v, t, _) => Note(i, "", t));
        metrics.Start();
        using var traces = new ActivityListener
        {
            ShouldListenTo = s => s.Name == SecFlowMeter.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(traces);
        engine.Scripts["scan"] = Finds([], Finding("r1", severity: "critical"), Finding("r2"));
        engine.Scripts["again"] = (_, _, _) => Task.FromResult(Done(new Execution.Diagnostics.Diagnostic(Execution.Diagnostics.Codes.LimitMemory, "too much"), "memory"));

        var detail = await engine.RunAsync("  - { id: scan, type: scan.test }\n  - { id: again, type: scan.test, on_failure: continue }");

        detail.Run.Status.ShouldBe(RunStatus.Partial);
        var workflow = detail.Run.WorkflowName;
        measured.Order(StringComparer.Ordinal).ShouldBe(
            new[]
            {
                $"secflow.queue.wait workflow={workflow}",
                "secflow.policy.decisions +1 result=allowed point=NodeStart",
                "secflow.sandbox.executions +1 tool=plugin-host reason=L2",
                "secflow.policy.decisions +1 result=allowed point=Ingestion",
                "secflow.findings +1 severity=critical outcome=new",
                "secflow.findings +1 severity=high outcome=new",
                "secflow.audit.events +1 action=finish.node",
                "secflow.nodes +1 plugin=scan.test status=Succeeded",
                "secflow.node.duration plugin=scan.test",
                "secflow.node.overhead plugin=scan.test",
                "secflow.policy.decisions +1 result=allowed point=NodeStart",
                "secflow.sandbox.executions +1 tool=plugin-host reason=L2",
                "secflow.sandbox.limits +1 tool=plugin-host reason=memory",
                "secflow.audit.events +1 action=finish.node",
                "secflow.nodes +1 plugin=scan.test status=Failed",
                "secflow.node.duration plugin=scan.test",
                "secflow.node.overhead plugin=scan.test",
                "secflow.audit.events +1 action=finish.run",
                $"secflow.runs +1 workflow={workflow} status=Partial",
                $"secflow.run.duration workflow={workflow}",
            }.Order(StringComparer.Ordinal));

        var mine = spans.Where(s => s.TraceId.ToHexString() == detail.Run.TraceId).ToList();
        mine.Select(s => s.OperationName).ShouldBe(["run", "node", "plugin.host", "ingest", "node", "plugin.host", "ingest"], ignoreOrder: true);
        var run = mine.Single(s => s.OperationName == "run");
        var nodes = mine.Where(s => s.OperationName == "node").ToDictionary(s => s.SpanId);
        nodes.Values.ShouldAllBe(n => n.ParentSpanId == run.SpanId);
        mine.Where(s => s.OperationName is "plugin.host" or "ingest").ShouldAllBe(s => nodes.ContainsKey(s.ParentSpanId));
        (await engine.FindingsAsync()).Rows.ShouldAllBe(f => f.TraceId == detail.Run.TraceId);
        await engine.Database.ReadAsync(async db =>
        {
            db.AuditEvents.Where(e => e.Action == "start.run" || e.Action == "finish.node" || e.Action == "finish.run").Select(e => e.TraceId).ToList().ShouldAllBe(t => t == detail.Run.TraceId);
            return await Task.FromResult(0);
        });
    }
}
