using System.Text.RegularExpressions;
using Microsoft.Playwright;
using SecFlow.Data.Findings;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;
using static Microsoft.Playwright.Assertions;

namespace SecFlow.EndToEnd.Tests.Browser;

/// <summary>What an administrator does on each page, clicked in a real browser; what is stored is compared, not only what is shown.</summary>
public sealed class EverydayTests
{
    [Fact]
    public async Task Administrator_OnEveryPage_ChangesWhatThePageIsFor()
    {
        await using var portal = await RunningPortal.StartAsync("demo");
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.PageAsync(portal.Url);
        await FirstScanTests.SignInAsync(page);

        await AddAndArchiveATargetAsync(portal, page);
        await WriteAWorkflowAsync(page);
        await SchedulePages.EveryActAsync(portal, page);
        await CreateAndRevokeATokenAsync(portal, page);
        await DecideOnAFindingAsync(portal, page);
        await DisableAndEnableAPluginAsync(portal, page);
        await CheckTheAuditLogAsync(page);
        await CancelARunAsync(portal, page);

        chromium.Errors.ShouldBeEmpty();
    }

    private static async Task AddAndArchiveATargetAsync(RunningPortal portal, IPage page)
    {
        await OpenAsync(page, "targets");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add target" }).First.ClickAsync();
        await page.Locator("#name").FillAsync("Second shop");
        await page.Locator("#value").FillAsync("http://127.0.0.1:1/");
        await page.Locator("#reference").FillAsync("Ticket 1");
        await page.Locator("#authorised").CheckAsync();
        var add = page.GetByRole(AriaRole.Button, new() { Name = "Add target" }).Last;
        await add.ClickAsync();

        // a loopback address has to be meant
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("SF1401");
        await page.Locator("#private").CheckAsync();
        await add.ClickAsync();
        var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Second shop" });
        await Expect(row).ToBeVisibleAsync();

        await row.GetByRole(AriaRole.Link, new() { Name = "Second shop" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Second shop" })).ToBeVisibleAsync();
        await Expect(page.Locator("main[data-live=true]")).ToBeVisibleAsync();
        await TargetPages.ChangeAsync(portal, page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Archive" }).ClickAsync();
        await ConfirmAsync(page, "Archive");
        await Expect(row).ToHaveCountAsync(0);
        await TargetPages.ImportAsync(portal, page);
        (await portal.Get<TargetService>().ListAsync(portal.Actor, default)).ShouldNotContain(t => t.Name == "Second shop" && t.ArchivedAt == null);
    }

    private static async Task WriteAWorkflowAsync(IPage page)
    {
        await OpenAsync(page, "workflows/new");
        await page.GetByRole(AriaRole.Group, new() { Name = "Templates" }).GetByRole(AriaRole.Button).First.ClickAsync();
        await Expect(page.GetByText("Valid", new() { Exact = true })).ToBeVisibleAsync();
        var recipe = page.Locator("#recipe");
        var text = await recipe.InputValueAsync();

        await recipe.FillAsync(text.Replace("scan.web-baseline", "scan.web-baselin", StringComparison.Ordinal));
        await Expect(page.GetByText("SF1009")).ToBeVisibleAsync();
        await recipe.FillAsync(string.Join('\n', text.Split('\n').Select(line => line.StartsWith("name:", StringComparison.Ordinal) ? "name: Written by hand" : line)));
        await Expect(page.GetByText("Valid", new() { Exact = true })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Written by hand" })).ToBeVisibleAsync();
        await Expect(page.GetByText("Version 1")).ToBeVisibleAsync();
    }

    private static async Task CreateAndRevokeATokenAsync(RunningPortal portal, IPage page)
    {
        await OpenAsync(page, "account");
        await page.GetByRole(AriaRole.Button, new() { Name = "New token" }).ClickAsync();
        await page.Locator("#name").FillAsync("CI");
        await page.Locator("label.check").Filter(new() { HasText = "runs:read" }).GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Create token" }).ClickAsync();
        var text = (await page.Locator("#token-text").InnerTextAsync()).Trim();
        using (var api = new ApiClient(portal.Url, text))
        {
            (await api.GetAsync("runs")).GetProperty("items").GetArrayLength().ShouldBe(0);
        }

        await page.GetByRole(AriaRole.Row).Filter(new() { HasText = "CI" }).GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await ConfirmAsync(page, "Revoke");
        await Expect(page.GetByText("Revoked")).ToBeVisibleAsync();
        using var refused = new ApiClient(portal.Url, text);
        await Should.ThrowAsync<HttpRequestException>(() => refused.GetAsync("runs"));
    }

    private static async Task DecideOnAFindingAsync(RunningPortal portal, IPage page)
    {
        var target = (await portal.Get<TargetService>().ListAsync(portal.Actor, default)).First(t => t.ArchivedAt is null);
        var run = await portal.RunAsync(await portal.SaveWorkflowAsync("To decide on", "scan.web-baseline"), target.Id);
        var finding = (await portal.FindingsAsync(run.Run.Id))[0];
        await OpenAsync(page, $"findings/{finding.Id}");
        await page.Locator("#status").SelectOptionAsync("Triaged");
        await page.Locator("#reason").FillAsync("Seen by the team on Monday");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.GetByText("Seen by the team on Monday").First).ToBeVisibleAsync();
        (await portal.Get<FindingService>().GetAsync(portal.Actor, finding.Id, default)).Finding.Status.ShouldBe(FindingStatus.Triaged);

        await OpenAsync(page, "findings");
        await page.Locator("label.facet").First.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("severity=critical", RegexOptions.None, TimeSpan.FromSeconds(1)));
        await page.GetByRole(AriaRole.Searchbox).FillAsync("no such thing");
        await page.GetByRole(AriaRole.Searchbox).PressAsync("Enter");
        await Expect(page.GetByText("Nothing matches")).ToBeVisibleAsync();
    }

    private static async Task DisableAndEnableAPluginAsync(RunningPortal portal, IPage page)
    {
        await OpenAsync(page, "plugins");
        var plugin = page.Locator(".plugin-list > li").Filter(new() { HasText = "scan.web-baseline 0" });
        await plugin.GetByRole(AriaRole.Button, new() { Name = "Disable" }).ClickAsync();
        await ConfirmAsync(page, "Disable");
        await Expect(plugin.GetByRole(AriaRole.Button, new() { Name = "Enable" })).ToBeVisibleAsync();
        (await portal.Get<PluginRegistry>().ListAsync(default)).Single(p => p.Manifest.Id == "scan.web-baseline").Row.State.ShouldBe(PluginState.Disabled);
        await plugin.GetByRole(AriaRole.Button, new() { Name = "Enable" }).ClickAsync();
        await Expect(plugin.GetByRole(AriaRole.Button, new() { Name = "Disable" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Look for new plugins" }).ClickAsync();
    }

    private static async Task CheckTheAuditLogAsync(IPage page)
    {
        await OpenAsync(page, "audit");
        await page.GetByRole(AriaRole.Button, new() { Name = "Checkpoint now" }).ClickAsync();
        await Expect(page.GetByText("Checkpoint over")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Verify" }).ClickAsync();
        await Expect(page.Locator("#verification")).ToContainTextAsync("Intact");
    }

    private static async Task CancelARunAsync(RunningPortal portal, IPage page)
    {
        await portal.Plugins.InstallAsync("scan.test-slow", "module.exports = { execute: function (ctx) { for (var i = 0; i < 100000; i++) { ctx.http({ url: ctx.targets[0].url }); ctx.progress(i / 1000, 'request ' + i); } } };");
        var target = (await portal.Get<TargetService>().ListAsync(portal.Actor, default)).First(t => t.ArchivedAt is null);
        var run = await portal.StartRunAsync(await portal.SaveWorkflowAsync("Slow", "scan.test-slow"), target.Id);
        await OpenAsync(page, $"runs/{run.Id}");
        await Expect(page.GetByText("request ").First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true }).ClickAsync();
        await ConfirmAsync(page, "Cancel the run");
        (await portal.WaitAsync(run.Id, 10)).Run.Status.ShouldBe(RunStatus.Cancelled);
        await Expect(page.GetByText("Cancelled").First).ToBeVisibleAsync();
    }

    /// <summary>Opens a page and waits until it is live: what is typed earlier is lost.</summary>
    internal static async Task OpenAsync(IPage page, string path)
    {
        await page.GotoAsync(path);
        await Expect(page.Locator("main[data-live=true]")).ToBeVisibleAsync();
    }

    internal static Task ConfirmAsync(IPage page, string button) => page.Locator(".rz-dialog").GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
}
