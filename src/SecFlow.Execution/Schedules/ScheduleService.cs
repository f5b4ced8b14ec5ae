using System.Globalization;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Schedules;

/// <summary>
/// Schedules of a team. The same checks for portal, API and command line.
/// 1. A schedule fires on its owner's authority, whoever changes it. Everybody who may edit schedules may take one over; only its owner and admins may give it to somebody else.
/// 2. What is saved is asked about at once, as its next firings would be (<see cref="ScheduleGate"/>).
/// 3. A change, and switching on, decide every time before now: no time of a rule that was not in force is made up.
/// </summary>
public sealed class ScheduleService(
    ScheduleStore schedules, ScheduleMirror mirror, ScheduleGate gate, ScheduleValidation validation, ScheduleStart starts, RunService runs, RunStore runRows, TeamStore teams, Access access)
{
    /// <summary>Validates (SF1301, every problem at once), stores, audits. Throws SF1503 when the workflow is not the team's, and what policy refuses.</summary>
    public async Task<Schedule> AddAsync(Actor actor, NewSchedule schedule, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditSchedules, null, "schedule", ct);
        var valid = await validation.RequireAsync(actor, schedule, ct);
        await gate.RequireAsync(actor, "add.schedule", schedule, valid, ct);
        var row = new Schedule();
        schedule.CopyTo(row, valid.Tags);
        return await MirroredAsync(() => schedules.AddAsync(actor, row, ScheduleRule.NextOf, ct)!);
    }

    /// <summary>Changes a schedule; all its values are given. Throws SF1307 when somebody else changed it since.</summary>
    public async Task<Schedule> EditAsync(Actor actor, Guid scheduleId, ScheduleEdit edit, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(edit);
        await access.RequireRowAsync(actor, Permission.EditSchedules, "schedule", scheduleId, ct);
        var before = await schedules.FindAsync(actor.TeamId, scheduleId, ct) ?? throw NotFound();
        if (before.Revision != edit.Revision)
        {
            throw new SecFlowException(Codes.ScheduleChanged, $"The schedule '{before.Name}' was changed by somebody else (revision {before.Revision}, yours is {edit.Revision}). Load it again and decide anew.");
        }

        var valid = await validation.RequireAsync(actor, edit.Schedule, ct);
        await gate.RequireAsync(actor, "edit.schedule", edit.Schedule, valid, ct);
        return await MirroredAsync(() => schedules.EditAsync(actor, scheduleId, edit.Revision, row => edit.Schedule.CopyTo(row, valid.Tags), ScheduleRule.NextOf, ct));
    }

    public async Task<IReadOnlyList<Schedule>> ListAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadWorkflows, null, "schedules", ct);
        return await schedules.ListAsync(actor.TeamId, ct);
    }

    /// <summary>A part of them by name, and how many there are in all.</summary>
    public async Task<(IReadOnlyList<Schedule> Rows, int Total)> PageAsync(Actor actor, int skip, int take, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadWorkflows, null, "schedules", ct);
        return await schedules.PageAsync(actor.TeamId, skip, take, ct);
    }

    /// <summary>Those that fire by themselves, the next one first; one more than a calendar looks at, so that it says when it leaves some out.</summary>
    public async Task<IReadOnlyList<Schedule>> ComingAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadWorkflows, null, "schedules", ct);
        return await schedules.ComingAsync(actor.TeamId, ScheduleCalendar.MostSchedules + 1, ct);
    }

    /// <summary>Throws SF1502 when the team has none of this id.</summary>
    public async Task<Schedule> GetAsync(Actor actor, Guid scheduleId, CancellationToken ct)
    {
        await access.RequireRowAsync(actor, Permission.ReadWorkflows, "schedule", scheduleId, ct);
        return await schedules.FindAsync(actor.TeamId, scheduleId, ct) ?? throw NotFound();
    }

    /// <summary>Switches on or off. On also lets one go on that the engine stopped, when what stopped it is mended: the same questions as when it was added.</summary>
    public async Task<Schedule> SetEnabledAsync(Actor actor, Guid scheduleId, bool enabled, CancellationToken ct)
    {
        await access.RequireRowAsync(actor, Permission.EditSchedules, "schedule", scheduleId, ct);
        var row = await schedules.FindAsync(actor.TeamId, scheduleId, ct) ?? throw NotFound();
        if (enabled && !row.IsActive)
        {
            var same = NewSchedule.Of(row);
            await gate.RequireAsync(actor, "enable.schedule", same, await validation.RequireAsync(actor, same, ct), ct);
        }

        return await MirroredAsync(() => schedules.SetEnabledAsync(actor, scheduleId, enabled, ScheduleRule.NextOf, ct));
    }

    public async Task DeleteAsync(Actor actor, Guid scheduleId, CancellationToken ct)
    {
        await access.RequireRowAsync(actor, Permission.EditSchedules, "schedule", scheduleId, ct);
        if (!await schedules.ArchiveAsync(actor, scheduleId, ct))
        {
            throw NotFound();
        }

        await mirror.RemoveAsync(scheduleId, CancellationToken.None);
    }

    /// <summary>
    /// Starts its workflow now, as the actor and on the actor's authority, with its targets, parameters and priority. Its rule and its times stay as they are.
    /// While a run of it has not ended, its overlap policy decides: skip is SF1302, queue waits, replace cancels what was before, all in the transaction that stores the run.
    /// </summary>
    public async Task<Run> RunNowAsync(Actor actor, Guid scheduleId, RunTrigger trigger, string? idempotencyKey, CancellationToken ct)
    {
        await access.RequireRowAsync(actor, Permission.StartRuns, "schedule", scheduleId, ct);
        var row = await schedules.FindAsync(actor.TeamId, scheduleId, ct) ?? throw NotFound();
        return await runs.StartAsync(
            actor,
            new StartRun(row.WorkflowId, ScheduleTargets.IdsOf(row), trigger)
            {
                ScheduleId = row.Id,
                TargetTags = ScheduleTargets.TagsOf(row),
                Parameters = ScheduleTargets.ParametersOf(row),
                Priority = row.Priority,
                IdempotencyKey = idempotencyKey,
            },
            (made, token) => starts.StoreAsync(actor, row, made, token),
            ct);
    }

    /// <summary>How many runs of it <see cref="RunNowAsync"/> would cancel at this moment.</summary>
    public async Task<int> ReplacedAsync(Actor actor, Guid scheduleId, CancellationToken ct)
    {
        var row = await GetAsync(actor, scheduleId, ct);
        return FiringRules.Overlaps(row.Overlap, false, await runRows.ActiveOfScheduleAsync(scheduleId, ct)).Cancel.Count;
    }

    /// <summary>Makes a member of the team the one on whose authority it fires. To take it over oneself is every editor's; to give it away its owner's and the admins'.</summary>
    /// <param name="actor">Who acts.</param>
    /// <param name="scheduleId">The schedule.</param>
    /// <param name="userId">The new owner, who may start runs in the team.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Schedule> HandOverAsync(Actor actor, Guid scheduleId, Guid userId, CancellationToken ct)
    {
        await access.RequireRowAsync(actor, Permission.EditSchedules, "schedule", scheduleId, ct);
        var row = await schedules.FindAsync(actor.TeamId, scheduleId, ct) ?? throw NotFound();
        var own = row.OwnerKind == actor.Kind && row.OwnerId == actor.Id;
        if (!own && actor.Id != userId.ToString())
        {
            await access.RequireAsync(actor, Permission.GiveSchedules, null, $"schedule/{scheduleId}", ct);
        }

        var member = (await teams.MembersAsync(actor.TeamId, ct)).FirstOrDefault(m => m.UserId == userId)
            ?? throw new SecFlowException(new Diagnostic(Codes.ScheduleInvalid, "The new owner is no member of this team. Choose one who is.") { Path = "owner" });
        if (member.Role < Permission.StartRuns.Role)
        {
            throw new SecFlowException(new Diagnostic(Codes.ScheduleInvalid, $"{member.UserName} is {member.Role} in this team and may not start runs: the schedule would be refused. Choose an analyst or an admin.") { Path = "owner" });
        }

        return await schedules.HandOverAsync(actor, scheduleId, ActorKind.User, userId.ToString(), member.UserName, ct) ?? throw NotFound();
    }

    /// <summary>Who may own a schedule of the team: members that may start runs.</summary>
    public async Task<IReadOnlyList<TeamMember>> PossibleOwnersAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditSchedules, null, "schedules", ct);
        return [.. (await teams.MembersAsync(actor.TeamId, ct)).Where(member => member.Role >= Permission.StartRuns.Role)];
    }

    /// <summary>Status of the last run of each of the team's schedules that started one.</summary>
    public async Task<IReadOnlyDictionary<Guid, Run>> LastRunsAsync(Actor actor, IReadOnlyCollection<Guid> scheduleIds, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadWorkflows, null, "schedules", ct);
        return await runRows.LastOfSchedulesAsync(actor.TeamId, scheduleIds, ct);
    }

    /// <summary>The next fire times (UTC) of an expression, for previews. Throws SF1301 with what is wrong.</summary>
    public static IReadOnlyList<DateTimeOffset> Next(string cron, string zone, DateTimeOffset after, int count) => CronRule.Parse(cron, zone).Next(after, count);

    /// <summary>The rule in words, such as "every Monday at 06:00 Europe/Berlin".</summary>
    public static string InWords(string cron, string zone) => CronWords.Of(cron, zone);

    /// <summary>The rule of a stored schedule in words, with jitter, start and end; what is wrong with it when this machine cannot read it.</summary>
    public static string InWords(Schedule row)
    {
        ArgumentNullException.ThrowIfNull(row);
        try
        {
            return InWords(ScheduleRule.Of(row), row.JitterSeconds);
        }
        catch (SecFlowException unreadable)
        {
            return unreadable.Diagnostics[0].Message;
        }
    }

    /// <summary>The same for a rule that is not stored.</summary>
    public static string InWords(ScheduleRule rule, int jitterSeconds)
    {
        ArgumentNullException.ThrowIfNull(rule);
        string Day(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, rule.TimeZone).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        return rule.Words
            + (jitterSeconds > 0 ? $", put off by up to {(jitterSeconds % 60 == 0 ? $"{jitterSeconds / 60} min" : $"{jitterSeconds} s")}" : "")
            + (rule.StartsAt is { } start ? $", from {Day(start)}" : "")
            + (rule.EndsAt is { } end ? $", until {Day(end)}" : "");
    }

    private async Task<Schedule> MirroredAsync(Func<Task<Schedule?>> change)
    {
        try
        {
            var row = await change() ?? throw NotFound();
            await mirror.SetAsync(row, CancellationToken.None);
            return row;
        }
        catch (ConflictException e)
        {
            throw new SecFlowException(Codes.Conflict, e.Message, e);
        }
    }

    private static SecFlowException NotFound() => new(Access.NotFound("schedule"));
}
