using SecFlow.Data.Runs;
using SecFlow.Execution.Runs;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <summary>A waiting run of the token's team.</summary>
/// <param name="Id">The run.</param>
/// <param name="Workflow">Name of its workflow.</param>
/// <param name="Position">1 = next; runs of other teams are counted.</param>
/// <param name="Priority">0 (lowest) .. 9.</param>
/// <param name="WaitingFor">Why it waits: slot, turn, teamLimit, pluginLimit, run, blackout, hold.</param>
/// <param name="Reason">The same in a sentence.</param>
/// <param name="QueuedAt">Since when.</param>
/// <param name="StartsAt">Estimate; null when nobody knows.</param>
/// <param name="Trigger">What started it.</param>
/// <param name="StartedBy">Who.</param>
public sealed record ApiQueuePlace(
    Guid Id, string Workflow, int Position, int Priority, WaitingFor WaitingFor, string Reason, DateTimeOffset QueuedAt, DateTimeOffset? StartsAt, RunTrigger Trigger, string StartedBy)
{
    public static ApiQueuePlace Of(QueuePlace place) => new(
        place.Run.Id, place.Run.WorkflowName, place.Position, place.Run.Priority, place.For, place.Reason, place.Run.QueuedAt, place.StartsAt, place.Run.Trigger, place.Run.StartedByName);
}

/// <param name="AllTeams">For the runs of all teams together.</param>
/// <param name="Plugin">Only runs with a node of this plugin; null = every run of the team.</param>
/// <param name="MostRuns">At the same time.</param>
public sealed record ApiQueueLimit(bool AllTeams, string? Plugin, int MostRuns, string SetBy, DateTimeOffset SetAt)
{
    public static ApiQueueLimit Of(QueueLimit limit) => new(limit.TeamId == Guid.Empty, limit.PluginId.Length == 0 ? null : limit.PluginId, limit.MostRuns, limit.SetBy, limit.SetAt);
}

/// <param name="Items">The team's waiting runs, next first.</param>
/// <param name="OfOthers">Waiting runs of other teams.</param>
/// <param name="AtWork">Runs at work in the whole installation.</param>
/// <param name="Slots">Worker slots of the engine that answered.</param>
/// <param name="RunsPerTeam">Runs of a team at the same time, where no limit says otherwise.</param>
/// <param name="Limits">Limits that count for the team.</param>
public sealed record ApiQueue(IReadOnlyList<ApiQueuePlace> Items, int OfOthers, int AtWork, int Slots, int RunsPerTeam, IReadOnlyList<ApiQueueLimit> Limits);

/// <summary>Body of <c>PUT /api/v1/queue/{run}/priority</c>.</summary>
public sealed record PriorityBody(int? Priority);

/// <summary>Body of <c>PUT /api/v1/queue/limits</c>; without <paramref name="MostRuns"/> the limit is removed.</summary>
public sealed record QueueLimitBody(bool? AllTeams, string? Plugin, int? MostRuns);

/// <summary>The queue: places, priorities, limits. A waiting run is cancelled as any other.</summary>
public static class QueueApi
{
    public static void MapQueue(this RouteGroupBuilder api)
    {
        api.MapGet("/queue", ViewAsync).WithName("readQueue").Produces<ApiQueue>();
        api.MapPut("/queue/{id:guid}/priority", PrioritiseAsync).WithName("prioritiseRun").Produces<ApiRun>();
        api.MapPut("/queue/limits", SetLimitAsync).WithName("setQueueLimit").Produces<ApiQueueLimit>().Produces(StatusCodes.Status204NoContent);
    }

    private static async Task<ApiQueue> ViewAsync(HttpContext context, CurrentActor actors, QueueService queue, CancellationToken ct)
    {
        var view = await queue.ViewAsync(await actors.OfRequestAsync(context, ct), ct);
        return new ApiQueue([.. view.Places.Select(ApiQueuePlace.Of)], view.OfOthers, view.AtWork, view.Slots, view.RunsPerTeam, [.. view.Limits.Select(ApiQueueLimit.Of)]);
    }

    private static async Task<ApiRun> PrioritiseAsync(Guid id, PriorityBody body, HttpContext context, CurrentActor actors, QueueService queue, CancellationToken ct) =>
        ApiRun.Of(await queue.SetPriorityAsync(await actors.OfRequestAsync(context, ct), id, body.Priority, ct));

    private static async Task<IResult> SetLimitAsync(QueueLimitBody body, HttpContext context, CurrentActor actors, QueueService queue, CancellationToken ct)
    {
        var limit = await queue.SetLimitAsync(await actors.OfRequestAsync(context, ct), body.AllTeams ?? false, body.Plugin, body.MostRuns, ct);
        return body.MostRuns is null ? Results.NoContent() : Results.Ok(ApiQueueLimit.Of(limit));
    }
}
