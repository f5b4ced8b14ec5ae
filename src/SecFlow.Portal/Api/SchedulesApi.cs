using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Teams;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <summary>When what runs by itself, and when nothing does: schedules, their preview and calendar, blackouts.</summary>
public static class SchedulesApi
{
    private const int MostPreviewed = 100;
    private const int MostDays = 62;

    public static void MapSchedules(this RouteGroupBuilder api)
    {
        api.MapGet("/schedules", ListAsync).WithName("listSchedules").Produces<ApiPage<ApiSchedule>>();
        api.MapPost("/schedules", AddAsync).WithName("addSchedule").Produces<ApiSchedule>(StatusCodes.Status201Created);
        api.MapGet("/schedules/{id:guid}", GetAsync).WithName("getSchedule").Produces<ApiSchedule>();
        api.MapPut("/schedules/{id:guid}", EditAsync).WithName("editSchedule").Produces<ApiSchedule>();
        api.MapDelete("/schedules/{id:guid}", DeleteAsync).WithName("deleteSchedule").Produces(StatusCodes.Status204NoContent);
        api.MapPost("/schedules/{id:guid}/enable", (Guid id, HttpContext context, CurrentActor actors, ScheduleService schedules, TimeProvider time, CancellationToken ct) => SwitchAsync(id, true, context, actors, schedules, time, ct))
            .WithName("enableSchedule").Produces<ApiSchedule>();
        api.MapPost("/schedules/{id:guid}/disable", (Guid id, HttpContext context, CurrentActor actors, ScheduleService schedules, TimeProvider time, CancellationToken ct) => SwitchAsync(id, false, context, actors, schedules, time, ct))
            .WithName("disableSchedule").Produces<ApiSchedule>();
        api.MapPost("/schedules/{id:guid}/run", RunAsync).WithName("runSchedule").Produces<ApiRun>(StatusCodes.Status202Accepted);
        api.MapPost("/schedules/{id:guid}/owner", HandOverAsync).WithName("handOverSchedule").Produces<ApiSchedule>();
        api.MapPost("/schedules/preview", PreviewAsync).WithName("previewSchedule").Produces<ApiSchedulePreview>();
        api.MapGet("/schedules/calendar", CalendarAsync).WithName("showScheduleCalendar").Produces<ApiCalendar>();
        api.MapGet("/blackouts", ListBlackoutsAsync).WithName("listBlackouts").Produces<ApiPage<ApiBlackout>>();
        api.MapPost("/blackouts", AddBlackoutAsync).WithName("addBlackout").Produces<ApiBlackout>(StatusCodes.Status201Created);
        api.MapPut("/blackouts/{id:guid}", EditBlackoutAsync).WithName("editBlackout").Produces<ApiBlackout>();
        api.MapDelete("/blackouts/{id:guid}", DeleteBlackoutAsync).WithName("deleteBlackout").Produces(StatusCodes.Status204NoContent);
    }

    private static async Task<ApiPage<ApiSchedule>> ListAsync(string? cursor, int? limit, HttpContext context, CurrentActor actors, ScheduleService schedules, TimeProvider time, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        var (skip, take) = (Cursor.Read(cursor), Cursor.Limit(limit));
        var (rows, total) = await schedules.PageAsync(actor, skip, take, ct);
        var runs = await schedules.LastRunsAsync(actor, [.. rows.Select(row => row.Id)], ct);
        return new([.. rows.Select(row => ApiSchedule.Of(row, runs.GetValueOrDefault(row.Id), time.GetUtcNow()))], skip + rows.Count < total ? Cursor.At(skip + take) : null, total);
    }

    private static async Task<IResult> GetAsync(Guid id, HttpContext context, CurrentActor actors, ScheduleService schedules, TimeProvider time, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        var row = await schedules.GetAsync(actor, id, ct);
        return Results.Ok(Tagged(context, row, (await schedules.LastRunsAsync(actor, [id], ct)).GetValueOrDefault(id), time));
    }

