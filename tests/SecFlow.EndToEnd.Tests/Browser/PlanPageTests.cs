using System.Text.RegularExpressions;
using Microsoft.Playwright;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Targets;
using static Microsoft.Playwright.Assertions;

namespace SecFlow.EndToEnd.Tests.Browser;

/// <summary>From the workflow to its plan, and from the plan to the run; refused ones; both themes and widths.</summary>
public sealed class PlanPageTests
{
    /// <summary>Set to a folder to keep screenshots.</summary>
    private static readonly string? _screenshots = Environment.GetEnvironmentVariable("SECFLOW_SCREENSHOTS");

    private const string Recipe = """
        version: "1.0"
        name: Look before you leap
        nodes:
          - { id: crawl, type: discovery.crawl, inputs: [targets], outputs: [urls] }
          - { id: content, type: discovery.content, inputs: [targets], outputs: { urls: more } }
          - { id: tls, type: scan.tls, inputs: [targets], outputs: [findings], config: { ports: [9] } }
          - { id: reflection, type: scan.reflection, inputs: [urls], outputs: { findings: reflected }, when: "outputs.urls.count > 0" }
          - { id: report, type: report.html, inputs: [reflected] }
        """;

    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 360)]
    public async Task Plan_IsMadeLiveShowsWhatWouldHappenAndLeadsToTheRun(ColorScheme scheme, int width)
    {
        await using var portal = await RunningPortal.StartAsync("demo");
        var workflow = await portal.SaveWorkflowAsync(Recipe);
        var bare = await portal.SaveWorkflowAsync("Baseline alone", "scan.web-baseline");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        await portal.Get<TargetService>().ArchiveAsync(portal.Actor, (await portal.Get<TargetService>().ListAsync(portal.Actor, default)).First(t => t.Id != target.Id).Id, default);
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.PageAsync(portal.Url, scheme, width);
        await FirstScanTests.SignInAsync(page);

        await OpenAsync(page, $"workflows/{workflow}");
        await page.Locator("#plan-run").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Plan of Look before you leap" })).ToBeVisibleAsync();
        await Expect(page.GetByText("No plan yet")).ToBeVisibleAsync();
        await ShotAsync(page, "empty", scheme, width);
        await MakeAsync(page, allowed: false);

        // The scanner that attacks is refused for a target that allows "safe"; a port that no target has, too.
        var reflection = page.Locator("[data-node=reflection]");
        await Expect(reflection).ToContainTextAsync("SF3006");
        await Expect(reflection).ToContainTextAsync("Intrusive");
        await Expect(page.Locator("[data-node=tls]")).ToContainTextAsync("SF3003");
        await Expect(page.Locator("[data-node=crawl]")).ToContainTextAsync($"GET {portal.Shop.Url}");
        await Expect(page.Locator("[data-node=content]")).ToContainTextAsync("the first 20");
        await Expect(page.Locator("[data-node=report]")).ToContainTextAsync("Depends on earlier outputs");
        await Expect(page.Locator("#start-run")).ToHaveCountAsync(0);
        await ShotAsync(page, "refused", scheme, width);

        await OpenAsync(page, $"workflows/{bare}/plan");
        await MakeAsync(page, allowed: true);
        await Expect(page.GetByText("Nothing would be refused.")).ToBeVisibleAsync();
        await ShotAsync(page, "allowed", scheme, width);
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width);
        await page.Locator("#start-run").ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/runs/[0-9a-f-]{36}$", RegexOptions.None, TimeSpan.FromSeconds(1)), new() { Timeout = 60_000 });

        chromium.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Plan_WithoutTargets_SaysWhatIsMissing()
    {
        await using var portal = await RunningPortal.StartAsync("demo");
        var workflow = await portal.SaveWorkflowAsync("Baseline alone", "scan.web-baseline");
        foreach (var target in await portal.Get<TargetService>().ListAsync(portal.Actor, default))
        {
            await portal.Get<TargetService>().ArchiveAsync(portal.Actor, target.Id, default);
        }

        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.PageAsync(portal.Url);
        await FirstScanTests.SignInAsync(page);
        await OpenAsync(page, $"workflows/{workflow}/plan");

        await Expect(page.GetByText("No targets yet")).ToBeVisibleAsync();
        await OpenAsync(page, $"workflows/{Guid.NewGuid()}/plan");
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("SF1502");
    }

    private static async Task MakeAsync(IPage page, bool allowed)
    {
        await page.Locator("#make-plan").ClickAsync();
        await Expect(page.Locator($"#plan[data-allowed={(allowed ? "true" : "false")}]")).ToBeVisibleAsync(new() { Timeout = 120_000 });
    }

    private static async Task OpenAsync(IPage page, string path)
    {
        await page.GotoAsync(path);
        await Expect(page.Locator("main[data-live=true]")).ToBeVisibleAsync();
    }

    private static async Task ShotAsync(IPage page, string name, ColorScheme scheme, int width)
    {
        if (_screenshots is not null)
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(_screenshots, $"plan-{name}-{scheme}-{width}.png".ToLowerInvariant()), FullPage = true });
        }
    }
}
