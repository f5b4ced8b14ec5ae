using SecFlow.Data.Runs;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution;
using SecFlow.Execution.Plugins;
using SecFlow.TestKit;
using Xunit.Abstractions;

namespace SecFlow.EndToEnd.Tests.Runs;

/// <summary>Plugins that attack, through the engine of one running portal: each ends with its code in time, beside a run that goes on, and leaves nothing.</summary>
[Trait("Category", "Confinement")]
public sealed class HostileRunTests(ITestOutputHelper output)
{
    /// <summary>Wall time that the nodes of the attacks have.</summary>
    private static readonly TimeSpan _nodeTime = TimeSpan.FromSeconds(8);

    /// <summary>Wall time that the tools of the attacks have.</summary>
    private static readonly TimeSpan _toolTime = TimeSpan.FromSeconds(8);

    [Fact]
    public async Task Attack_ThroughTheEngine_EndsWithItsCodeWhileAnotherRunGoesOnAndLeavesNothing()
    {
        await using var portal = await RunningPortal.StartAsync("demo");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        var good = await portal.SaveWorkflowAsync("Good", "scan.web-baseline");
        var attacks = Directory.GetFiles(Path.Combine(Repository.Root, "tests", "HostilePlugins"), "*.js").Order(StringComparer.Ordinal).ToList();
        attacks.Count.ShouldBeGreaterThanOrEqualTo(20);
        await portal.WaitAsync((await portal.StartRunAsync(good, target.Id)).Id);
        var before = Traces.Now();

        foreach (var file in attacks)
        {
            var name = Path.GetFileNameWithoutExtension(file);
            var script = await File.ReadAllTextAsync(file);
            var codes = script[(script.IndexOf("// expect: ", StringComparison.Ordinal) + 11)..script.IndexOf('\n', StringComparison.Ordinal)].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            await portal.Plugins.InstallAsync("scan.test-" + name, script);
            var bad = await portal.SaveWorkflowAsync("Attack " + name, "scan.test-" + name, $"{_nodeTime.TotalSeconds:0}");
            var beside = await portal.StartRunAsync(good, target.Id);
            var attack = await portal.WaitAsync((await portal.StartRunAsync(bad, target.Id)).Id);

            var node = attack.Nodes.ShouldHaveSingleItem();
            // an attack that achieves nothing ends by itself, and has said of no target that it was assessed
            var ended = attack.Run.Status == RunStatus.Partial ? "Completed" : node.ErrorCode;
            codes.ShouldContain(ended, $"{name}: {attack.Run.Status} {node.ErrorMessage}");
            var took = (node.EndedAt - node.StartedAt)!.Value;
            output.WriteLine($"{name,-32} {ended,-10} {took.TotalMilliseconds,6:0} ms");
            took.ShouldBeLessThan(LimitOf(name) + Crowd.Within(2), $"{name}: {ended}");
            (await portal.WaitAsync(beside.Id)).Run.Status.ShouldBe(RunStatus.Succeeded, name);
        }

        await OnlyThePoolIsLeftAsync();
        Traces.Now().ShouldNotExceed(before);
        (await portal.AuditAsync()).ShouldNotContain(e => e.ReasonCode == "SF4020" || e.ReasonCode == "SF4021", "a script alone can break neither the protocol nor the sandbox");
    }

    /// <summary>
    /// When an attack's end is due: whatever a script does by itself is one call, which has 2 s.
    /// Its clock stands still while the engine takes what it writes, so that a flood may go on until the time of its node is over.
    /// </summary>
    private static TimeSpan LimitOf(string attack) =>
        attack.Contains("flood", StringComparison.Ordinal) ? _nodeTime : TimeSpan.FromMilliseconds(Limits.HostCallbackMilliseconds.Default);

