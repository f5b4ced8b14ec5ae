using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Schedules;

/// <summary>What a new schedule needs.</summary>
public sealed record NewSchedule(string Name, Guid WorkflowId, string Cron, string Zone, IReadOnlyList<Guid> TargetIds)
{
    /// <summary>Tags: each firing also takes the targets that have one of them at that time.</summary>
    public IReadOnlyList<string> TargetTags { get; init; } = [];
}

/// <summary>Schedules of a team, kept in the database and mirrored into Quartz.</summary>
public sealed class ScheduleService(ScheduleStore schedules, TargetStore targets, ScheduleMirror mirror, ScheduleGate gate, Access access, TimeProvider time)
{
    /// <summary>Validates (SF1301, every problem at once), stores, audits, mirrors. Throws SF1503 when the workflow is not the team's.</summary>
    public async Task<Schedule> AddAsync(Actor actor, NewSchedule schedule, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditSchedules, null, "schedule", ct);
        await ValidateAsync(actor, schedule, ct);
        await gate.RequireAsync(actor, schedule.Name.Trim(), schedule.WorkflowId, [.. schedule.TargetIds.Distinct()], Next(schedule.Cron, schedule.Zone, time.GetUtcNow(), ScheduleGate.Firings), ct);
        try
        {
            var row = await schedules.AddAsync(
                actor,
                new Schedule
                {
                    WorkflowId = schedule.WorkflowId,
                    Name = schedule.Name.Trim(),
                    Cron = schedule.Cron.Trim(),
                    Zone = schedule.Zone,
                    TargetIds = string.Join(',', schedule.TargetIds.Distinct()),
                    TargetTags = TargetValidation.ReadTags(string.Join(' ', schedule.TargetTags), []),
                    NextFireAt = Next(schedule.Cron, schedule.Zone, time.GetUtcNow(), 1)[0],
                },
                ct);
            await mirror.SetAsync(row, CancellationToken.None);
            return row;
        }
        catch (ConflictException e)
        {
            throw new SecFlowException(Codes.Conflict, e.Message, e);
        }
    }

    public async Task<IReadOnlyList<Schedule>> ListAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadWorkflows, null, "schedules", ct);
        return await schedules.ListAsync(actor.TeamId, ct);
    }

    public async Task SetEnabledAsync(Actor actor, Guid scheduleId, bool enabled, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditSchedules, null, $"schedule/{scheduleId}", ct);
        var row = await schedules.SetEnabledAsync(actor, scheduleId, enabled, ct) ?? throw NotFound(scheduleId);
        await mirror.SetAsync(row, CancellationToken.None);
    }

    public async Task DeleteAsync(Actor actor, Guid scheduleId, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditSchedules, null, $"schedule/{scheduleId}", ct);
        if (!await schedules.ArchiveAsync(actor, scheduleId, ct))
        {
            throw NotFound(scheduleId);
        }

        await mirror.RemoveAsync(scheduleId, CancellationToken.None);
    }

    /// <summary>The next fire times (UTC) of an expression, for previews. Throws SF1301 with what is wrong.</summary>
    public static IReadOnlyList<DateTimeOffset> Next(string cron, string zone, DateTimeOffset after, int count) => CronRule.Parse(cron, zone).Next(after, count);

    /// <summary>The rule in words, such as "every Monday at 06:00 Europe/Berlin".</summary>
    public static string InWords(string cron, string zone) => CronWords.Of(cron, zone);

    private async Task ValidateAsync(Actor actor, NewSchedule schedule, CancellationToken ct)
    {
        var problems = new List<Diagnostic>();
        if (string.IsNullOrWhiteSpace(schedule.Name) || schedule.Name.Trim().Length > 100)
        {
            problems.Add(new(Codes.ScheduleInvalid, "A schedule has a name of 1 to 100 characters.") { Path = "name" });
        }

        try
        {
            if (Next(schedule.Cron, schedule.Zone, time.GetUtcNow(), 1).Count == 0)
            {
                problems.Add(new(Codes.ScheduleInvalid, $"The rule '{schedule.Cron}' never fires again. Choose a time in the future.") { Path = "cron" });
            }
        }
        catch (SecFlowException e)
        {
            problems.AddRange(e.Diagnostics);
        }

        var wanted = schedule.TargetIds.Distinct().ToList();
        var found = await targets.FindManyAsync(actor.TeamId, wanted, ct);
        var tags = new List<Diagnostic>();
        TargetValidation.ReadTags(string.Join(' ', schedule.TargetTags), tags);
        problems.AddRange(tags.Select(problem => problem with { Code = Codes.ScheduleInvalid }));
        var empty = wanted.Count == 0 && schedule.TargetTags.All(string.IsNullOrWhiteSpace);
        if (empty || found.Count(t => t.ArchivedAt is null) != wanted.Count)
        {
            problems.Add(new(Codes.ScheduleInvalid, empty ? "A schedule needs at least one target or tag." : "Some of the targets do not exist in this team (any more).") { Path = "targets" });
        }

        if (problems.Count > 0)
        {
            throw new SecFlowException(problems);
        }
    }

    private static SecFlowException NotFound(Guid id) => new(Codes.NotFound, $"There is no schedule {id} in this team.");
}
