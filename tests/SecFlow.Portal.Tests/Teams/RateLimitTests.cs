using System.Net;
using SecFlow.Data.Teams;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Teams;

public sealed class RateLimitTests
{
    [Fact]
    public async Task SignIn_MoreTriesThanAllowed_IsToldToWait()
    {
        await using var app = await SecFlowApplication.StartAsync(o => o with { SignInTriesPerMinute = 3 });
        using var browser = app.Browser();
        for (var i = 0; i < 3; i++)
        {
            (await browser.SignInAsync("nobody", "x")).Html.ShouldContain("is wrong");
        }

        (await browser.SignInAsync("admin", SecFlowApplication.AdminPassword)).Html.ShouldContain("Too many tries");
    }

    [Fact]
    public async Task Api_MoreRequestsThanAllowed_Is429WithRetryAfter_ForThatTokenOnly()
    {
        await using var app = await SecFlowApplication.StartAsync(o => o with { ApiRequestsPerMinute = 2 });
        var team = await app.TeamAsync();
        using var busy = app.ApiClient(await app.AddTokenAsync(team, TeamRole.Viewer, "plugins:read"));
        using var calm = app.ApiClient(await app.AddTokenAsync(team, TeamRole.Viewer, "plugins:read"));
        for (var i = 0; i < 2; i++)
        {
            await busy.GetAsync(new Uri("/api/v1/plugins", UriKind.Relative));
        }

        var refused = await busy.GetAsync(new Uri("/api/v1/plugins", UriKind.Relative));

        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter.ShouldNotBeNull();
        (await refused.Content.ReadAsStringAsync()).ShouldContain("SF3012");
        (await calm.GetAsync(new Uri("/api/v1/plugins", UriKind.Relative))).StatusCode.ShouldNotBe(HttpStatusCode.TooManyRequests);
    }
}
