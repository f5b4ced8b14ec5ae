using SecFlow.Data.Holds;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Holds;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <summary>Body of <c>POST /api/v1/holds</c>.</summary>
/// <param name="Kind">stop or drain.</param>
/// <param name="Reach">team (of the token) or installation.</param>
/// <param name="Reason">1..500 characters; everybody who is held sees it.</param>
/// <param name="Confirm">To stop: the team's short name, or <c>installation</c>.</param>
public sealed record BeginHoldBody(HoldKind? Kind, HoldReach? Reach, string? Reason, string? Confirm);

/// <summary>Body of <c>POST /api/v1/holds/resume</c>.</summary>
public sealed record ResumeBody(HoldReach? Reach, string? Reason);

public sealed record ApiHold(
    Guid Id, HoldKind Kind, HoldReach Reach, string Reason, string BegunBy, DateTimeOffset BegunAt, int StoppedRuns, bool Standing, string? EndedBy, DateTimeOffset? EndedAt, string? EndReason)
{
    public static ApiHold Of(Hold hold) => new(
        hold.Id, hold.Kind, hold.OfInstallation ? HoldReach.Installation : HoldReach.Team, hold.Reason, hold.BegunBy, hold.BegunAt, hold.StoppedRuns, hold.EndedAt is null, hold.EndedBy, hold.EndedAt, hold.EndReason);
}

/// <summary>The kill switch: stop, drain and resume the work of the token's team or of the installation.</summary>
public static class HoldsApi
{
    public static void MapHolds(this RouteGroupBuilder api)
    {
        api.MapGet("/holds", ListAsync).WithName("listHolds").Produces<ApiPage<ApiHold>>();
        api.MapPost("/holds", BeginAsync).WithName("holdWork").Produces<ApiHold>(StatusCodes.Status201Created);
        api.MapPost("/holds/resume", ResumeAsync).WithName("resumeWork").Produces<ApiHold>();
    }

    private static async Task<ApiPage<ApiHold>> ListAsync(string? cursor, int? limit, HttpContext context, CurrentActor actors, HoldService holds, CancellationToken ct)
    {
        var (skip, take) = (Cursor.Read(cursor), Cursor.Limit(limit));
        var rows = await holds.HistoryAsync(await actors.OfRequestAsync(context, ct), skip, take + 1, ct);
        return new ApiPage<ApiHold>([.. rows.Take(take).Select(ApiHold.Of)], rows.Count > take ? Cursor.At(skip + take) : null);
    }

    private static async Task<IResult> BeginAsync(BeginHoldBody body, HttpContext context, CurrentActor actors, HoldService holds, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        var reach = body.Reach ?? HoldReach.Team;
        await holds.RequireMayAsync(actor, reach, ct);
        var hold = body.Kind switch
        {
            HoldKind.Stop => await holds.StopAsync(actor, reach, body.Reason, body.Confirm, ct),
            HoldKind.Drain => await holds.DrainAsync(actor, reach, body.Reason, ct),
            _ => throw new SecFlowException(new Diagnostic(Codes.RequestInvalid, "kind is missing: stop or drain was expected.") { Path = "$.kind" }),
        };
        return Results.Created("/api/v1/holds", ApiHold.Of(hold));
    }

    private static async Task<ApiHold> ResumeAsync(ResumeBody body, HttpContext context, CurrentActor actors, HoldService holds, CancellationToken ct) =>
        ApiHold.Of(await holds.ResumeAsync(await actors.OfRequestAsync(context, ct), body.Reach ?? HoldReach.Team, body.Reason, ct));
}
