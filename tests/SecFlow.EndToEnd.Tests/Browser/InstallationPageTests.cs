using System.Net;
using Microsoft.Playwright;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Teams;
using SecFlow.EndToEnd.Tests.Stage;
using static Microsoft.Playwright.Assertions;

namespace SecFlow.EndToEnd.Tests.Browser;

/// <summary>What an administrator of the installation does, clicked: tools that are missing, set, changed and accepted; who else is one.</summary>
public sealed class InstallationPageTests : IDisposable
{
    private const string Script = "module.exports = { execute: function (ctx) { ctx.verdict('completed', ctx.tool('test-scanner', []).stdout.text(100), { target: ctx.targets[0].id, checks: ['r'] }); } };";

    // Read from inside a sandbox, by a user of its own.
    private readonly string _folder = Directory.CreateDirectory($"/tmp/secflow-test-tools-{Guid.NewGuid():N}", (UnixFileMode)Convert.ToInt32("755", 8)).FullName;

    private string Program => Path.Combine(_folder, "scanner");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Tools_MissingSetChangedAndAccepted_AndWhoAdministers()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        await using var chromium = await Chromium.StartAsync();
        var bob = await portal.AddUserAsync("bob", TeamRole.Analyst);
        var page = await chromium.PageAsync(portal.Url);
        await FirstScanTests.SignInAsync(page);

        await ToolsAsync(portal, page);
        await AdministratorsAsync(portal, page, bob);
        chromium.Errors.ShouldBeEmpty();
    }

    private async Task ToolsAsync(RunningPortal portal, IPage page)
    {
        var plugin = await portal.Plugins.InstallAsync("scan.test-tool", Script, "tools:\n  - { name: test-scanner, versionArgs: [\"--version\"], minVersion: 1.2.0, install: { any: 'ask its makers' } }");
        var workflow = await portal.SaveWorkflowAsync("With a tool", plugin.PluginId);
        var target = await portal.AddTargetAsync(portal.Shop.Url);

        await EverydayTests.OpenAsync(page, "plugins");
        var card = page.Locator(".panel").Filter(new() { HasText = "scan.test-tool 1.0.0" }).Last;
        await Expect(card.GetByText("Recorded only")).ToBeVisibleAsync();
        await Expect(page.Locator(".panel").Filter(new() { HasText = "scan.web-baseline 0" }).Last.GetByText("Recorded only")).ToHaveCountAsync(0);
        await EverydayTests.OpenAsync(page, "tools");
        var tool = page.Locator("[data-tool=test-scanner]");
        await Expect(tool).ToContainTextAsync("SF5001");
        await Expect(tool).ToContainTextAsync("ask its makers");
        await Expect(tool.GetByText("Recorded only")).ToBeVisibleAsync();

        await WriteAsync("1.2.3");
        await tool.Locator("input").FillAsync(Program);
        await tool.GetByRole(AriaRole.Button, new() { Name = "Set path" }).ClickAsync();
        await Expect(tool.GetByText("Ready")).ToBeVisibleAsync();
        await Expect(tool.GetByText("Recorded only")).ToHaveCountAsync(0);
        (await portal.RunAsync(workflow, target.Id)).Run.Status.ShouldBe(RunStatus.Succeeded);

        await WriteAsync("1.2.4");
        await tool.GetByRole(AriaRole.Button, new() { Name = "Self-test" }).ClickAsync();
        await Expect(tool.GetByText("Changed", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(tool).ToContainTextAsync("SF5003");
        await Pictures.TakeAsync(page, "tools-changed");
        (await portal.RunAsync(workflow, target.Id)).Nodes[0].ErrorCode.ShouldBe("SF5003");

        await tool.GetByRole(AriaRole.Button, new() { Name = "Accept this file" }).ClickAsync();
        await ConfirmAsync(page, "Accept");
        await Expect(tool.GetByText("Ready")).ToBeVisibleAsync();
        await Expect(tool).ToContainTextAsync("by admin");
        (await portal.RunAsync(workflow, target.Id)).Run.Status.ShouldBe(RunStatus.Succeeded);
        (await portal.AuditAsync()).ShouldContain(e => e.Action == "accept.tool" && e.ActorName == "admin");
    }

    private static async Task AdministratorsAsync(RunningPortal portal, IPage page, User bob)
    {
        var tokens = portal.Get<TokenStore>();
        var actor = new Actor(ActorKind.User, bob.Id.ToString(), "bob", portal.Actor.TeamId, TeamRole.Analyst) { OfInstallation = true };
        await EverydayTests.OpenAsync(page, "administrators");
        await page.Locator("#others [data-user=bob]").GetByRole(AriaRole.Button).ClickAsync();
        await ConfirmAsync(page, "Make administrator");
        var one = page.Locator("#administrators [data-user=bob]");
        await Expect(one).ToBeVisibleAsync();
        (await portal.Get<TeamStore>().AdministersAsync(bob.Id)).ShouldBeTrue();
        await Pictures.TakeAsync(page, "administrators");
        using var api = new HttpClient { BaseAddress = portal.Url };
        api.DefaultRequestHeaders.Authorization = new("Bearer", (await tokens.CreateAsync(actor, new NewToken("all", ["installation:write", "plugins:read"], TeamRole.Viewer, TimeProvider.System.GetUtcNow().AddDays(1)))).Text);
        (await api.GetAsync(new Uri("api/v1/tools", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.OK);

        await one.GetByRole(AriaRole.Button).ClickAsync();
        await ConfirmAsync(page, "Remove");
        await Expect(page.Locator("#others [data-user=bob]")).ToBeVisibleAsync();
        (await api.GetAsync(new Uri("api/v1/tools", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, "what a token may for the installation ends with its maker");

        await page.Locator("#administrators [data-user=admin]").GetByRole(AriaRole.Button).ClickAsync();
        await ConfirmAsync(page, "Remove");
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("SF1503");
        (await portal.AuditAsync()).Where(e => e.Action.EndsWith(".administrator", StringComparison.Ordinal) && e.ActorName == "admin").Select(e => $"{e.Action} {e.ResourceName}").ShouldBe(["remove.administrator bob", "add.administrator bob"]);
    }

    private async Task WriteAsync(string version)
    {
        await File.WriteAllTextAsync(Program, $"#!/bin/sh\necho scanner {version}\n");
        File.SetUnixFileMode(Program, (UnixFileMode)Convert.ToInt32("755", 8));
    }

    private static Task ConfirmAsync(IPage page, string button) => page.Locator(".rz-dialog").GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
}
