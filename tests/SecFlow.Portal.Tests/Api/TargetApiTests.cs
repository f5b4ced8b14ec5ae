using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SecFlow.Data.Teams;

namespace SecFlow.Portal.Tests.Api;

/// <summary>Targets over the API: a target from its birth to its end, and what another team sees of it: nothing.</summary>
[Collection(PortalTests.Name)]
public sealed class TargetApiTests(PortalFixture portal)
{
    private static readonly string[] _all = ["targets:read", "targets:write", "secrets:write"];

    [Fact]
    public async Task Target_AddedChangedAndArchived_KeepsItsRevisionAndTeam()
    {
        using var api = await ClientAsync(portal.Main);
        using var other = await ClientAsync(portal.Other);
        var name = "api " + Guid.NewGuid().ToString("N");
        var added = await api.PostAsJsonAsync(Uri("targets"), Body(name));
        added.StatusCode.ShouldBe(HttpStatusCode.Created, await added.Content.ReadAsStringAsync());
        added.Headers.ETag!.Tag.ShouldBe("\"1\"");
        var path = added.Headers.Location!.ToString()["/api/v1/".Length..];

        await ProblemAsync(await api.PutAsJsonAsync(Uri(path), Body(name)), 428, "SF1407");
        await ProblemAsync(await PutAsync(api, path, "\"7\"", Body(name)), 412, "SF1402");
        await ProblemAsync(await PutAsync(api, path, "*", Body(name)), 412, "SF1402");
        await ProblemAsync(await PutAsync(api, path, "\"1\"", Body(name, rate: 50)), 409, "SF1403");
        await ProblemAsync(await PutAsync(api, path, "\"1\"", new { name }), 400, "SF1401");
        await ProblemAsync(await PutAsync(other, path, "\"1\"", Body(name)), 404, "SF1502");
        await ProblemAsync(await other.GetAsync(Uri(path)), 404, "SF1502");
        await ProblemAsync(await other.PostAsync(Uri(path + "/archive"), null), 404, "SF1502");

        var changed = await PutAsync(api, path, "\"1\"", Body(name, rate: 50, authorise: true));
        changed.StatusCode.ShouldBe(HttpStatusCode.OK, await changed.Content.ReadAsStringAsync());
        changed.Headers.ETag!.Tag.ShouldBe("\"2\"");
        using var read = JsonDocument.Parse(await api.GetStringAsync(Uri(path)));
        read.RootElement.GetProperty("requestsPerSecond").GetInt32().ShouldBe(50);
        read.RootElement.GetProperty("windows")[0].GetString().ShouldBe("deny Sat-Sun 00:00-24:00 UTC");
        read.RootElement.GetProperty("authorisedBy").GetString().ShouldBe("test token");

        (await api.PostAsync(Uri(path + "/archive"), null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await ProblemAsync(await api.PostAsync(Uri(path + "/archive"), null), 404, "SF1502");
        (await api.GetStringAsync(Uri("targets"))).ShouldNotContain(name);
    }

    [Theory]
    [InlineData("{\"name\":\"x\",\"kind\":\"urll\",\"value\":\"x\",\"authorisationReference\":\"T-1\"}", "SF1501")]
    [InlineData("{\"name\":\"x\",\"kind\":\"host\",\"value\":\"x\",\"authorisationReference\":\"T-1\",\"extra\":1}", "SF1501")]
    [InlineData("{\"name\":\"x\",\"kind\":\"host\",\"value\":\"127.0.0.1\",\"authorisationReference\":\"T-1\"}", "SF1401")]
    [InlineData("{\"name\":\"x\",\"kind\":\"folder\",\"value\":\"/etc\",\"authorisationReference\":\"T-1\"}", "SF1401")]
    [InlineData("{\"name\":\"x\",\"kind\":\"host\",\"value\":\"h.example\",\"authorisationReference\":\"T-1\",\"windows\":[\"deny Moon 1-2 UTC\"]}", "SF1401")]
    [InlineData("{\"name\":\"x\",\"kind\":\"host\",\"value\":\"h.example\",\"authorisationReference\":\"T-1\",\"userAgent\":\"a\\r\\nX: y\"}", "SF1401")]
    public async Task Add_BadBody_SaysWhatIsWrong(string body, string code)
    {
        using var api = await ClientAsync(portal.Main);
        await ProblemAsync(await api.PostAsync(Uri("targets"), new StringContent(body, Encoding.UTF8, "application/json")), 400, code);
    }

    [Fact]
    public async Task Import_PreviewedThenConfirmed_StoresOnlyThen()
    {
        using var api = await ClientAsync(portal.Main);
        var name = "csv " + Guid.NewGuid().ToString("N");
        var csv = $"name,kind,value,reference\n{name},url,https://{Guid.NewGuid():N}.example/,TICKET-1\n";

        using var bad = JsonDocument.Parse(await (await api.PostAsync(Uri("targets/import"), Csv(csv.Replace(",url,", ",urll,", StringComparison.Ordinal)))).Content.ReadAsStringAsync());
        bad.RootElement.GetProperty("ready").GetBoolean().ShouldBeFalse();
        (bad.RootElement.GetProperty("problems")[0].GetProperty("line").GetInt32(), bad.RootElement.GetProperty("problems")[0].GetProperty("column").GetInt32()).ShouldBe((2, 2));
        using var preview = JsonDocument.Parse(await (await api.PostAsync(Uri("targets/import"), Csv(csv))).Content.ReadAsStringAsync());
        preview.RootElement.GetProperty("new").GetInt32().ShouldBe(1);
        (await api.GetStringAsync(Uri("targets"))).ShouldNotContain(name);

        await ProblemAsync(await api.PostAsync(Uri("targets/import?confirm=sha256:0"), Csv(csv)), 409, "SF1503");
        await ProblemAsync(await api.PostAsync(Uri("targets/import"), new StringContent(csv, Encoding.UTF8, "application/json")), 415, "SF1501");
        await ProblemAsync(await api.PostAsync(Uri("targets/import"), new ByteArrayContent(new byte[3 * 1024 * 1024]) { Headers = { ContentType = new("text/csv") } }), 413, "SF1504");
        var stored = await api.PostAsync(Uri("targets/import?confirm=" + preview.RootElement.GetProperty("digest").GetString()), Csv(csv));

        stored.StatusCode.ShouldBe(HttpStatusCode.Created, await stored.Content.ReadAsStringAsync());
        (await api.GetStringAsync(Uri("targets"))).ShouldContain(name);
    }

    [Fact]
    public async Task Archive_Uploaded_BecomesAFolderTargetOfItsTeamOnly()
    {
        using var api = await ClientAsync(portal.Main);
        using var other = await ClientAsync(portal.Other);
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var writer = new StreamWriter(zip.CreateEntry("a.txt").Open());
            writer.Write("x");
        }

        var uploaded = await api.PostAsync(Uri("targets/archives"), new ByteArrayContent(stream.ToArray()) { Headers = { ContentType = new("application/zip") } });
        uploaded.StatusCode.ShouldBe(HttpStatusCode.Created, await uploaded.Content.ReadAsStringAsync());
        using var answer = JsonDocument.Parse(await uploaded.Content.ReadAsStringAsync());
        var body = new { name = "folder " + Guid.NewGuid().ToString("N"), kind = "folder", value = answer.RootElement.GetProperty("value").GetString(), authorisationReference = "TICKET-1" };

        await ProblemAsync(await other.PostAsJsonAsync(Uri("targets"), body), 400, "SF1401");
        (await api.PostAsJsonAsync(Uri("targets"), body)).StatusCode.ShouldBe(HttpStatusCode.Created);
        await ProblemAsync(await api.PostAsync(Uri("targets/archives"), new ByteArrayContent("not a zip"u8.ToArray()) { Headers = { ContentType = new("application/zip") } }), 400, "SF1406");
    }

    [Fact]
    public async Task Secret_SetAndListed_IsNeverGivenBack()
    {
        using var api = await ClientAsync(portal.Main);
        using var other = await ClientAsync(portal.Other);
        const string value = "never-given-back-4711";

        var set = await api.PutAsJsonAsync(Uri("secrets/api-token"), new { value });
        set.StatusCode.ShouldBe(HttpStatusCode.OK, await set.Content.ReadAsStringAsync());
        (await set.Content.ReadAsStringAsync()).ShouldNotContain(value);
        var list = await api.GetStringAsync(Uri("secrets"));
        list.ShouldContain("api-token");
        list.ShouldNotContain(value);
        (await other.GetStringAsync(Uri("secrets"))).ShouldNotContain("api-token");
        await ProblemAsync(await api.PutAsJsonAsync(Uri("secrets/API"), new { value }), 400, "SF1404");
        await ProblemAsync(await other.DeleteAsync(Uri("secrets/api-token")), 404, "SF1502");
        (await api.DeleteAsync(Uri("secrets/api-token"))).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        foreach (var file in Directory.EnumerateFiles(portal.App.DataFolder, "secflow.db*"))
        {
            await using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var all = new MemoryStream();
            await open.CopyToAsync(all);
            all.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(value)).ShouldBe(-1, file);
        }
    }

    private async Task<HttpClient> ClientAsync(Team team) => portal.App.ApiClient(await portal.App.AddTokenAsync(team, TeamRole.Admin, _all));

    private static Uri Uri(string path) => new("/api/v1/" + path, UriKind.Relative);

    private static object Body(string name, int rate = 5, bool authorise = false) => new
    {
        name,
        kind = "url",
        value = "https://app.example/",
        authorisationReference = "TICKET-1",
        requestsPerSecond = rate,
        windows = new[] { "deny Sat,Sun 00:00-24:00 UTC" },
        authorise,
    };

    private static StringContent Csv(string text) => new(text, Encoding.UTF8, "text/csv");

    private static async Task<HttpResponseMessage> PutAsync(HttpClient api, string path, string etag, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Uri(path)) { Content = JsonContent.Create(body) };
        request.Headers.TryAddWithoutValidation("If-Match", etag);
        return await api.SendAsync(request);
    }

    private static async Task ProblemAsync(HttpResponseMessage answer, int status, string code)
    {
        var text = await answer.Content.ReadAsStringAsync();
        ((int)answer.StatusCode).ShouldBe(status, text);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        text.ShouldContain($"\"code\":\"{code}\"");
    }
}
