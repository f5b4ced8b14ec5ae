using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Runs;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Api;

/// <summary>The queue of a portal that leaves work to workers: what is started waits, and can be looked at, reordered and cancelled.</summary>
public sealed class QueueApiTests : IAsyncLifetime
{
    private SecFlowApplication _app = null!;
    private HttpClient _api = null!;
    private Team _team = null!;

    public async Task InitializeAsync()
    {
        _app = await SecFlowApplication.StartAsync(o => o with { Demo = true, DemoTarget = "http://127.0.0.1:9/", Role = PortalRole.Portal });
        _team = await _app.TeamAsync("demo");
        _api = _app.ApiClient(await _app.AddTokenAsync(_team, TeamRole.Analyst, "runs:read", "runs:write", "workflows:read", "targets:read"));
    }

    public async Task DisposeAsync()
    {
        _api.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Queue_OfWaitingRuns_ShowsPlacesReordersAndCancels()
    {
        var (first, second) = (await StartAsync("one"), await StartAsync("two"));
        (await PlacesAsync()).ShouldBe([(first, 1, "slot"), (second, 2, "turn")]);

        (await PrioritiseAsync(second, 9)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await PlacesAsync()).ShouldBe([(second, 1, "slot"), (first, 2, "turn")]);
        await ShouldBeProblemAsync(await PrioritiseAsync(second, 12), HttpStatusCode.BadRequest, "SF1501");
        await ShouldBeProblemAsync(await PrioritiseAsync(second, null), HttpStatusCode.BadRequest, "SF1501");

        using var browser = await _app.SignInAsync();
        var page = (await browser.GetAsync("/queue")).Html;
        page.ShouldContain($"data-queued=\"{second}\"");
        page.ShouldContain("1 run before it");

        var cancelled = await _api.PostAsync(new Uri($"/api/v1/runs/{second}/cancel", UriKind.Relative), null);
        cancelled.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var run = await cancelled.Content.ReadFromJsonAsync<JsonElement>();
        (run.GetProperty("id").GetString(), run.GetProperty("status").GetString()).ShouldBe((second, "Cancelled"), "the run as it is now, as every act answers");
        (await PlacesAsync()).ShouldBe([(first, 1, "slot")]);
        await ShouldBeProblemAsync(await PrioritiseAsync(second, 1), HttpStatusCode.Conflict, "SF1322");
    }

    [Fact]
    public async Task StartRun_KeyOfAnotherRequest_Is409()
    {
        var run = await StartAsync("one");
        (await StartAsync("one")).ShouldBe(run, "the same request again");
        await ShouldBeProblemAsync(await PostAsync("one", 7), HttpStatusCode.Conflict, "SF1320");
        (await PlacesAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Limit_SetByAnAdministratorOfTheInstallation_IsListed()
    {
        var admin = new Actor(ActorKind.User, Guid.NewGuid().ToString(), "ana", _team.Id, TeamRole.Admin) { OfInstallation = true };
        await _app.Services.GetRequiredService<QueueService>().SetLimitAsync(admin, allTeams: true, "scan.nuclei", 2, default);
        var limit = (await _api.GetFromJsonAsync<JsonElement>("/api/v1/queue")).GetProperty("limits")[0];
        (limit.GetProperty("allTeams").GetBoolean(), limit.GetProperty("plugin").GetString(), limit.GetProperty("mostRuns").GetInt32()).ShouldBe((true, "scan.nuclei", 2));
        await ShouldBeProblemAsync(await _api.PutAsJsonAsync("/api/v1/queue/limits", new { plugin = "scan.nuclei", mostRuns = 9 }), HttpStatusCode.Forbidden, "SF3001");
    }

    private async Task<List<(string Run, int Position, string For)>> PlacesAsync() => [.. (await _api.GetFromJsonAsync<JsonElement>("/api/v1/queue")).GetProperty("items").EnumerateArray()
        .Select(i => (i.GetProperty("id").GetString()!, i.GetProperty("position").GetInt32(), i.GetProperty("waitingFor").GetString()!))];

    private Task<HttpResponseMessage> PrioritiseAsync(string run, int? priority) => _api.PutAsJsonAsync($"/api/v1/queue/{run}/priority", new { priority });

    private async Task<string> StartAsync(string key)
    {
        var answer = await PostAsync(key, 5);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    private async Task<HttpResponseMessage> PostAsync(string key, int priority)
    {
        var workflow = (await _api.GetFromJsonAsync<JsonElement>("/api/v1/workflows")).GetProperty("items")[0].GetProperty("id").GetGuid();
        var target = (await _api.GetFromJsonAsync<JsonElement>("/api/v1/targets")).GetProperty("items")[0].GetProperty("id").GetGuid();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/api/v1/runs", UriKind.Relative)) { Content = JsonContent.Create(new { workflowId = workflow, targetIds = new[] { target }, priority }) };
        request.Headers.Add("Idempotency-Key", key);
        return await _api.SendAsync(request);
    }

    private static async Task ShouldBeProblemAsync(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        answer.StatusCode.ShouldBe(status, await answer.Content.ReadAsStringAsync());
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString().ShouldBe(code);
    }
}
