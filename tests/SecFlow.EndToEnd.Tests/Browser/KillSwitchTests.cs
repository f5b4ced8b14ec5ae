using Microsoft.Playwright;
using SecFlow.Data.Holds;
using SecFlow.Data.Runs;
using SecFlow.Data.Teams;
using SecFlow.EndToEnd.Tests.Stage;
using static Microsoft.Playwright.Assertions;

namespace SecFlow.EndToEnd.Tests.Browser;

/// <summary>An administrator stops everything in one action; everybody sees it at once, and work goes on when it is resumed.</summary>
public sealed class KillSwitchTests
{
    private static readonly string? _screenshots = Environment.GetEnvironmentVariable("SECFLOW_SCREENSHOTS");

    [Fact]
    public async Task Stop_OnTheSecurityPage_EndsTheRun_IsSeenOnAnOpenPage_AndResumed()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        await using var chromium = await Chromium.StartAsync();
        await portal.AddUserAsync("vera", TeamRole.Viewer);
        await portal.Plugins.InstallAsync("scan.test-slow", "module.exports = { execute: function (ctx) { for (var i = 0; i < 100000; i++) { ctx.http({ url: ctx.targets[0].url }); ctx.progress(i / 1000, 'request ' + i); } } };");
        var run = await portal.StartRunAsync(await portal.SaveWorkflowAsync("Slow", "scan.test-slow"), (await portal.AddTargetAsync(portal.Shop.Url)).Id);
        var watcher = await chromium.PageAsync(portal.Url, ColorScheme.Dark, 360, 800);
        await FirstScanTests.SignInAsync(watcher, "vera");
        await OpenAsync(watcher, $"runs/{run.Id}");
        await Expect(watcher.GetByText("request ").First).ToBeVisibleAsync(new() { Timeout = 60_000 });
        var page = await chromium.PageAsync(portal.Url);
        await FirstScanTests.SignInAsync(page);
        await OpenAsync(page, "security");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop this team" }).ClickAsync();
        await page.Locator("#hold-reason").FillAsync("The shop reports an outage");
        await page.Locator("#hold-confirm").FillAsync("yes");
        await ShootAsync(page, "stop");
        var stop = page.GetByRole(AriaRole.Button, new() { Name = "Stop everything" });
        await stop.ClickAsync();
        await Expect(page.Locator("#holds").GetByText("SF1501")).ToBeVisibleAsync();

        await page.Locator("#hold-confirm").FillAsync("demo");
        await stop.ClickAsync();

        await Expect(page.Locator(".hold-banner")).ToContainTextAsync("The shop reports an outage");
        var ended = (await portal.WaitAsync(run.Id)).Run;
        ended.Status.ShouldBe(RunStatus.Cancelled);
        var hold = (await portal.Get<HoldStore>().ListStandingAsync()).ShouldHaveSingleItem();
        hold.StoppedRuns.ShouldBe(1);

        // Two seconds are the promise; this machine may be busy with other tests.
        (ended.EndedAt!.Value - hold.BegunAt).ShouldBeLessThan(TimeSpan.FromSeconds(10));
        Console.WriteLine($"stopped after {(ended.EndedAt!.Value - hold.BegunAt).TotalMilliseconds:0} ms");
        await Expect(watcher.Locator(".hold-banner")).ToContainTextAsync("All work of this team is stopped.");
        (await watcher.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(360);
        await ShootAsync(page, "held");
        await OpenAsync(watcher, "security");
        await Expect(watcher.GetByRole(AriaRole.Button, new() { Name = "Resume" })).ToHaveCountAsync(0);
        await ShootAsync(watcher, "held");
        await ShootAsync(page, "held", ColorScheme.Dark, 1440);
        await ShootAsync(page, "held", ColorScheme.Light, 360);

        await page.Locator("#holds").GetByRole(AriaRole.Button, new() { Name = "Resume", Exact = true }).ClickAsync();
        await page.Locator("#hold-reason").FillAsync("The shop is back");
        await page.Locator("#holds form").GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();

        await Expect(page.Locator("#holds table")).ToContainTextAsync("The shop is back");
        await Expect(watcher.Locator(".hold-banner")).ToHaveCountAsync(0);
        await OpenAsync(page, "plugins");
        await ShootAsync(page, "plugins");
        chromium.Errors.ShouldBeEmpty();
    }

    private static async Task OpenAsync(IPage page, string path)
    {
        await page.GotoAsync(path);
        await Expect(page.Locator("main[data-live=true]")).ToBeVisibleAsync();
    }

    private static async Task ShootAsync(IPage page, string name, ColorScheme? scheme = null, int? width = null)
    {
        var before = page.ViewportSize!;
        if (scheme is not null)
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await page.SetViewportSizeAsync(width!.Value, before.Height);
        }

        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(page.ViewportSize!.Width, $"{name} is wider than the window");
        if (_screenshots is not null)
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(_screenshots, $"hold-{name}-{scheme}-{page.ViewportSize!.Width}.png".ToLowerInvariant()), FullPage = true });
        }

        await page.SetViewportSizeAsync(before.Width, before.Height);
        if (scheme is not null)
        {
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        }
    }
}
