using Microsoft.Extensions.Logging.Abstractions;
using SecFlow.Data;
using SecFlow.Data.Runs;
using SecFlow.Execution.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Runs;

/// <summary>A process that shows runs, beside one that executes them.</summary>
public sealed class RunSignalWatchTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    [DatabaseData]
    public async Task Watch_OfWhatAnotherProcessCommitted_WakesItsReaders_AndThoseOfNoOtherRun(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        engine.Scripts["scan"] = Finds(["r1"], Finding("r1"));
        var signals = new RunSignals(NullLogger<RunSignals>.Instance);
        var watch = new RunSignalWatch(engine.Get<RunStore>(), signals, engine.Database.Time, NullLogger<RunSignalWatch>.Instance);
        await watch.LookAsync(default);
        using var woken = new SemaphoreSlim(0);
        var strangers = 0;
        using var team = signals.Subscribe(engine.Analyst.TeamId, null, () => woken.Release());
        using var other = signals.Subscribe(engine.Analyst.TeamId, Guid.NewGuid(), () => strangers++);
        using var elsewhere = signals.Subscribe(Guid.NewGuid(), null, () => strangers++);

        var run = await engine.StartAsync("  - { id: scan, type: scan.test }");
        await watch.LookAsync(default);
        (await woken.WaitAsync(_patience)).ShouldBeTrue("it was accepted");

        (await engine.WorkAsync()).ShouldBeTrue();
        await watch.LookAsync(default);
        (await woken.WaitAsync(_patience)).ShouldBeTrue("it ended");
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Succeeded);

        await watch.LookAsync(default);
        (await woken.WaitAsync(TimeSpan.FromMilliseconds(200))).ShouldBeFalse("nothing has happened since");
        strangers.ShouldBe(0);
    }
}
