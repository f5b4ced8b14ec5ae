using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Plans;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>What a plugin sees as <c>ctx.run</c>. A report also sees what the nodes before it did: what was assessed, and what was not and why.</summary>
internal static class RunFacts
{
    /// <summary>Assessments that a report gets one by one; of more it gets the number.</summary>
    public const int MostAssessments = 2000;

    public static JsonObject Of(RunContext context, RecipeNode recipe, NodeRun node) => Of(context.Run.Id, recipe.Id, node.Attempt, context.Run.WorkflowName, recipe.ParametersFor(context.Parameters, context.FirstTarget));

    /// <summary>The same before the run: nothing has happened yet.</summary>
    public static JsonObject Planned(PlanContext context, RecipeNode recipe, PluginManifest manifest)
    {
        var facts = Of(context.Request.RunId, recipe.Id, 1, context.Recipe.Name, recipe.ParametersFor(context.Parameters, context.Targets[0].Value));
        if (manifest.Category == "report")
        {
            foreach (var (name, value) in new (string, JsonNode?)[]
            {
                ("version", context.Version ?? 0), ("startedBy", context.Actor.Name), ("startedAt", null), ("reportedAt", null), ("sandbox", null), ("scopeRevision", ""), ("policyRevision", ""),
                ("nodes", new JsonArray()), ("assessments", new JsonArray()), ("assessmentCount", 0),
            })
            {
                facts[name] = value;
            }
        }

        return facts;
    }

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

    private static JsonObject Of(Guid run, string node, int attempt, string workflow, JsonObject parameters) => new()
    {
        ["id"] = run.ToString(),
        ["node"] = node,
        ["attempt"] = attempt,
        ["workflow"] = workflow,
        ["parameters"] = parameters.DeepClone(),
    };
}
