using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.Portal.Demo;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Demo;

/// <summary>What becomes of the demo over starts and stops.</summary>
public sealed class DemoLifeTests
{
    [Fact]
    public async Task Removed_EvenWhenAStopCameInBetween_NeverComesBack()
    {
        var first = await StartAsync();
        var team = await first.TeamAsync("demo");
        var admin = Actor.System(team.Id, "ana");
        await first.Services.GetRequiredService<FirstSteps>().ScheduleAsync(admin, default);

        // killed right after the decision: nothing of the rest has happened
        await first.Services.GetRequiredService<FirstStepStore>().RecordAsync(admin, new FirstStep { Kind = FirstStepKind.RemoveDemo });
        await first.StopAsync();

        for (var start = 0; start < 2; start++)
        {
            var again = await StartAsync(first.DataFolder);
            (await again.Services.GetRequiredService<TargetService>().ListAsync(admin, default)).ShouldBeEmpty();
            (await again.Services.GetRequiredService<WorkflowService>().ListAsync(admin, default)).ShouldBeEmpty();
            (await again.Services.GetRequiredService<ScheduleService>().ListAsync(admin, default)).ShouldBeEmpty();
            (await DemoRowsAsync(again)).ShouldAllBe(row => row.State == PluginState.Revoked);
            File.Exists(Path.Combine(again.DataFolder, DemoRemoval.MarkFile)).ShouldBeTrue();
            File.Exists(Path.Combine(again.DataFolder, "trust", "demo.pub")).ShouldBeFalse();
            (await Should.ThrowAsync<SecFlowException>(() => again.Services.GetRequiredService<FirstSteps>().ScanDemoAsync(admin, default))).Code.ShouldBe(Codes.NotFound);
            (await Should.ThrowAsync<SecFlowException>(() => again.Services.GetRequiredService<FirstSteps>().TryAsync(admin, FirstStepKind.EndlessLoop, default))).Code.ShouldBe(Codes.NotFound);
            (await again.Audit.VerifyAsync()).Intact.ShouldBeTrue();
            if (start == 0)
            {
                await again.StopAsync();
            }
            else
            {
                await again.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Start_Again_ChangesNothingOfTheDemo()
    {
        var first = await StartAsync();
        var digests = (await DemoRowsAsync(first)).Select(r => (r.Digest, r.State, r.TrustState)).ToList();
        digests.Count.ShouldBe(3);
        digests.ShouldAllBe(d => d.State == PluginState.Enabled && d.TrustState == "Verified");
        var key = await File.ReadAllBytesAsync(Path.Combine(first.DataFolder, "trust", "demo.pub"));
        await first.StopAsync();

        await using var second = await StartAsync(first.DataFolder);

        (await DemoRowsAsync(second)).Select(r => (r.Digest, r.State, r.TrustState)).ShouldBe(digests);
        (await File.ReadAllBytesAsync(Path.Combine(second.DataFolder, "trust", "demo.pub"))).ShouldBe(key, "signed once");
        Directory.EnumerateFiles(second.DataFolder, "*", SearchOption.AllDirectories).Where(f => f.Contains("trust", StringComparison.Ordinal)).ShouldNotContain(f => File.ReadAllText(f).Contains("PRIVATE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_OfAnInstallationThatWasInUseBefore_HidesTheSteps()
    {
        var first = await StartAsync();
        var admin = Actor.System((await first.TeamAsync("demo")).Id, "ana");
        var workflow = (await first.Services.GetRequiredService<WorkflowService>().ListAsync(admin, default))[0].Id;
        var target = (await first.Services.GetRequiredService<TargetService>().ListAsync(admin, default))[0].Id;
        await first.Services.GetRequiredService<RunService>().StartAsync(admin, new StartRun(workflow, [target], RunTrigger.Manual), default);
        await first.StopAsync();

        await using var second = await StartAsync(first.DataFolder);

        using var browser = await second.SignInAsync();
        (await browser.GetAsync("/")).Html.ShouldNotContain("Try to break it");
        (await browser.GetAsync("/first-steps")).Html.ShouldContain("Try to break it");
    }

    private static Task<SecFlowApplication> StartAsync(string? folder = null) => SecFlowApplication.StartAsync(o => o with { Demo = true, DemoTarget = "http://127.0.0.1:9/" }, folder);

    private static async Task<IReadOnlyList<PluginVersion>> DemoRowsAsync(SecFlowApplication app) =>
        [.. (await app.Services.GetRequiredService<PluginRegistry>().ListAsync(default)).Select(p => p.Row).Where(r => r.PluginId.StartsWith("scan.demo-", StringComparison.Ordinal)).OrderBy(r => r.PluginId, StringComparer.Ordinal)];
}
