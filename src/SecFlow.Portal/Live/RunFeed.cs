using System.Text.Json;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Runs;

namespace SecFlow.Portal.Live;

/// <summary>One line of a run's log.</summary>
public sealed record LogLine(long Seq, DateTimeOffset Time, string Level, string Text, string? NodeId);

/// <summary>A finding as the stream of events told it, before its row is read.</summary>
public sealed record LiveFinding(long Seq, string Severity, string Title, string Location);

/// <summary>
/// What a live page shows of one run.
/// 1. Subscribe first, snapshot second: a commit between the two wakes the next reading.
/// 2. Events are taken once, by their sequence.
/// 3. At most ten readings a second; signals between two readings are one.
/// 4. Bounded buffers: the newest 500 log lines, the newest 200 findings; the rest stays in the database.
/// 5. Who may see the run is asked at every reading.
/// 6. The end of a run is not its last commit (how it compares with earlier runs is stored after it): the feed goes on for <see cref="Afterwards"/>, with a last look at the end of that.
/// </summary>
public sealed class RunFeed : IAsyncDisposable
{
    public const int LogLines = 500;

    public const int Findings = 200;

    /// <summary>What is stored about a run that has ended is there this long after its end, at the latest.</summary>
    public static readonly TimeSpan Afterwards = TimeSpan.FromSeconds(10);

    private const int BatchSize = 1_000;

    private static readonly TimeSpan BetweenReadings = TimeSpan.FromMilliseconds(100);

    private readonly RunService _runs;
    private readonly Func<CancellationToken, Task<Actor>> _actor;
    private readonly TimeProvider _time;
    private readonly Guid _runId;
    private readonly SemaphoreSlim _woken = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Queue<LogLine> _log = new();
    private readonly Queue<LiveFinding> _findings = new();
    private IDisposable? _subscription;
    private Task _reading = Task.CompletedTask;
    private long _seq;

    public RunFeed(RunService runs, Func<CancellationToken, Task<Actor>> actor, TimeProvider time, Guid runId)
    {
        _runs = runs;
        _actor = actor;
        _time = time;
        _runId = runId;
    }

    /// <summary>The newest reading; null before the first.</summary>
    public RunDetail? Detail { get; private set; }

    public IReadOnlyCollection<LogLine> Log => _log;

    public IReadOnlyCollection<LiveFinding> LiveFindings => _findings;

    /// <summary>Log lines that were, in all; the buffer holds the newest.</summary>
    public long LogTotal { get; private set; }

    /// <summary>Reads once, then keeps reading when something was committed, until the run is over (point 6) or this is disposed.</summary>
    /// <param name="signals">What wakes the readings.</param>
    /// <param name="keep">False = read once (a page that is only rendered).</param>
    /// <param name="changed">Called after each reading that follows the first; runs on the thread pool.</param>
    /// <param name="failed">Called once when a reading fails (a membership that ended, a database that is gone); the feed stops.</param>
    public async Task StartAsync(RunSignals signals, bool keep, Func<Task> changed, Func<Exception, Task> failed)
    {
        var actor = await _actor(_stop.Token);
        _subscription = keep ? signals.Subscribe(actor.TeamId, _runId, Wake) : null;
        await ReadAsync(actor);
        if (keep && StillFor() > TimeSpan.Zero)
        {
            _reading = KeepReadingAsync(changed, failed);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _subscription?.Dispose();
        await _stop.CancelAsync();
        await _reading;
        _stop.Dispose();
        _woken.Dispose();
    }

    private async Task KeepReadingAsync(Func<Task> changed, Func<Exception, Task> failed)
    {
        try
        {
            while (StillFor() is var still && still > TimeSpan.Zero)
            {
                await WokenAsync(still);
                await ReadAsync(await _actor(_stop.Token));
                await changed();
                await Task.Delay(BetweenReadings, _time, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The page was left.
        }
        catch (Exception failure)
        {
            await failed(failure);
        }
        finally
        {
            _subscription?.Dispose();
        }
    }

    // How long something may still be committed about it; the clock of the engine that ended it may be ahead of this one.
    private TimeSpan StillFor()
    {
        var run = Detail!.Run;
        if (!run.Status.IsFinal())
        {
            return TimeSpan.MaxValue;
        }

        var left = (run.EndedAt ?? run.QueuedAt) + Afterwards - _time.GetUtcNow();
        return left < Afterwards ? left : Afterwards;
    }

    private async Task WokenAsync(TimeSpan atMost)
    {
        if (atMost == TimeSpan.MaxValue)
        {
            await _woken.WaitAsync(_stop.Token);
            return;
        }

        using var wait = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var woken = _woken.WaitAsync(wait.Token);
        await Task.WhenAny(woken, Task.Delay(atMost, _time, wait.Token));
        await wait.CancelAsync();
        await woken.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Token.ThrowIfCancellationRequested();
    }

    private async Task ReadAsync(Actor actor)
    {
        // The run first: events that are committed after it belong to the next reading.
        var detail = await _runs.GetAsync(actor, _runId, _stop.Token);
        while (true)
        {
            var events = await _runs.EventsAsync(actor, _runId, _seq, BatchSize, _stop.Token);
            foreach (var stored in events.Where(e => e.Seq > _seq))
            {
                _seq = stored.Seq;
                Take(stored);
            }

            if (events.Count < BatchSize)
            {
                break;
            }
        }

        Detail = detail;
    }

    private void Take(RunEvent stored)
    {
        switch (stored.Type)
        {
            case "log":
                Push(_log, new LogLine(stored.Seq, stored.Time, Text(stored, "level") ?? "info", Text(stored, "text") ?? "", stored.NodeId), LogLines);
                LogTotal++;
                break;
            case "refused" or "rejected":
                Push(_log, new LogLine(stored.Seq, stored.Time, "warn", $"{stored.Type}: {Text(stored, "message") ?? Text(stored, "reason") ?? stored.Data}", stored.NodeId), LogLines);
                LogTotal++;
                break;
            case "finding":
                Push(_findings, new LiveFinding(stored.Seq, Text(stored, "severity") ?? "", Text(stored, "title") ?? "", Text(stored, "location") ?? ""), Findings);
                break;
        }
    }

    private static void Push<T>(Queue<T> queue, T item, int bound)
    {
        queue.Enqueue(item);
        if (queue.Count > bound)
        {
            queue.Dequeue();
        }
    }

    private static string? Text(RunEvent stored, string name)
    {
        using var json = JsonDocument.Parse(stored.Data);
        return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    private void Wake()
    {
        try
        {
            _woken.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already woken: one reading serves both.
        }
        catch (ObjectDisposedException)
        {
            // The page was left while the signal was on its way.
        }
    }
}
