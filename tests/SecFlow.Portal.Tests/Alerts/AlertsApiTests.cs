using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Alerts;
using SecFlow.Data.Teams;
using SecFlow.Execution.Alerts;

namespace SecFlow.Portal.Tests.Alerts;

[Collection(PortalTests.Name)]
public sealed class AlertsApiTests(PortalFixture portal)
{
    [Fact]
    public async Task Alerts_AreListedAcknowledgedAndSilenced_ByApi_AndRingInTheFrame()
    {
        var app = portal.App;
        var alerts = app.Services.GetRequiredService<AlertService>();
        await alerts.RaiseAsync(AlertKind.SlowRun, portal.Main.Id, "Api test", "The workflow took long.", default, AlertSeverity.Warning, "runs");
        using var api = app.ApiClient(await app.AddTokenAsync(portal.Main, TeamRole.Analyst, "runs:read", "runs:write"));
        using var reader = app.ApiClient(await app.AddTokenAsync(portal.Main, TeamRole.Analyst, "runs:read"));
        using var vera = await app.SignInAsync("vera");
        (await vera.GetAsync("/runs")).Html.ShouldContain("open alert");
        var html = (await vera.GetAsync("/alerts")).Html;
        html.ShouldContain("The workflow took long.");
        html.ShouldNotContain(">Acknowledge<");
        using var ben = await app.SignInAsync("ben");
        (await ben.GetAsync("/alerts")).Html.ShouldContain(">Acknowledge<");

        var listed = (await api.GetFromJsonAsync<JsonElement>("api/v1/alerts?open=true")).GetProperty("items").EnumerateArray().Single(a => a.GetProperty("subject").GetString() == "Api test");
        (listed.GetProperty("kind").GetString(), listed.GetProperty("severity").GetString()).ShouldBe(("slow_run", "warning"));
        var id = listed.GetProperty("id").GetGuid();
        (await reader.PostAsJsonAsync($"api/v1/alerts/{id}/acknowledge", new { reason = "seen" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await api.PostAsJsonAsync($"api/v1/alerts/{id}/acknowledge", new { reason = "seen" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await api.PostAsJsonAsync($"api/v1/alerts/{id}/acknowledge", new { reason = "seen" })).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await api.PostAsJsonAsync($"api/v1/alerts/{Guid.NewGuid()}/acknowledge", new { })).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        var kinds = await api.PostAsJsonAsync("api/v1/alerts/silences", new { hours = 1, reason = "x" });
        (kinds.StatusCode, (await kinds.Content.ReadAsStringAsync()).Contains("slow_run, slow_node, node_failures", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.BadRequest, true));
        var everybodys = await api.PostAsJsonAsync("api/v1/alerts/silences", new { kind = "disk_space", hours = 1, reason = "x" });
        (everybodys.StatusCode, (await everybodys.Content.ReadAsStringAsync()).Contains("SF1501", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.BadRequest, true));
        (await api.PostAsJsonAsync("api/v1/alerts/silences", new { kind = "slow_run", hours = 10_000, reason = "x" })).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var made = await api.PostAsJsonAsync("api/v1/alerts/silences", new { kind = "slow_run", subject = "Api test", hours = 1, reason = "being moved" });
        made.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await api.GetFromJsonAsync<JsonElement>("api/v1/alerts/silences")).GetProperty("items").EnumerateArray().ShouldContain(s => s.GetProperty("reason").GetString() == "being moved");
        var silence = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        (await api.DeleteAsync($"api/v1/alerts/silences/{silence}")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Webhook_ByApi_IsSetWithAKeyThatIsShownOnce()
    {
        using var api = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Other, TeamRole.Admin, "webhooks:write", "runs:read"));
        using var analyst = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Other, TeamRole.Analyst, "webhooks:write"));

        (await api.GetAsync("api/v1/alerts/webhook")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await analyst.PutAsJsonAsync("api/v1/alerts/webhook", new { url = "https://192.0.2.7/hook" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        var refused = await api.PutAsJsonAsync("api/v1/alerts/webhook", new { url = "http://127.0.0.1:9/" });
        (refused.StatusCode, (await refused.Content.ReadAsStringAsync()).Contains("SF1921", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.BadRequest, true));
        var made = await (await api.PutAsJsonAsync("api/v1/alerts/webhook", new { url = "https://192.0.2.7/hook" })).Content.ReadFromJsonAsync<JsonElement>();
        made.GetProperty("key").GetString()!.ShouldStartWith("whk_");
        var read = await api.GetAsync("api/v1/alerts/webhook");
        (read.Headers.ETag!.Tag, (await read.Content.ReadAsStringAsync()).Contains("whk_", StringComparison.Ordinal)).ShouldBe(("\"1\"", false));
        (await api.PutAsJsonAsync("api/v1/alerts/webhook", new { url = "https://192.0.2.8/hook" })).StatusCode.ShouldBe(HttpStatusCode.PreconditionRequired);
        var changed = await PutAsync(api, "\"1\"", new { url = "https://192.0.2.8/hook" });
        (changed.StatusCode, changed.Headers.ETag!.Tag).ShouldBe((HttpStatusCode.OK, "\"2\""));
        var stale = await PutAsync(api, "\"1\"", new { url = "https://192.0.2.9/hook" });
        (stale.StatusCode, (await stale.Content.ReadAsStringAsync()).Contains("SF1922", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.PreconditionFailed, true));
        (await api.DeleteAsync("api/v1/alerts/webhook")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await PutAsync(api, "\"2\"", new { url = "https://192.0.2.7/hook" })).StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed, "it was removed meanwhile");
    }

    private static async Task<HttpResponseMessage> PutAsync(HttpClient api, string etag, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "api/v1/alerts/webhook") { Content = JsonContent.Create(body) };
        request.Headers.TryAddWithoutValidation("If-Match", etag);
        return await api.SendAsync(request);
    }

    [Fact]
    public async Task Performance_ByApi_SaysWhatRunsCost()
    {
        using var api = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Other, TeamRole.Viewer, "runs:read"));
        using var other = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Other, TeamRole.Viewer, "findings:read"));

        var view = await api.GetFromJsonAsync<JsonElement>("api/v1/performance?span=hour");

        view.GetProperty("points").GetArrayLength().ShouldBe(60);
        view.GetProperty("runs").TryGetProperty("p50", out _).ShouldBeFalse("what is not known is not told");
        (await api.GetAsync("api/v1/performance?span=year")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await other.GetAsync("api/v1/performance")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }
}
