using System.Net;
using System.Text;
using System.Text.Json;
using SecFlow.Data.Teams;

namespace SecFlow.Portal.Tests.Api;

// long: every route in one table, and what each wrong caller is told
/// <summary>Every route against every wrong caller and every kind of bad input. Each refusal is a problem document with its code.</summary>
[Collection(PortalTests.Name)]
public sealed class ApiRefusalTests(PortalFixture portal)
{
    private const string Unknown = "0190a000-0000-7000-8000-000000000000";
    private const string Artifact = "0190a000-0000-7000-8000-000000000001";
    private const string Raw = "0190a000-0000-7000-8000-000000000002";

    /// <summary>Method, path, scope that it takes.</summary>
    public static TheoryData<string, string, string> Routes() => new()
    {
        { "POST", "/api/v1/runs", "runs:write" },
        { "GET", "/api/v1/runs", "runs:read" },
        { "GET", $"/api/v1/runs/{Unknown}", "runs:read" },
        { "POST", $"/api/v1/runs/{Unknown}/cancel", "runs:write" },
        { "GET", $"/api/v1/runs/{Unknown}/artifacts/{Artifact}", "runs:read" },
        { "GET", $"/api/v1/runs/{Unknown}/events", "runs:read" },
        { "GET", $"/api/v1/runs/{Unknown}/cascades", "runs:read" },
        { "POST", $"/api/v1/runs/{Unknown}/pause", "runs:write" },
        { "POST", $"/api/v1/runs/{Unknown}/resume", "runs:write" },
        { "POST", $"/api/v1/runs/{Unknown}/skip", "runs:write" },
        { "POST", $"/api/v1/runs/{Unknown}/retry", "runs:write" },
        { "POST", $"/api/v1/runs/{Unknown}/rerun", "runs:write" },
        { "GET", $"/api/v1/runs/{Unknown}/raw", "runs:read" },
        { "GET", $"/api/v1/runs/{Unknown}/raw/{Raw}", "runs:read" },
        { "GET", $"/api/v1/runs/{Unknown}/reparses", "runs:read" },
        { "POST", $"/api/v1/runs/{Unknown}/nodes/{{node}}/reparse", "runs:write" },
        { "GET", "/api/v1/alerts", "runs:read" },
        { "POST", $"/api/v1/alerts/{Unknown}/acknowledge", "runs:write" },
        { "GET", "/api/v1/alerts/silences", "runs:read" },
        { "POST", "/api/v1/alerts/silences", "runs:write" },
        { "DELETE", $"/api/v1/alerts/silences/{Unknown}", "runs:write" },
        { "GET", "/api/v1/alerts/webhook", "webhooks:write" },
        { "PUT", "/api/v1/alerts/webhook", "webhooks:write" },
        { "DELETE", "/api/v1/alerts/webhook", "webhooks:write" },
        { "POST", "/api/v1/alerts/webhook/test", "webhooks:write" },
        { "GET", "/api/v1/performance", "runs:read" },
        { "GET", "/api/v1/queue", "runs:read" },
        { "PUT", $"/api/v1/queue/{Unknown}/priority", "runs:write" },
        { "PUT", "/api/v1/queue/limits", "installation:write" },
        { "GET", "/api/v1/findings", "findings:read" },
        { "GET", $"/api/v1/findings/{Unknown}", "findings:read" },
        { "GET", "/api/v1/workflows", "workflows:read" },
        { "POST", $"/api/v1/workflows/{Unknown}/plan", "runs:write" },
        { "GET", "/api/v1/targets", "targets:read" },
        { "POST", "/api/v1/targets", "targets:write" },
        { "GET", $"/api/v1/targets/{Unknown}", "targets:read" },
        { "PUT", $"/api/v1/targets/{Unknown}", "targets:write" },
        { "POST", $"/api/v1/targets/{Unknown}/archive", "targets:write" },
        { "POST", "/api/v1/targets/import", "targets:write" },
        { "POST", "/api/v1/targets/archives", "targets:write" },
        { "GET", "/api/v1/secrets", "secrets:write" },
        { "PUT", "/api/v1/secrets/{name}", "secrets:write" },
        { "DELETE", "/api/v1/secrets/{name}", "secrets:write" },
        { "GET", "/api/v1/schedules", "workflows:read" },
        { "POST", "/api/v1/schedules", "schedules:write" },
        { "GET", $"/api/v1/schedules/{Unknown}", "workflows:read" },
        { "PUT", $"/api/v1/schedules/{Unknown}", "schedules:write" },
        { "DELETE", $"/api/v1/schedules/{Unknown}", "schedules:write" },
        { "POST", $"/api/v1/schedules/{Unknown}/enable", "schedules:write" },
        { "POST", $"/api/v1/schedules/{Unknown}/disable", "schedules:write" },
        { "POST", $"/api/v1/schedules/{Unknown}/run", "runs:write" },
        { "POST", $"/api/v1/schedules/{Unknown}/owner", "schedules:write" },
        { "POST", "/api/v1/schedules/preview", "workflows:read" },
        { "GET", "/api/v1/schedules/calendar", "workflows:read" },
        { "GET", "/api/v1/blackouts", "workflows:read" },
        { "POST", "/api/v1/blackouts", "schedules:write" },
        { "PUT", $"/api/v1/blackouts/{Unknown}", "schedules:write" },
        { "DELETE", $"/api/v1/blackouts/{Unknown}", "schedules:write" },
        { "GET", "/api/v1/plugins", "plugins:read" },
        { "GET", "/api/v1/resources", "plugins:read" },
        { "POST", "/api/v1/resources/{type}/{name}", "plugins:write" },
        { "POST", $"/api/v1/plugins/{Unknown}/state", "plugins:write" },
        { "POST", "/api/v1/plugins", "plugins:submit" },
        { "GET", $"/api/v1/plugins/{Unknown}", "plugins:read" },
        { "POST", $"/api/v1/plugins/{Unknown}/comments", "plugins:submit" },
        { "POST", $"/api/v1/plugins/{Unknown}/pin", "plugins:write" },
        { "POST", $"/api/v1/plugins/{Unknown}/unpin", "plugins:write" },
        { "POST", $"/api/v1/plugins/{Unknown}/rollback", "plugins:write" },
        { "GET", "/api/v1/trust", "plugins:read" },
        { "PUT", "/api/v1/trust", "installation:write" },
        { "POST", "/api/v1/trust/try", "installation:write" },
        { "GET", "/api/v1/trust/revisions", "plugins:read" },
        { "GET", "/api/v1/trust/revisions/{number}/difference", "plugins:read" },
        { "POST", "/api/v1/trust/revisions/{number}/restore", "installation:write" },
        { "PUT", "/api/v1/trust/roots/{name}", "installation:write" },
        { "PUT", "/api/v1/trust/keys/{name}", "installation:write" },
        { "GET", "/api/v1/trust/additions", "plugins:read" },
        { "PUT", "/api/v1/trust/additions", "plugins:write" },
        { "GET", "/api/v1/blast-radius", "audit:read" },
        { "GET", "/api/v1/tools", "plugins:read" },
        { "POST", $"/api/v1/tools/{Unknown}/test", "installation:write" },
        { "POST", $"/api/v1/tools/{Unknown}/accept", "installation:write" },
        { "PUT", $"/api/v1/tools/{Unknown}/path", "installation:write" },
        { "GET", "/api/v1/holds", "runs:read" },
        { "POST", "/api/v1/holds", "holds:write" },
        { "POST", "/api/v1/holds/resume", "holds:write" },
    };

