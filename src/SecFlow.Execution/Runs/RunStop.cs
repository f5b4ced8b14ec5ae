using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Runs;

/// <summary>Why a run is being stopped.</summary>
public enum StopReason
{
    None,

    /// <summary>A person asked for it.</summary>
    Cancelled,

    /// <summary>This engine stops; the run goes on later.</summary>
    EngineStops,

    /// <summary>Another engine holds the lease: nothing may be written any more.</summary>
    LeaseLost,

    /// <summary>It was paused for longer than its slot is kept: it goes on later, its node from the beginning.</summary>
    Paused,
}

/// <summary>
/// What comes to a run from outside while it is executed: a stop (the first reason stays), a pause, the skip of a node.
/// 1. Whatever ends work leaves it <see cref="Grace"/> to end by itself; then its tools are killed. What is frozen is killed at once.
/// 2. A skip ends the node that runs under that id, and nothing else.
/// 3. A stop that comes after <see cref="Dispose"/>, when the run has ended and its slot is not left yet, has nothing to end.
/// </summary>
public sealed class RunStop(TimeProvider time) : IDisposable
{
    /// <summary>Between asking work to end and killing it: a cancelled run is dead within 2 s, the look of another process included.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _source = new();
    private readonly SemaphoreSlim _nudge = new(0);
    private readonly Lock _lock = new();
    private (string Id, CancellationTokenSource Source)? _node;
    private int _reason;
    private bool _ended;

    public CancellationToken Token => _source.Token;

    public StopReason Reason => (StopReason)Volatile.Read(ref _reason);

    /// <summary>Freezes the sandboxes of the run while it is paused.</summary>
    public SandboxFreezer Freezer { get; } = new(time);

    public void Stop(StopReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, (int)reason, 0) == 0)
        {
            Freezer.Kill(Grace);
            lock (_lock)
            {
                if (!_ended)
                {
                    _source.Cancel();
                }
            }
        }
    }

    /// <summary>The run as its row wants it now.</summary>
    public void Follow(Data.Runs.LeaseState state)
    {
        _ = state.Paused ? Freezer.Freeze() : Freezer.Thaw();
        lock (_lock)
        {
            if (_node is { } node && state.Skip.Contains(node.Id) && !node.Source.IsCancellationRequested)
            {
                Freezer.Kill(Grace);
                node.Source.Cancel();
            }
        }
    }

    /// <summary>A node begins: the token ends it alone, or with the run. Dispose when it has ended.</summary>
    public NodeStop Begin(string nodeId)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
        lock (_lock)
        {
            _node = (nodeId, source);
        }

        return new NodeStop(this, source);
    }

    /// <summary>Something about the run was changed: its row is looked at now.</summary>
    public void Nudge() => _nudge.Release();

    /// <summary>Returns when it is nudged, after <paramref name="every"/> at the latest.</summary>
    public async Task NudgedAsync(TimeSpan every, CancellationToken ct) => await _nudge.WaitAsync(every, ct);

    // The semaphore holds nothing to let go of, and may still be nudged.
    public void Dispose()
    {
        lock (_lock)
        {
            _ended = true;
            _source.Dispose();
        }
    }

    /// <summary>The stop of one node.</summary>
    public sealed class NodeStop(RunStop owner, CancellationTokenSource source) : IDisposable
    {
        public CancellationToken Token => source.Token;

        /// <summary>Whether this node alone was ended.</summary>
        public bool Skipped => source.IsCancellationRequested && !owner.Token.IsCancellationRequested;

        public void Dispose()
        {
            lock (owner._lock)
            {
                owner._node = null;
                source.Dispose();
            }
        }
    }
}
