using System.Net;

namespace SecFlow.Portal.Tests.Components;

/// <summary>Every page, rendered for every role.</summary>
[Collection(PortalTests.Name)]
public sealed class PageTests(PortalFixture portal)
{
    private static readonly string[] Pages = ["/", "/runs", "/runs?status=partial", "/queue", "/findings", "/findings?severity=high&status=open&text=x&sort=-lastSeen&page=2", "/workflows", "/workflows/new", "/schedules", "/targets", "/plugins", "/security", "/account", "/alerts", "/alerts?show=all", "/performance", "/performance?span=week"];

    public static TheoryData<string, string> All()
    {
        var data = new TheoryData<string, string>();
        foreach (var user in new[] { "ana", "ben", "vera" })
        {
            foreach (var page in Pages)
            {
                data.Add(user, page);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Page_ForARole_RendersWithoutAProblem(string user, string path)
    {
        using var browser = await portal.App.SignInAsync(user);

        var page = await browser.GetAsync(path);

        page.Status.ShouldBe(HttpStatusCode.OK);
        page.Html.ShouldContain("<h1");
        page.Html.ShouldNotContain("note-box error");
        page.Html.ShouldNotContain("aria-busy");
        page.Html.ShouldContain("data-live=\"false\"");
    }

    [Fact]
    public async Task Audit_ForAnAdmin_RendersAndShowsSentences()
    {
        using var browser = await portal.App.SignInAsync("ana");

        var page = await browser.GetAsync("/audit?action=start.session");

        page.Html.ShouldContain(">ana</strong> started session");
        page.Html.ShouldContain("Verify");
    }

    [Theory]
    [InlineData("ana", "/targets/import", "CSV")]
    [InlineData("ana", "/targets/secrets", "never shown again")]
    [InlineData("ben", "/targets/import", "SF3001")]
    [InlineData("ben", "/targets/secrets", "SF3001")]
    [InlineData("vera", "/targets/secrets", "SF3001")]
    public async Task TargetPages_ForARole_RenderOrRefuse(string user, string path, string words)
    {
        using var browser = await portal.App.SignInAsync(user);

        (await browser.GetAsync(path)).Html.ShouldContain(words);
    }

    [Theory]
    [InlineData("ben")]
    [InlineData("vera")]
    public async Task Audit_ForOthers_IsRefusedWithItsCode(string user)
    {
        using var browser = await portal.App.SignInAsync(user);

        var page = await browser.GetAsync("/audit");

        page.Html.ShouldContain("SF3001");
        page.Html.ShouldNotContain("started session");
        page.Html.ShouldNotContain(">Verify<");
    }

    [Theory]
    [InlineData("vera", "/targets", "Add target", false)]
    [InlineData("ben", "/targets", "Add target", false)]
    [InlineData("ana", "/targets", "Add target", true)]
    [InlineData("vera", "/workflows", "New from template", false)]
    [InlineData("ben", "/workflows", "New from template", true)]
    [InlineData("vera", "/schedules", "New schedule", false)]
    [InlineData("ben", "/schedules", "New schedule", true)]
    [InlineData("ben", "/account", "New token", false)]
    [InlineData("ana", "/account", "New token", true)]
    public async Task Act_ThatARoleCannotDo_IsNotShown(string user, string path, string act, bool shown)
    {
        using var browser = await portal.App.SignInAsync(user);

        (await browser.GetAsync(path)).Html.Contains(act, StringComparison.Ordinal).ShouldBe(shown);
    }

    [Theory]
    [InlineData("dark", "data-theme=\"dark\"")]
    [InlineData("light", "data-theme=\"light\"")]
    [InlineData("purple", "data-theme=\"auto\"")]
    public async Task Theme_ChosenBefore_IsInTheFirstPaint(string cookie, string attribute)
    {
        using var client = portal.App.Client();
        client.DefaultRequestHeaders.Add("Cookie", "secflow-theme=" + cookie);

        (await client.GetStringAsync(new Uri("/signin", UriKind.Relative))).ShouldContain(attribute);
    }

    [Theory]
    [InlineData("/runs/0190a000-0000-7000-8000-000000000000")]
    [InlineData("/findings/0190a000-0000-7000-8000-000000000000")]
    [InlineData("/workflows/0190a000-0000-7000-8000-000000000000")]
    public async Task Detail_OfNothing_SaysSoWithItsCode(string path)
    {
        using var browser = await portal.App.SignInAsync("ana");

        (await browser.GetAsync(path)).Html.ShouldContain("SF1502");
    }
}