    /// <summary>Shell scripts of a tool that somebody else commands, and how each may end: it may start programs, so it is its sandbox that stops it.</summary>
    private static readonly (string Name, string Script, string[] Ends)[] _toolAttacks =
    [
        ("fork bomb", "bomb() { bomb | bomb & }; bomb; i=0; while [ $i -lt 400 ]; do (sleep 20) & i=$((i+1)); done; echo ESCAPED; wait", ["SF4", "SF5", "Completed"]),
        ("disk fill", "head -c 2000000000 /dev/zero >/out/full && echo ESCAPED; head -c 2000000000 /dev/zero >/tmp/full && echo ESCAPED; exit 1", ["SF4", "SF5", "Completed"]),
        ("memory", "x=0123456789abcdef; while :; do x=$x$x; done", ["SF4", "SF5", "Completed"]),
        ("files", "for f in /etc/shadow /root/.bashrc /proc/1/root/etc/shadow /sys/fs/cgroup/x; do (read -r x <$f) 2>/dev/null && echo ESCAPED $f; done; (echo x >/usr/escaped) 2>/dev/null && echo ESCAPED; tr '\\0' '\\n' </proc/1/environ | grep -i secflow && echo ESCAPED; exit 0", ["Completed"]),
        ("network", "for p in 1 22 53 PORTAL; do (exec 3<>/dev/tcp/127.0.0.1/$p) 2>/dev/null && echo ESCAPED $p; done; for h in 169.254.169.254 10.255.255.1 ::1; do (exec 3<>/dev/tcp/$h/80) 2>/dev/null && echo ESCAPED $h; done; (exec 3<>/dev/tcp/example.org/80) 2>/dev/null && echo ESCAPED dns; exit 0", ["Completed", "SF404"]),
        ("mount", "unshare -m true; exec mount -t tmpfs none /tmp", ["SF4021"]),
    ];

    [Fact]
    public async Task Tool_ThatAttacks_IsStoppedWhileAnotherRunGoesOnAndAViolationQuarantines()
    {
        await using var portal = await RunningPortal.StartAsync("demo");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        var good = await portal.SaveWorkflowAsync("Good", "scan.web-baseline");
        foreach (var (name, script, ends) in _toolAttacks)
        {
            var id = "scan.test-tool-" + name.Replace(' ', '-');
            var command = System.Text.Json.JsonSerializer.Serialize(script.Replace("PORTAL", portal.Url.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal));
            await portal.Plugins.InstallAsync(id, $$"""
                module.exports = { execute: function (ctx) {
                  var r = ctx.tool('bash', ['-c', {{command}}], { timeout: {{_toolTime.TotalSeconds}} }), said = r.stdout.text(4000) + r.stderr.text(4000);
                  if (/ESCAPED/.test(said.replace(/bash: .*/g, ''))) { throw new Error('ESCAPED ' + said); }
                  ctx.verdict('completed', said, { target: ctx.targets[0].id, checks: ['none'] });
                } };
                """, "tools:\n  - { name: bash }");
            var workflow = await portal.SaveWorkflowAsync("Tool " + name, id, "20");
            var beside = await portal.StartRunAsync(good, target.Id);
            var attack = await portal.RunAsync(workflow, target.Id);

            var node = attack.Nodes.ShouldHaveSingleItem();
            var took = (node.EndedAt - node.StartedAt)!.Value;
            output.WriteLine($"{name,-12} {node.ErrorCode ?? "Completed",-10} {took.TotalMilliseconds,6:0} ms");
            took.ShouldBeLessThan(_toolTime + Crowd.Within(2), name);
            (node.ErrorMessage ?? "").ShouldNotContain("ESCAPED");
            ends.ShouldContain(end => (node.ErrorCode ?? "Completed").StartsWith(end, StringComparison.Ordinal), $"{name}: {attack.Run.Status} {node.ErrorCode} {node.ErrorMessage}");
            (await portal.WaitAsync(beside.Id)).Run.Status.ShouldBe(RunStatus.Succeeded, name);
        }

        (await portal.AuditAsync("quarantine.plugin")).ShouldHaveSingleItem().ResourceName.ShouldContain("scan.test-tool-mount");
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
        await portal.Runs.CancelAsync(portal.Actor, run.Id, CancellationToken.None);
        var detail = await portal.WaitAsync(run.Id, 10);

        detail.Run.Status.ShouldBe(RunStatus.Cancelled);
        var took = (detail.Run.EndedAt - detail.Run.CancelRequestedAt)!.Value;
        output.WriteLine($"cancelled in {took.TotalMilliseconds:0} ms");
        took.ShouldBeLessThan(Crowd.Within(2));

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
