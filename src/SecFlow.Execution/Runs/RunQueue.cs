using Microsoft.Extensions.Logging;
using Quartz;
using SecFlow.Data.Runs;
using SecFlow.Execution.Metrics;

namespace SecFlow.Execution.Runs;

/// <summary>
/// Quartz decides when and where, the runs table decides which.
/// 1. A run's row is committed first; its trigger is added afterwards. A trigger that is missing (crash in between, restart, freed limit) is added by the sweep.
/// 2. A firing does not run "its" run: it wakes a worker slot, which claims the run whose turn it is, and the next one, until nothing may be claimed.
/// 3. Therefore a few triggers are enough for any number of waiting runs. Adding a trigger that is there already changes nothing.
/// </summary>
public sealed partial class RunQueue(ISchedulerFactory schedulers, RunStore runs, RunWorkerOptions options, SecFlowMeter meter, TimeProvider time, ILogger<RunQueue> logger)
{
    public const string Group = "runs";

    /// <summary>Triggers that a sweep adds at most: slots to wake, over all engines.</summary>
    private const int MostTriggers = 64;

    private static readonly JobKey _claim = new("claim", Group);

    /// <summary>Stores the job that triggers fire.</summary>
    public async Task PrepareAsync(CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        await scheduler.AddJob(JobBuilder.Create<RunJob>().WithIdentity(_claim).StoreDurably().Build(), AddJobOptions.Replacing, ct);
    }

    /// <summary>Adds the run's trigger, to fire at once. Trouble is logged only: the run is accepted, and the sweep adds what is missing.</summary>
    public async Task WakeAsync(Guid runId, CancellationToken ct)
    {
        try
        {
            await AddTriggerAsync(runId, TriggerConflict.Keep, ct);
        }
        catch (SchedulerException e)
        {
            WakeFailed(logger, runId, e);
        }
    }

    /// <summary>Wakes as many slots as this engine has for what waits. Trouble is logged only, as above.</summary>
    public async Task WakeSlotsAsync(CancellationToken ct)
    {
        foreach (var run in await runs.WaitingAsync(options.RunsPerTeam, options.Slots, ct))
        {
            await WakeAsync(run, ct);
        }
    }

    private async Task AddTriggerAsync(Guid runId, TriggerConflict conflict, CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        var trigger = TriggerBuilder.Create().WithIdentity(runId.ToString(), Group).ForJob(_claim).StartAt(time.GetUtcNow()).Build();
        await scheduler.ScheduleTrigger(trigger, conflict, ct);
    }

    /// <summary>Adds the triggers that are missing; returns how many runs it woke a slot for.</summary>
    /// <param name="ct">Stops the work.</param>
    /// <param name="anew">Replaces those that are there: after the clock was set back their times lie ahead.</param>
    public async Task<int> SweepAsync(CancellationToken ct, bool anew = false)
    {
        var waiting = await runs.WaitingAsync(options.RunsPerTeam, MostTriggers, ct);
        foreach (var run in waiting)
        {
            await AddTriggerAsync(run, anew ? TriggerConflict.Replace : TriggerConflict.Keep, ct);
        }

        meter.QueueDepth((await runs.DepthAsync(ct)).Queued);
        return waiting.Count;
    }

    /// <summary>Sweeps until it is cancelled; a sweep that fails is logged and tried again.</summary>
    public Task SweepForeverAsync(TimeSpan every, CancellationToken ct) => Beat.ForeverAsync(every, stop => SweepAsync(stop), e => SweepFailed(logger, e), ct);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The trigger of run {RunId} could not be added; the sweep adds it")]
    private static partial void WakeFailed(ILogger logger, Guid runId, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A sweep of the queue failed; the next one tries again")]
    private static partial void SweepFailed(ILogger logger, Exception error);
}

/// <summary>A firing: one worker slot takes runs until nothing may be claimed.</summary>
public sealed class RunJob(RunWorker worker) : IJob
{
    // Not Quartz's token: a run is stopped by its own rules (cancel, engine stop), never in the middle of a transaction.
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) => await worker.WorkAsync(CancellationToken.None);
}
