using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Api;

/// <summary>A run that hides some findings and writes a report: what the API gives, what the page shows, and what nobody else gets.</summary>
public sealed class ArtifactTests
{
    private const string Recipe = """
        version: "1.0"
        name: With a report
        nodes:
          - { id: scan, type: scan.web-baseline, outputs: { findings: found } }
          - { id: filter, type: filter.severity, config: { minSeverity: medium }, inputs: [found], outputs: { findings: shown } }
          - { id: report, type: report.html, inputs: [shown] }
        """;

    [Fact]
    public async Task Report_IsListedAndDownloadedByItsTeamOnly_HiddenFindingsAreSaid()
    {
        await using var site = await SiteAsync();
        await using var app = await SecFlowApplication.StartAsync();
        var team = await app.TeamAsync();
        var run = await RunAsync(app, Actor.System(team.Id), site.Urls.First());
        using var api = app.ApiClient(await app.AddTokenAsync(team, TeamRole.Viewer, "runs:read", "findings:read"));

        using var detail = JsonDocument.Parse(await api.GetStringAsync(new Uri($"/api/v1/runs/{run}", UriKind.Relative)));
        detail.RootElement.GetProperty("run").GetProperty("status").GetString().ShouldBe("Succeeded");
        var hidden = detail.RootElement.GetProperty("hiddenFindings").GetInt32();
        hidden.ShouldBeGreaterThan(2);
        var artifact = detail.RootElement.GetProperty("artifacts").EnumerateArray().ShouldHaveSingleItem();
        artifact.GetProperty("name").GetString().ShouldBe("report.html");
        artifact.GetProperty("digest").GetString().ShouldStartWith("sha256:");

        var path = $"runs/{run}/artifacts/{artifact.GetProperty("id").GetString()}";
        using var download = await api.GetAsync(new Uri("/api/v1/" + path, UriKind.Relative));
        ShouldBeHarmless(download);
        (await download.Content.ReadAsStringAsync()).ShouldContain("Hidden in this run");

        using var list = JsonDocument.Parse(await api.GetStringAsync(new Uri($"/api/v1/findings?runId={run}&hidden=true", UriKind.Relative)));
        list.RootElement.GetProperty("total").GetInt32().ShouldBe(hidden);
        list.RootElement.GetProperty("items")[0].GetProperty("hiddenReason").GetString().ShouldStartWith("Its severity is ");
        using var shown = JsonDocument.Parse(await api.GetStringAsync(new Uri($"/api/v1/findings?runId={run}", UriKind.Relative)));
        shown.RootElement.GetProperty("items").EnumerateArray().Select(f => f.GetProperty("severity").GetString()).Distinct().ShouldBeSubsetOf(["critical", "high", "medium"]);
        (await api.GetAsync(new Uri("/api/v1/findings?hidden=true", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        await OthersGetNothingAsync(app, path);
        await PageShowsThemAsync(app, run, path, hidden);
    }

    private static async Task OthersGetNothingAsync(SecFlowApplication app, string path)
    {
        using var stranger = app.ApiClient(await app.AddTokenAsync(await app.AddTeamAsync("other"), TeamRole.Admin, "runs:read", "findings:read"));
        (await stranger.GetAsync(new Uri("/api/v1/" + path, UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using var narrow = app.ApiClient(await app.AddTokenAsync(await app.TeamAsync(), TeamRole.Viewer, "runs:read"));
        (await narrow.GetAsync(new Uri("/api/v1/" + path, UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.Forbidden, "a report holds findings");
        using var anonymous = app.Client();
        (await anonymous.GetAsync(new Uri("/api/v1/" + path, UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await anonymous.GetAsync(new Uri("/" + path, UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.Redirect);
    }

    private static async Task PageShowsThemAsync(SecFlowApplication app, Guid run, string path, int hidden)
    {
        using var browser = await app.SignInAsync();
        var page = await browser.GetAsync($"/runs/{run}");
        page.Html.ShouldContain(path);
        page.Html.ShouldContain("Reports");
        (await browser.GetAsync($"/runs/{run}?tab=hidden")).Html.ShouldContain("Its severity is ");
        page.Html.ShouldContain(">Hidden</dt>");
        page.Html.ShouldContain($">{hidden}</dd>");
        var download = await browser.GetAsync("/" + path);
        ShouldBeHarmless(download.Response);
        download.Html.ShouldStartWith("<!doctype html>");
        (await browser.GetAsync($"/runs/{run}/artifacts/{Guid.NewGuid()}")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    private static void ShouldBeHarmless(HttpResponseMessage answer)
    {
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentDisposition!.ToString().ShouldBe("attachment; filename=report.html");
        answer.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
        answer.Headers.GetValues("Content-Security-Policy").Single().ShouldStartWith("sandbox;");
        answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
    }

    private static async Task<Guid> RunAsync(SecFlowApplication app, Actor actor, string url)
    {
        var target = await app.Services.GetRequiredService<TargetService>().AddAsync(
            actor, new NewTarget("site", TargetKind.Url, url, "test", null) { PrivateAddressApproved = true, RequestsPerSecond = 1000 }, CancellationToken.None);
        var workflow = await app.Services.GetRequiredService<WorkflowService>().SaveAsync(actor, Recipe, CancellationToken.None);
        var runs = app.Services.GetRequiredService<RunService>();
        var run = await runs.StartAsync(actor, new StartRun(workflow.WorkflowId, [target.Id], RunTrigger.Manual), CancellationToken.None);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!(await runs.GetAsync(actor, run.Id, limit.Token)).Run.Status.IsFinal())
        {
            await Task.Delay(100, limit.Token);
        }

        return run.Id;
    }

    private static async Task<WebApplication> SiteAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        var site = builder.Build();
        site.Urls.Add("http://127.0.0.1:0");
        site.Run(async context =>
        {
            context.Response.StatusCode = context.Request.Path == "/" ? 200 : 404;
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.WriteAsync("<!doctype html><title>Site</title><p>Hello.</p>");
        });
        await site.StartAsync();
        return site;
    }
}
