using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SecFlow.Data.Teams;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Api;

/// <summary>A real run against a port where nobody listens, over the API: started once, watched, resumed, and invisible to another team.</summary>
public sealed class RunApiTests : IAsyncLifetime
{
    private SecFlowApplication _app = null!;
    private HttpClient _api = null!;

    public async Task InitializeAsync()
    {
        _app = await SecFlowApplication.StartAsync(o => o with { Demo = true, DemoTarget = "http://127.0.0.1:9/" });
        _api = _app.ApiClient(await _app.AddTokenAsync(await _app.TeamAsync("demo"), TeamRole.Analyst, "runs:read", "runs:write", "workflows:read", "targets:read", "findings:read"));
    }

    public async Task DisposeAsync()
    {
        _api.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Run_StartedOverTheApi_IsStreamedResumedAndHiddenFromOtherTeams()
    {
        var first = await StartAsync("key-1");
        (await StartAsync("key-1")).ShouldBe(first, "the same idempotency key gives the same run");
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));

        var events = await ReadAsync(_api, first, null, stop.Token);
        events[^1].ShouldBe("end");
        var ids = events.Where(e => long.TryParse(e, out _)).Select(long.Parse).ToList();
        ids.ShouldBe(Enumerable.Range(1, ids.Count).Select(i => (long)i), "stored events, in order, without a gap");

        var resumed = await ReadAsync(_api, first, ids[1], stop.Token);
        resumed.Where(e => long.TryParse(e, out _)).Select(long.Parse).ShouldBe(ids.Skip(2));
        resumed[^1].ShouldBe("end");

        using var detail = JsonDocument.Parse(await _api.GetStringAsync(new Uri($"/api/v1/runs/{first}", UriKind.Relative)));
        detail.RootElement.GetProperty("run").GetProperty("status").GetString().ShouldBe("Partial");
        detail.RootElement.GetProperty("assessments")[0].GetProperty("verdict").GetString().ShouldBe("unreachable");

        await ShouldBeHiddenAsync(first);
        await PageShouldSayNotAssessedAsync(first);
    }

    private async Task ShouldBeHiddenAsync(string run)
    {
        using var other = _app.ApiClient(await _app.AddTokenAsync(await _app.AddTeamAsync("other"), TeamRole.Admin, "runs:read", "runs:write", "workflows:read", "targets:read"));
        foreach (var (method, path) in new[] { ("GET", $"/api/v1/runs/{run}"), ("POST", $"/api/v1/runs/{run}/cancel"), ("GET", $"/api/v1/runs/{run}/events") })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
            var answer = await other.SendAsync(request);
            answer.StatusCode.ShouldBe(HttpStatusCode.NotFound, path);
            (await answer.Content.ReadAsStringAsync()).ShouldContain("SF1502");
        }

        foreach (var list in new[] { "runs", "workflows", "targets" })
        {
            (await other.GetStringAsync(new Uri("/api/v1/" + list, UriKind.Relative))).ShouldStartWith("{\"items\":[]");
        }

        var denied = await _app.Audit.ListAsync(new Data.Audit.AuditQuery((await _app.TeamAsync("other")).Id) { Outcome = Data.Audit.AuditOutcome.Denied });
        denied.Events.Count(e => e.ReasonCode == "SF3002").ShouldBe(3);
    }

    private async Task PageShouldSayNotAssessedAsync(string run)
    {
        using var browser = await _app.SignInAsync();

        var page = await browser.GetAsync($"/runs/{run}?tab=gaps");

        page.Html.ShouldContain("Partial: 0 of 1 target assessed completely; 1 unreachable.");
        page.Html.ShouldContain("Not assessed: unreachable");
        (await browser.GetAsync("/")).Html.ShouldContain("Scan the demo shop");
    }

    private async Task<string> StartAsync(string key)
    {
        using var workflows = JsonDocument.Parse(await _api.GetStringAsync(new Uri("/api/v1/workflows", UriKind.Relative)));
        using var targets = JsonDocument.Parse(await _api.GetStringAsync(new Uri("/api/v1/targets", UriKind.Relative)));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/api/v1/runs", UriKind.Relative))
        {
            Content = JsonContent.Create(new
            {
                workflowId = workflows.RootElement.GetProperty("items")[0].GetProperty("id").GetGuid(),
                targetIds = new[] { targets.RootElement.GetProperty("items")[0].GetProperty("id").GetGuid() },
            }),
        };
        request.Headers.Add("Idempotency-Key", key);
        var answer = await _api.SendAsync(request);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        using var run = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return run.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>Ids of the events as they came, and the word <c>end</c> where the stream ended itself.</summary>
    private static async Task<List<string>> ReadAsync(HttpClient api, string run, long? after, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/api/v1/runs/{run}/events", UriKind.Relative));
        if (after is { } id)
        {
            request.Headers.Add("Last-Event-ID", id.ToString());
        }

        using var answer = await api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(ct));
        var read = new List<string>();
        while (await reader.ReadLineAsync(ct) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                read.Add(line[4..]);
            }
            else if (line == "event: end")
            {
                read.Add("end");
            }
        }

        return read;
    }
}
