using System.Collections.Concurrent;

namespace SecFlow.Execution.Runs;

/// <summary>The runs that this process executes right now, and how to stop them.</summary>
public sealed class ActiveRuns
{
    private readonly ConcurrentDictionary<Guid, (RunStop Stop, TaskCompletionSource Ended)> _runs = new();
    private volatile bool _stopping;

    public int Count => _runs.Count;

    /// <summary>True once the engine stops: nothing more is to be claimed.</summary>
    public bool Stopping => _stopping;

    /// <summary>Begins; dispose when the run is left.</summary>
    public IDisposable Enter(Guid runId, RunStop stop)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _runs[runId] = (stop, ended);
        if (_stopping)
        {
            stop.Stop(StopReason.EngineStops);
        }

        return new Entry(this, runId, ended);
    }

    /// <summary>Stops the run if it is executed here.</summary>
    public bool Cancel(Guid runId)
    {
        if (!_runs.TryGetValue(runId, out var entry))
        {
            return false;
        }

        entry.Stop.Stop(StopReason.Cancelled);
        return true;
    }

    /// <summary>Stops every run because the engine stops; returns when all of them are left.</summary>
    public async Task StopAllAsync()
    {
        _stopping = true;
        foreach (var (_, (stop, _)) in _runs)
        {
            stop.Stop(StopReason.EngineStops);
        }

        await Task.WhenAll(_runs.Values.Select(r => r.Ended.Task));
    }

    private sealed class Entry(ActiveRuns owner, Guid runId, TaskCompletionSource ended) : IDisposable
    {
        public void Dispose()
        {
            owner._runs.TryRemove(runId, out _);
            ended.TrySetResult();
        }
    }
}
