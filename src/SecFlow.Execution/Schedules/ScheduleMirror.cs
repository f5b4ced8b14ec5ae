using Microsoft.Extensions.Logging;
using Quartz;
using SecFlow.Data.Schedules;

namespace SecFlow.Execution.Schedules;

/// <summary>
/// Schedules in Quartz: one trigger for all of them, at the next moment at which any is due. The rows are the truth (<see cref="Schedule.NextFireAt"/>); the trigger says when to look,
/// and in a cluster Quartz says which engine looks.
/// 1. A trigger per schedule would cost some synced commits for each firing; one trigger costs them once for everything that is due at its time.
/// 2. A trigger that is too late or missing (a crash between the row and it) is made up by the sweep, which looks every two seconds.
/// 3. What was missed while nothing ran is still due at the next start; each schedule's misfire policy decides.
/// </summary>
public sealed partial class ScheduleMirror(ISchedulerFactory schedulers, ScheduleStore schedules, FiringStore firings, TimeProvider time, ILogger<ScheduleMirror> logger)
{
    public const string Group = "schedules";

    /// <summary>The trigger fires at least so often: a clock that was set costs no more than this.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(1);

    private static readonly JobKey _job = new("fire", Group);
    private static readonly TriggerKey _next = new("next", Group);

    /// <summary>Stores the job, notes the next time of schedules that have none yet, removes triggers that nobody needs, and sets the next moment.</summary>
    public async Task RebuildAsync(CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        await scheduler.AddJob(JobBuilder.Create<ScheduleJob>().WithIdentity(_job).StoreDurably().Build(), AddJobOptions.Replacing, ct);
        foreach (var stale in (await scheduler.GetTriggersOfJob(_job, ct)).Select(t => t.Key).Where(k => !k.Equals(_next)).ToList())
        {
            await scheduler.UnscheduleJob(stale, ct);
        }

        foreach (var row in (await schedules.ListEnabledAsync(ct)).Where(r => r.NextFireAt is null))
        {
            try
            {
                await schedules.RecordNextAsync(row.Id, ScheduleRule.NextOf(row), ct);
            }
            catch (Diagnostics.SecFlowException wrong)
            {
                Unreadable(logger, row.Id, wrong);
            }
        }

        await SetNextAsync(ct);
    }

    /// <summary>Looks for the next moment and sets the trigger to it.</summary>
    public async Task SetNextAsync(CancellationToken ct)
    {
        var latest = time.GetUtcNow() + _longest;
        await SetAsync(await firings.NextAsync(ct) is { } next && next < latest ? next : latest, ct);
    }

    /// <summary>A schedule was added or changed: the trigger must not fire after its next time. What it does not do any more needs nothing: nothing is due then.</summary>
    public async Task SetAsync(Schedule row, CancellationToken ct)
    {
        if (row.IsActive && row.NextFireAt is { } next)
        {
            var scheduler = await schedulers.GetScheduler(ct);
            if (await scheduler.GetTrigger(_next, ct) is not { } set || set.NextFireTimeUtc is not { } at || at > next)
            {
                await SetAsync(next, ct);
            }
        }
    }

    /// <summary>A schedule was removed: the next moment may be later.</summary>
    public Task RemoveAsync(Guid scheduleId, CancellationToken ct) => SetNextAsync(ct);

    // The row is committed already: trouble with the trigger must not look like trouble with the schedule, and the sweep looks anyway.
    private async Task SetAsync(DateTimeOffset at, CancellationToken ct)
    {
        try
        {
            var scheduler = await schedulers.GetScheduler(ct);
            await scheduler.ScheduleTrigger(TriggerBuilder.Create().WithIdentity(_next).ForJob(_job).StartAt(at).Build(), TriggerConflict.Replace, ct);
        }
        catch (SchedulerException e)
        {
            NotSet(logger, at, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The trigger of schedules could not be set to {At}; the sweep fires what is due")]
    private static partial void NotSet(ILogger logger, DateTimeOffset at, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "The rule of the schedule {ScheduleId} cannot be read on this machine: it does not fire")]
    private static partial void Unreadable(ILogger logger, Guid scheduleId, Exception error);
}
