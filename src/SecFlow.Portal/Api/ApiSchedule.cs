using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Schedules;

namespace SecFlow.Portal.Api;

/// <summary>A schedule as the API shows it. Its ETag is <c>"revision"</c>.</summary>
/// <param name="Words">The rule in words.</param>
/// <param name="Next">Its next three times; none when it does not fire by itself.</param>
/// <param name="StoppedReason">Why the engine stopped it; null when it did not.</param>
/// <param name="LastRefusal">Why the last firing started no run; null when it did.</param>
/// <param name="Overdue">It should have fired and did not.</param>
public sealed record ApiSchedule(
    Guid Id, string Name, Guid WorkflowId, ScheduleKind Kind, string? Cron, int? IntervalSeconds, DateTimeOffset? RunAt, string Zone, string Words, DateTimeOffset? StartsAt, DateTimeOffset? EndsAt, int JitterSeconds,
    MisfirePolicy Misfire, OverlapPolicy Overlap, int Priority, IReadOnlyList<Guid> TargetIds, IReadOnlyList<string> TargetTags, JsonObject Parameters, string Owner, bool Enabled, string? StoppedReason, DateTimeOffset? StoppedAt,
    bool Overdue, DateTimeOffset? NextFireAt, IReadOnlyList<DateTimeOffset> Next, DateTimeOffset? LastFiredAt, Guid? LastRunId, RunStatus? LastRunStatus, string? LastRefusal, int Revision)
{
    private const int Shown = 3;

    public static ApiSchedule Of(Schedule s, Run? last, DateTimeOffset now) => new(
        s.Id, s.Name, s.WorkflowId, s.Kind, s.Kind == ScheduleKind.Cron ? s.Cron : null, s.IntervalSeconds, s.RunAt, s.Zone, ScheduleService.InWords(s), s.StartsAt, s.EndsAt, s.JitterSeconds,
        s.Misfire, s.Overlap, s.Priority, ScheduleTargets.IdsOf(s), ScheduleTargets.TagsOf(s), ScheduleTargets.ParametersOf(s), s.Owner, s.Enabled, s.StoppedReason, s.StoppedAt,
        ScheduleHealth.IsOverdue(s, now), s.NextFireAt, ScheduleHealth.Next(s, Shown), s.LastFiredAt, s.LastRunId, last?.Status, s.LastRefusal, s.Revision);
}

/// <summary>
/// Body of a new schedule, and of a change, which replaces all of it: a member that is left out is as for a new one. Without <see cref="Kind"/> the rule that is given says it.
/// Times are ISO 8601; one without offset is of the wall clock of <see cref="Zone"/>.
/// </summary>
public sealed record ScheduleBody(
    string? Name, Guid? WorkflowId, ScheduleKind? Kind, string? Cron, int? IntervalSeconds, string? RunAt, string? Zone, string? StartsAt, string? EndsAt, int? JitterSeconds, MisfirePolicy? Misfire, OverlapPolicy? Overlap,
    int? Priority, IReadOnlyList<Guid>? TargetIds, IReadOnlyList<string>? TargetTags, JsonObject? Parameters)
{
    public NewSchedule ToSchedule()
    {
        var problems = new List<Diagnostic>();
        if (WorkflowId is null)
        {
            problems.Add(new Diagnostic(Codes.ScheduleInvalid, "workflowId is missing.") { Path = "workflowId" });
        }

        var spec = ToSpec(problems);
        return problems.Count > 0
            ? throw new SecFlowException(problems)
            : new NewSchedule(Name ?? "", WorkflowId!.Value, spec.Cron, spec.Zone, TargetIds ?? [])
            {
                Kind = spec.Kind,
                IntervalSeconds = spec.IntervalSeconds,
                RunAt = spec.RunAt,
                StartsAt = spec.StartsAt,
                EndsAt = spec.EndsAt,
                JitterSeconds = spec.JitterSeconds,
                Misfire = Misfire ?? MisfirePolicy.Once,
                Overlap = Overlap ?? OverlapPolicy.Skip,
                Priority = Priority ?? 5,
                TargetTags = TargetTags ?? [],
                Parameters = Parameters ?? [],
            };
    }

    /// <summary>The times alone; what is wrong with them is added.</summary>
    public ScheduleSpec ToSpec(List<Diagnostic> problems)
    {
        var zone = Zone ?? "UTC";
        return new()
        {
            Kind = Kind ?? (Cron is not null ? ScheduleKind.Cron : IntervalSeconds is not null ? ScheduleKind.Interval : RunAt is not null ? ScheduleKind.Once : ScheduleKind.Cron),
            Cron = Cron ?? "",
            IntervalSeconds = IntervalSeconds,
            RunAt = ScheduleTime.Read(RunAt, zone, "runAt", problems),
            Zone = zone,
            StartsAt = ScheduleTime.Read(StartsAt, zone, "startsAt", problems),
            EndsAt = ScheduleTime.Read(EndsAt, zone, "endsAt", problems),
            JitterSeconds = JitterSeconds ?? 0,
        };
    }
}

/// <summary>Times of a rule, after a moment.</summary>
/// <param name="At">UTC.</param>
/// <param name="Local">The same on the wall clock of the zone, with its offset then.</param>
public sealed record ApiFiring(DateTimeOffset At, string Local);

public sealed record ApiSchedulePreview(string Words, IReadOnlyList<ApiFiring> Next);

/// <summary>A blackout as the API shows it. Its ETag is <c>"revision"</c>.</summary>
/// <param name="Window"><c>Mon-Fri 08:30-17:30 Europe/Berlin</c>, or <c>2026-12-24T00:00/2026-12-27T00:00 UTC</c>.</param>
/// <param name="ScheduleId">Only runs of this schedule; null = every run of the team.</param>
/// <param name="StandsFrom">Begin of the time that stands now, or comes next.</param>
/// <param name="Problem">Why the server cannot read its window, and that it stands until it is changed; null when it can.</param>
public sealed record ApiBlackout(Guid Id, string Name, string Window, Guid? ScheduleId, bool Standing, DateTimeOffset? StandsFrom, DateTimeOffset? StandsUntil, string CreatedBy, int Revision, string? Problem)
{
    public static ApiBlackout Of(Blackout b, DateTimeOffset now) => new(b.Id, b.Name, b.Window, b.ScheduleId, b.StandsFrom <= now && b.StandsUntil > now, b.StandsFrom, b.StandsUntil, b.CreatedBy, b.Revision, BlackoutService.Problem(b));
}

public sealed record BlackoutBody(string? Name, string? Window, Guid? ScheduleId)
{
    public NewBlackout ToBlackout() => new(Name ?? "", Window ?? "", ScheduleId);
}

/// <summary>Who shall own a schedule.</summary>
public sealed record OwnerBody(Guid? UserId);

/// <param name="Kind"><c>firing</c> or <c>blackout</c>.</param>
/// <param name="Until">End of a blackout; null for a firing.</param>
/// <param name="Blackout">The blackout in which a firing falls: its run waits until that ends.</param>
public sealed record ApiCalendarEntry(string Kind, Guid Id, string Name, DateTimeOffset At, DateTimeOffset? Until, string? Blackout);

/// <summary>What comes, in order of time; bounded.</summary>
/// <param name="Next">Always null: what is left out comes with a later <c>from</c>.</param>
/// <param name="LeftOut">What is not in it, in sentences; empty when all is.</param>
public sealed record ApiCalendar(IReadOnlyList<ApiCalendarEntry> Items, string? Next, int Total, IReadOnlyList<string> LeftOut);
