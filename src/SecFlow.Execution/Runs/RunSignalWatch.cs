using Microsoft.Extensions.Logging;
using SecFlow.Data.Runs;

namespace SecFlow.Execution.Runs;

/// <summary>
/// Wakes this process's readers when another process committed something about a run: where several share a database, the one that executes a run is not always the one that shows it.
/// Looks once a second, and only while somebody reads; what this process committed itself has woken them already, and waking twice is reading twice at most.
/// </summary>
public sealed partial class RunSignalWatch(RunStore runs, RunSignals signals, TimeProvider time, ILogger<RunSignalWatch> logger)
{
    private const int Most = 1000;
    private static readonly TimeSpan _every = TimeSpan.FromSeconds(1);

    /// <summary>A run that ended is looked at for so long: its timings follow its end.</summary>
    private static readonly TimeSpan _ended = TimeSpan.FromSeconds(10);

    private Dictionary<Guid, long> _seen = [];

    public Task WatchForeverAsync(CancellationToken ct) => Beat.ForeverAsync(_every, LookAsync, e => LookFailed(logger, e), ct);

    /// <summary>One look: wakes the readers of each run with an event that was not there before.</summary>
    public async Task LookAsync(CancellationToken ct)
    {
        if (signals.Teams is not { Count: > 0 } teams)
        {
            _seen = [];
            return;
        }

        var newest = await runs.NewestEventsAsync(teams, time.GetUtcNow() - _ended, Most, ct);
        foreach (var run in newest.Where(r => _seen.GetValueOrDefault(r.Id, -1) != r.LastEventSeq))
        {
            signals.Notify(run.TeamId, run.Id);
        }

        _seen = newest.ToDictionary(r => r.Id, r => r.LastEventSeq);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What other processes did could not be looked at; it is tried again in a second")]
    private static partial void LookFailed(ILogger logger, Exception error);
}
