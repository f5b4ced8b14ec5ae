using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Teams;

public sealed class SignInLinkTests
{
    [Fact]
    public async Task Link_OfTheFirstStart_SetsThePasswordAndSignsInOnceAndOnlyWhenTheButtonIsPressed()
    {
        await using var app = await SecFlowApplication.StartAsync(o => o with { AdminPassword = null });
        app.Output.ToString().ShouldContain("SecFlow is ready at http://localhost:");
        app.Output.ToString().ShouldContain("Sign in once with: " + app.SignInLink);
        using var preview = app.Browser();
        (await preview.GetAsync(app.SignInLink!.PathAndQuery)).Html.ShouldContain("Choose a password");
        (await preview.GetAsync("/runs")).Path.ShouldBe("/signin");

        using var browser = app.Browser();
        (await browser.UseLinkAsync(app.SignInLink)).Path.ShouldBe("/");
        (await browser.GetAsync("/runs")).Path.ShouldBe("/runs");

        using var again = await app.SignInAsync();
        (await again.GetAsync("/runs")).Path.ShouldBe("/runs");

        using var second = app.Browser();
        (await second.UseLinkAsync(app.SignInLink)).Html.ShouldContain("was used already");
        (await second.GetAsync("/runs")).Path.ShouldBe("/signin");
    }

    [Theory]
    [InlineData("too short")]
    [InlineData("aaaaaaaaaaaaaaaaaaaa")]
    [InlineData("")]
    public async Task Link_WithAPasswordThatBreaksARule_StaysGood(string password)
    {
        await using var app = await SecFlowApplication.StartAsync(o => o with { AdminPassword = null });
        using var browser = app.Browser();

        var refused = await browser.UseLinkAsync(app.SignInLink!, password);

        refused.Path.ShouldBe("/signin/link");
        refused.Html.ShouldContain("The link is still good");
        (await browser.GetAsync("/runs")).Path.ShouldBe("/signin");
        (await browser.UseLinkAsync(app.SignInLink!)).Path.ShouldBe("/");
    }

    [Fact]
    public async Task Link_OfAUserWhoHasAPasswordByNow_NeitherReplacesItNorGoesRoundIt()
    {
        var first = await SecFlowApplication.StartAsync(o => o with { AdminPassword = null });
        var older = first.SignInLink!;
        await first.StopAsync();
        await using var app = await SecFlowApplication.StartAsync(dataFolder: first.DataFolder);
        using var browser = app.Browser();

        (await browser.UseLinkAsync(new Uri(app.Url, older.PathAndQuery), "another long password")).Path.ShouldBe("/signin");

        using var signedIn = await app.SignInAsync();
        (await signedIn.GetAsync("/runs")).Path.ShouldBe("/runs");
    }

    [Fact]
    public async Task Link_After24Hours_IsRefused()
    {
        await using var app = await SecFlowApplication.StartAsync(o => o with { AdminPassword = null });
        app.Time.Advance(TimeSpan.FromHours(24));

        using var browser = app.Browser();

        (await browser.UseLinkAsync(app.SignInLink!)).Path.ShouldBe("/signin");
    }

    [Fact]
    public async Task Link_OfWhichOneCharacterIsWrong_IsRefused()
    {
        await using var app = await SecFlowApplication.StartAsync(o => o with { AdminPassword = null });
        var text = app.SignInLink!.ToString();

        using var browser = app.Browser();

        (await browser.UseLinkAsync(new Uri(text[..^1] + (text[^1] == 'A' ? 'B' : 'A')))).Path.ShouldBe("/signin");
    }

    [Fact]
    public async Task Start_WithPassword_PrintsNoLink()
    {
        await using var app = await SecFlowApplication.StartAsync();

        app.SignInLink.ShouldBeNull();
        app.Output.ToString().ShouldNotContain("Sign in once");
    }

    [Fact]
    public async Task Start_Again_KeepsThePasswordOfTheFirst()
    {
        var first = await SecFlowApplication.StartAsync();
        await first.StopAsync();

        await using var second = await SecFlowApplication.StartAsync(o => o with { AdminPassword = "another long password" }, first.DataFolder);

        using var browser = await second.SignInAsync();
        (await browser.GetAsync("/runs")).Path.ShouldBe("/runs");
        await Should.ThrowAsync<InvalidOperationException>(() => second.SignInAsync("admin", "another long password"));
    }
}
