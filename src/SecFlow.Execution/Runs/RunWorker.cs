using Microsoft.Extensions.Logging;
using SecFlow.Data.Runs;

namespace SecFlow.Execution.Runs;

/// <summary>How this instance works on runs.</summary>
/// <param name="InstanceId">Name of this engine in leases.</param>
/// <param name="RunsPerTeam">A team with that many running runs waits.</param>
public sealed record RunWorkerOptions(string InstanceId, int RunsPerTeam = 4)
{
    /// <summary>Runs at the same time in this process, 1..64.</summary>
    public int Slots { get; init; } = 64;

    public TimeSpan LeaseFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the lease is renewed; how often a wish to cancel is looked for is <see cref="LookEvery"/>.</summary>
    public TimeSpan RenewEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often in a row a run may be claimed without a node having come to its end; then it is Interrupted: it may be what ends the engine.</summary>
    public int MostClaims { get; init; } = 5;

    /// <summary>Whether a run that ended is compared with earlier ones.</summary>
    public bool Compares { get; init; } = true;

    public TimeSpan LookEvery { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a paused run keeps its slot with its node frozen; then the slot is given back, and the node runs again from its beginning when the run is resumed.</summary>
    public TimeSpan FrozenFor { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>
/// One worker slot: claims the best eligible run, executes it, keeps its lease alive beside it.
/// The lease is given up in time: when it could not be renewed for <see cref="RunWorkerOptions.LeaseFor"/>, the run is stopped before another engine may claim it.
/// </summary>
public sealed partial class RunWorker(RunStore runs, RunWriter writer, RunExecutor executor, NodePlugins plugins, ActiveRuns active, EngineTroubles troubles, RunWorkerOptions options, TimeProvider time, ILogger<RunWorker> logger)
{
    private long _calls;

    /// <summary>Takes one slot and executes runs until nothing may be claimed. With every slot taken it returns at once: one of them looks again before it ends.</summary>
    public async Task WorkAsync(CancellationToken ct)
    {
        Interlocked.Increment(ref _calls);
        long heard;
        do
        {
            heard = Interlocked.Read(ref _calls);
            while (await RunOneAsync(ct))
            {
            }
        }
        while (heard != Interlocked.Read(ref _calls));
    }

    /// <summary>Executes one run to its end; false when nothing was eligible, no slot is free, or trouble keeps runs waiting.</summary>
    public async Task<bool> RunOneAsync(CancellationToken ct)
    {
        using var slot = active.Begin(options.Slots);
        if (slot is null || troubles.HoldClaims || await runs.ClaimAsync(new RunClaim(options.InstanceId, options.LeaseFor, options.RunsPerTeam) { SandboxLevel = plugins.Level?.ToString() }, ct) is not { } lease)
        {
            return false;
        }

        Claimed(logger, lease.RunId, lease.Epoch);
        using var stop = new RunStop(time);
        slot.Enter(lease, stop);
        using var ended = new CancellationTokenSource();
        var heartbeat = HeartbeatAsync(lease, stop, ended.Token);
        try
        {
            await executor.ExecuteAsync(lease, stop);
        }
        finally
        {
            await ended.CancelAsync();
            await heartbeat;
        }

        return true;
    }

    private async Task HeartbeatAsync(RunLease lease, RunStop stop, CancellationToken ct)
    {
        var renewed = time.GetTimestamp();
        while (true)
        {
            try
            {
                await stop.NudgedAsync(options.LookEvery, ct);
                var renew = time.GetElapsedTime(renewed) >= options.RenewEvery;
                var asking = renew ? writer.RenewAsync(lease, options.LeaseFor, ct) : writer.LookAsync(lease, ct);

                // A database that hangs must not keep us from giving up in time.
                _ = asking.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
                var left = options.LeaseFor - options.RenewEvery - time.GetElapsedTime(renewed);
                var state = await asking.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, ct);
                renewed = renew ? time.GetTimestamp() : renewed;
                if (!state.Held)
                {
                    stop.Stop(StopReason.LeaseLost);
                }
                else if (state.CancelRequested)
                {
                    stop.Stop(StopReason.Cancelled);
                }
                else
                {
                    stop.Follow(state);
                }

                if (stop.Freezer.FrozenFor >= options.FrozenFor)
                {
                    stop.Stop(StopReason.Paused);
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                HeartbeatFailed(logger, lease.RunId, e);
                if (time.GetElapsedTime(renewed) >= options.LeaseFor - options.RenewEvery)
                {
                    stop.Stop(StopReason.LeaseLost);
                    return;
                }
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Claimed run {RunId} under epoch {Epoch}")]
    private static partial void Claimed(ILogger logger, Guid runId, long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease of run {RunId} could not be renewed")]
    private static partial void HeartbeatFailed(ILogger logger, Guid runId, Exception error);
}
