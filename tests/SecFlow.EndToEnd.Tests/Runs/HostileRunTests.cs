using System.Diagnostics;
using SecFlow.Data.Runs;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Plugins;

namespace SecFlow.EndToEnd.Tests.Runs;

/// <summary>Plugins that attack, through the engine of one running portal: each ends with its code in time, beside a run that goes on, and leaves nothing.</summary>
[Trait("Category", "Confinement")]
public sealed class HostileRunTests
{
    /// <summary>The longest limit that ends an attack is the callback's 2 s, and 2 s on top for starting and clearing up; the rest is for a machine whose two cores are busy with the run beside it.</summary>
    private static readonly TimeSpan _endsWithin = TimeSpan.FromSeconds(12);

    [Fact]
    public async Task Attack_ThroughTheEngine_EndsWithItsCodeWhileAnotherRunGoesOnAndLeavesNothing()
    {
        await using var portal = await RunningPortal.StartAsync("demo");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        var good = await portal.SaveWorkflowAsync("Good", "scan.web-baseline");
        var attacks = Directory.GetFiles(Path.Combine(Repository.Root, "tests", "HostilePlugins"), "*.js").Order(StringComparer.Ordinal).ToList();
        attacks.Count.ShouldBeGreaterThanOrEqualTo(18);

        foreach (var file in attacks)
        {
            var name = Path.GetFileNameWithoutExtension(file);
            var script = await File.ReadAllTextAsync(file);
            var codes = script[(script.IndexOf("// expect: ", StringComparison.Ordinal) + 11)..script.IndexOf('\n', StringComparison.Ordinal)].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            await portal.Plugins.InstallAsync("scan.test-" + name, script);
            var bad = await portal.SaveWorkflowAsync("Attack " + name, "scan.test-" + name, "8");
            var beside = await portal.StartRunAsync(good, target.Id);
            var clock = Stopwatch.StartNew();
            var attack = await portal.WaitAsync((await portal.StartRunAsync(bad, target.Id)).Id);
            clock.Stop();

            var node = attack.Nodes.ShouldHaveSingleItem();
            // an attack that achieves nothing ends by itself, and has said of no target that it was assessed
            var ended = attack.Run.Status == RunStatus.Partial ? "Completed" : node.ErrorCode;
            codes.ShouldContain(ended, $"{name}: {attack.Run.Status} {node.ErrorMessage}");
            clock.Elapsed.ShouldBeLessThan(_endsWithin, name);
            (await portal.WaitAsync(beside.Id)).Run.Status.ShouldBe(RunStatus.Succeeded, name);
        }

        await OnlyThePoolIsLeftAsync();
    }

    [Fact]
    public async Task Attack_OutsideTheScope_IsRefusedCountedAndAudited()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        await portal.Plugins.InstallAsync("scan.test-scope", """
            module.exports = { execute: function (ctx) {
              var urls = ['http://127.0.0.1:1/', 'http://169.254.169.254/latest/meta-data/', 'http://[::1]/', 'http://2130706433/', 'file:///etc/passwd'], refused = 0;
              for (var i = 0; i < urls.length; i++) {
                try { ctx.http({ url: urls[i] }); } catch (e) { if (/^SF3|^SF1/.test(e.code)) { refused++; } }
              }
              if (refused !== urls.length) { throw new Error('only ' + refused + ' were refused'); }
              ctx.verdict('completed', 'all refused', { target: ctx.targets[0].id, checks: ['none'] });
            } };
            """);
        var detail = await portal.RunAsync(await portal.SaveWorkflowAsync("Scope", "scan.test-scope"), target.Id);

        detail.Run.Status.ShouldBe(RunStatus.Succeeded, detail.Nodes[0].ErrorMessage);
        detail.Nodes[0].RefusedCalls.ShouldBeGreaterThanOrEqualTo(4);
        (await portal.AuditAsync()).Count(e => e.ReasonCode is "SF3003" or "SF3008").ShouldBeGreaterThanOrEqualTo(3);
    }

    [Fact]
    public async Task Cancel_RunningNode_KillsTheTreeWithinTwoSeconds()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        await portal.Plugins.InstallAsync("scan.test-slow", "module.exports = { execute: function (ctx) { for (var i = 0; i < 100000; i++) { ctx.http({ url: ctx.targets[0].url }); } } };");
        var run = await portal.StartRunAsync(await portal.SaveWorkflowAsync("Slow", "scan.test-slow"), target.Id);
        while ((await portal.Runs.GetAsync(portal.Actor, run.Id, CancellationToken.None)).Nodes[0].Status != NodeStatus.Running)
        {
            await Task.Delay(50);
        }

        await Task.Delay(500);
        var clock = Stopwatch.StartNew();
        await portal.Runs.CancelAsync(portal.Actor, run.Id, CancellationToken.None);
        var detail = await portal.WaitAsync(run.Id, 10);

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(4));
        detail.Run.Status.ShouldBe(RunStatus.Cancelled);

        await OnlyThePoolIsLeftAsync();
    }

    [Fact]
    public async Task Timeout_OfTheNode_IsTimedOut()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        await portal.Plugins.InstallAsync("scan.test-late", "module.exports = { execute: function (ctx) { for (var i = 0; i < 100000; i++) { ctx.http({ url: ctx.targets[0].url }); } } };");
        var detail = await portal.RunAsync(await portal.SaveWorkflowAsync("Late", "scan.test-late", "2"), target.Id);

        detail.Run.Status.ShouldBe(RunStatus.TimedOut);
        detail.Nodes[0].Status.ShouldBe(NodeStatus.TimedOut);
        detail.Nodes[0].ErrorCode.ShouldBe("SF4006");
    }

    /// <summary>The hosts that wait for work are there again, and no other process.</summary>
    private static async Task OnlyThePoolIsLeftAsync()
    {
        await Task.Delay(3_000);
        LeftOvers().ShouldBe(Enumerable.Repeat("bwrap", HostPool.MostReady));
    }

    /// <summary>Plugin hosts and sandboxes that are children of this process, dead or alive.</summary>
    private static IReadOnlyList<string> LeftOvers()
    {
        var left = new List<string>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
        {
            try
            {
                var stat = File.ReadAllText(Path.Combine(folder, "stat"));
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                if (fields[1] == Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture))
                {
                    left.Add(stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..stat.LastIndexOf(')')]);
                }
            }
            catch (IOException)
            {
                // it ended while we looked
            }
        }

        return [.. left.Where(name => name is "bwrap" or "dotnet" or "prlimit" or "setpriv" or "sh").Order(StringComparer.Ordinal)];
    }
}
