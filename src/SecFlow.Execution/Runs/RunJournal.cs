using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using SecFlow.Data.Runs;

namespace SecFlow.Execution.Runs;

/// <summary>
/// What a run says while it goes on, written in batches: events and staged records in one transaction, readers woken after it.
/// 1. Events go out at least each <see cref="_eventDelay"/>; staged records each checkpoint interval, or when a batch is full.
/// 2. Bounded: beyond <see cref="MaxBuffered"/> waiting events the caller waits for the write (back-pressure through to the plugin).
/// 3. Bounded: beyond <see cref="MaxEvents"/> of a run, talk (log, progress, finding, rejected, refused) is counted and not stored; statuses and assessments always are.
/// 4. A write that fails stays failed: the next call throws it, and the attempt ends by it. <see cref="DropRecords"/> begins anew.
/// 5. What says how something ended or stands (statuses, assessments) waits for the transaction that makes it so (<see cref="CommitAsync"/>), and goes with it if that fails.
/// 6. What was taken out of the buffer is written, whoever gives up waiting for it.
/// </summary>
public sealed class RunJournal : IAsyncDisposable
{
    public const int MaxEvents = 20_000;
    private const int MaxBuffered = 2_000;
    private const long MaxBufferedCharacters = 8 * 1024 * 1024;
    private static readonly TimeSpan _eventDelay = TimeSpan.FromMilliseconds(150);

    private readonly RunLease _lease;
    private readonly RunWriter _writer;
    private readonly RunSignals _signals;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Lock _lock = new();
    private readonly List<NewRunEvent> _events = [];
    private readonly List<NewRunEvent> _statuses = [];
    private readonly List<StagedRecord> _records = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _pump;
    private NodeProgress? _progress;
    private long _recordCharacters;
    private long _stored;
    private long _recordsDue;
    private int _drops;
    private volatile Exception? _failure;

    public RunJournal(RunLease lease, RunWriter writer, RunSignals signals, TimeProvider time, long storedEvents)
    {
        (_lease, _writer, _signals, _time, _stored) = (lease, writer, signals, time, storedEvents);
        _pump = Task.Run(PumpAsync);
    }

    /// <summary>How long staged records may wait.</summary>
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Events that were not stored because of the cap.</summary>
    public long NotStored { get; private set; }

    /// <summary>An event without waiting; false when the cap swallowed it.</summary>
    public bool Add(string type, string? nodeId, JsonObject data)
    {
        lock (_lock)
        {
            if (_stored >= MaxEvents && (type is "log" or "node.progress" or "node.chunk" or "finding" or "rejected" or "refused"))
            {
                NotStored++;
                return false;
            }

            _stored++;
            (type is "run.status" or "node.status" or "assessment" ? _statuses : _events).Add(new NewRunEvent(type, nodeId, data.ToJsonString()));
            return true;
        }
    }

    public void Progress(NodeProgress progress)
    {
        lock (_lock)
        {
            _progress = progress;
        }
    }

    /// <summary>Takes records; returns when there is room for more.</summary>
    public async ValueTask StageAsync(IReadOnlyList<StagedRecord> records, CancellationToken ct)
    {
        bool full;
        lock (_lock)
        {
            if (_records.Count == 0)
            {
                _recordsDue = _time.GetTimestamp();
            }

            _records.AddRange(records);
            _recordCharacters += records.Sum(r => (long)r.Data.Length);
            full = _records.Count >= RunWriter.MaxBatch || _recordCharacters >= MaxBufferedCharacters || CheckpointInterval == TimeSpan.Zero;
        }

        if (full)
        {
            await FlushAsync(ct);
        }

        await RoomAsync(ct);
    }

    /// <summary>Waits while too much is buffered; throws what a write in the background threw.</summary>
    public async ValueTask RoomAsync(CancellationToken ct)
    {
        if (_failure is { } failure)
        {
            throw failure;
        }

        bool full;
        lock (_lock)
        {
            full = _events.Count >= MaxBuffered;
        }

        if (full)
        {
            await WriteAsync(withRecords: false, ct);
        }
    }

    /// <summary>Everything is durable when this returns.</summary>
    public Task FlushAsync(CancellationToken ct) => WriteAsync(withRecords: true, ct);

    /// <summary>Hands the waiting events to a transaction of somebody else (a checkpoint, the end); nothing of this journal is written meanwhile.</summary>
    public async Task CommitAsync(Func<IReadOnlyList<NewRunEvent>, Task> write, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        try
        {
            List<NewRunEvent> events;
            int talk;
            lock (_lock)
            {
                (events, talk) = ([.. _events, .. _statuses], _events.Count);
                _events.Clear();
                _statuses.Clear();
            }

            try
            {
                await write(events);
            }
            catch
            {
                lock (_lock)
                {
                    _events.InsertRange(0, events.Take(talk));
                }

                throw;
            }
        }
        finally
        {
            _writing.Release();
        }

        _signals.Notify(_lease.TeamId, _lease.RunId);
    }

    /// <summary>Whether something could not be written since the last <see cref="DropRecords"/>.</summary>
    public bool HasFailed => _failure is not null;

    /// <summary>Forgets what waits, and a failure to write it: the attempt's output is not wanted any more, or the lease is lost.</summary>
    public void DropRecords()
    {
        lock (_lock)
        {
            _records.Clear();
            _recordCharacters = 0;
            _progress = null;
            _failure = null;
            _drops++;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _pump;
        _stop.Dispose();
        _writing.Dispose();
    }

    private async Task PumpAsync()
    {
        using var timer = new PeriodicTimer(_eventDelay);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                bool due;
                lock (_lock)
                {
                    due = _records.Count > 0 && _time.GetElapsedTime(_recordsDue) >= CheckpointInterval;
                }

                // What fails is kept for the next caller, who ends the attempt by it.
                await TryWriteAsync(due, CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The run ended.
        }
    }

    private async Task WriteAsync(bool withRecords, CancellationToken ct)
    {
        if (await TryWriteAsync(withRecords, ct) is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>The failure, this time's or an earlier one that nobody has dropped; null when everything is written.</summary>
    private async Task<Exception?> TryWriteAsync(bool withRecords, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        try
        {
            do
            {
                if (_failure is { } failure)
                {
                    return failure;
                }

                int drops;
                List<NewRunEvent> events;
                List<StagedRecord> records;
                NodeProgress? progress;
                lock (_lock)
                {
                    events = [.. _events];
                    records = withRecords ? _records[..Math.Min(_records.Count, RunWriter.MaxBatch)] : [];
                    (progress, drops) = (_progress, _drops);
                    _events.Clear();
                    _records.RemoveRange(0, records.Count);
                    _recordCharacters -= records.Sum(r => (long)r.Data.Length);
                    _progress = null;
                }

                if (events.Count + records.Count == 0 && progress is null)
                {
                    return null;
                }

                try
                {
                    // Not cancelled in the middle: what was taken out of the buffer would be lost.
                    await _writer.StageAsync(_lease, records, events, progress, CancellationToken.None);
                }
                catch (Exception e)
                {
                    lock (_lock)
                    {
                        // Of an attempt that was given up meanwhile it is no failure of the next one.
                        _failure = drops == _drops ? e : _failure;
                    }

                    return e;
                }

                _signals.Notify(_lease.TeamId, _lease.RunId);
            }
            while (withRecords);
            return null;
        }
        finally
        {
            _writing.Release();
        }
    }
}
