using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plans;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <summary>Body of <c>POST /api/v1/workflows/{id}/plan</c>.</summary>
public sealed record PlanBody(IReadOnlyList<Guid>? TargetIds, IReadOnlyList<string>? TargetNames, IReadOnlyList<string>? TargetTags, JsonObject? Parameters);

/// <summary>What a run would do, before it is started. The answer is the document of docs/schemas/run-plan.schema.json, also when something would be refused.</summary>
public static class PlansApi
{
    public static void MapPlans(this RouteGroupBuilder api) => api.MapPost("/workflows/{id:guid}/plan", PlanAsync).WithName("planRun").Produces<JsonObject>();

    private static async Task<IResult> PlanAsync(Guid id, PlanBody body, HttpContext context, CurrentActor actors, RunPlanner planner, CancellationToken ct)
    {
        if ((body.TargetIds?.Count ?? 0) + (body.TargetNames?.Count ?? 0) + (body.TargetTags?.Count ?? 0) == 0)
        {
            throw new SecFlowException(new Diagnostic(Codes.RequestInvalid, "targetIds, targetNames and targetTags are missing or empty: name at least one target or tag.") { Path = "$.targetIds" });
        }

        var actor = await actors.OfRequestAsync(context, ct);
        var request = new PlanRequest { WorkflowId = id, TargetIds = body.TargetIds ?? [], TargetNames = body.TargetNames ?? [], TargetTags = body.TargetTags ?? [], Parameters = body.Parameters ?? [] };
        var plan = await planner.PlanAsync(actor, request, null, ct);
        return Results.Json(PlanDocument.Create(plan));
    }
}
