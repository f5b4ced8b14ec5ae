using System.Text.RegularExpressions;
using Microsoft.Playwright;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Targets;
using static Microsoft.Playwright.Assertions;

namespace SecFlow.EndToEnd.Tests.Browser;

/// <summary>The page of a target and the import, clicked; pictures in both themes and widths where <c>SECFLOW_SCREENSHOTS</c> names a folder.</summary>
internal static class TargetPages
{
    /// <summary>On the page of a target: widens it, which has to be authorised, and sets a secret, which is not shown again.</summary>
    public static async Task ChangeAsync(RunningPortal portal, IPage page)
    {
        await page.Locator("#change").ClickAsync();
        await page.Locator("#tags").FillAsync("staging");
        await page.Locator("#rate").FillAsync("20");
        await page.Locator("#windows").FillAsync("deny Sat,Sun 00:00-24:00 Europe/Berlin");
        var save = page.GetByRole(AriaRole.Button, new() { Name = "Save" });
        await save.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("SF1403");
        await Pictures.TakeAsync(page, "target-change");
        await page.Locator("#reference").FillAsync("Ticket 2");
        await page.Locator("#authorise").CheckAsync();
        await save.ClickAsync();
        await Expect(page.GetByText("20 requests per second")).ToBeVisibleAsync();

        await page.Locator("#secret-name").FillAsync("api-token");
        await page.Locator("#secret-value").FillAsync("a-very-secret-value");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "api-token" })).ToBeVisibleAsync();
        (await page.ContentAsync()).ShouldNotContain("a-very-secret-value");
        (await page.Locator("#secret-value").InputValueAsync()).ShouldBeEmpty();
        await Pictures.TakeAsync(page, "target");

        var row = (await portal.Get<TargetService>().ListAsync(portal.Actor, default)).Single(t => t.Name == "Second shop");
        (row.RequestsPerSecond, row.Tags, row.AuthorisationReference, row.Windows).ShouldBe((20, "staging", "Ticket 2", "deny Sat-Sun 00:00-24:00 Europe/Berlin"));
    }

    /// <summary>A file with a mistake, then a right one.</summary>
    public static async Task ImportAsync(RunningPortal portal, IPage page)
    {
        await EverydayTests.OpenAsync(page, "targets/import");
        await page.Locator("#file").SetInputFilesAsync(new FilePayload { Name = "bad.csv", MimeType = "text/csv", Buffer = "name,kind,value,reference\nA,urll,https://a.example,Ticket\nB,host,b.example,T\n"u8.ToArray() });
        await Expect(page.GetByText("Did you mean 'url'")).ToBeVisibleAsync();
        await Expect(page.GetByText("Line 3, column 4 (reference)")).ToBeVisibleAsync();
        await Pictures.TakeAsync(page, "targets-import");
        await page.Locator("#file").SetInputFilesAsync(new FilePayload { Name = "good.csv", MimeType = "text/csv", Buffer = "name,kind,value,reference,tags\nImported,cidr,192.0.2.0/24,Ticket 7,net\n"u8.ToArray() });
        await Expect(page.GetByText("1 new target")).ToBeVisibleAsync();
        await page.Locator("#authorised").CheckAsync();
        await page.Locator("#confirm").ClickAsync();

        // The preview has such a row as well.
        await Expect(page).ToHaveURLAsync(new Regex("/targets$", RegexOptions.None, TimeSpan.FromSeconds(1)));
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Imported" })).ToBeVisibleAsync();
        await Pictures.TakeAsync(page, "targets-list");
        (await portal.Get<TargetService>().ListAsync(portal.Actor, default)).ShouldContain(t => t.Name == "Imported" && t.Value == "192.0.2.0/24");
    }
}
