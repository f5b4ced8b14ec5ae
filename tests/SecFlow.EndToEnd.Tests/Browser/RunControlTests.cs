using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using SecFlow.Cli;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Teams;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Schedules;
using static Microsoft.Playwright.Assertions;

namespace SecFlow.EndToEnd.Tests.Browser;

/// <summary>Pause, resume, skip, retry, run again and cancel by page, API and command line, and by a blackout, on one run after the other, while its page is open.</summary>
public sealed class RunControlTests
{
    // Asks the target for as long as it is let: what it says goes on exactly while it may work.
    private const string Slow = "module.exports = { execute: function (ctx) { for (var i = 0; i < 1000000; i++) { ctx.http({ url: ctx.targets[0].url }); ctx.progress(i / 10000, 'request ' + i); } } };";

    private const string Quick = "module.exports = { execute: function (ctx) { ctx.http({ url: ctx.targets[0].url }); ctx.verdict('completed', 'looked'); } };";

    private const string Recipe = """
        version: "1.0"
        name: Slow and quick
        nodes:
          - { id: before, type: scan.test-quick, inputs: [targets], outputs: { findings: f0 } }
          - { id: slow, type: scan.test-slow, inputs: [targets], outputs: { findings: f1 }, timeout: 30m }
          - { id: quick, type: scan.test-quick, inputs: [targets], outputs: { findings: f2 } }
        """;

    [Fact]
    public async Task Run_IsPausedResumedSkippedRetriedAndCancelled_ByPageApiAndCommandLine_EachAudited()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        await using var chromium = await Chromium.StartAsync();
        await portal.Plugins.InstallAsync("scan.test-slow", Slow);
        await portal.Plugins.InstallAsync("scan.test-quick", Quick);
        var workflow = await portal.SaveWorkflowAsync(Recipe);
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        var token = await portal.AddTokenAsync(TeamRole.Analyst, "runs:write", "runs:read", "findings:read", "workflows:read");
        using var api = new HttpClient { BaseAddress = portal.Url };
        api.DefaultRequestHeaders.Authorization = new("Bearer", token);
        Environment.SetEnvironmentVariable("SECFLOW_TOKEN", token);

        async Task<(int Code, string Out, string Error)> CliAsync(params string[] args)
        {
            await using var stdout = new StringWriter();
            await using var stderr = new StringWriter();
            return (await CliApp.RunAsync(["run", .. args, "--url", portal.Url.ToString()], stdout, stderr), stdout.ToString(), stderr.ToString());
        }

        async Task<JsonElement> ApiAsync(Guid id, string act, object? body = null)
        {
            using var answer = await api.PostAsJsonAsync($"api/v1/runs/{id}/{act}", body);
            var text = await answer.Content.ReadAsStringAsync();
            answer.IsSuccessStatusCode.ShouldBeTrue(text);
            return JsonDocument.Parse(text).RootElement;
        }

        // Started by name on the command line.
        var started = await CliAsync("start", "slow and QUICK", "--target", target.Name, "--format", "json");
        started.Code.ShouldBe(0, started.Error);
        var first = JsonDocument.Parse(started.Out).RootElement.GetProperty("id").GetGuid();
        var page = await chromium.PageAsync(portal.Url);
        await FirstScanTests.SignInAsync(page);
        await OpenAsync(page, first);
        await Expect(page.GetByText("request ").First).ToBeVisibleAsync(new() { Timeout = 60_000 });

        // Paused on the page, resumed by the API.
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause", Exact = true }).ClickAsync();
        await ConfirmAsync(page, "Pause the run");
        await Expect(page.Locator(".sentence")).ToContainTextAsync("Paused by admin", new() { Timeout = 60_000 });
        await Expect(page.Locator(".nodes")).ToContainTextAsync("Frozen");
        var stands = await SettledAsync(page);
        await Task.Delay(1_000);
        (await page.Locator(".node-note").First.InnerTextAsync()).ShouldBe(stands, "nothing goes on while it is paused");
        await Pictures.TakeAsync(page, "run-paused");
        (await ApiAsync(first, "resume")).GetProperty("status").GetString().ShouldBe("Running", StringCompareShould.IgnoreCase);
        await Expect(page.Locator(".node-note").First).Not.ToHaveTextAsync(stands, new() { Timeout = 60_000 });

