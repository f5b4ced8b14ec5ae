using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// Looks, while a work or one of its tools runs, whether it still may.
/// 1. The first refusal ends it at once. A work gets no grace, as a cancelled one does: who must not run cleans nothing up.
/// 2. A look that fails is made again; when none succeeded for <see cref="BlindFor"/> it ends as well (SF7001): nobody could tell that it must not go on.
/// </summary>
internal sealed class SessionWatch : IAsyncDisposable
{
    /// <summary>Time between two looks; a revocation ends a work within 2 s, its process included.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMilliseconds(300);

    /// <summary>Longest time without an answer.</summary>
    public static readonly TimeSpan BlindFor = TimeSpan.FromSeconds(15);

    private readonly Func<CancellationToken, Task<Diagnostic?>> _look;
    private readonly Action<Diagnostic> _end;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _watching;

    /// <param name="look">What stands against the work now; null = nothing.</param>
    /// <param name="end">Ends the work.</param>
    /// <param name="time">Clock.</param>
    public SessionWatch(Func<CancellationToken, Task<Diagnostic?>> look, Action<Diagnostic> end, TimeProvider time)
    {
        (_look, _end, _time) = (look, end, time);
        _watching = WatchAsync();
    }

    /// <summary>Why the work was ended; null when it was not.</summary>
    public Diagnostic? Refusal { get; private set; }

    /// <summary>The work is over: returns when nobody looks any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _watching;
        _over.Dispose();
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(Every, _time);
        var seen = _time.GetTimestamp();
        try
        {
            while (Refusal is null && await timer.WaitForNextTickAsync(_over.Token))
            {
                try
                {
                    Refusal = await _look(_over.Token);
                    seen = _time.GetTimestamp();
                }
                catch (Exception e) when (!_over.IsCancellationRequested)
                {
                    Refusal = _time.GetElapsedTime(seen) < BlindFor ? null : new Diagnostic(Codes.DatabaseFailed, $"Nobody could tell for {BlindFor.TotalSeconds:0} s whether the work may go on, so it was ended: {e.Message}");
                }
            }
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            return;
        }

        if (Refusal is { } refusal)
        {
            _end(refusal);
        }
    }
}
