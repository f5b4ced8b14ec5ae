using SecFlow.Data.Plugins;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Tests.Plugins;

/// <summary>Which work is done by which process: the real host in the real sandbox, one session per node as the engine opens them.</summary>
public sealed class RunHostsTests
{
    private const string Polluting = """
        var here = 'seen' in this || typeof leaked !== 'undefined';
        module.exports = { execute: function (ctx) {
          var dirty = here || ({}).polluted || [].polluted || typeof Array.prototype.map !== 'function' || Math.max(1, 2) !== 2 || JSON.stringify({ a: 1 }) !== '{"a":1}' || ''.trim.call(' x ') !== 'x';
          ctx.log.info(dirty ? 'dirty' : 'clean');
          leaked = 1; this.seen = 1; Object.prototype.polluted = 1; Array.prototype.polluted = 1; Array.prototype.map = null;
          try { Math.max = function () { return 7; }; } catch (e) { }
          try { JSON.stringify = function () { return 'bent'; }; } catch (e) { }
          try { String.prototype.trim = function () { return 'bent'; }; } catch (e) { }
          try { ctx.log.info = function () { }; ctx.config.kept = 1; } catch (e) { }
          if (ctx.config.fail) { throw new Error('on purpose'); }
        } };
        """;

    [Fact]
    public async Task Nodes_OfOneRun_ShareAProcessAndNothingElse()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files(script: Polluting));
        await using var pool = await world.PoolAsync();
        await using var hosts = new RunHosts(pool);
        var output = new TestOutput();
        var first = await NodeAsync(world, pool, hosts, row, output);
        var afterFailure = await NodeAsync(world, pool, hosts, row, output, new() { ["fail"] = true });
        var third = await NodeAsync(world, pool, hosts, row, output);

        output.Logs.ShouldBe(["info clean", "info clean", "info clean"]);
        first.Process.ShouldNotBeNull();
        new[] { afterFailure.Process, third.Process }.ShouldAllBe(p => p == first.Process);
        afterFailure.Outcome.Error!.Code.ShouldBe(Codes.ScriptError);
        (await world.EventsAsync("open.plugin")).Count.ShouldBe(3, "the bytes are verified, and the decision audited, at each node");
    }

    [Fact]
    public async Task Bytes_ChangedBetweenTwoNodes_AreRefusedAlthoughTheHostWaits()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files());
        await using var pool = await world.PoolAsync();
        await using var hosts = new RunHosts(pool);
        await NodeAsync(world, pool, hosts, row, new TestOutput());
        File.AppendAllText(Path.Combine(world.Folder(row), "index.js"), " ");
        (await Should.ThrowAsync<SecFlowException>(() => NodeAsync(world, pool, hosts, row, new TestOutput()))).Code.ShouldBe(Codes.Tampered);
    }

    [Fact]
    public async Task Runs_NeverShareAProcess_NorDoTwoPluginsOfOneRun()
    {
        await using var world = await PluginWorld.CreateAsync();
        var one = await world.EnableAsync(PluginWorld.Files("scan.one"));
        var two = await world.EnableAsync(PluginWorld.Files("scan.two"));
        await using var pool = await world.PoolAsync();
        pool.Start(workerSlots: 2);
        var processes = new List<int?>();
        foreach (var team in new[] { Guid.Empty, Guid.NewGuid(), Guid.NewGuid() })
        {
            await using var hosts = new RunHosts(pool);
            processes.Add((await NodeAsync(world, pool, hosts, one, new TestOutput(), team: team)).Process);
            processes.Add((await NodeAsync(world, pool, hosts, two, new TestOutput(), team: team)).Process);
        }

        processes.ShouldAllBe(p => p != null);
        processes.Distinct().Count().ShouldBe(6);
    }

    [Fact]
    public async Task Host_AfterALimit_IsNotUsedAgain()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files(script: "module.exports = { execute: function (ctx) { while (ctx.config.loop) {} } };"));
        await using var pool = await world.PoolAsync();
        await using var hosts = new RunHosts(pool);
        var first = await NodeAsync(world, pool, hosts, row, new TestOutput());
        (await NodeAsync(world, pool, hosts, row, new TestOutput(), new() { ["loop"] = true })).Process.ShouldBeNull();
        (await NodeAsync(world, pool, hosts, row, new TestOutput())).Process.ShouldNotBe(first.Process);
    }

    [Fact]
    public async Task Host_ThatSpeaksBetweenTwoNodes_IsKilledAndItsPluginQuarantined()
    {
        await using var world = await PluginWorld.CreateAsync();
        var host = LawlessHost.Prepare(Path.Combine(world.DataFolder, "lawless"));
        var row = await world.EnableAsync(PluginWorld.Files(script: """
            {"type":"done","outcome":"Completed","peakBytes":1,"cpuMilliseconds":1}
            {"type":"emit","port":"findings","records":[{"ruleId":"foisted on the next node"}]}
            """));
        await using var pool = await world.PoolAsync(host);
        await using var hosts = new RunHosts(pool);
        var output = new TestOutput();
        var first = await NodeAsync(world, pool, hosts, row, output);
        first.Outcome.Error.ShouldBeNull();
        await WaitForOutputAsync(first.Process);
        var second = await NodeAsync(world, pool, hosts, row, output);
        second.Outcome.Error!.Code.ShouldBe(Codes.ProtocolViolation);
        second.Outcome.Violation.ShouldBeTrue();
        second.Process.ShouldBeNull();
        output.Records.ShouldBeEmpty();
        (await world.Store.FindAsync(Guid.Empty, row.Id))!.State.ShouldBe(PluginState.Quarantined);
    }

    [Fact]
    public async Task Host_ThatNoLaterNodeUses_EndsAtOnce()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files());
        await using var pool = await world.PoolAsync();
        var hosts = new RunHosts(pool);
        var node = await NodeAsync(world, pool, hosts, row, new TestOutput(), usedAgain: false);
        await hosts.DisposeAsync();
        Directory.Exists($"/proc/{node.Process}").ShouldBeFalse();
    }

    private static async Task<(PluginOutcome Outcome, int? Process)> NodeAsync(
        PluginWorld world, HostPool pool, RunHosts hosts, PluginVersion row, TestOutput output, System.Text.Json.Nodes.JsonObject? config = null, bool usedAgain = true, Guid? team = null)
    {
        var request = world.Request(row) with { Hosts = hosts, UsedAgain = usedAgain };
        await using var session = await world.Runner(pool).OpenAsync(request with { Actor = request.Actor with { TeamId = team ?? Guid.Empty } }, CancellationToken.None);
        var outcome = await session.RunAsync(new PluginWork { Config = config ?? [] }, output, CancellationToken.None);
        return (outcome, session.ProcessId);
    }

    // What it wrote after its last word is on its way for a moment.
    private static Task WaitForOutputAsync(int? process) => process is null ? Task.CompletedTask : Task.Delay(TimeSpan.FromSeconds(2));
}
