using System.Collections.Concurrent;
using SecFlow.Data.Runs;

namespace SecFlow.Execution.Runs;

/// <summary>
/// The worker slots at work in this process, their runs, and how to stop them.
/// A slot is counted from before it claims until nothing of its run is written any more; a stop waits for all of them.
/// </summary>
public sealed class ActiveRuns
{
    private readonly ConcurrentDictionary<Slot, bool> _slots = new();
    private readonly Lock _begin = new();
    private volatile bool _stopping;

    /// <summary>Runs that are executed right now.</summary>
    public int Count => _slots.Keys.Count(s => s.Lease is not null);

    /// <summary>A slot begins to look for work; null when so many are taken already, and once the engine stops. Dispose when its run is left.</summary>
    public Slot? Begin(int most)
    {
        lock (_begin)
        {
            if (_slots.Count >= most)
            {
                return null;
            }

            var slot = new Slot(this);
            _slots[slot] = true;
            if (_stopping)
            {
                // Looked at after it is counted: either it sees the stop, or the stop sees it.
                slot.Dispose();
                return null;
            }

            return slot;
        }
    }

    /// <summary>Whether the run is executed here.</summary>
    public bool Holds(Guid runId) => _slots.Keys.Any(s => s.Lease?.RunId == runId);

    /// <summary>Stops the run if it is executed here.</summary>
    public bool Cancel(Guid runId)
    {
        var slot = _slots.Keys.FirstOrDefault(s => s.Lease?.RunId == runId);
        slot?.Stop(StopReason.Cancelled);
        return slot is not null;
    }

    /// <summary>Lets the run look at its row now, if it is executed here.</summary>
    public void Nudge(Guid runId) => _slots.Keys.FirstOrDefault(s => s.Lease?.RunId == runId)?.Nudge();

    /// <summary>Stops every run of the team that is executed here; of all teams for <see cref="Guid.Empty"/>.</summary>
    public void CancelAll(Guid teamId)
    {
        foreach (var slot in _slots.Keys.Where(s => s.Lease is { } lease && (teamId == Guid.Empty || lease.TeamId == teamId)))
        {
            slot.Stop(StopReason.Cancelled);
        }
    }

    /// <summary>Stops every run because the engine stops; returns when all of them are left.</summary>
    public Task StopAllAsync()
    {
        _stopping = true;
        var slots = _slots.Keys.ToList();
        slots.ForEach(s => s.Stop(StopReason.EngineStops));
        return Task.WhenAll(slots.Select(s => s.Ended));
    }

    /// <summary>Takes away the right to write from the runs that did not stop in time.</summary>
    public void GiveUp()
    {
        foreach (var slot in _slots.Keys)
        {
            slot.Lease?.GiveUp();
            slot.Stop(StopReason.LeaseLost);
        }
    }

    /// <summary>One worker slot.</summary>
    public sealed class Slot(ActiveRuns owner) : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private RunStop? _stop;
        private StopReason _reason;

        public RunLease? Lease { get; private set; }

        public Task Ended => _ended.Task;

        /// <summary>The slot has claimed a run.</summary>
        public void Enter(RunLease lease, RunStop stop)
        {
            lock (_lock)
            {
                (Lease, _stop) = (lease, stop);
                if (_reason != StopReason.None)
                {
                    stop.Stop(_reason);
                }
            }
        }

        public void Stop(StopReason reason)
        {
            lock (_lock)
            {
                _reason = _reason == StopReason.None ? reason : _reason;
                _stop?.Stop(reason);
            }
        }

        public void Nudge()
        {
            lock (_lock)
            {
                _stop?.Nudge();
            }
        }

        public void Dispose()
        {
            lock (_lock)
            {
                _stop = null;
            }

            owner._slots.TryRemove(this, out _);
            _ended.TrySetResult();
        }
    }
}