    [Fact]
    public async Task Routes_OfThisTest_AreThoseOfTheDocument()
    {
        using var client = portal.App.Client();
        using var document = JsonDocument.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)));
        var documented = document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(method => method.Name.ToUpperInvariant() + " " + path.Name));

        documented.ShouldBe(Routes().Select(r => $"{r[0]} {((string)r[1]).Replace(Unknown, "{id}", StringComparison.Ordinal).Replace(Artifact, "{artifactId}", StringComparison.Ordinal).Replace(Raw, "{rawId}", StringComparison.Ordinal)}"), ignoreOrder: true);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithoutToken_Is401(string method, string path, string scope)
    {
        _ = scope;
        using var client = portal.App.Client();

        var answer = await SendAsync(client, method, path);

        await ShouldBeProblemAsync(answer, HttpStatusCode.Unauthorized, "SF3011");
        answer.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithTheSessionOfAPageOnly_Is401(string method, string path, string scope)
    {
        _ = scope;
        using var browser = await portal.App.SignInAsync("ana");
        using var client = portal.App.Client();
        client.DefaultRequestHeaders.Add("Cookie", browser.Cookies.GetCookieHeader(portal.App.Url));

        await ShouldBeProblemAsync(await SendAsync(client, method, path), HttpStatusCode.Unauthorized, "SF3011");
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_WithATokenOfEveryOtherScope_Is403(string method, string path, string scope)
    {
        var others = new[] { "runs:read", "runs:write", "findings:read", "workflows:read", "targets:read", "plugins:read", "schedules:read" }.Where(s => s != scope).ToArray();
        using var client = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Admin, others));

        var answer = await SendAsync(client, method, path);

        // An id that does not exist is told before the scope only where the scope would not reveal more.
        if (path.Contains(Unknown, StringComparison.Ordinal) && answer.StatusCode == HttpStatusCode.NotFound)
        {
            await ShouldBeProblemAsync(answer, HttpStatusCode.NotFound, "SF1502");
            return;
        }

        // To a token, the installation's administration is a scope; without it, it is nobody's administrator.
        await ShouldBeProblemAsync(answer, HttpStatusCode.Forbidden, scope == "installation:write" ? "SF3001" : "SF3010");
    }

    [Theory]
    [InlineData("POST", "/api/v1/runs", "runs:write")]
    [InlineData("POST", $"/api/v1/runs/{Unknown}/cancel", "runs:write")]
    [InlineData("POST", "/api/v1/targets", "targets:write")]
    [InlineData("PUT", $"/api/v1/targets/{Unknown}", "targets:write")]
    [InlineData("POST", "/api/v1/targets/import", "targets:write")]
    [InlineData("POST", "/api/v1/targets/archives", "targets:write")]
    [InlineData("PUT", "/api/v1/secrets/{name}", "secrets:write")]
    [InlineData("DELETE", "/api/v1/secrets/{name}", "secrets:write")]
    public async Task Route_ThatChanges_WithAViewersToken_IsRefused(string method, string path, string scope)
    {
        using var client = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Viewer, scope));

        var answer = await SendAsync(client, method, path);

        new[] { HttpStatusCode.Forbidden, HttpStatusCode.NotFound }.ShouldContain(answer.StatusCode);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer sf_unknown")]
    [InlineData("Bearer not-a-token")]
    [InlineData("Basic YWRtaW46YWRtaW4=")]
    [InlineData("nonsense")]
    public async Task Authorization_ThatIsNoToken_Is401(string header)
    {
        using var client = portal.App.Client();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);

        await ShouldBeProblemAsync(await SendAsync(client, "GET", "/api/v1/plugins"), HttpStatusCode.Unauthorized, "SF3011");
    }

    [Fact]
    public async Task Token_Revoked_Is401AtOnce()
    {
        var tokens = (TokenStore)portal.App.Services.GetService(typeof(TokenStore))!;
        var made = await tokens.CreateAsync(Data.Audit.Actor.System(portal.Main.Id), new NewToken("short life", ["targets:read"], TeamRole.Viewer, portal.App.Time.GetUtcNow().AddDays(1)));
        using var client = portal.App.ApiClient(made.Text);
        (await SendAsync(client, "GET", "/api/v1/targets")).StatusCode.ShouldBe(HttpStatusCode.OK);

        await tokens.RevokeAsync(Data.Audit.Actor.System(portal.Main.Id), made.Token.Id);

        await ShouldBeProblemAsync(await SendAsync(client, "GET", "/api/v1/targets"), HttpStatusCode.Unauthorized, "SF3011");
    }

    [Theory]
    [InlineData("", "malformed")]
    [InlineData("{", "malformed")]
    [InlineData("null", "")]
    [InlineData("[]", "malformed")]
    [InlineData("{\"workflowId\": 7}", "$.workflowId")]
    [InlineData("{\"workflowId\": \"x\"}", "$.workflowId")]
    [InlineData("{\"surprise\": 1}", "surprise")]
    [InlineData("{}", "workflowId is missing")]
    [InlineData($$"""{"workflowId": "{{Unknown}}", "targetIds": []}""", "at least one target")]
    [InlineData($$"""{"workflowId": "{{Unknown}}", "targetIds": ["{{Unknown}}"], "priority": 10}""", "priority 10")]
    [InlineData($$"""{"workflowId": "{{Unknown}}", "targetIds": ["{{Unknown}}"], "priority": "5"}""", "$.priority")]
    [InlineData("{\"parameters\": {\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}}}}}}}}}}", "$.parameters")]
    public async Task StartRun_BadBody_SaysWhatIsWrong(string body, string words)
    {
        using var client = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Admin, "runs:write"));

        var answer = await client.PostAsync(new Uri("/api/v1/runs", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));

        var problem = await ShouldBeProblemAsync(answer, HttpStatusCode.BadRequest, "SF1501");
        problem.ShouldContain(words);
        problem.ShouldNotContain("SecFlow.Portal");
    }

    [Fact]
    public async Task StartRun_BodyOfAnotherType_Is415()
    {
        using var client = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Admin, "runs:write"));

        var answer = await client.PostAsync(new Uri("/api/v1/runs", UriKind.Relative), new StringContent("workflowId=1", Encoding.UTF8, "application/x-www-form-urlencoded"));

        await ShouldBeProblemAsync(answer, HttpStatusCode.UnsupportedMediaType, "SF1501");
    }

    [Fact]
    public async Task StartRun_BodyTooLarge_Is413()
    {
        using var client = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Admin, "runs:write"));
        var body = "{\"workflowId\": \"" + new string('x', 300_000) + "\"}";

        var answer = await client.PostAsync(new Uri("/api/v1/runs", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));

        await ShouldBeProblemAsync(answer, HttpStatusCode.RequestEntityTooLarge, "SF1504");
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData("\u00fc")]
    [InlineData("schedule/0190a000-0000-7000-8000-000000000001/639000000000000000")]
    [InlineData("cascade/0190a000-0000-7000-8000-000000000001/0/x")]
    public async Task StartRun_BadIdempotencyKey_IsRefused(string key)
    {
        using var client = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Admin, "runs:write"));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/api/v1/runs", UriKind.Relative))
        {
            Content = new StringContent($$"""{"workflowId": "{{Unknown}}", "targetIds": ["{{Unknown}}"]}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key.Length == 0 ? new string('k', 300) : key == "\u00fc" ? "%FC\u007f" : key);

        var answer = await client.SendAsync(request);

        await ShouldBeProblemAsync(answer, HttpStatusCode.BadRequest, "SF1501");
    }

    [Theory]
    [InlineData("/api/v1/findings?severity=urgent", "critical")]
    [InlineData("/api/v1/findings?status=gone", "accepted_risk")]
    [InlineData("/api/v1/findings?sort=colour", "lastSeen")]
    [InlineData("/api/v1/findings?limit=0", "1 to 200")]
    [InlineData("/api/v1/findings?limit=many", "limit")]
    [InlineData("/api/v1/findings?cursor=zzz", "cursor")]
    [InlineData("/api/v1/findings?targetId=x", "targetId")]
    public async Task ListFindings_BadQuery_SaysWhatIsPossible(string path, string words)
    {
        using var client = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Viewer, "findings:read"));

        (await ShouldBeProblemAsync(await SendAsync(client, "GET", path), HttpStatusCode.BadRequest, "SF1501")).ShouldContain(words);
    }

    [Theory]
    [InlineData("GET", "/api/v1/nothing", HttpStatusCode.NotFound, "SF1502")]
    [InlineData("GET", "/api/v1/runs/not-a-guid", HttpStatusCode.NotFound, "SF1502")]
    [InlineData("DELETE", "/api/v1/runs", HttpStatusCode.MethodNotAllowed, "SF1501")]
    public async Task Address_ThatIsNotThere_IsAProblemDocument(string method, string path, HttpStatusCode status, string code)
    {
        using var client = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Viewer, "runs:read"));

        await ShouldBeProblemAsync(await SendAsync(client, method, path), status, code);
    }

    [Fact]
    public async Task Events_BadLastEventId_IsRefused()
    {
        using var client = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Viewer, "runs:read"));
        client.DefaultRequestHeaders.TryAddWithoutValidation("Last-Event-ID", "seven");

        await ShouldBeProblemAsync(await SendAsync(client, "GET", $"/api/v1/runs/{Unknown}/events"), HttpStatusCode.BadRequest, "SF1501");
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (method is "POST" or "PUT" && !path.EndsWith("/cancel", StringComparison.Ordinal) && !path.EndsWith("/archive", StringComparison.Ordinal))
        {
            var type = path.Contains("/resources", StringComparison.Ordinal) || path.EndsWith("/{name}", StringComparison.Ordinal) && path.Contains("/trust/", StringComparison.Ordinal) ? "application/octet-stream" : path == "/api/v1/plugins" ? "application/zip" : "application/json";
            request.Content = new StringContent(Body(path), Encoding.UTF8, type);
        }

        return await client.SendAsync(request);
    }

    /// <summary>A body of the form that the route takes.</summary>
    private static string Body(string path) => path switch
    {
        _ when path.Contains("/trust", StringComparison.Ordinal) => """{"yaml": "x"}""",
        _ when path.Contains("/targets", StringComparison.Ordinal) => """{"name": "x"}""",
        _ when path.Contains("/secrets", StringComparison.Ordinal) => """{"value": "a value"}""",
        _ when path.EndsWith("/queue/limits", StringComparison.Ordinal) => """{"allTeams": true, "mostRuns": 2}""",
        _ when path.EndsWith("/priority", StringComparison.Ordinal) => """{"priority": 7}""",
        _ when path.EndsWith("/pause", StringComparison.Ordinal) || path.EndsWith("/acknowledge", StringComparison.Ordinal) => """{"reason": "x"}""",
        _ when path.EndsWith("/skip", StringComparison.Ordinal) => """{"node": "x"}""",
        _ when path.EndsWith("/retry", StringComparison.Ordinal) => """{"from": "x"}""",
        _ when path.EndsWith("/reparse", StringComparison.Ordinal) => """{"version": "1.0.0"}""",
        _ when path.EndsWith("/silences", StringComparison.Ordinal) => """{"kind": "SlowRun", "hours": 1, "reason": "x"}""",
        _ when path.EndsWith("/webhook", StringComparison.Ordinal) => """{"url": "https://hooks.example/x"}""",
        _ when path.EndsWith("/comments", StringComparison.Ordinal) => """{"text": "x"}""",
        _ when path.Contains("/holds", StringComparison.Ordinal) || path.Contains("/plugins/", StringComparison.Ordinal) => """{"reason": "x"}""",
        _ when path.Contains("/blackouts", StringComparison.Ordinal) => """{"name": "x"}""",
        _ when path.EndsWith("/owner", StringComparison.Ordinal) => $$"""{"userId": "{{Unknown}}"}""",
        _ when path.EndsWith("/accept", StringComparison.Ordinal) => """{"digest": "sha256:0"}""",
        _ when path.EndsWith("/path", StringComparison.Ordinal) => """{"path": "/usr/bin/true"}""",
        _ when path.EndsWith("/plan", StringComparison.Ordinal) => $$"""{"targetIds": ["{{Unknown}}"]}""",
        _ => $$"""{"workflowId": "{{Unknown}}", "targetIds": ["{{Unknown}}"]}""",
    };

    private static async Task<string> ShouldBeProblemAsync(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        var text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(status, text);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        using var problem = JsonDocument.Parse(text);
        problem.RootElement.GetProperty("code").GetString().ShouldBe(code);
        problem.RootElement.GetProperty("status").GetInt32().ShouldBe((int)status);
        problem.RootElement.GetProperty("detail").GetString().ShouldNotBeNullOrWhiteSpace();
        problem.RootElement.GetProperty("traceId").GetString().ShouldNotBeNullOrWhiteSpace();
        return System.Text.RegularExpressions.Regex.Unescape(text);
    }
}
