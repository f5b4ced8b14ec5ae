using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Portal.Metrics;

namespace SecFlow.Portal.Tests.Metrics;

[Collection(PortalTests.Name)]
public sealed class MetricsTests(PortalFixture portal)
{
    [Fact]
    public async Task Metrics_FromThisMachine_CountRefusedSignIns()
    {
        using var browser = portal.App.Browser();
        await browser.SignInAsync("nobody", "x");
        using var client = portal.App.Client();

        var text = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative));

        text.ShouldContain("# TYPE secflow_auth_failures_total counter");
        text.ShouldContain("secflow_auth_failures_total{action=\"sign-in\"} ");
    }

    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("Forwarded")]
    public async Task Metrics_FromElsewhere_NeedATokenOfTheInstallation(string proxied)
    {
        var tokens = portal.App.Services.GetRequiredService<TokenStore>();
        var admin = Actor.System(portal.Main.Id, "test") with { OfInstallation = true, Role = TeamRole.Admin };
        var wide = await tokens.CreateAsync(admin, new NewToken("scraper", ["installation:read"], TeamRole.Viewer, portal.App.Time.GetUtcNow().AddDays(1)));
        foreach (var (token, expected) in new[] { (null, 401), (await portal.App.AddTokenAsync(portal.Main, TeamRole.Admin, "runs:read", "audit:read"), 403), (wide.Text, 200) })
        {
            using var client = token is null ? portal.App.Client() : portal.App.ApiClient(token);
            client.DefaultRequestHeaders.Add(proxied, "203.0.113.9");
            using var answer = await client.GetAsync(new Uri("/metrics", UriKind.Relative));
            var text = await answer.Content.ReadAsStringAsync();
            ((int)answer.StatusCode).ShouldBe(expected, text);
            text.Contains("secflow_audit_events_total").ShouldBe(expected == 200);
        }
    }

    [Fact]
    public void PrometheusText_EveryKind_IsWrittenInTheFormat()
    {
        using var meter = new Meter("probe-" + Guid.NewGuid());
        using var exporter = new PrometheusText();
        using var reader = new BaseExportingMetricReader(exporter);
        using var provider = Sdk.CreateMeterProviderBuilder().AddMeter(meter.Name).AddReader(reader).Build();
        meter.CreateCounter<long>("probe.count", description: "Counts.").Add(3, new KeyValuePair<string, object?>("kind", "a\"b\\c\nd"));
        meter.CreateHistogram<double>("probe.wait", "s").Record(0.3);
        meter.CreateObservableGauge("probe.depth", () => 7L);

        reader.Collect();

        exporter.Text.ShouldContain("# HELP probe_count_total Counts.\n# TYPE probe_count_total counter\nprobe_count_total{kind=\"a\\\"b\\\\c\\nd\"} 3\n");
        exporter.Text.ShouldContain("# TYPE probe_wait_seconds histogram\n");
        exporter.Text.ShouldContain("probe_wait_seconds_bucket{le=\"+Inf\"} 1\n");
        exporter.Text.ShouldContain("probe_wait_seconds_sum 0.3\n");
        exporter.Text.ShouldContain("probe_wait_seconds_count 1\n");
        exporter.Text.ShouldContain("# TYPE probe_depth gauge\nprobe_depth 7\n");
    }

    [Fact]
    public async Task Health_OfARunningPortal_IsGood()
    {
        using var client = portal.App.Client();

        (await client.GetStringAsync(new Uri("/healthz", UriKind.Relative))).ShouldBe("ok");
        (await client.GetStringAsync(new Uri("/readyz", UriKind.Relative))).ShouldContain("\"name\":\"database\",\"ready\":true");
    }
}
