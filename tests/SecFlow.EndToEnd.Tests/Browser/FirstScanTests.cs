using System.Text.RegularExpressions;
using Microsoft.Playwright;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Plugins;
using SecFlow.PortalKit;
using static Microsoft.Playwright.Assertions;

namespace SecFlow.EndToEnd.Tests.Browser;

/// <summary>What a person does first, in a real browser: sign in, run the demo workflow, watch it, open a finding, look at the audit log.</summary>
public sealed class FirstScanTests
{
    private static readonly string[] _pages =
        ["", "runs", "queue", "findings", "workflows", "workflows/new", "schedules", "targets", "targets/import", "targets/secrets", "plugins", "trust", "blast-radius", "tools", "resources", "audit", "security", "alerts", "alerts/webhook", "performance", "administrators", "account", "first-steps"];

    [Fact]
    public async Task FirstScan_FromSignInToAuditLog_LiveAndWithoutConsoleError()
    {
        await using var portal = await RunningPortal.StartAsync("demo");
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.PageAsync(portal.Url);
        await SignInAsync(page);

        await page.GetByRole(AriaRole.Link, new() { Name = "Workflows" }).First.ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Run", Exact = true }).ClickAsync();
        await page.Locator("#start-run").ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/runs/[0-9a-f-]{36}$", RegexOptions.None, TimeSpan.FromSeconds(1)), new() { Timeout = 20_000 });
        await page.EvaluateAsync("window.notReloaded = true");

        // live: the status changes and findings appear in the same document
        await Expect(page.GetByText("An environment file is exposed").First).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await Expect(page.GetByText("Succeeded").First).ToBeVisibleAsync(new() { Timeout = 60_000 });
        (await page.EvaluateAsync<bool>("window.notReloaded === true")).ShouldBeTrue();
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Parts of the run" }).GetByRole(AriaRole.Link, new() { Name = "Log" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Log)).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Parts of the run" }).GetByRole(AriaRole.Link, new() { Name = "Provenance" }).ClickAsync();
        await Expect(page.GetByText("accepted by rule builtin")).ToBeVisibleAsync();

        await page.GotoAsync("findings", new() { WaitUntil = WaitUntilState.NetworkIdle });
        await page.GetByRole(AriaRole.Link, new() { Name = "An environment file is exposed" }).First.ClickAsync();
        await Expect(page.GetByText("scan.web-baseline").First).ToBeVisibleAsync();
        await Expect(page.GetByText("sha256:").First).ToBeVisibleAsync();

        await page.GotoAsync("audit", new() { WaitUntil = WaitUntilState.NetworkIdle });
        await Expect(page.GetByText("start.run").First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Verify" }).ClickAsync();
        await Expect(page.GetByText("Intact").First).ToBeVisibleAsync();

        chromium.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task EveryPage_AfterARun_FitsBothWidthsInBothThemesWithoutConsoleError()
    {
        await using var portal = await RunningPortal.StartAsync("demo");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        var run = await portal.RunAsync(await portal.SaveWorkflowAsync("A look at the shop", "scan.web-baseline"), target.Id);
        var finding = (await portal.FindingsAsync(run.Run.Id))[0];
        var plugin = (await portal.Get<PluginRegistry>().ListAsync(default)).Single(p => p.Row.Digest == run.Nodes[0].PluginDigest).Row;
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.PageAsync(portal.Url);
        await SignInAsync(page);

        foreach (var path in _pages.Concat([$"runs/{run.Run.Id}", $"findings/{finding.Id}", $"workflows/{run.Run.WorkflowId}", $"targets/{target.Id}", $"plugins/{plugin.Id}", $"blast-radius?of={plugin.Digest}"]))
        {
            await EverydayTests.OpenAsync(page, path);
            await Expect(page.Locator("main h1").First).ToBeVisibleAsync();
            await Pictures.TakeAsync(page, path.Length == 0 ? "overview" : path.Length > 36 ? path.Split('/', '?')[0] + "-one" : path.Replace('/', '-'));
        }

        chromium.Errors.ShouldBeEmpty();
    }

    internal static async Task SignInAsync(IPage page, string user = "admin")
    {
        await page.GotoAsync("signin");
        await page.GetByLabel("User").FillAsync(user);
        await page.GetByLabel("Password").FillAsync(SecFlowApplication.AdminPassword);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Overview" })).ToBeVisibleAsync();
    }
}
