using SecFlow.Execution.Runs;

namespace SecFlow.Portal.Live;

/// <summary>Calls back when something about any run of a team was committed, at most ten times a second. The callback reads; nothing is carried here.</summary>
public sealed class TeamFeed : IDisposable
{
    private static readonly TimeSpan BetweenCalls = TimeSpan.FromMilliseconds(100);

    private readonly IDisposable _subscription;
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeProvider _time;
    private readonly Func<Task> _changed;
    private int _pending;

    public TeamFeed(RunSignals signals, Guid teamId, TimeProvider time, Func<Task> changed)
    {
        _time = time;
        _changed = changed;
        _subscription = signals.Subscribe(teamId, null, Wake);
    }

    public void Dispose()
    {
        _subscription.Dispose();
        _stop.Cancel();
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _pending, 1) == 0)
        {
            _ = CallAsync();
        }
    }

    private async Task CallAsync()
    {
        try
        {
            await Task.Delay(BetweenCalls, _time, _stop.Token);

            // Cleared before the call: a commit during it is read by the next one.
            Interlocked.Exchange(ref _pending, 0);
            await _changed();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The page was left.
        }
        catch (ObjectDisposedException)
        {
            // The circuit of the page is gone.
        }
    }
}
