using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>What a plugin sees as <c>ctx.run</c>. A report also sees what the nodes before it did: what was assessed, and what was not and why.</summary>
internal static class RunFacts
{
    /// <summary>Assessments that a report gets one by one; of more it gets the number.</summary>
    public const int MostAssessments = 2000;

    public static JsonObject Of(RunContext context, RecipeNode recipe, NodeRun node) => new()
    {
        ["id"] = context.Run.Id.ToString(),
        ["node"] = recipe.Id,
        ["attempt"] = node.Attempt,
        ["workflow"] = context.Run.WorkflowName,
        ["parameters"] = context.Parameters.DeepClone(),
    };

    public static async Task<JsonObject> OfReportAsync(RunContext context, RecipeNode recipe, NodeRun node, RunStore runs, CancellationToken ct)
    {
        var facts = Of(context, recipe, node);
        var nodes = await runs.NodesAsync(context.Run.Id, ct);
        var assessments = await runs.AssessmentsAsync(context.Run.Id, ct);
        var names = nodes.ToDictionary(n => n.Id, n => n.NodeId);
        facts["version"] = context.Run.WorkflowVersionNumber;
        facts["startedBy"] = context.Run.StartedByName;
        facts["startedAt"] = Time(context.Run.StartedAt);
        facts["reportedAt"] = Time(node.StartedAt);
        facts["sandbox"] = context.Run.SandboxLevel;
        facts["scopeRevision"] = context.Run.ScopeRevision;
        facts["policyRevision"] = context.Run.PolicyRevision;
        facts["nodes"] = new JsonArray([.. nodes.OrderBy(n => n.Ordinal).Where(n => n.Id != node.Id).Select(n => (JsonNode)new JsonObject
        {
            ["id"] = n.NodeId,
            ["plugin"] = n.PluginId,
            ["version"] = n.PluginVersion,
            ["digest"] = n.PluginDigest,
            ["signer"] = n.Signer,
            ["status"] = n.Status.ToString(),
            ["code"] = n.ErrorCode,
            ["message"] = n.ErrorMessage,
            ["findings"] = n.Findings,
            ["rejected"] = n.RejectedRecords,
            ["requests"] = n.HttpRequests,
            ["refused"] = n.RefusedCalls,
        })]);
        facts["assessments"] = new JsonArray([.. assessments.OrderBy(a => a.Verdict == Verdict.Completed).Take(MostAssessments).Select(a => (JsonNode)new JsonObject
        {
            ["node"] = names.GetValueOrDefault(a.NodeRunId),
            ["plugin"] = a.PluginId,
            ["target"] = a.Target,
            ["verdict"] = a.Verdict.ToString().ToLowerInvariant(),
            ["reason"] = a.Reason,
        })]);
        facts["assessmentCount"] = assessments.Count;
        return facts;
    }

    private static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
