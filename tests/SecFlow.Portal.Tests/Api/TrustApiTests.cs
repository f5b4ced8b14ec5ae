using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Api;

/// <summary>The trust policy over the API and on its page.</summary>
public sealed class TrustApiTests
{
    private const string Nobody = "apiVersion: secflow/v1\nkind: PluginTrustPolicy\nspec:\n  noMatch: deny\n";

    [Fact]
    public async Task Policy_IsTriedReplacedComparedAndPutInForceAgain()
    {
        await using var app = await SecFlowApplication.StartAsync();
        var team = await app.TeamAsync();
        using var api = app.ApiClient(await app.AddTokenAsync(team, TeamRole.Admin, "plugins:read", "plugins:write", "installation:write"));
        var (first, tag) = await ReadAsync(await api.GetAsync(At("")));
        first.GetProperty("rules").EnumerateArray().Select(r => r.GetString()).ShouldContain("builtin");
        await ScheduleAsync(app, team);

        var (tried, _) = await ReadAsync(await api.PostAsJsonAsync(At("/try"), new { yaml = Nobody }));
        tried.GetProperty("plugins").EnumerateArray().Where(p => p.GetProperty("plugin").GetString() == "scan.web-baseline").ShouldHaveSingleItem().GetProperty("loses").GetBoolean().ShouldBeTrue();
        var refused = tried.GetProperty("schedules").EnumerateArray().ShouldHaveSingleItem();
        (refused.GetProperty("schedule").GetString(), refused.GetProperty("firings").GetInt32()).ShouldBe(("nightly", 7));
        refused.GetProperty("refusals")[0].GetString()!.ShouldContain("SF2002");
        (await ReadAsync(await api.PostAsJsonAsync(At("/try"), new { yaml = Nobody + "  rules: [ { name: anyone } ]\n" }))).Json.GetProperty("problems")[0].GetString()!.ShouldContain("(5:");

        await RefusedAsync(await api.PutAsJsonAsync(At(""), new { yaml = Nobody }), HttpStatusCode.PreconditionRequired, "SF1407");
        await RefusedAsync(await PutAsync(api, "", new { yaml = Nobody }, "\"sha256:0\""), HttpStatusCode.Conflict, "SF1503");
        await RefusedAsync(await PutAsync(api, "", new { yaml = "x" }, tag), HttpStatusCode.BadRequest, "SF2007");
        var (now, _) = await ReadAsync(await PutAsync(api, "", new { yaml = first.GetProperty("yaml").GetString() + "# changed\n" }, tag));
        now.GetProperty("revision").GetString().ShouldNotBe(first.GetProperty("revision").GetString());

        var newest = (await ReadAsync(await api.GetAsync(At("/revisions")))).Json.GetProperty("items")[0].GetProperty("number").GetInt32();
        (await ReadAsync(await api.GetAsync(At($"/revisions/{newest}/difference")))).Json.GetProperty("lines").EnumerateArray().Select(l => l.GetString()).ShouldBe(["+# changed"]);
        (await ReadAsync(await api.PostAsync(At($"/revisions/{newest - 1}/restore"), null))).Json.GetProperty("revision").GetString().ShouldBe(first.GetProperty("revision").GetString());
        await RefusedAsync(await api.PostAsync(At("/revisions/none/restore"), null), HttpStatusCode.NotFound, "SF1502");
    }

    [Fact]
    public async Task RootsKeysAndAdditions_AreTakenOrRefusedWithTheirCode()
    {
        await using var app = await SecFlowApplication.StartAsync();
        var team = await app.TeamAsync();
        using var api = app.ApiClient(await app.AddTokenAsync(team, TeamRole.Admin, "plugins:read", "plugins:write", "installation:write"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (added, _) = await ReadAsync(await api.PutAsync(At("/keys/hsm"), Bytes(Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem()))));
        added.GetProperty("rule").GetString()!.ShouldContain(added.GetProperty("sha256").GetString()!);
        await RefusedAsync(await api.PutAsync(At("/roots/public"), Bytes("{}"u8.ToArray())), HttpStatusCode.BadRequest, "SF2009");

        (await ReadAsync(await api.GetAsync(At("/additions")))).Json.TryGetProperty("yaml", out _).ShouldBeFalse();
        await RefusedAsync(await PutAsync(api, "/additions", new { yaml = Nobody + "  exceptions: []\n" }, null), HttpStatusCode.BadRequest, "SF2010");
        var yaml = Nobody + "  rules:\n    " + added.GetProperty("rule").GetString() + "\n";
        (await ReadAsync(await PutAsync(api, "/additions", new { yaml }, null))).Json.GetProperty("yaml").GetString().ShouldBe(yaml);

        using var browser = await app.SignInAsync();
        var html = (await browser.GetAsync("/trust")).Html;
        html.ShouldContain("Who may sign");
        html.ShouldContain("hsm-");
        html.ShouldContain("Put in force");
        html.ShouldNotContain("audit mode until");
    }

    private static async Task ScheduleAsync(SecFlowApplication app, Team team)
    {
        var actor = Actor.System(team.Id, "test");
        var target = await app.Services.GetRequiredService<TargetService>().AddAsync(actor, new NewTarget("shop", TargetKind.Url, "http://127.0.0.1:1/", "test", null) { PrivateAddressApproved = true }, default);
        var version = await app.Services.GetRequiredService<WorkflowService>().SaveAsync(actor, "version: \"1.0\"\nname: Nightly\nnodes:\n  - id: baseline\n    type: scan.web-baseline\n    inputs: [targets]\n    outputs: [findings]\n", default);
        await app.Services.GetRequiredService<ScheduleService>().AddAsync(actor, new NewSchedule("nightly", version.WorkflowId, "0 0 3 * * ?", "UTC", [target.Id]), default);
    }

    private static ByteArrayContent Bytes(byte[] bytes) => new(bytes) { Headers = { ContentType = new("application/octet-stream") } };

    private static Uri At(string path) => new("/api/v1/trust" + path, UriKind.Relative);

    private static async Task<HttpResponseMessage> PutAsync(HttpClient client, string path, object body, string? tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, At(path)) { Content = JsonContent.Create(body) };
        if (tag is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        }

        return await client.SendAsync(request);
    }

    private static async Task<(JsonElement Json, string? Tag)> ReadAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return (JsonDocument.Parse(text).RootElement, answer.Headers.ETag?.ToString());
    }

    private static async Task RefusedAsync(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        var text = await answer.Content.ReadAsStringAsync();
        (answer.StatusCode, JsonDocument.Parse(text).RootElement.GetProperty("code").GetString()).ShouldBe((status, code), text);
    }
}
