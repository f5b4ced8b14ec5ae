using Microsoft.Extensions.Logging;
using SecFlow.Data.Runs;

namespace SecFlow.Execution.Runs;

/// <summary>
/// Finds runs whose engine died.
/// 1. A lease is dead when it was seen unchanged for its whole length by a clock that nobody can set: a step of the wall clock, here or on another machine, ends no lease and lengthens none.
/// 2. A run that this process executes is left alone: its own heartbeat decides.
/// 3. Ending a lease claims nothing. The next claim raises the epoch, and from then on whatever the old holder writes changes nothing.
/// </summary>
public sealed partial class LeaseWatch(RunStore runs, ActiveRuns active, RunWorkerOptions options, TimeProvider time, ILogger<LeaseWatch> logger)
{
    // Bounded by the number of running runs.
    private Dictionary<Guid, (HeldLease Lease, long Since)> _seen = [];

    /// <summary>Looks once; the number of leases that it ended.</summary>
    public async Task<int> LookAsync(CancellationToken ct)
    {
        var (before, ended) = (_seen, 0);
        _seen = [];
        foreach (var lease in await runs.LeasesAsync(ct))
        {
            var since = before.TryGetValue(lease.RunId, out var known) && known.Lease == lease ? known.Since : time.GetTimestamp();
            if (!active.Holds(lease.RunId) && time.GetElapsedTime(since) >= options.LeaseFor && await runs.EndLeaseAsync(lease, ct))
            {
                Ended(logger, lease.RunId, lease.Owner);
                ended++;
                continue;
            }

            _seen[lease.RunId] = (lease, since);
        }

        return ended;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The engine {Owner} of run {RunId} did not renew its lease; the run goes on elsewhere")]
    private static partial void Ended(ILogger logger, Guid runId, string owner);
}
