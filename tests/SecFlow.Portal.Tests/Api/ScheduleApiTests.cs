using System.Net;
using System.Net.Http.Json;
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

/// <summary>Schedules and blackouts over the API, from a preview to their end, and the pages that show them.</summary>
[Collection(PortalTests.Name)]
public sealed class ScheduleApiTests(PortalFixture portal)
{
    [Fact]
    public async Task Schedule_ByApi_FromItsPreviewToItsEnd()
    {
        var (workflow, target) = await RowsAsync("scheduled");
        using var api = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Analyst, "workflows:read", "schedules:write", "runs:write"));
        using var other = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Other, TeamRole.Admin, "workflows:read", "schedules:write", "runs:write"));

        var preview = await JsonAsync(await api.PostAsJsonAsync(Uri("schedules/preview?count=2&after=2027-03-27T12:00:00Z"), new { cron = "0 30 2 * * ?", zone = "Europe/Berlin" }), HttpStatusCode.OK);
        preview.GetProperty("words").GetString().ShouldBe("every day at 02:30 Europe/Berlin");
        preview.GetProperty("next").EnumerateArray().Select(at => at.GetProperty("local").GetString()).ShouldBe(["2027-03-28 03:00 +02:00", "2027-03-29 02:30 +02:00"]);
        preview.GetProperty("next")[0].GetProperty("at").GetString().ShouldBe("2027-03-28T01:00:00Z");

        object Body(string overlap) => new { name = "api nightly", workflowId = workflow, cron = "0 30 2 * * ?", zone = "Europe/Berlin", targetIds = new[] { target }, misfire = "all", overlap, priority = 7, endsAt = "2099-01-01T00:00" };
        var added = await api.PostAsJsonAsync(Uri("schedules"), Body("skip"));
        var row = await JsonAsync(added, HttpStatusCode.Created);
        added.Headers.ETag!.Tag.ShouldBe("\"1\"");
        var path = added.Headers.Location!.ToString()["/api/v1/".Length..];
        (row.GetProperty("kind").GetString(), row.GetProperty("misfire").GetString(), row.GetProperty("overlap").GetString(), row.GetProperty("priority").GetInt32(), row.GetProperty("endsAt").GetString()).ShouldBe(("cron", "all", "skip", 7, "2098-12-31T23:00:00Z"));
        row.GetProperty("next").GetArrayLength().ShouldBe(3);

        await ProblemAsync(await api.PutAsJsonAsync(Uri(path), Body("queue")), 428, "SF1407");
        await ProblemAsync(await PutAsync(api, path, "\"9\"", Body("queue")), 412, "SF1307");
        await ProblemAsync(await PutAsync(api, path, "\"1\"", new { name = "", cron = "x", runAt = "soon" }), 400, "SF1301");
        await ProblemAsync(await PutAsync(other, path, "\"1\"", Body("queue")), 404, "SF1502");
        await ProblemAsync(await other.PostAsync(Uri(path + "/run"), null), 404, "SF1502");
        await ProblemAsync(await api.PostAsJsonAsync(Uri(path + "/owner"), new { userId = Guid.NewGuid() }), 400, "SF1301");
        var changed = await PutAsync(api, path, "\"1\"", Body("queue"));
        (await JsonAsync(changed, HttpStatusCode.OK)).GetProperty("overlap").GetString().ShouldBe("queue");
        changed.Headers.ETag!.Tag.ShouldBe("\"2\"");

        (await JsonAsync(await api.PostAsync(Uri(path + "/disable"), null), HttpStatusCode.OK)).GetProperty("next").GetArrayLength().ShouldBe(0);
        (await JsonAsync(await api.PostAsync(Uri(path + "/enable"), null), HttpStatusCode.OK)).GetProperty("enabled").GetBoolean().ShouldBeTrue();
        var run = await JsonAsync(await api.PostAsync(Uri(path + "/run"), null), HttpStatusCode.Accepted);
        var shown = await JsonAsync(await api.GetAsync(Uri(path)), HttpStatusCode.OK);
        shown.GetProperty("lastRunId").GetString().ShouldBe(run.GetProperty("id").GetString());
        (await JsonAsync(await api.GetAsync(Uri("schedules")), HttpStatusCode.OK)).GetProperty("items").EnumerateArray().ShouldContain(item => item.GetProperty("name").GetString() == "api nightly");
        (await JsonAsync(await api.GetAsync(Uri("schedules/calendar?days=3")), HttpStatusCode.OK)).GetProperty("items").EnumerateArray().Count(entry => entry.GetProperty("name").GetString() == "api nightly").ShouldBeInRange(2, 3);
        await ProblemAsync(await api.GetAsync(Uri("schedules/calendar?days=400")), 400, "SF1501");

        (await api.DeleteAsync(Uri(path))).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await ProblemAsync(await api.GetAsync(Uri(path)), 404, "SF1502");
    }

    [Fact]
    public async Task Lists_AreGivenInPages_AndThePageShowsAHundred()
    {
        var actor = Actor.System(portal.Other.Id, "test");
        var (schedules, blackouts) = (portal.App.Services.GetRequiredService<ScheduleStore>(), portal.App.Services.GetRequiredService<BlackoutStore>());
        var workflow = (await portal.App.Services.GetRequiredService<WorkflowService>().SaveAsync(actor, "version: \"1.0\"\nname: Workflow of many\nnodes: [{ id: baseline, type: scan.web-baseline }]", default)).WorkflowId;
        for (var i = 0; i < 103; i++)
        {
            await schedules.AddAsync(actor, new Schedule { Name = $"many {i:000}", WorkflowId = workflow, Cron = "0 30 2 * * ?", Zone = "UTC", Enabled = false });
        }

        foreach (var name in new[] { "a", "b", "c" })
        {
            await blackouts.AddAsync(actor, new Blackout { Name = name, Window = "2098-12-24T00:00/2098-12-27T00:00 UTC" });
        }

        using var api = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Other, TeamRole.Analyst, "workflows:read"));
        foreach (var (list, limit, total, pages) in new[] { ("schedules", 40, 103, 3), ("blackouts", 2, 3, 2) })
        {
            var (names, cursor, read) = (new List<string?>(), "", 0);
            for (; cursor is not null; read++)
            {
                var page = await JsonAsync(await api.GetAsync(Uri($"{list}?limit={limit}{(cursor.Length > 0 ? "&cursor=" + cursor : "")}")), HttpStatusCode.OK);
                names.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString()));
                page.GetProperty("total").GetInt32().ShouldBe(total);
                cursor = page.TryGetProperty("next", out var next) ? next.GetString() : null;
            }

            (names.Count, names.Distinct().Count(), read).ShouldBe((total, total, pages));
            await ProblemAsync(await api.GetAsync(Uri(list + "?cursor=here")), 400, "SF1501");
            await ProblemAsync(await api.GetAsync(Uri(list + "?limit=0")), 400, "SF1501");
        }

        using var oda = await portal.App.SignInAsync("oda");
        var first = (await oda.GetAsync("/schedules")).Html;
        (first.Contains("many 099", StringComparison.Ordinal), first.Contains("many 100", StringComparison.Ordinal), first.Contains("schedules?skip=100", StringComparison.Ordinal)).ShouldBe((true, false, true));
        (await oda.GetAsync("/schedules?skip=100")).Html.ShouldContain("many 102");
    }

    [Theory]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("9999-12-30T00:00:00Z")]
    [InlineData("2027-01-31T22:00:00.000")]
    [InlineData("2200-01-01T00:00:00Z")]
    [InlineData("now")]
    public async Task Moment_ThatIsNoneOfOurs_IsRefused(string moment)
    {
        using var api = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Analyst, "workflows:read"));
        await ProblemAsync(await api.GetAsync(Uri("schedules/calendar?from=" + System.Uri.EscapeDataString(moment))), 400, "SF1501");
        foreach (var zone in new[] { "America/New_York", "Pacific/Kiritimati" })
        {
            await ProblemAsync(await api.PostAsJsonAsync(Uri("schedules/preview?after=" + System.Uri.EscapeDataString(moment)), new { cron = "0 30 2 * * ?", zone }), 400, "SF1501");
        }
    }

    [Theory]
    [InlineData("2001-01-01T00:00:00Z")]
    [InlineData("2199-12-31T23:59:59-12:00")]
    public async Task Moment_AtTheEdge_IsAnswered(string moment)
    {
        using var api = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Analyst, "workflows:read"));
        await JsonAsync(await api.GetAsync(Uri("schedules/calendar?days=62&from=" + System.Uri.EscapeDataString(moment))), HttpStatusCode.OK);
        foreach (var zone in new[] { "America/New_York", "Pacific/Kiritimati" })
        {
            await JsonAsync(await api.PostAsJsonAsync(Uri("schedules/preview?count=100&after=" + System.Uri.EscapeDataString(moment)), new { cron = "0 30 2 * * ?", zone }), HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task Blackout_ByApi_IsAddedChangedAndEnded()
    {
        using var api = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Analyst, "workflows:read", "schedules:write"));
        await ProblemAsync(await api.PostAsJsonAsync(Uri("blackouts"), new { name = "office hours", window = "Mon-Fri 8-17" }), 400, "SF1305");
        var added = await api.PostAsJsonAsync(Uri("blackouts"), new { name = "holidays", window = "2098-12-24T00:00/2098-12-27T00:00 Europe/Berlin" });
        (await JsonAsync(added, HttpStatusCode.Created)).GetProperty("standsFrom").GetString().ShouldBe("2098-12-23T23:00:00Z");
        var path = added.Headers.Location!.ToString()["/api/v1/".Length..];

        await ProblemAsync(await PutAsync(api, path, "\"4\"", new { name = "holidays", window = "daily 00:00-24:00 UTC" }), 412, "SF1307");
        (await JsonAsync(await PutAsync(api, path, "\"1\"", new { name = "holiday", window = "2098-12-24T00:00/2098-12-28T00:00 UTC" }), HttpStatusCode.OK)).GetProperty("standing").GetBoolean().ShouldBeFalse();
        (await JsonAsync(await api.GetAsync(Uri("blackouts")), HttpStatusCode.OK)).GetProperty("items")[0].GetProperty("window").GetString().ShouldBe("2098-12-24T00:00/2098-12-28T00:00 UTC");
        using var browser = await portal.App.SignInAsync("vera");
        (await browser.GetAsync("/schedules")).Html.ShouldContain("2098-12-24T00:00/2098-12-28T00:00 UTC");
        (await api.DeleteAsync(Uri(path))).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await ProblemAsync(await api.DeleteAsync(Uri(path)), 404, "SF1502");
    }

    [Fact]
    public async Task Page_OfASchedule_SaysWhenItStops_AndShowsActsByRole()
    {
        var (workflow, target) = await RowsAsync("ending", portal.App.Time.GetUtcNow().AddDays(3));
        var actor = Actor.System(portal.Main.Id, "test");
        var row = await portal.App.Services.GetRequiredService<ScheduleService>().AddAsync(actor, new NewSchedule("every night", workflow, "0 30 2 * * ?", "Europe/Berlin", [target]), default);
        using var ben = await portal.App.SignInAsync("ben");
        using var vera = await portal.App.SignInAsync("vera");

        var page = (await ben.GetAsync($"/schedules/{row.Id}")).Html;
        foreach (var words in new[] { "every day at 02:30 Europe/Berlin", "Next ten times", "It will stop at", "Run now", "Hand over", "one run makes up for times missed", ">Change<" })
        {
            page.ShouldContain(words);
        }

        var list = (await ben.GetAsync("/schedules")).Html;
        foreach (var words in new[] { "every night", "The next seven days", "Next three times", "Run now", "New blackout" })
        {
            list.ShouldContain(words);
        }

        var seen = (await vera.GetAsync($"/schedules/{row.Id}")).Html;
        seen.ShouldContain("every day at 02:30 Europe/Berlin");
        foreach (var act in new[] { "Run now", ">Change<", "Hand over", "New blackout" })
        {
            seen.ShouldNotContain(act);
        }

        (await ben.GetAsync($"/schedules/{Guid.NewGuid()}")).Html.ShouldContain("SF1502");
        await portal.App.Services.GetRequiredService<ScheduleService>().DeleteAsync(actor, row.Id, default);
    }

    private async Task<(Guid Workflow, Guid Target)> RowsAsync(string name, DateTimeOffset? until = null)
    {
        var actor = Actor.System(portal.Main.Id, "test");
        var target = await portal.App.Services.GetRequiredService<TargetService>().AddAsync(actor, new NewTarget(name, TargetKind.Url, $"http://127.0.0.1:9/{name}", "TEST-1", until) { PrivateAddressApproved = true }, default);
        var workflow = await portal.App.Services.GetRequiredService<WorkflowService>().SaveAsync(actor, $"version: \"1.0\"\nname: Workflow {name}\nnodes: [{{ id: baseline, type: scan.web-baseline }}]", default);
        return (workflow.WorkflowId, target.Id);
    }

    private static Uri Uri(string path) => new("/api/v1/" + path, UriKind.Relative);

    private static async Task<HttpResponseMessage> PutAsync(HttpClient api, string path, string etag, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Uri(path)) { Content = JsonContent.Create(body) };
        request.Headers.TryAddWithoutValidation("If-Match", etag);
        return await api.SendAsync(request);
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        var text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(status, text);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private static async Task ProblemAsync(HttpResponseMessage answer, int status, string code)
    {
        var text = await answer.Content.ReadAsStringAsync();
        ((int)answer.StatusCode).ShouldBe(status, text);
        text.ShouldContain($"\"code\":\"{code}\"");
    }
}