    private static async Task<IResult> AddAsync(ScheduleBody body, HttpContext context, CurrentActor actors, ScheduleService schedules, Access access, TimeProvider time, CancellationToken ct)
    {
        // Before the body is judged: who may not add learns nothing else.
        var actor = await actors.OfRequestAsync(context, ct);
        await access.RequireAsync(actor, Permission.EditSchedules, null, "schedule", ct);
        var row = await schedules.AddAsync(actor, body.ToSchedule(), ct);
        return Results.Created($"/api/v1/schedules/{row.Id}", Tagged(context, row, null, time));
    }

    private static async Task<IResult> EditAsync(Guid id, ScheduleBody body, HttpContext context, CurrentActor actors, ScheduleService schedules, Access access, TimeProvider time, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        await access.RequireRowAsync(actor, Permission.EditSchedules, "schedule", id, ct);
        var revision = ETags.Required(context, "schedule", Codes.ScheduleChanged);
        return Results.Ok(Tagged(context, await schedules.EditAsync(actor, id, new ScheduleEdit(body.ToSchedule(), revision), ct), null, time));
    }

    private static async Task<IResult> DeleteAsync(Guid id, HttpContext context, CurrentActor actors, ScheduleService schedules, CancellationToken ct)
    {
        await schedules.DeleteAsync(await actors.OfRequestAsync(context, ct), id, ct);
        return Results.NoContent();
    }

    private static async Task<IResult> SwitchAsync(Guid id, bool enabled, HttpContext context, CurrentActor actors, ScheduleService schedules, TimeProvider time, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        return Results.Ok(Tagged(context, await schedules.SetEnabledAsync(actor, id, enabled, ct), null, time));
    }

    private static async Task<IResult> RunAsync(Guid id, HttpContext context, CurrentActor actors, ScheduleService schedules, CancellationToken ct)
    {
        var problems = new List<Diagnostic>();
        var key = IdempotencyKeys.Read(context, problems);
        if (problems.Count > 0)
        {
            throw new SecFlowException(problems);
        }

        var run = await schedules.RunNowAsync(await actors.OfRequestAsync(context, ct), id, RunTrigger.Api, key, ct);
        return Results.Accepted($"/api/v1/runs/{run.Id}", ApiRun.Of(run));
    }

    private static async Task<IResult> HandOverAsync(Guid id, OwnerBody body, HttpContext context, CurrentActor actors, ScheduleService schedules, TimeProvider time, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        return Results.Ok(Tagged(context, await schedules.HandOverAsync(actor, id, body.UserId ?? Guid.Empty, ct), null, time));
    }

    /// <summary>A rule in words with its next times: <paramref name="count"/> (1..100, ten when not said) after <paramref name="after"/> (now).</summary>
    private static async Task<ApiSchedulePreview> PreviewAsync(
        ScheduleBody body, string? after, int? count, HttpContext context, CurrentActor actors, ScheduleService schedules, Access access, TimeProvider time, CancellationToken ct)
    {
        await access.RequireAsync(await actors.OfRequestAsync(context, ct), Permission.ReadWorkflows, null, "schedules", ct);
        var problems = new List<Diagnostic>();
        var spec = body.ToSpec(problems);
        if (count is < 1 or > MostPreviewed)
        {
            problems.Add(new Diagnostic(Codes.RequestInvalid, $"count {count}: 1 to {MostPreviewed} was expected.") { Path = "count" });
        }

        var begin = Moment(after, "after", problems) ?? time.GetUtcNow();
        if (problems.Count > 0)
        {
            throw new SecFlowException(problems);
        }

        var rule = ScheduleRule.Read(spec, Guid.Empty, time.GetUtcNow());
        return new(ScheduleService.InWords(rule, spec.JitterSeconds), [.. rule.Next(begin, count ?? 10).Select(at => new ApiFiring(at, ScheduleTime.Local(at, rule.TimeZone)))]);
    }

