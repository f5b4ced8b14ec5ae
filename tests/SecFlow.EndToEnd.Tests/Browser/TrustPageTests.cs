using Microsoft.Playwright;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Trust;
using SecFlow.SigstoreKit;
using SecFlow.TestKit;
using static Microsoft.Playwright.Assertions;

namespace SecFlow.EndToEnd.Tests.Browser;

/// <summary>The trust policy, clicked: a root comes in, a foreign package proposes its rule, the rule is tried and put in force, a mistake is shown at its line, an older revision comes back.</summary>
public sealed class TrustPageTests
{
    private const string PluginId = "scan.test-keyless";

    [Fact]
    public async Task Policy_FromAnUntrustedPackageToItsRuleAndBack()
    {
        // a busy machine takes its time; what is asserted is that it happens
        SetDefaultExpectTimeout(60_000);
        await using var portal = await RunningPortal.StartAsync("none");
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.PageAsync(portal.Url);
        await FirstScanTests.SignInAsync(page, "admin");
        using var sigstore = new MockSigstore();
        var root = Path.Combine(Directory.CreateTempSubdirectory("secflow-root-").FullName, "root.json");
        await File.WriteAllBytesAsync(root, sigstore.TrustedRoot());

        await EverydayTests.OpenAsync(page, "trust");
        await page.Locator("#root-name").FillAsync("lab");
        await page.Locator("#root-name").PressAsync("Tab");
        await page.Locator("#root-file").SetInputFilesAsync(root);
        await page.Locator("#root-add").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("SF2009");
        await page.GetByLabel("for the demo only").CheckAsync();
        await page.Locator("#root-add").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status).Filter(new() { HasText = "The trust root is in force" })).ToBeVisibleAsync();
        await Expect(page.Locator("section[aria-label='Trust roots']")).ToContainTextAsync("demo only");

        var unsigned = PluginPackage.Read(await portal.Plugins.PackAsync(PluginId, "module.exports = { execute: function (ctx) {} };\n"));
        var signed = sigstore.SignPackageAsGitHub(unsigned, "acme/plugins");
        var row = await portal.Get<PluginRegistry>().InstallAsync(Actor.System(name: "administrator of the tests"), await ZipAsync(signed), default);
        row.TrustState.ShouldBe(nameof(TrustState.Untrusted));

        await EverydayTests.OpenAsync(page, "trust?add=" + Uri.EscapeDataString(signed.Digest!));
        await Expect(page.Locator("section[aria-label=Change]")).ToContainTextAsync("acme/plugins/.github/workflows/release.yml@refs/tags/v1.0.0");
        await page.Locator("#try").ClickAsync();
        await Expect(page.Locator("#tried")).ToContainTextAsync("Nothing stops running");
        await Pictures.TakeAsync(page, "trust-dry-run");
        await page.Locator("#put-in-force").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status).Filter(new() { HasText = "The policy is in force" })).ToBeVisibleAsync();
        await portal.Get<PluginRegistry>().DiscoverAsync(Actor.System(), default);
        var policies = portal.Get<TrustPolicyService>();
        (await policies.CurrentAsync(default)).Rules.ShouldContain(r => r.Name.StartsWith(PluginId, StringComparison.Ordinal));

        // a mistake is told at its line, and nothing is put in force
        var before = (await policies.CurrentAsync(default)).Revision;
        await page.Locator("#policy").FillAsync("apiVersion: secflow/v1\nkind: PluginTrustPolicy\nspec:\n  noMatch: deny\n  rules:\n    - { name: anyone }\n");
        await page.Locator("#policy").BlurAsync();
        await Expect(page.Locator("#policy-problems")).ToContainTextAsync("line 6");
        await Pictures.TakeAsync(page, "trust-mistake");
        await page.Locator("#put-in-force").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("SF2007");
        (await policies.CurrentAsync(default)).Revision.ShouldBe(before);

        // nobody is trusted: every plugin that runs now would stop, and is said to
        await page.Locator("#policy").FillAsync("apiVersion: secflow/v1\nkind: PluginTrustPolicy\nspec:\n  noMatch: deny\n");
        await page.Locator("#try").ClickAsync();
        await Expect(page.Locator("#tried")).ToContainTextAsync("would be refused");
        await Pictures.TakeAsync(page, "trust-refusals");
        await page.GetByRole(AriaRole.Button, new() { Name = "Discard" }).ClickAsync();
        await page.Locator("section[aria-label=Revisions]").GetByRole(AriaRole.Button, new() { Name = "Difference" }).First.ClickAsync();
        await Expect(page.Locator("section[aria-label=Revisions] .added").First).ToContainTextAsync("keyless");
        await Pictures.TakeAsync(page, "trust-revisions");
        await page.Locator("section[aria-label=Revisions]").GetByRole(AriaRole.Button, new() { Name = "Put in force again" }).First.ClickAsync();
        await page.Locator(".rz-dialog").GetByRole(AriaRole.Button, new() { Name = "Put in force", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status).Filter(new() { HasText = "is in force again" })).ToBeVisibleAsync();
        (await policies.CurrentAsync(default)).Rules.ShouldNotContain(r => r.Name.StartsWith(PluginId, StringComparison.Ordinal));

        chromium.Errors.ShouldBeEmpty();
        (await portal.AuditAsync()).ShouldContain(e => e.Action == "replace.trust-root" && e.ActorName == "admin");
    }

    private static async Task<string> ZipAsync(PluginPackage package)
    {
        var zip = Path.Combine(Directory.CreateTempSubdirectory("secflow-zip-").FullName, "p.zip");
        await using var stream = File.Create(zip);
        PackageWriter.WriteZip(package, stream);
        return zip;
    }
}
