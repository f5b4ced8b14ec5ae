using System.Net.Http.Headers;
using Microsoft.Playwright;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Teams;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Plugins;
using static Microsoft.Playwright.Assertions;

namespace SecFlow.EndToEnd.Tests.Browser;

/// <summary>The whole way of a plugin with two administrators, clicked: submitted, looked at, sent back, approved by two, enabled, replaced, gone back to, pinned, revoked.</summary>
public sealed class RegistryTests
{
    private const string PluginId = "scan.test-way";
    private const string Script = "module.exports = { execute: function (ctx) { ctx.verdict('completed', 'nothing to see'); } };\n";

    [Fact]
    public async Task Plugin_FromItsSubmissionToItsEnd_IsDecidedByTwoPersons()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        await using var chromium = await Chromium.StartAsync();
        var ada = await SignedInAsync(portal, chromium, "ada");
        var bob = await SignedInAsync(portal, chromium, "bob");

        await SubmitAndRefuseAsync(portal, ada, bob);
        await ApproveByTwoAsync(portal, ada, bob);
        await ReplaceAndGoBackAsync(portal, ada, bob);
        await EndAsync(portal, ada);

        chromium.Errors.ShouldBeEmpty();
        var told = await portal.AuditAsync();
        foreach (var act in new[] { "submit.plugin", "comment.plugin", "request-changes.plugin", "approve.plugin", "enable.plugin", "disable.plugin", "pin.plugin", "revoke.plugin" })
        {
            told.ShouldContain(e => e.Action == act && e.Outcome == AuditOutcome.Allowed && (e.ActorName == "ada" || e.ActorName == "bob"), act);
        }
    }

    private static async Task SubmitAndRefuseAsync(RunningPortal portal, IPage ada, IPage bob)
    {
        // nobody has said yet that this signer is trusted
        await UploadAsync(ada, await portal.Plugins.PackAsync(PluginId, Script));
        await StateAsync(ada, "Untrusted", "Submitted");
        await Expect(ada.Locator("#decision")).ToContainTextAsync("two different persons");
        await DecideAsync(ada, "I wrote it", "Approve");
        await Expect(ada.GetByRole(AriaRole.Alert)).ToContainTextAsync("SF2002");
        await Pictures.TakeAsync(ada, "registry-untrusted");

        await portal.Plugins.TrustAsync();
        await EverydayTests.OpenAsync(bob, "plugins");
        await bob.Locator("#waiting").GetByRole(AriaRole.Link).First.ClickAsync();
        await StateAsync(bob, "Verified", "Submitted");
        await bob.Locator("#comment").FillAsync("Why does it say nothing?");
        await bob.GetByRole(AriaRole.Button, new() { Name = "Add remark" }).ClickAsync();
        await Expect(bob.Locator("#review")).ToContainTextAsync("Why does it say nothing?");
        await bob.GetByRole(AriaRole.Button, new() { Name = "index.js" }).ClickAsync();
        await Expect(bob.Locator("#source")).ToContainTextAsync("nothing to see");
        await DecideAsync(bob, "say what was looked at", "Request changes");
        await StateAsync(bob, "Verified", "Changes requested");
    }

    private static async Task ApproveByTwoAsync(RunningPortal portal, IPage ada, IPage bob)
    {
        var id = await SubmitByApiAsync(portal, await portal.Plugins.PackAsync(PluginId, Script.Replace("nothing to see", "looked at the front page", StringComparison.Ordinal), "1.0.1"));
        await EverydayTests.OpenAsync(ada, $"plugins/{id}");
        await DecideAsync(ada, "looks good to me", "Approve");
        await Expect(ada.Locator("#plugin-state")).ToContainTextAsync("waits for a second person");
        await DecideAsync(ada, "it still does", "Approve");
        await Expect(ada.GetByRole(AriaRole.Alert)).ToContainTextAsync("SF3031");

        await EverydayTests.OpenAsync(bob, $"plugins/{id}");
        await DecideAsync(bob, "to me as well", "Approve");
        await StateAsync(bob, "Verified", "Approved");
        await DecideAsync(bob, "go", "Enable");
        await StateAsync(bob, "Verified", "Enabled");
        var found = (await portal.Get<PluginRegistry>().FindAsync(PluginId, default))!;
        (found.Row.Version, found.Row.FirstApprovalBy, found.Row.ApprovedBy, found.Row.Approval).ShouldBe(("1.0.1", "ada", "bob", ApprovalKind.Two));
    }

    private static async Task ReplaceAndGoBackAsync(RunningPortal portal, IPage ada, IPage bob)
    {
        await UploadAsync(ada, await portal.Plugins.PackAsync(PluginId, Script.Replace("nothing to see", "looked at the whole site", StringComparison.Ordinal), "1.1.0", "  secrets: [api-token]"));
        await StateAsync(ada, "Verified", "Submitted");
        await Expect(ada.Locator("#decision")).ToContainTextAsync("One approval is enough");
        await Expect(ada.Locator("#difference")).ToContainTextAsync("What is new since 1.0.1");
        await Expect(ada.GetByRole(AriaRole.Row).Filter(new() { HasText = "permissions.secrets: api-token" })).ToContainTextAsync("asks for more");
        await ada.Locator("#difference summary").Filter(new() { HasText = "index.js" }).ClickAsync();
        await Expect(ada.Locator("#difference .added").Filter(new() { HasText = "execute" })).ToContainTextAsync("looked at the whole site");
        await Pictures.TakeAsync(ada, "registry-review");
        await DecideAsync(ada, "it needs the token", "Approve");
        await StateAsync(ada, "Verified", "Approved");
        await DecideAsync(ada, "go", "Enable");
        await StateAsync(ada, "Verified", "Enabled");

        await EverydayTests.OpenAsync(bob, $"plugins/{(await FindAsync(portal, "1.0.1")).Id}");
        await DecideAsync(bob, "1.1.0 asks too much", "Roll back to this version");
        await Expect(bob.Locator("#versions").GetByRole(AriaRole.Row).Filter(new() { HasText = "1.1.0" })).ToContainTextAsync("Disabled");
        await DecideAsync(bob, "until it is understood", "Pin this version");
        await Expect(bob.Locator("#plugin-state")).ToContainTextAsync("pinned to 1.0.1");
        (await portal.Get<PluginRegistry>().FindAsync(PluginId, default))!.Row.Version.ShouldBe("1.0.1");
        await EverydayTests.OpenAsync(bob, "plugins");
        await Expect(bob.Locator(".plugin-list > li").Filter(new() { HasText = PluginId + " 1.0.1" })).ToContainTextAsync("pinned to 1.0.1");
        await Pictures.TakeAsync(bob, "registry-list");
    }

    private static async Task EndAsync(RunningPortal portal, IPage ada)
    {
        await EverydayTests.OpenAsync(ada, $"plugins/{(await FindAsync(portal, "1.1.0")).Id}");
        await DecideAsync(ada, "the token was not needed", "Revoke");
        await ada.Locator(".rz-dialog").GetByRole(AriaRole.Button, new() { Name = "Revoke", Exact = true }).ClickAsync();
        await StateAsync(ada, "Verified", "Revoked");
        (await FindAsync(portal, "1.1.0")).State.ShouldBe(PluginState.Revoked);
        await Expect(ada.Locator("#decision").GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
        await ada.GetByRole(AriaRole.Link, new() { Name = "What it touched" }).ClickAsync();
        await Expect(ada.Locator("main h1")).ToContainTextAsync("Blast radius");
    }

    private static async Task<IPage> SignedInAsync(RunningPortal portal, Chromium chromium, string name)
    {
        await portal.AddUserAsync(name, TeamRole.Admin);
        var page = await chromium.PageAsync(portal.Url);
        await FirstScanTests.SignInAsync(page, name);
        return page;
    }

    private static async Task UploadAsync(IPage page, string zip)
    {
        await EverydayTests.OpenAsync(page, "plugins");
        await page.GetByRole(AriaRole.Button, new() { Name = "Submit a plugin" }).ClickAsync();
        await page.Locator("#submit-note").FillAsync("for the team");
        await page.Locator("#submit-note").PressAsync("Tab");
        await page.Locator("#submit-file").SetInputFilesAsync(zip);
        await Expect(page.Locator("#decision")).ToBeVisibleAsync();
    }

    private static async Task<string> SubmitByApiAsync(RunningPortal portal, string zip)
    {
        using var client = new HttpClient { BaseAddress = portal.Url };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await portal.AddTokenAsync(TeamRole.Analyst, "plugins:submit"));
        using var body = new ByteArrayContent(await File.ReadAllBytesAsync(zip));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/zip");
        using var answer = await client.PostAsync(new Uri("/api/v1/plugins?note=says+it", UriKind.Relative), body);
        answer.StatusCode.ShouldBe(System.Net.HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return answer.Headers.Location!.ToString().Split('/')[^1];
    }

    private static async Task DecideAsync(IPage page, string reason, string act)
    {
        await page.Locator("#reason").FillAsync(reason);
        await page.Locator("#decision").GetByRole(AriaRole.Button, new() { Name = act, Exact = true }).ClickAsync();
    }

    private static async Task StateAsync(IPage page, string trust, string state)
    {
        await Expect(page.Locator("#plugin-state .badge").Nth(0)).ToContainTextAsync(trust);
        await Expect(page.Locator("#plugin-state .badge").Nth(1)).ToContainTextAsync(state);
    }

    private static async Task<PluginVersion> FindAsync(RunningPortal portal, string version) =>
        (await portal.Get<PluginRegistry>().ListAsync(default)).Single(p => p.Row.PluginId == PluginId && p.Row.Version == version).Row;
}
