using Quartz;
using SecFlow.Data.Schedules;

namespace SecFlow.Execution.Schedules;

/// <summary>
/// Schedules in Quartz: one job and one cron trigger each, under the schedule's id. The database row is the truth; at start everything is set again and what
/// has no row any more is removed. A firing that was missed while nothing ran happens once, at the next start.
/// </summary>
public sealed class ScheduleMirror(ISchedulerFactory schedulers, ScheduleStore schedules)
{
    public const string Group = "schedules";

    private static readonly JobKey _fire = new("fire", Group);

    /// <summary>Makes Quartz agree with the database.</summary>
    public async Task RebuildAsync(CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        await scheduler.AddJob(JobBuilder.Create<ScheduleJob>().WithIdentity(_fire).StoreDurably().Build(), AddJobOptions.Replacing, ct);
        var rows = await schedules.ListEnabledAsync(ct);
        var keep = rows.Select(r => Key(r.Id)).ToHashSet();
        var present = (await scheduler.GetTriggersOfJob(_fire, ct)).ToDictionary(t => t.Key);
        foreach (var stale in present.Keys.Where(k => !keep.Contains(k)).ToList())
        {
            await scheduler.UnscheduleJob(stale, ct);
        }

        foreach (var row in rows)
        {
            // A trigger that is right stays: replacing it would forget a firing that was missed.
            if (!(present.GetValueOrDefault(Key(row.Id)) is ICronTrigger same && same.CronExpressionString == row.Cron && same.TimeZone.Id == CronRule.Parse(row.Cron, row.Zone).TimeZone.Id))
            {
                await SetAsync(row, ct);
            }
        }
    }

    /// <summary>Sets or removes the trigger of one schedule.</summary>
    public async Task SetAsync(Schedule row, CancellationToken ct)
    {
        if (!row.Enabled || row.ArchivedAt is not null)
        {
            await RemoveAsync(row.Id, ct);
            return;
        }

        var scheduler = await schedulers.GetScheduler(ct);
        var rule = CronRule.Parse(row.Cron, row.Zone);
        var trigger = TriggerBuilder.Create()
            .WithIdentity(Key(row.Id))
            .ForJob(_fire)
            .WithSchedule(CronScheduleBuilder.Create(rule.Cron).InTimeZone(rule.TimeZone).WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed))
            .Build();
        await scheduler.ScheduleTrigger(trigger, TriggerConflict.Replace, ct);
    }

    public async Task RemoveAsync(Guid scheduleId, CancellationToken ct)
    {
        var scheduler = await schedulers.GetScheduler(ct);
        await scheduler.UnscheduleJob(Key(scheduleId), ct);
    }

    private static TriggerKey Key(Guid scheduleId) => new(scheduleId.ToString(), Group);
}
