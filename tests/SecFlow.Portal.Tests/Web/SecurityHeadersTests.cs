using System.Net;
using System.Text.RegularExpressions;

namespace SecFlow.Portal.Tests.Web;

[Collection(PortalTests.Name)]
public sealed partial class SecurityHeadersTests(PortalFixture portal)
{
    [Theory]
    [InlineData("/signin")]
    [InlineData("/api/v1/runs")]
    [InlineData("/healthz")]
    [InlineData("/tokens.css")]
    [InlineData("/nothing-here")]
    public async Task Answer_OfEveryKind_HasSecurityHeaders(string path)
    {
        using var client = portal.App.Client();

        var answer = await client.GetAsync(new Uri(path, UriKind.Relative));

        var policy = answer.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem();
        policy.ShouldContain("frame-ancestors 'none'");
        policy.ShouldContain("script-src 'self';");
        policy.ShouldNotContain("http");
        answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        answer.Headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"]);
        answer.Headers.Contains("Server").ShouldBeFalse();
        answer.Headers.CacheControl.ShouldNotBeNull();
    }

    [Fact]
    public async Task Page_LoadsNothingFromAnotherHost()
    {
        using var browser = await portal.App.SignInAsync("ana");
        var html = (await browser.GetAsync("/targets")).Html;

        Loaded().Matches(html).Select(m => m.Groups["url"].Value).ShouldAllBe(url => !url.Contains("//", StringComparison.Ordinal));
        InlineScript().IsMatch(html).ShouldBeFalse();
        html.ShouldNotContain(" onclick=\"");
    }

    [Theory]
    [InlineData("/_framework/blazor.web.js", "text/javascript")]
    [InlineData("/_content/Radzen.Blazor/css/standard-base.css", "text/css")]
    [InlineData("/_content/Radzen.Blazor/fonts/InterVariable.woff2", "font/woff2")]
    [InlineData("/SecFlow.Portal.styles.css", "text/css")]
    [InlineData("/app.css", "text/css")]
    [InlineData("/portal.js", "text/javascript")]
    public async Task StaticFile_OfThePages_IsServed(string path, string type)
    {
        using var client = portal.App.Client();

        var answer = await client.GetAsync(new Uri(path, UriKind.Relative));

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe(type);
        (await answer.Content.ReadAsByteArrayAsync()).Length.ShouldBeGreaterThan(100);
    }

    [Fact]
    public async Task Page_ThatDoesNotExist_IsAHelpful404()
    {
        using var browser = portal.App.Browser();

        var page = await browser.GetAsync("/nothing-here");

        page.Status.ShouldBe(HttpStatusCode.NotFound);
        page.Html.ShouldContain("This page does not exist");
        page.Html.ShouldContain("SF1502");
    }

    [GeneratedRegex("<(?:link|script|img)[^>]*?(?:href|src)=\"(?<url>[^\"]*)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Loaded();

    [GeneratedRegex("<script(?![^>]*src=)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex InlineScript();
}