        // Paused by the command line, resumed on the page; paused by the API, resumed by the command line.
        (await CliAsync("pause", first.ToString(), "--reason", "the backup runs")).Code.ShouldBe(0);
        await Expect(page.Locator(".sentence")).ToContainTextAsync("the backup runs", new() { Timeout = 60_000 });
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pause", Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        var paused = await ApiAsync(first, "pause", new { reason = "by the API" });
        (paused.GetProperty("status").GetString()!.ToLowerInvariant(), paused.GetProperty("pause").GetProperty("reason").GetString()).ShouldBe(("paused", "by the API"));
        (await CliAsync("resume", first.ToString())).Code.ShouldBe(0);
        (await CliAsync("resume", first.ToString())).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(4), r => r.Error.ShouldContain("SF1510"));

        // A blackout that begins now pauses it, its end lets it go on.
        var blackout = await portal.Get<BlackoutService>().AddAsync(portal.Actor, new NewBlackout("backup", "daily 00:00-24:00 UTC"), default);
        await Expect(page.Locator(".sentence")).ToContainTextAsync("blackout 'backup'", new() { Timeout = 60_000 });
        await Expect(page.Locator(".nodes")).ToContainTextAsync("Frozen");
        await Pictures.TakeAsync(page, "run-blackout");
        await portal.Get<BlackoutService>().DeleteAsync(portal.Actor, blackout.Id, default);
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pause", Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });

        // Skipped on the page; the rest goes on, and the run is not whole.
        await page.Locator(".nodes li").Filter(new() { HasText = "scan.test-slow" }).GetByRole(AriaRole.Button, new() { Name = "Skip", Exact = true }).ClickAsync();
        await ConfirmAsync(page, "Skip the node");
        await Expect(page.Locator(".nodes")).ToContainTextAsync("Skipped", new() { Timeout = 60_000 });
        var ended = await portal.WaitAsync(first);
        (ended.Run.Status, string.Join(' ', ended.Nodes.OrderBy(n => n.Ordinal).Select(n => n.Status))).ShouldBe((RunStatus.Partial, "Succeeded Skipped Succeeded"));

        // Retried on the page, skipped by the command line.
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Retry", Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Pictures.TakeAsync(page, "run-ended");
        await page.GetByRole(AriaRole.Button, new() { Name = "Retry", Exact = true }).ClickAsync();
        await ConfirmAsync(page, "Retry");
        await Expect(page.GetByText("from slow on repeating")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        var second = Guid.Parse(page.Url.Split('/')[^1].Split('?')[0]);
        second.ShouldNotBe(first);
        await Expect(page.GetByText("request ").First).ToBeVisibleAsync(new() { Timeout = 60_000 });
        var skipped = await CliAsync("skip", second.ToString(), "slow", "--wait", "--fail-on", "low");
        (skipped.Code, (await portal.WaitAsync(second)).Nodes.OrderBy(n => n.Ordinal).First().Status).ShouldBe((5, NodeStatus.Cached), skipped.Error);
        skipped.Error.ShouldContain("slow: Skipped");

        // Retried by the API from a node, skipped by the API; retried and run again by the command line, cancelled there, by the API and on the page.
        var third = (await ApiAsync(second, "retry", new { from = "slow" })).GetProperty("id").GetGuid();
        await RunsAsync(portal, third);
        await ApiAsync(third, "skip", new { node = "slow" });
        (await portal.WaitAsync(third)).Run.Status.ShouldBe(RunStatus.Partial);
        var fourth = IdOf((await CliAsync("retry", third.ToString())).Out);
        await RunsAsync(portal, fourth);
        (await CliAsync("cancel", fourth.ToString(), "--wait")).Code.ShouldBe(4);
        (await portal.WaitAsync(fourth)).Run.Status.ShouldBe(RunStatus.Cancelled);
        var fifth = IdOf((await CliAsync("rerun", fourth.ToString())).Out);
        await RunsAsync(portal, fifth);
        using (var cancelled = await api.PostAsync($"api/v1/runs/{fifth}/cancel", null))
        {
            cancelled.IsSuccessStatusCode.ShouldBeTrue();
        }

        (await portal.WaitAsync(fifth)).Run.Status.ShouldBe(RunStatus.Cancelled);
        var sixth = (await ApiAsync(fifth, "rerun")).GetProperty("id").GetGuid();
        await RunsAsync(portal, sixth);
        await OpenAsync(page, sixth);
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel", Exact = true }).ClickAsync();
        await ConfirmAsync(page, "Cancel the run");
        var last = (await portal.WaitAsync(sixth)).Run;
        last.Status.ShouldBe(RunStatus.Cancelled);
        Console.WriteLine($"cancelled after {(last.EndedAt!.Value - last.CancelRequestedAt!.Value).TotalMilliseconds:0} ms");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Re-run", Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await page.GetByRole(AriaRole.Button, new() { Name = "Re-run", Exact = true }).ClickAsync();
        await ConfirmAsync(page, "Re-run");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pause", Exact = true })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await portal.Runs.CancelAsync(portal.Actor, Guid.Parse(page.Url.Split('/')[^1].Split('?')[0]), default);

        var acts = (await portal.AuditAsync()).Where(e => e.Outcome == AuditOutcome.Allowed && e.Action is "pause.run" or "resume.run" or "skip.node" or "retry.run" or "rerun.run" or "cancel.run")
            .GroupBy(e => (e.Action, Token: e.ActorKind == ActorKind.Token)).ToDictionary(g => g.Key, g => g.Count());
        acts.ShouldBe(
            new Dictionary<(string, bool), int>
            {
                [("pause.run", false)] = 2,
                [("pause.run", true)] = 2,
                [("resume.run", false)] = 2,
                [("resume.run", true)] = 2,
                [("skip.node", false)] = 1,
                [("skip.node", true)] = 2,
                [("retry.run", false)] = 1,
                [("retry.run", true)] = 2,
                [("rerun.run", false)] = 1,
                [("rerun.run", true)] = 2,
                [("cancel.run", false)] = 2,
                [("cancel.run", true)] = 2,
            },
            ignoreOrder: true);
        chromium.Errors.ShouldBeEmpty();
    }

    private static async Task OpenAsync(IPage page, Guid run)
    {
        await page.GotoAsync($"runs/{run}");
        await Expect(page.Locator("main[data-live=true]")).ToBeVisibleAsync();
    }

    private static Task ConfirmAsync(IPage page, string button) => page.Locator(".rz-dialog").GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    private static Guid IdOf(string line) => Guid.Parse(line.Split(' ')[0]);

    /// <summary>The progress that is shown once it does not change any more.</summary>
    private static async Task<string> SettledAsync(IPage page)
    {
        for (var last = ""; ;)
        {
            var now = await page.Locator(".node-note").First.InnerTextAsync();
            if (now == last)
            {
                return now;
            }

            last = now;
            await Task.Delay(700);
        }
    }

    private static async Task RunsAsync(RunningPortal portal, Guid run)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while ((await portal.Runs.GetAsync(portal.Actor, run, default)).Nodes.Single(n => n.NodeId == "slow").Status != NodeStatus.Running)
        {
            await Task.Delay(50, limit.Token);
        }
    }
}
