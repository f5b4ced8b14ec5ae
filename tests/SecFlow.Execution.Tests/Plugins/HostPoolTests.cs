using SecFlow.Execution.Plugins;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Tests.Plugins;

/// <summary>Hosts that are started ahead.</summary>
public sealed class HostPoolTests
{
    private static readonly SessionLimits _default = SessionLimits.For(null);

    [Fact]
    public async Task Pool_KeepsHostsReady_GivesEachOnce_AndEndsWhatWaits()
    {
        await using var world = await PluginWorld.CreateAsync();
        await using var pool = await world.PoolAsync();
        pool.Start(workerSlots: 2);
        var given = new List<SandboxedHost>();
        for (var i = 0; i < 5; i++)
        {
            given.Add(await pool.TakeAsync(_default, CancellationToken.None));
        }

        given.Select(h => h.Process.Id).Distinct().Count().ShouldBe(5);
        given.ShouldAllBe(h => h.IsIdle);
        foreach (var host in given)
        {
            await host.DisposeAsync();
        }

        var waiting = (await pool.PeekAsync()).Process.Id;
        await pool.StopAsync();
        given.ShouldAllBe(h => h.Process.Exit.IsCompletedSuccessfully);
        Directory.Exists($"/proc/{waiting}").ShouldBeFalse();
    }

    [Fact]
    public async Task Pool_HostThatDiedWhileWaiting_IsNotGiven()
    {
        await using var world = await PluginWorld.CreateAsync();
        await using var pool = await world.PoolAsync();
        pool.Start(workerSlots: 1);
        var dead = await pool.PeekAsync();
        dead.Process.Kill();
        (await dead.Process.Exit).End.ShouldBe(SandboxEnd.Killed);
        await using var given = await pool.TakeAsync(_default, CancellationToken.None);
        given.Process.Id.ShouldNotBe(dead.Process.Id);
        given.IsIdle.ShouldBeTrue();
    }

    [Fact]
    public async Task Pool_OtherLimits_GetAProcessOfTheirOwn()
    {
        await using var world = await PluginWorld.CreateAsync();
        await using var pool = await world.PoolAsync();
        pool.Start(workerSlots: 1);
        var waiting = await pool.PeekAsync();
        await using var given = await pool.TakeAsync(_default with { HeapBytes = 2 * _default.HeapBytes }, CancellationToken.None);
        given.Process.Id.ShouldNotBe(waiting.Process.Id);
        waiting.IsIdle.ShouldBeTrue();
    }
}