    /// <summary>Firings and blackouts from a moment (now) on, for 1 to 62 days (seven when not said).</summary>
    private static async Task<ApiCalendar> CalendarAsync(string? from, int? days, HttpContext context, CurrentActor actors, ScheduleService schedules, BlackoutService blackouts, TimeProvider time, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        var problems = new List<Diagnostic>();
        if (days is < 1 or > MostDays)
        {
            problems.Add(new Diagnostic(Codes.RequestInvalid, $"days {days}: 1 to {MostDays} was expected.") { Path = "days" });
        }

        var now = time.GetUtcNow();
        var begin = Moment(from, "from", problems) ?? now;
        if (problems.Count > 0)
        {
            throw new SecFlowException(problems);
        }

        var calendar = ScheduleCalendar.Of(await schedules.ComingAsync(actor, ct), (await blackouts.PageAsync(actor, 0, ScheduleCalendar.MostSchedules + 1, ct)).Rows, begin, begin.AddDays(days ?? 7), now);
        IReadOnlyList<ApiCalendarEntry> entries =
        [
            .. calendar.Blackouts.Select(b => new ApiCalendarEntry("blackout", b.Blackout.Id, b.Blackout.Name, b.From, b.Until, null))
                .Concat(calendar.Firings.Select(f => new ApiCalendarEntry("firing", f.Schedule.Id, f.Schedule.Name, f.At, null, f.In?.Name))).OrderBy(entry => entry.At),
        ];
        return new(entries, null, entries.Count, calendar.LeftOut);
    }

    private static async Task<ApiPage<ApiBlackout>> ListBlackoutsAsync(string? cursor, int? limit, HttpContext context, CurrentActor actors, BlackoutService blackouts, TimeProvider time, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        var (skip, take) = (Cursor.Read(cursor), Cursor.Limit(limit));
        var (rows, total) = await blackouts.PageAsync(actor, skip, take, ct);
        return new([.. rows.Select(row => ApiBlackout.Of(row, time.GetUtcNow()))], skip + rows.Count < total ? Cursor.At(skip + take) : null, total);
    }

    private static async Task<IResult> AddBlackoutAsync(BlackoutBody body, HttpContext context, CurrentActor actors, BlackoutService blackouts, TimeProvider time, CancellationToken ct)
    {
        var row = await blackouts.AddAsync(await actors.OfRequestAsync(context, ct), body.ToBlackout(), ct);
        ETags.Set(context, row.Revision);
        return Results.Created($"/api/v1/blackouts/{row.Id}", ApiBlackout.Of(row, time.GetUtcNow()));
    }

    private static async Task<IResult> EditBlackoutAsync(Guid id, BlackoutBody body, HttpContext context, CurrentActor actors, BlackoutService blackouts, Access access, TimeProvider time, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        await access.RequireRowAsync(actor, Permission.EditSchedules, "blackout", id, ct);
        var row = await blackouts.EditAsync(actor, id, body.ToBlackout(), ETags.Required(context, "blackout", Codes.ScheduleChanged), ct);
        ETags.Set(context, row.Revision);
        return Results.Ok(ApiBlackout.Of(row, time.GetUtcNow()));
    }

    private static async Task<IResult> DeleteBlackoutAsync(Guid id, HttpContext context, CurrentActor actors, BlackoutService blackouts, CancellationToken ct)
    {
        await blackouts.DeleteAsync(await actors.OfRequestAsync(context, ct), id, ct);
        return Results.NoContent();
    }

    /// <summary>A moment of the query; null when none is given. SF1501 is added for one that is no instant of the years 2001 to 2199.</summary>
    private static DateTimeOffset? Moment(string? text, string path, List<Diagnostic> problems)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        if (ScheduleTime.Instant(text) is { } at)
        {
            return at;
        }

        problems.Add(new Diagnostic(Codes.RequestInvalid, $"{path} '{(text.Length > 60 ? text[..60] + "..." : text)}': a time of the years 2001 to 2199 with its offset was expected, such as 2027-01-31T22:00:00Z or 2027-01-31T22:00:00%2B01:00.") { Path = path });
        return null;
    }

    private static ApiSchedule Tagged(HttpContext context, Schedule row, Run? last, TimeProvider time)
    {
        ETags.Set(context, row.Revision);
        return ApiSchedule.Of(row, last, time.GetUtcNow());
    }
}
