using System.Diagnostics;
using Microsoft.Playwright;
using SecFlow.Data.Plugins;
using SecFlow.Data.Teams;
using SecFlow.DemoTarget;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Trust;
using SecFlow.Execution.Workflows;
using SecFlow.TestKit;
using static Microsoft.Playwright.Assertions;

namespace SecFlow.EndToEnd.Tests.Browser;

/// <summary>The first five minutes of a new administrator, from the printed link to the removed demo, clicked in a real browser on a new installation; everything that is shown happens.</summary>
public sealed class FirstFiveMinutesTests(Xunit.Abstractions.ITestOutputHelper output)
{
    private const string Password = "five quiet minutes";

    /// <summary>Set to a folder to keep a screenshot of every step.</summary>
    private static readonly string? _screenshots = Environment.GetEnvironmentVariable("SECFLOW_SCREENSHOTS");

    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 360)]
    public async Task Story_FromTheLinkToTheRemovedDemo_TakesFewClicksAndMinutes(ColorScheme scheme, int width)
    {
        await using var portal = await RunningPortal.StartAsync("demo", adminPassword: null);
        await using var own = await WeakShop.StartAsync(DemoFaults.Choose("demo", 5), 5);
        await using var chromium = await Chromium.StartAsync();
        var story = new Story(await chromium.PageAsync(portal.Url, scheme, width), scheme, width);
        var clock = Stopwatch.StartNew();

        await story.ChoosePasswordAsync(portal.SignInLink!);
        await story.ScanTheDemoAsync();
        await story.TryAsync("AlteredByte", "Alter one byte", "SF2004");
        await story.TryAsync("OutOfScope", "Leave the scope", "SF3003");
        await story.TryAsync("EndlessLoop", "Loop for ever", "SF4001");
        await story.ShotAsync("4-broken");
        await story.ScanOwnAsync(own.Url);
        await story.ScheduleAsync();
        var checkpoint = await story.VerifyAsync();
        await story.RemoveAsync();

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(5));
        story.FirstFinding.ShouldBeLessThan(Crowd.Within(10));
        output.WriteLine($"{story.Clicks} clicks, {clock.Elapsed.TotalSeconds:0} s, first finding after {story.FirstFinding.TotalSeconds:0.0} s");
        story.Clicks.ShouldBeLessThan(15);
        chromium.Errors.ShouldBeEmpty();
        checkpoint.ShouldStartWith("secflow", Case.Insensitive);
        await ShouldBeRecordedAsync(portal);
        await ShouldBeGoneAsync(portal, own.Url);
    }

    /// <summary>The list in its other dress, at the two steps that hold most; the story itself is clicked in the first two.</summary>
    [Theory]
    [InlineData(ColorScheme.Dark, 1440)]
    [InlineData(ColorScheme.Light, 360)]
    public async Task Steps_InTheOtherThemeAndWidth_FitAndCanBePutAway(ColorScheme scheme, int width)
    {
        await using var portal = await RunningPortal.StartAsync("demo");
        await using var chromium = await Chromium.StartAsync();
        var story = new Story(await chromium.PageAsync(portal.Url, scheme, width), scheme, width);
        await FirstScanTests.SignInAsync(story.Page);
        await story.LiveAsync();
        await story.ScanTheDemoAsync();
        await story.TryAsync("OutOfScope", "Leave the scope", "SF3003");
        await story.Step("own").GetByRole(AriaRole.Button, new() { Name = "Open" }).ClickAsync();
        await story.PlanAsync(portal.Shop.Url);
        await story.ShotAsync("5-plan");

        // put away, it is one click in the menu away, and comes back from there
        await story.Page.GetByRole(AriaRole.Button, new() { Name = "Hide" }).ClickAsync();
        await Expect(story.Page.Locator(".first-steps")).ToHaveCountAsync(0);
        await story.Page.ReloadAsync();
        await story.LiveAsync();
        await Expect(story.Page.Locator(".first-steps")).ToHaveCountAsync(0);
        await story.Page.Locator("details.menu summary").ClickAsync();
        await story.Page.GetByRole(AriaRole.Link, new() { Name = "First steps" }).ClickAsync();
        await story.Page.GetByRole(AriaRole.Button, new() { Name = "Show on the overview" }).ClickAsync();
        await story.ShotAsync("8-own-page");
        await story.Page.GotoAsync("");
        await Expect(story.Step("scan")).ToHaveAttributeAsync("data-state", "done");
        chromium.Errors.ShouldBeEmpty();
    }

    /// <summary>Every act left its event, by the person who clicked.</summary>
    private static async Task ShouldBeRecordedAsync(RunningPortal portal)
    {
        var events = await portal.AuditAsync();
        foreach (var (action, code) in new[] { ("use.sign-in-link", null), ("change.password", null), ("finish.node", "SF2004"), ("refuse.http", "SF3003"), ("finish.node", "SF4001"), ("export.checkpoint", null), ("remove.demo", null) })
        {
            events.ShouldContain(e => e.Action == action && (code == null || e.ReasonCode == code), $"{action} {code}");
        }

        events.Where(e => e.Action is "remove.demo" or "export.checkpoint").ShouldAllBe(e => e.ActorName == "admin");
    }

    private static async Task ShouldBeGoneAsync(RunningPortal portal, Uri own)
    {
        (await portal.Get<TargetService>().ListAsync(portal.Actor, default)).ShouldHaveSingleItem().Value.ShouldBe(own.ToString());
        (await portal.Get<WorkflowService>().ListAsync(portal.Actor, default)).ShouldHaveSingleItem().Name.ShouldBe("Web baseline");
        (await portal.Get<ScheduleService>().ListAsync(portal.Actor, default)).ShouldHaveSingleItem("the own schedule stays");
        (await portal.Get<PluginRegistry>().ListAsync(default)).Where(p => p.Manifest.Id.StartsWith("scan.demo-", StringComparison.Ordinal)).ShouldAllBe(p => p.Row.State == PluginState.Revoked);
        Directory.EnumerateDirectories(Path.Combine(portal.DataFolder, "plugins")).ShouldNotContain(f => f.Contains("demo", StringComparison.Ordinal));
        (await portal.Get<TrustPolicyService>().CurrentAsync(default)).Rules.Select(r => r.Name).ShouldBe(["builtin"]);
        (await portal.Get<FirstStepStore>().ListAsync(portal.Actor.TeamId)).ShouldContain(s => s.Kind == FirstStepKind.RemoveDemo);
        (await portal.Runs.ListAsync(portal.Actor, 0, 50, default)).Count.ShouldBe(5, "runs stay");
    }

    /// <summary>A person with a mouse: counts the clicks, keeps a picture of each step.</summary>
    private sealed class Story(IPage page, ColorScheme scheme, int width)
    {
        public IPage Page => page;

        public int Clicks { get; private set; }

        /// <summary>From the click to the first finding on the page.</summary>
        public TimeSpan FirstFinding { get; private set; }

        public ILocator Step(string name) => page.Locator($".first-steps [data-step={name}]");

        public Task LiveAsync() => Expect(page.Locator("main[data-live=true]")).ToBeVisibleAsync();

        public async Task ChoosePasswordAsync(Uri link)
        {
            await page.GotoAsync(link.PathAndQuery.TrimStart('/'));
            await page.GetByLabel("New password").FillAsync(Password);
            await ShotAsync("1-password");
            await ClickAsync(page.GetByRole(AriaRole.Button, new() { Name = "Set the password and sign in" }));
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "First steps" })).ToBeVisibleAsync();
            await LiveAsync();
            await ShotAsync("2-start");
        }

        public async Task ScanTheDemoAsync()
        {
            var clock = Stopwatch.StartNew();
            await ClickAsync(Step("scan").GetByRole(AriaRole.Button, new() { Name = "Scan the demo shop" }));
            await Expect(Step("scan").Locator("[data-finding]").First).ToBeVisibleAsync(new() { Timeout = 60_000 });
            FirstFinding = clock.Elapsed;
            await Expect(Step("scan")).ToHaveAttributeAsync("data-state", "done", new() { Timeout = 60_000 });
            await Expect(Step("scan").Locator(".step-proof")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"Signed by .*builtin.*, confined at level L[123], reached 1 address, blocked 0\.", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
            await ShotAsync("3-scanned");
        }

        public async Task TryAsync(string kind, string button, string code)
        {
            var attempt = page.Locator($".first-steps [data-attempt={kind}]");
            if (await attempt.CountAsync() == 0)
            {
                await Expect(attempt).ToBeVisibleAsync();
            }

            await ClickAsync(attempt.GetByRole(AriaRole.Button, new() { Name = button }));
            await Expect(attempt.Locator($"[data-code={code}]")).ToBeVisibleAsync(new() { Timeout = 30_000 });
            await Expect(attempt.GetByRole(AriaRole.Link, new() { Name = "audit event" })).ToBeVisibleAsync();
        }

        public async Task PlanAsync(Uri url)
        {
            await page.GetByLabel("URL").FillAsync(url.ToString());
            await page.GetByLabel("Who allowed it?").FillAsync("My own machine, ticket 7");
            await CheckAsync("#own-authorised");
            await CheckAsync("#own-private");
            await ClickAsync(page.GetByRole(AriaRole.Button, new() { Name = "Show the plan" }));
            await Expect(page.Locator("#plan[data-allowed=true]")).ToBeVisibleAsync();
            await Expect(page.Locator("#plan")).ToContainTextAsync("127.0.0.1");
            await Expect(page.Locator("#plan")).ToContainTextAsync("scan.web-baseline");
        }

        public async Task ScanOwnAsync(Uri url)
        {
            await PlanAsync(url);
            await ShotAsync("5-plan");
            await ClickAsync(page.Locator("#own-run"));
            await Expect(Step("own")).ToHaveAttributeAsync("data-state", "done", new() { Timeout = 60_000 });
        }

        public async Task ScheduleAsync()
        {
            await ClickAsync(Step("schedule").GetByRole(AriaRole.Button, new() { Name = "Every Monday 06:00" }));
            var times = Step("schedule").Locator(".next-times li");
            await Expect(times).ToHaveCountAsync(3);
            await Expect(times.First).ToContainTextAsync("06:00:00 UTC");
            await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Next schedules" })).ToContainTextAsync("weekly");
            await ShotAsync("6-scheduled");
        }

        /// <summary>Name of the downloaded file and its text.</summary>
        public async Task<string> VerifyAsync()
        {
            await ClickAsync(Step("verify").GetByRole(AriaRole.Button, new() { Name = "Verify the log" }));
            await Expect(page.Locator("#log-verified")).ToContainTextAsync("Intact");
            var download = await page.RunAndWaitForDownloadAsync(() => ClickAsync(page.GetByRole(AriaRole.Link, new() { Name = "Download the checkpoint" })));
            download.SuggestedFilename.ShouldMatch(@"^secflow-checkpoint-\d+\.txt$");
            await ShotAsync("7-verified");
            return await File.ReadAllTextAsync(await download.PathAsync());
        }

        public async Task RemoveAsync()
        {
            await ClickAsync(Step("remove").GetByRole(AriaRole.Button, new() { Name = "Remove the demo" }));
            await Expect(Step("remove")).ToContainTextAsync("Demo shop");
            await Expect(Step("remove")).ToContainTextAsync("scan.demo-altered");
            await ShotAsync("8-remove");
            await ClickAsync(Step("remove").GetByRole(AriaRole.Button, new() { Name = "Remove", Exact = true }));
            await Expect(page.GetByText("The demo is gone.")).ToBeVisibleAsync();
            await ShotAsync("9-gone");
            await page.ReloadAsync();
            await LiveAsync();
            await Expect(page.Locator(".first-steps")).ToHaveCountAsync(0);
        }

        public async Task ShotAsync(string name)
        {
            await page.EvaluateAsync("window.scrollTo(0, 0)");
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width, $"{name} is wider than the window");
            if (_screenshots is not null)
            {
                await page.ScreenshotAsync(new() { Path = Path.Combine(_screenshots, $"first-{name}-{scheme}-{width}.png".ToLowerInvariant()), FullPage = true });
            }
        }

        private async Task CheckAsync(string box)
        {
            Clicks++;
            await page.Locator(box).CheckAsync();
        }

        private async Task ClickAsync(ILocator what)
        {
            Clicks++;
            await what.ClickAsync();
        }
    }
}
