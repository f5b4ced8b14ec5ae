using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <summary>Body of <c>POST /api/v1/runs/{id}/pause</c>; may be left out.</summary>
/// <param name="Reason">At most 500 characters; shown on the run's page.</param>
public sealed record PauseBody(string? Reason);

/// <summary>Body of <c>POST /api/v1/runs/{id}/skip</c>.</summary>
/// <param name="Node">The recipe's id of the node.</param>
public sealed record SkipBody(string? Node);

/// <summary>Body of <c>POST /api/v1/runs/{id}/retry</c>; may be left out.</summary>
/// <param name="From">Node to begin at; without it the first that did not come to its whole result.</param>
public sealed record RetryBody(string? From);

/// <summary>What may be done with a run that was accepted. Answers with the run as it is now; retry and rerun with the new run.</summary>
public static class RunControlApi
{
    public static void MapRunControl(this RouteGroupBuilder api)
    {
        api.MapPost("/runs/{id:guid}/pause", PauseAsync).WithName("pauseRun").Produces<ApiRun>(StatusCodes.Status202Accepted);
        api.MapPost("/runs/{id:guid}/resume", ResumeAsync).WithName("resumeRun").Produces<ApiRun>(StatusCodes.Status202Accepted);
        api.MapPost("/runs/{id:guid}/cancel", CancelAsync).WithName("cancelRun").Produces<ApiRun>(StatusCodes.Status202Accepted);
        api.MapPost("/runs/{id:guid}/skip", SkipAsync).WithName("skipNode").Produces<ApiRun>(StatusCodes.Status202Accepted);
        api.MapPost("/runs/{id:guid}/retry", RetryAsync).WithName("retryRun").Produces<ApiRun>(StatusCodes.Status202Accepted);
        api.MapPost("/runs/{id:guid}/rerun", RerunAsync).WithName("rerunRun").Produces<ApiRun>(StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> PauseAsync(Guid id, PauseBody? body, HttpContext context, CurrentActor actors, RunControl control, RunService runs, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        await control.PauseAsync(actor, id, body?.Reason ?? "", ct);
        return await NowAsync(actor, id, runs, ct);
    }

    private static async Task<IResult> ResumeAsync(Guid id, HttpContext context, CurrentActor actors, RunControl control, RunService runs, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        await control.ResumeAsync(actor, id, ct);
        return await NowAsync(actor, id, runs, ct);
    }

    private static async Task<IResult> CancelAsync(Guid id, HttpContext context, CurrentActor actors, RunService runs, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        await runs.CancelAsync(actor, id, ct);
        return await NowAsync(actor, id, runs, ct);
    }

    private static async Task<IResult> SkipAsync(Guid id, SkipBody body, HttpContext context, CurrentActor actors, RunControl control, RunService runs, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        if (string.IsNullOrEmpty(body.Node))
        {
            throw new SecFlowException(new Diagnostic(Codes.RequestInvalid, "node is missing: the id of the node to skip was expected.") { Path = "$.node" });
        }

        await control.SkipAsync(actor, id, body.Node, ct);
        return await NowAsync(actor, id, runs, ct);
    }

    private static async Task<IResult> RetryAsync(Guid id, RetryBody? body, HttpContext context, CurrentActor actors, RunControl control, CancellationToken ct) =>
        New(await control.RetryAsync(await actors.OfRequestAsync(context, ct), id, body?.From, ct));

    private static async Task<IResult> RerunAsync(Guid id, HttpContext context, CurrentActor actors, RunControl control, CancellationToken ct) =>
        New(await control.RerunAsync(await actors.OfRequestAsync(context, ct), id, ct));

    private static IResult New(Run run) => Results.Accepted($"/api/v1/runs/{run.Id}", ApiRun.Of(run));

    // A token that may write runs need not be one that may read them: what it did is answered in any case.
    private static async Task<IResult> NowAsync(Actor actor, Guid id, RunService runs, CancellationToken ct) =>
        actor.Scopes is { } scopes && !scopes.Contains("runs:read", StringComparer.Ordinal)
            ? Results.Accepted($"/api/v1/runs/{id}")
            : New((await runs.GetAsync(actor, id, ct)).Run);
}
