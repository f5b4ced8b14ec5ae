using System.Net;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Teams;

[Collection(PortalTests.Name)]
public sealed class SignInTests(PortalFixture portal)
{
    [Fact]
    public async Task Page_WithoutSession_LeadsToSignInAndBack()
    {
        using var browser = portal.App.Browser();

        var asked = await browser.GetAsync("/runs");
        asked.Path.ShouldBe("/signin");
        asked.Query.ShouldContain("returnUrl=%2Fruns");

        (await browser.SignInAsync("vera", SecFlowApplication.AdminPassword, "/runs")).Path.ShouldBe("/runs");
    }

    [Theory]
    [InlineData("vera", "wrong password 1")]
    [InlineData("nobody", "wrong password 1")]
    [InlineData("", "")]
    public async Task SignIn_WrongPasswordOrUser_IsAnsweredAlikeAndAudited(string user, string password)
    {
        using var browser = portal.App.Browser();

        var answer = await browser.SignInAsync(user, password);

        answer.Path.ShouldBe("/signin");
        answer.Html.ShouldContain("User or password is wrong");
        var denied = await portal.App.Audit.ListAsync(new AuditQuery(portal.Main.Id) { Installation = true, Action = "start.session", Outcome = AuditOutcome.Denied });
        denied.Events[0].ReasonCode.ShouldBe("SF3011");
        denied.Events[0].ActorName.ShouldBe(user == "vera" ? "vera" : "unknown user");
    }

    [Fact]
    public async Task SignIn_FiveWrongPasswords_LocksTheUserForSomeMinutes()
    {
        await portal.App.AddUserAsync("lena", portal.Main, TeamRole.Viewer);
        using var browser = portal.App.Browser();
        for (var i = 0; i < 5; i++)
        {
            await browser.SignInAsync("lena", "wrong password " + i);
        }

        (await browser.SignInAsync("lena", SecFlowApplication.AdminPassword)).Path.ShouldBe("/signin");
    }

    [Fact]
    public async Task SignIn_Cookie_IsHttpOnlyAndLax()
    {
        using var browser = portal.App.Browser();
        using var client = portal.App.Client();
        var form = await browser.GetAsync("/signin");
        (await browser.SignInAsync("vera", SecFlowApplication.AdminPassword)).Status.ShouldBe(HttpStatusCode.OK);

        var cookie = browser.Cookies.GetCookies(portal.App.Url).Single(c => c.Name == "secflow");
        cookie.HttpOnly.ShouldBeTrue();
        var antiforgery = form.Response.Headers.GetValues("Set-Cookie").Single();
        antiforgery.ShouldContain("samesite=lax");
        antiforgery.ShouldContain("httponly");
    }

    [Theory]
    [InlineData("/signin/password")]
    [InlineData("/signin/use-link")]
    public async Task Form_WithoutAntiforgeryToken_LeadsBackToTheForm(string path)
    {
        using var browser = portal.App.Browser();

        var answer = await browser.PostAsync(path, ("user", "vera"), ("password", SecFlowApplication.AdminPassword));

        answer.Path.ShouldBe("/signin");
        answer.Html.ShouldContain("Please try again");
        (await browser.GetAsync("/runs")).Path.ShouldBe("/signin");
    }

    [Theory]
    [InlineData("//evil.example/")]
    [InlineData("https://evil.example/")]
    [InlineData("/\\evil.example")]
    [InlineData("javascript:alert(1)")]
    public async Task SignIn_ReturnUrlOfAnotherHost_LeadsToTheOverview(string returnUrl)
    {
        using var browser = portal.App.Browser();

        var answer = await browser.SignInAsync("vera", SecFlowApplication.AdminPassword, returnUrl);

        answer.Response.RequestMessage!.RequestUri!.ShouldBe(new Uri(portal.App.Url, "/"));
    }

    [Fact]
    public async Task SignOut_EndsTheSession()
    {
        using var browser = await portal.App.SignInAsync("vera");
        var page = await browser.GetAsync("/runs");

        (await browser.PostAsync("/signin/out", page)).Path.ShouldBe("/signin");

        (await browser.GetAsync("/runs")).Path.ShouldBe("/signin");
    }

    [Fact]
    public async Task SignOut_FromAnotherSite_DoesNothing()
    {
        using var browser = await portal.App.SignInAsync("vera");

        await browser.PostAsync("/signin/out");

        (await browser.GetAsync("/runs")).Path.ShouldBe("/runs");
    }

    [Fact]
    public async Task Team_OfWhichOneIsNoMember_IsNotEntered()
    {
        using var browser = await portal.App.SignInAsync("vera");
        var page = await browser.GetAsync("/targets");

        var answer = await browser.PostAsync("/signin/team", page, ("team", portal.Other.Id.ToString()), ("returnUrl", "/targets"));

        answer.Path.ShouldBe("/targets");
        answer.Html.ShouldContain("Viewer of Main");
        answer.Html.ShouldNotContain("of Other");
    }

    [Fact]
    public async Task Team_OfWhichOneIsMember_IsEntered()
    {
        var user = await portal.App.AddUserAsync("mia", portal.Main, TeamRole.Viewer);
        await portal.App.Teams.SetMemberAsync(Actor.System(portal.Other.Id, "test"), user.Id, TeamRole.Analyst);
        using var browser = await portal.App.SignInAsync("mia");
        var page = await browser.GetAsync("/targets");

        var answer = await browser.PostAsync("/signin/team", page, ("team", portal.Other.Id.ToString()), ("returnUrl", "/targets"));

        answer.Html.ShouldContain("Analyst of Other");
    }

    [Fact]
    public async Task Membership_RemovedWhileSignedIn_CountsAtOnce()
    {
        var user = await portal.App.AddUserAsync("rosa", portal.Main, TeamRole.Viewer);
        using var browser = await portal.App.SignInAsync("rosa");
        (await browser.GetAsync("/runs")).Html.ShouldContain("Viewer of Main");

        await portal.App.Teams.RemoveMemberAsync(Actor.System(portal.Main.Id, "test"), user.Id);

        var refused = await browser.GetAsync("/runs");
        refused.Html.ShouldContain("SF3002");
        refused.Html.ShouldNotContain("Viewer of Main");
    }
}
