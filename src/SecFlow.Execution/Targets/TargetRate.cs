using System.Collections.Concurrent;

namespace SecFlow.Execution.Targets;

/// <summary>A token bucket: at most N requests a second on average, at most N at once. Shared by everything that asks the same target.</summary>
internal sealed class TargetRate(TimeProvider time)
{
    private readonly Lock _gate = new();
    private double _tokens = double.NaN;
    private long _at = time.GetTimestamp();

    /// <summary>Waits for this request's turn.</summary>
    public Task WaitAsync(int perSecond, CancellationToken ct)
    {
        var rate = Math.Clamp(perSecond, 1, 1000);
        TimeSpan wait;
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var earned = time.GetElapsedTime(_at, now).TotalSeconds * rate;
            _tokens = double.IsNaN(_tokens) ? rate : Math.Min(rate, _tokens + earned);
            _at = now;

            // Below zero stand the requests that wait already: each later one waits longer.
            _tokens--;
            wait = _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / rate);
        }

        return wait == TimeSpan.Zero ? Task.CompletedTask : Task.Delay(wait, time, ct);
    }
}

/// <summary>The rates of all targets: whatever asks a target waits here for its turn.</summary>
public sealed class TargetRates(TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, TargetRate> _rates = new();

    public Task WaitAsync(ScopedTarget target, CancellationToken ct) => _rates.GetOrAdd(target.Id, _ => new TargetRate(time)).WaitAsync(target.RequestsPerSecond, ct);
}
