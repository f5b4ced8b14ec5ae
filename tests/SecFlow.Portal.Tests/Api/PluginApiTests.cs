using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SecFlow.Data.Teams;
using SecFlow.Execution;
using SecFlow.Execution.Plugins;

namespace SecFlow.Portal.Tests.Api;

/// <summary>Submission and review over the API.</summary>
[Collection(PortalTests.Name)]
public sealed class PluginApiTests(PortalFixture portal)
{
    [Fact]
    public async Task Submission_OfAnAnalyst_IsReviewed_RemarkedOn_AndNotApprovedUnsigned()
    {
        using var analyst = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Analyst, "plugins:submit", "plugins:read"));
        using var admin = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Admin, "plugins:write", "plugins:read"));
        using var answer = await SubmitAsync(analyst, Package("scan.api-way"), "?note=have+a+look");
        var plugin = await ReadAsync(answer, HttpStatusCode.Created);
        var address = answer.Headers.Location!;
        (plugin.GetProperty("state").GetString(), plugin.GetProperty("trustState").GetString()).ShouldBe(("submitted", "Unsigned"));

        await ReadAsync(await analyst.PostAsJsonAsync(address + "/comments", new { text = "what is it for?" }), HttpStatusCode.Created);
        var review = await ReadAsync(await analyst.GetAsync(address), HttpStatusCode.OK);

        (review.GetProperty("trustState").GetString(), review.GetProperty("refusal").GetProperty("code").GetString()).ShouldBe(("Unsigned", "SF2001"));
        review.GetProperty("comments").EnumerateArray().Select(c => c.GetProperty("text").GetString()).ShouldBe(["have a look", "what is it for?"]);
        review.GetProperty("next").EnumerateArray().Select(s => s.GetString()).ShouldContain("approved");
        await RefusedAsync(await admin.PostAsJsonAsync(address + "/state", new { state = "approved", reason = "why not" }), HttpStatusCode.Forbidden, "SF2001");
        await RefusedAsync(await analyst.PostAsJsonAsync(address + "/state", new { state = "rejected", reason = "me" }), HttpStatusCode.Forbidden, "SF3001");
        await RefusedAsync(await admin.PostAsJsonAsync(address + "/pin", new { reason = "this one" }), HttpStatusCode.Conflict, "SF1503");
        await RefusedAsync(await admin.PostAsJsonAsync(address + "/unpin", new { reason = "this one" }), HttpStatusCode.Conflict, "SF1503");
        await RefusedAsync(await admin.PostAsJsonAsync(address + "/rollback", new { reason = "to this one" }), HttpStatusCode.Conflict, "SF1503");
        await RefusedAsync(await admin.PostAsJsonAsync(address + "/pin", new { }), HttpStatusCode.BadRequest, "SF1501");
        (await ReadAsync(await admin.PostAsJsonAsync(address + "/state", new { state = "rejected", reason = "unsigned" }), HttpStatusCode.OK)).GetProperty("state").GetString().ShouldBe("rejected");
    }

    [Fact]
    public async Task Submission_ThatIsNoPackage_TooLargeOrOfAnotherType_IsRefusedWithItsCode()
    {
        using var analyst = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Analyst, "plugins:submit"));

        await RefusedAsync(await SubmitAsync(analyst, "PK?"u8.ToArray()), HttpStatusCode.BadRequest, "SF1201");
        await RefusedAsync(await SubmitAsync(analyst, new byte[Limits.PackageBytes.Default + 1]), HttpStatusCode.BadRequest, "SF1202");
        await RefusedAsync(await SubmitAsync(analyst, Package("../outside")), HttpStatusCode.BadRequest, "SF1101");
        await RefusedAsync(await SubmitAsync(analyst, Package("scan.api-note"), "?note=" + new string('x', 501)), HttpStatusCode.BadRequest, "SF1501");
        await RefusedAsync(await SubmitAsync(analyst, Package("scan.api-type"), type: "application/json"), HttpStatusCode.UnsupportedMediaType, "SF1501");
    }

    private static async Task<HttpResponseMessage> SubmitAsync(HttpClient client, byte[] zip, string query = "", string type = "application/zip")
    {
        using var body = new ByteArrayContent(zip);
        body.Headers.ContentType = new MediaTypeHeaderValue(type);
        return await client.PostAsync(new Uri("/api/v1/plugins" + query, UriKind.Relative), body);
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        var text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(status, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static async Task RefusedAsync(HttpResponseMessage answer, HttpStatusCode status, string code) =>
        (await ReadAsync(answer, status)).GetProperty("code").GetString().ShouldBe(code);

    private static byte[] Package(string id)
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["plugin.yaml"] = Encoding.UTF8.GetBytes($"apiVersion: secflow/v1\nid: {id}\nversion: 1.0.0\ntitle: Of a test\nintrusiveness: passive\noutputs:\n  findings: {{ type: findings }}\n"),
            ["index.js"] = "module.exports = { execute: function (ctx) {} };"u8.ToArray(),
            ["config.schema.json"] = "{\"type\":\"object\"}"u8.ToArray(),
        };
        files["SHA256SUMS"] = Checksums.Write(files);
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, bytes) in files)
            {
                using var content = archive.CreateEntry(path).Open();
                content.Write(bytes);
            }
        }

        return stream.ToArray();
    }
}
