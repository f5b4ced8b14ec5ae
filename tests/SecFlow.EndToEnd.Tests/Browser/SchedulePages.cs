using Microsoft.Playwright;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Schedules;
using static Microsoft.Playwright.Assertions;

namespace SecFlow.EndToEnd.Tests.Browser;

/// <summary>What a person does with schedules and blackouts, clicked.</summary>
internal static class SchedulePages
{
    public static async Task EveryActAsync(RunningPortal portal, IPage page)
    {
        await EverydayTests.OpenAsync(page, "schedules");
        await page.GetByRole(AriaRole.Button, new() { Name = "New schedule" }).First.ClickAsync();
        await page.Locator("#name").FillAsync("Nightly");
        await page.Locator("#workflow").SelectOptionAsync(new SelectOptionValue { Label = "Scan the demo shop" });

        // in plain language: the expression follows
        await Expect(page.Locator("#cron")).ToHaveValueAsync("0 0 6 ? * MON");
        await page.GetByRole(AriaRole.Button, new() { Name = "Wed" }).ClickAsync();
        await Expect(page.Locator("#preview")).ToContainTextAsync("every Monday and Wednesday at 06:00");
        await Expect(page.Locator("#preview li")).ToHaveCountAsync(10);
        await page.Locator("#rule").SelectOptionAsync(new SelectOptionValue { Value = "Interval" });
        await Expect(page.Locator("#preview")).ToContainTextAsync("every 6 hours");
        await page.Locator("#rule").SelectOptionAsync(new SelectOptionValue { Value = "Daily" });
        await Pictures.TakeAsync(page, "schedule-new");

        // by hand: what is wrong is said
        await page.Locator("#cron").FillAsync("not a rule");
        await page.Locator("form").GetByRole(AriaRole.Checkbox).First.CheckAsync();
        var add = page.GetByRole(AriaRole.Button, new() { Name = "Add schedule" });
        await add.ClickAsync();
        await Expect(page.GetByText("SF1301").First).ToBeVisibleAsync();
        await page.Locator("#cron").FillAsync("0 30 2 * * ?");
        await page.Locator("#zone").FillAsync("Europe/Berlin");
        await add.ClickAsync();
        var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Nightly" });
        await Expect(row).ToContainTextAsync("02:30");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Week" })).ToContainTextAsync("Nightly");

        await AddABlackoutAsync(page);
        await Pictures.TakeAsync(page, "schedules-week");
        await ChangeAsync(portal, page);

        await EverydayTests.OpenAsync(page, "schedules");
        await row.GetByRole(AriaRole.Button, new() { Name = "Disable" }).ClickAsync();
        await Expect(row.GetByRole(AriaRole.Button, new() { Name = "Enable" })).ToBeVisibleAsync();
        (await portal.Get<ScheduleService>().ListAsync(portal.Actor, default)).Single(s => s.Name == "Nightly").Enabled.ShouldBeFalse();
        await row.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await EverydayTests.ConfirmAsync(page, "Delete");
        await Expect(row).ToHaveCountAsync(0);
    }

    // one in far years: nothing else of this portal shall wait
    private static async Task AddABlackoutAsync(IPage page)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "New blackout" }).ClickAsync();
        await page.Locator("#blackout-name").FillAsync("holidays");
        await page.Locator("#blackout-kind").SelectOptionAsync(new SelectOptionValue { Value = "once" });
        await page.Locator("#blackout-begin").FillAsync("2098-12-24T00:00");
        await page.Locator("#blackout-zone").FillAsync("Mars/Olympus");
        var add = page.GetByRole(AriaRole.Button, new() { Name = "Add blackout" });
        await add.ClickAsync();
        await Expect(page.GetByText("SF1305").First).ToBeVisibleAsync();
        await page.Locator("#blackout-end").FillAsync("2098-12-27T00:00");
        await page.Locator("#blackout-zone").FillAsync("Europe/Berlin");
        await add.ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "2098-12-24T00:00/2098-12-27T00:00 Europe/Berlin" })).ToBeVisibleAsync();
    }

    private static async Task ChangeAsync(RunningPortal portal, IPage page)
    {
        await page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Nightly" }).GetByRole(AriaRole.Link, new() { Name = "Nightly" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Nightly" })).ToBeVisibleAsync();
        await Expect(page.Locator("main[data-live=true]")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Next ten times" }).Locator("li")).ToHaveCountAsync(10);
        await page.Locator("#change").ClickAsync();
        await page.Locator("details.more summary").ClickAsync();
        await page.Locator("#overlap").SelectOptionAsync(new SelectOptionValue { Value = "Replace" });
        await page.GetByRole(AriaRole.Button, new() { Name = "Save schedule" }).ClickAsync();
        await Expect(page.GetByText("that one is cancelled")).ToBeVisibleAsync();
        await Pictures.TakeAsync(page, "schedule-one");
        (await portal.Get<ScheduleService>().ListAsync(portal.Actor, default)).Single(s => s.Name == "Nightly").Overlap.ShouldBe(Data.Schedules.OverlapPolicy.Replace);
    }
}
