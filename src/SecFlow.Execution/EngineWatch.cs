using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;

namespace SecFlow.Execution;

/// <summary>
/// Looks each second after what an engine stands on.
/// 1. Database: does it take a write? A probe changes nothing; one is under way at a time, however long it waits.
/// 2. Disk: is the reserve still free? Below it no run begins, so that what is accepted can still be stored.
/// 3. Clock: does it go as fast as the one that nobody can set? A step is told, written to the audit log, and the queue's triggers, which bear times of day, are set anew.
/// 4. Leases of dead engines are ended (<see cref="LeaseWatch"/>).
/// Nothing here needs a hand afterwards: when trouble has passed, the next look says so.
/// </summary>
public sealed partial class EngineWatch(Database database, EngineOptions options, EngineTroubles troubles, LeaseWatch leases, RunQueue queue, AuditLog audit, TimeProvider time, ILogger<EngineWatch> logger)
{
    private static readonly TimeSpan _every = TimeSpan.FromSeconds(1);

    /// <summary>A write that waits longer is trouble that somebody should know of.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    /// <summary>What an adjustment of the clock by a time service never reaches at once.</summary>
    private static readonly TimeSpan _step = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan _tellStep = TimeSpan.FromHours(1);

    private Task _probe = Task.CompletedTask;
    private (DateTimeOffset Wall, long Steady) _clock = (time.GetUtcNow(), time.GetTimestamp());
    private (string Words, DateTimeOffset At, long Steady)? _stepped;

    // Stays until the triggers were set anew: trouble may come between the step and that.
    private bool _triggersAreOld;

    // Bounded by the looks during which the database takes nothing; a step per look at most.
    private readonly Queue<TimeSpan> _unaudited = new();

    public async Task WatchForeverAsync(CancellationToken ct)
    {
        // The database's own trouble stands in the list already; the next look tries again.
        await Beat.ForeverAsync(_every, LookAsync, e => LookFailed(logger, e), ct);
        await _probe;
    }

    internal async Task LookAsync(CancellationToken ct)
    {
        _triggersAreOld |= Step() != TimeSpan.Zero;
        if (_probe.IsCompleted)
        {
            _probe = ProbeAsync(ct);
        }

        await Task.WhenAny(_probe, Task.Delay(TimeSpan.FromMilliseconds(200), CancellationToken.None));
        Set();
        if (database.Trouble is not null || database.Waiting > _patience)
        {
            return;
        }

        if (options.ExecuteRuns)
        {
            await leases.LookAsync(ct);
        }

        if (_triggersAreOld && options.ExecuteRuns)
        {
            await queue.SweepAsync(ct, anew: true);
            _triggersAreOld = false;
        }

        while (_unaudited.TryPeek(out var by))
        {
            await audit.AppendAsync(new AuditEntry(Actor.System(), "set.clock", "clock", options.InstanceId, options.InstanceId) { ReasonCode = Codes.ClockStepped, Details = new JsonObject { ["seconds"] = Math.Round(by.TotalSeconds, 1) } }, ct);
            _unaudited.Dequeue();
        }
    }

    private async Task ProbeAsync(CancellationToken ct)
    {
        try
        {
            await database.ProbeAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The engine stops.
        }
        catch (Exception e)
        {
            ProbeFailed(logger, e.Message);
        }
    }

    private void Set()
    {
        List<EngineTrouble> now = [];
        var at = time.GetUtcNow();
        if (database.Waiting > _patience)
        {
            now.Add(new(Codes.DatabaseLocked, $"Another program has held the database's lock for more than {_patience.TotalSeconds:0} seconds. Nothing is lost: what has to be written waits. End that program, such as a backup or a database shell.", true, at));
        }
        else if (database.Trouble is { } trouble)
        {
            now.Add(new(EngineTroubles.CodeOf(trouble.Kind), Words(trouble), true, at));
        }

        if (now.TrueForAll(t => t.Code != Codes.DiskFull) && Free() is { } free && free < options.KeepFreeBytes)
        {
            now.Add(new(Codes.DiskFull, $"The disk of the data folder has {free >> 20} MiB left; {options.KeepFreeBytes >> 20} MiB are kept for what must be stored. Runs wait and go on by themselves: make room.", true, at));
        }

        if (_stepped is { } step && time.GetElapsedTime(step.Steady) < _tellStep)
        {
            now.Add(new(Codes.ClockStepped, step.Words, false, step.At));
        }

        troubles.Set(now);
    }

    private static string Words(DatabaseTrouble trouble) => trouble.Kind switch
    {
        TroubleKind.Locked => $"Another program holds the lock of the database ({trouble.Words}). Nothing is lost: runs wait and go on by themselves. End that program.",
        TroubleKind.Full => $"The database has no room left ({trouble.Words}). Runs wait and go on by themselves: make room on its disk.",
        _ => $"The database does not answer ({trouble.Words}). Runs wait and go on by themselves when it does: look after its server, or its files.",
    };

    private TimeSpan Step()
    {
        var (wall, steady) = (time.GetUtcNow(), time.GetTimestamp());
        var by = wall - _clock.Wall - time.GetElapsedTime(_clock.Steady, steady);
        _clock = (wall, steady);
        if (by.Duration() < _step)
        {
            return TimeSpan.Zero;
        }

        Stepped(logger, by.TotalSeconds);
        _stepped = ($"The clock of this machine was set {(by > TimeSpan.Zero ? "forward" : "back")} by {by.Duration():hh\\:mm\\:ss}. Runs go on; times before and after do not fit each other. Schedules go by the clock as it is now.", wall, steady);
        _unaudited.Enqueue(by);
        return by;
    }

    private long? Free()
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(options.DataFolder)).AvailableFreeSpace;
        }
        catch (IOException)
        {
            // A file system that does not tell: the writes themselves will.
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The engine's watch could not look; it tries again")]
    private static partial void LookFailed(ILogger logger, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database did not take a write: {Why}")]
    private static partial void ProbeFailed(ILogger logger, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The clock was set by {Seconds} seconds")]
    private static partial void Stepped(ILogger logger, double seconds);
}
