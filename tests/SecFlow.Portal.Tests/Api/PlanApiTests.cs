using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Api;

/// <summary>A plan over the API: the document, and who gets none.</summary>
[Collection(PortalTests.Name)]
public sealed class PlanApiTests(PortalFixture portal)
{
    [Fact]
    public async Task Plan_OverTheApi_IsTheDocument_AndForNobodyElse()
    {
        var actor = Actor.System(portal.Main.Id, "test");
        var target = await portal.App.Services.GetRequiredService<TargetService>().AddAsync(actor, new NewTarget("planned", TargetKind.Url, "http://127.0.0.1:9/planned", "TEST-1", null) { PrivateAddressApproved = true }, default);
        var workflow = await portal.App.Services.GetRequiredService<WorkflowService>().SaveAsync(actor, "version: \"1.0\"\nname: Planned\nnodes: [{ id: baseline, type: scan.web-baseline }]", default);
        var path = new Uri($"/api/v1/workflows/{workflow.WorkflowId}/plan", UriKind.Relative);
        using var api = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Analyst, "runs:write"));

        var answer = await api.PostAsJsonAsync(path, new { targetIds = new[] { target.Id } });
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        using var plan = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        plan.RootElement.GetProperty("allowed").GetBoolean().ShouldBeTrue();
        plan.RootElement.GetProperty("version").GetInt32().ShouldBe(1);
        plan.RootElement.GetProperty("nodes")[0].GetProperty("calls").GetProperty("http").GetProperty("first")[0].GetProperty("url").GetString().ShouldBe("http://127.0.0.1:9/planned");
        (await api.PostAsJsonAsync(path, new { targetNames = new[] { "planned" } })).StatusCode.ShouldBe(HttpStatusCode.OK);

        await ShouldBeAsync(api, path, new { targetIds = Array.Empty<Guid>() }, HttpStatusCode.BadRequest, "SF1501");
        await ShouldBeAsync(api, path, new { targetIds = new[] { Guid.NewGuid() } }, HttpStatusCode.NotFound, "SF1502");
        using var reader = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Admin, "runs:read", "workflows:read"));
        await ShouldBeAsync(reader, path, new { targetIds = new[] { target.Id } }, HttpStatusCode.Forbidden, "SF3010");
        using var other = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Other, TeamRole.Admin, "runs:write"));
        await ShouldBeAsync(other, path, new { targetIds = new[] { target.Id } }, HttpStatusCode.NotFound, "SF1502");
    }

    private static async Task ShouldBeAsync(HttpClient client, Uri path, object body, HttpStatusCode status, string code)
    {
        var answer = await client.PostAsJsonAsync(path, body);
        answer.StatusCode.ShouldBe(status, await answer.Content.ReadAsStringAsync());
        (await answer.Content.ReadAsStringAsync()).ShouldContain(code);
    }
}
