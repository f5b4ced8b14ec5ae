using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Tools;

namespace SecFlow.Execution.Tests.Tools;

/// <summary>Real tools in the real sandbox stand still while their run is paused, with the clock of their limits.</summary>
public sealed class ToolFreezeTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    // A parent with a child in a session of its own: both count as fast as they can.
    private const string Counting = "setsid sh -c 'i=0; while :; do i=$((i+1)); echo child $i; sleep 0.02; done' & i=0; while :; do i=$((i+1)); echo parent $i; sleep 0.02; done";

    [Fact]
    public async Task Freeze_StopsTheWholeTree_AndThawLetsItGoOn()
    {
        var freezer = new SandboxFreezer(TimeProvider.System);
        using var cancel = new CancellationTokenSource();
        var lines = new Counter();
        var run = ToolRuns.RunAsync(ToolRuns.Script(Counting) with { Freezer = freezer, OnLines = lines.Take }, cancel.Token);
        await lines.MoreAsync(20);

        freezer.Freeze().ShouldBeTrue();
        freezer.Freeze().ShouldBeFalse();
        var still = await lines.RestAsync();
        await Task.Delay(500);
        lines.Count.ShouldBe(still, "nothing of the tree moves");
        freezer.FrozenFor.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(400));
        freezer.Thaw().ShouldBeTrue();
        await lines.MoreAsync(20);

        freezer.FrozenFor.ShouldBe(TimeSpan.Zero);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => run.WaitAsync(_patience));
    }

    [Fact]
    public async Task Freeze_ForLongerThanTheTimeLimit_UsesNoneOfIt()
    {
        var freezer = new SandboxFreezer(TimeProvider.System);
        var lines = new Counter();
        var run = ToolRuns.RunAsync(ToolRuns.Script("echo ready; sleep 1; echo end") with { Freezer = freezer, Timeout = TimeSpan.FromSeconds(30), OnLines = lines.Take });
        await lines.MoreAsync(1);
        freezer.Freeze();
        var waited = freezer.WaitAsync(new TaskCompletionSource().Task, TimeSpan.FromMilliseconds(200), default);
        await Task.Delay(700);
        waited.IsCompleted.ShouldBeFalse("its time stands still");
        freezer.Thaw();

        await Should.ThrowAsync<TimeoutException>(() => waited.WaitAsync(_patience));
        await using var result = await run.WaitAsync(_patience);
        (result.ExitCode, result.TimedOut).ShouldBe((0, false));
        result.Stdout.Text().ShouldBe("ready\nend\n");
        freezer.StoodStill.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(600));
        result.Wall.ShouldBeLessThan(TimeSpan.FromSeconds(25));
    }

    [Fact]
    public async Task Kill_OfAFrozenTree_EndsIt_AndAToolThatStartsFrozenStandsStillUntilThen()
    {
        var freezer = new SandboxFreezer(TimeProvider.System);
        freezer.Freeze();
        var lines = new Counter();
        using var cancel = new CancellationTokenSource();
        var run = ToolRuns.RunAsync(ToolRuns.Script("trap '' INT TERM; " + Counting) with { Freezer = freezer, OnLines = lines.Take }, cancel.Token);
        await Task.Delay(500);
        var still = await lines.RestAsync();

        // What it said before it was in care is little, and no more comes.
        await Task.Delay(300);
        lines.Count.ShouldBe(still);
        run.IsCompleted.ShouldBeFalse();
        freezer.Kill(TimeSpan.FromSeconds(1));
        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => run.WaitAsync(_patience));
    }

    [Fact]
    public async Task Kill_OfAToolThatIgnoresSignals_ComesAfterTheGrace()
    {
        var freezer = new SandboxFreezer(TimeProvider.System);
        var lines = new Counter();
        using var cancel = new CancellationTokenSource();
        var run = ToolRuns.RunAsync(ToolRuns.Script("trap '' INT TERM; " + Counting) with { Freezer = freezer, OnLines = lines.Take }, cancel.Token);
        await lines.MoreAsync(1);

        freezer.Kill(TimeSpan.FromMilliseconds(300));
        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => run.WaitAsync(_patience));
    }

    /// <summary>Counts lines of a tool.</summary>
    private sealed class Counter
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public Task Take(IReadOnlyList<string> lines, CancellationToken ct)
        {
            Interlocked.Add(ref _count, lines.Count);
            return Task.CompletedTask;
        }

        public async Task MoreAsync(int lines)
        {
            using var limit = new CancellationTokenSource(_patience);
            for (var from = Count; Count < from + lines;)
            {
                await Task.Delay(20, limit.Token);
            }
        }

        /// <summary>The count when what was said before has arrived.</summary>
        public async Task<int> RestAsync()
        {
            using var limit = new CancellationTokenSource(_patience);
            for (var last = -1; ;)
            {
                if (Count == last)
                {
                    return last;
                }

                last = Count;
                await Task.Delay(500, limit.Token);
            }
        }
    }
}
