using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Radzen;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Metrics;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Workflows.Templates;
using SecFlow.Portal.Components.Pages;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Components;

/// <summary>Pages that stay open while something changes, in a portal that leaves work to workers: what is started waits until the test says what came of it.</summary>
public sealed class LivePageTests : IAsyncLifetime
{
    private SecFlowApplication _app = null!;
    private Team _team = null!;
    private User _user = null!;
    private Actor _actor = null!;

    private RunSignals Signals => _app.Services.GetRequiredService<RunSignals>();

    private Database Database => _app.Services.GetRequiredService<Database>();

    public async Task InitializeAsync()
    {
        _app = await SecFlowApplication.StartAsync(o => o with { Demo = true, DemoTarget = "http://127.0.0.1:9/", Role = PortalRole.Portal });
        _team = await _app.TeamAsync("demo");
        _user = await _app.AddUserAsync("ben", _team, TeamRole.Analyst);
        _actor = new Actor(ActorKind.User, _user.Id.ToString(), "ben", _team.Id, TeamRole.Analyst);
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task Run_ToAnotherRun_ShowsNothingOfTheFirst()
    {
        var (found, nothing, waiting) = (await StartAsync(), await StartAsync(), await StartAsync());
        await EndAsync(found, "Only of the first");
        await TimeAsync(found);
        await EndAsync(nothing, null);
        await using var page = await LivePage.OpenAsync<RunPage>(_app, _user, _team, $"runs/{found}", new() { ["Id"] = found });
        var first = await page.HtmlAsync();
        first.ShouldContain("Only of the first");
        first.ShouldContain("slower than its median");
        first.ShouldContain($"href=\"runs/{found}?tab=findings\" aria-current=\"page\"");

        foreach (var (other, words) in new[] { (nothing, "No findings"), (waiting, "No findings so far") })
        {
            await page.ChangeAsync(new() { ["Id"] = other });

            var html = await page.HtmlAsync();
            html.ShouldContain($"href=\"runs/{other}?tab=findings\" aria-current=\"page\"");
            html.ShouldContain(words);
            html.ShouldNotContain("Only of the first");
            html.ShouldNotContain("slower than its median");
            html.ShouldNotContain(found.ToString());
            await page.ChangeAsync(new() { ["Id"] = found });
            (await page.HtmlAsync()).ShouldContain("Only of the first");
        }
    }

    [Fact]
    public async Task Run_ThatEnds_ShowsHowItComparesWithoutAReload()
    {
        var run = await StartAsync();
        await using var page = await LivePage.OpenAsync<RunPage>(_app, _user, _team, $"runs/{run}", new() { ["Id"] = run });

        await EndAsync(run, "Found at the end");
        Signals.Notify(_team.Id, run);
        (await page.ShowsAsync("Found at the end")).ShouldNotContain("slower than its median");
        await TimeAsync(run);
        Signals.Notify(_team.Id, run);

        await page.ShowsAsync("slower than its median");
    }

    [Fact]
    public async Task Pages_WhenWhoLooksIsKnownLate_AreLive()
    {
        await using var queue = await LivePage.OpenAsync<QueuePage>(_app, _user, _team, "queue");
        await using var list = await LivePage.OpenAsync<RunList>(_app, _user, _team, "runs");
        await using var overview = await LivePage.OpenAsync<Overview>(_app, _user, _team, "");

        var run = await StartAsync();

        await queue.ShowsAsync($"runs/{run}");
        await list.ShowsAsync($"runs/{run}");
        await overview.ShowsAsync($"runs/{run}");
    }

    [Fact]
    public async Task Refusal_StaysWhileOthersChangeThePage_UntilTheNextAct()
    {
        var (first, gone) = (await StartAsync(), await StartAsync());
        await using var page = await LivePage.OpenAsync<QueuePage>(_app, _user, _team, "queue");
        await EndAsync(gone, null);

        await page.RaiseAsync("select", "place 2", "onchange", new ChangeEventArgs { Value = "9" });

        (await page.HtmlAsync()).ShouldContain("SF1322");
        var another = await StartAsync();
        (await page.ShowsAsync($"runs/{another}")).ShouldContain("SF1322", Case.Sensitive, "a reading that goes well does not wipe what the act was refused with");
        await page.RaiseAsync("select", "place 1", "onchange", new ChangeEventArgs { Value = "8" });
        (await page.HtmlAsync()).ShouldNotContain("SF1322");
        (await Database.ReadAsync(db => db.Runs.SingleAsync(r => r.Id == first))).Priority.ShouldBe(8);
    }

    [Fact]
    public async Task Template_OverWhatWasTyped_AsksFirst()
    {
        await using var page = await LivePage.OpenAsync<WorkflowPage>(_app, _user, _team, "workflows/new");
        var dialogs = page.Services.GetRequiredService<DialogService>();
        var (asked, answer) = (0, false);
        dialogs.OnOpen += (_, _, _, _) =>
        {
            asked++;
            _ = page.Dispatcher.InvokeAsync(() => dialogs.Close(answer));
        };
        var (one, two) = (WorkflowTemplates.All[0], WorkflowTemplates.All[1]);

        await page.RaiseAsync("button", two.Name, "onclick", new MouseEventArgs());
        asked.ShouldBe(0, "a template over a template loses nothing");
        await page.RaiseAsync("textarea", "recipe", "oninput", new ChangeEventArgs { Value = "name: mine\n" });
        await page.RaiseAsync("button", one.Name, "onclick", new MouseEventArgs());
        asked.ShouldBe(1);
        (await page.HtmlAsync()).ShouldContain("name: mine");
        answer = true;
        await page.RaiseAsync("button", one.Name, "onclick", new MouseEventArgs());

        (asked, (await page.HtmlAsync()).Contains("name: mine", StringComparison.Ordinal)).ShouldBe((2, false));
    }

    private async Task<Guid> StartAsync()
    {
        var workflow = (await _app.Services.GetRequiredService<WorkflowStore>().ListAsync(_team.Id))[0].Id;
        var target = (await _app.Services.GetRequiredService<TargetStore>().ListAsync(_team.Id))[0].Id;
        return (await _app.Services.GetRequiredService<RunService>().StartAsync(_actor, new StartRun(workflow, [target], RunTrigger.Manual), default)).Id;
    }

    /// <summary>What a worker stores at the end of a run.</summary>
    private Task EndAsync(Guid id, string? finding) => Database.WriteAsync(async write =>
    {
        var run = await write.Db.Runs.SingleAsync(r => r.Id == id);
        (run.Status, run.StartedAt, run.EndedAt) = (RunStatus.Succeeded, write.Now.AddSeconds(-1), write.Now);
        var nodes = await write.Db.NodeRuns.Where(n => n.RunId == id).ToListAsync();
        nodes.ForEach(n => n.Status = NodeStatus.Succeeded);
        if (finding is not null)
        {
            var target = await write.Db.Targets.FirstAsync(t => t.TeamId == run.TeamId);
            var row = new Finding { Id = Guid.CreateVersion7(), TeamId = run.TeamId, Fingerprint = new string('a', 64), RuleId = "r1", Title = finding, TargetId = target.Id, Target = target.Value, FirstRunId = id, LastRunId = id, FirstSeenAt = write.Now, LastSeenAt = write.Now };
            write.Db.Findings.Add(row);
            write.Db.Occurrences.Add(new Occurrence { Id = Guid.CreateVersion7(), TeamId = run.TeamId, FindingId = row.Id, RunId = id, NodeRunId = nodes[0].Id });
        }
    });

    /// <summary>What is stored after that: it took three times as long as usual.</summary>
    private Task TimeAsync(Guid id) => _app.Services.GetRequiredService<TimingStore>().AddAsync(
        [new Timing { Id = Guid.CreateVersion7(), TeamId = _team.Id, RunId = id, Seconds = 9, MedianSeconds = 3, DeviationSeconds = 0.1, Samples = 20, Slow = true, EndedAt = _app.Time.GetUtcNow() }], default);
}
