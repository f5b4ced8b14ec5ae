using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using SecFlow.Execution.Metrics;

namespace SecFlow.Execution.Tests.Tools;

[Trait("Category", "Confinement")]
public sealed class ToolSpanTests
{
    [Fact]
    public async Task Tool_InANode_IsASpanUnderItsHost_AndItsFailureIsCounted()
    {
        var team = Guid.NewGuid();
        var spans = new ConcurrentBag<Activity>();
        var counted = new ConcurrentBag<string>();
        using var traces = new ActivityListener
        {
            ShouldListenTo = s => s.Name == SecFlowMeter.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(traces);
        using var metrics = new MeterListener { InstrumentPublished = (i, l) => { if (i.Meter.Name == SecFlowMeter.Name) { l.EnableMeasurementEvents(i); } } };
        metrics.SetMeasurementEventCallback<long>((i, v, t, _) =>
        {
            if (SecFlowMeter.CurrentTeam == team)
            {
                counted.Add($"{i.Name} {v} {string.Join(' ', t.ToArray().Select(x => $"{x.Key}={x.Value}"))}");
            }
        });
        metrics.Start();
        var level = (await ToolRuns.SandboxAsync()).Report.Level;

        await RunAsync(team, spans);

        counted.ShouldBe([$"secflow.sandbox.executions 1 tool=sh reason={level}", "secflow.tool.failures 1 tool=sh reason=exit"], ignoreOrder: true);
    }

    private static async Task RunAsync(Guid team, ConcurrentBag<Activity> spans)
    {
        SecFlowMeter.MeasureFor(team);
        using (var host = SecFlowMeter.Spans.StartActivity("plugin.host"))
        {
            (await ToolRuns.RunAsync("exit 3")).ExitCode.ShouldBe(3);
            var tool = spans.Single(s => s.OperationName == "tool" && s.TraceId == host!.TraceId);
            (tool.ParentSpanId, tool.GetTagItem("secflow.tool")).ShouldBe((host!.SpanId, "sh"));
        }
    }
}
