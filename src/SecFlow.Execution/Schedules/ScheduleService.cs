using SecFlow.Data.Audit;
using SecFlow.Data.Schedules;

namespace SecFlow.Execution.Schedules;

/// <summary>What a new schedule needs.</summary>
public sealed record NewSchedule(string Name, Guid WorkflowId, string Cron, string Zone, IReadOnlyList<Guid> TargetIds);

/// <summary>Schedules of a team, kept in the database and mirrored into Quartz.</summary>
public sealed class ScheduleService
{
    public Task<Schedule> AddAsync(Actor actor, NewSchedule schedule, CancellationToken ct) => throw new NotSupportedException();

    public Task<IReadOnlyList<Schedule>> ListAsync(Actor actor, CancellationToken ct) => throw new NotSupportedException();

    public Task SetEnabledAsync(Actor actor, Guid scheduleId, bool enabled, CancellationToken ct) => throw new NotSupportedException();

    public Task DeleteAsync(Actor actor, Guid scheduleId, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>The next fire times (UTC) of an expression, for previews. Throws SF1301 with what is wrong.</summary>
    public static IReadOnlyList<DateTimeOffset> Next(string cron, string zone, DateTimeOffset after, int count) => CronRule.Parse(cron, zone).Next(after, count);

    /// <summary>The rule in words, such as "every Monday at 06:00 Europe/Berlin".</summary>
    public static string InWords(string cron, string zone) => CronWords.Of(cron, zone);
}
