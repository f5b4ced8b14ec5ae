using System.Diagnostics;
using SecFlow.Execution.Metrics;

namespace SecFlow.Portal.Tests.Metrics;

[Collection(PortalTests.Name)]
public sealed class PrometheusTests(PortalFixture portal)
{
    [PromtoolFact]
    public async Task Endpoint_WithEveryInstrumentFed_IsAcceptedByPrometheusItself()
    {
        var meter = new SecFlowMeter();
        meter.RunStarted(TimeSpan.FromSeconds(2), "Nightly \"odd\" \\ name\nwith a break");
        meter.RunEnded("Nightly", "Succeeded", TimeSpan.FromSeconds(3));
        meter.NodeEnded("scan.x", "Succeeded", TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        meter.Findings("high", "new", 3);
        SecFlowMeter.ToolFailure("nmap", "exit");
        SecFlowMeter.SandboxExecution("plugin-host", "L3");
        SecFlowMeter.SandboxLimit("plugin-host", "memory");
        SecFlowMeter.PluginVerification("Verified", "node");
        SecFlowMeter.PolicyDecision("allowed", "NodeStart");
        meter.AuditEvent("start.run");
        meter.AuthFailure("sign-in");
        meter.SecretRead("team");
        meter.Reclaimed("metric-rollups", 2);
        meter.ScheduleLateness(TimeSpan.FromMilliseconds(20), "w");
        meter.QueueDepth(new Dictionary<int, int> { [5] = 1 });
        using var client = portal.App.Client();
        var text = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        meter.Dispose();

        var (code, words) = await CheckAsync(text);

        code.ShouldBe(0, words);
        words.ShouldBeEmpty();
        foreach (var name in new[]
        {
            "runs_total", "nodes_total", "runs_active", "queue_depth", "run_duration_seconds_bucket", "node_duration_seconds_bucket", "node_overhead_seconds_bucket", "queue_wait_seconds_bucket", "schedule_lateness_seconds_bucket", "findings_total",
            "tool_failures_total", "sandbox_executions_total", "sandbox_limits_total", "plugin_verifications_total", "policy_decisions_total", "audit_events_total", "auth_failures_total", "secrets_reads_total", "retention_reclaimed_total",
        })
        {
            text.ShouldContain("\nsecflow_" + name);
        }

        text.ShouldContain("le=\"0.005\"");
        (await CheckAsync("secflow_broken{le=} x\n")).Code.ShouldNotBe(0);
    }

    private static async Task<(int Code, string Words)> CheckAsync(string text)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        await promtool.StandardInput.WriteAsync(text);
        promtool.StandardInput.Close();
        var words = await promtool.StandardError.ReadToEndAsync() + await promtool.StandardOutput.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        return (promtool.ExitCode, words);
    }
}

/// <summary>A fact that needs Prometheus' promtool (Debian: prometheus); skipped with that reason where it is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PromtoolFactAttribute : FactAttribute
{
    public PromtoolFactAttribute()
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "promtool"))))
        {
            Skip = "promtool is not installed (Debian: prometheus).";
        }
    }
}
