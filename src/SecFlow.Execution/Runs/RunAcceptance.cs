using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Trust;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>
/// From a wish to a run that can be stored: recipe, plugins, targets, authorisation, policy; nothing is written here.
/// What a run needs to be reproduced is pinned: recipe version, package digests, targets with their authorisation, policy revision.
/// </summary>
public sealed class RunAcceptance(WorkflowStore workflows, WorkflowService recipes, RunGate gate, TrustPolicyStore policies, TimeProvider time)
{
    /// <summary>Most targets of one run.</summary>
    public const int MostTargets = 100;

    /// <summary>Judges the request as it is now. Throws every reason why it may not run; the caller records a refusal (<see cref="RefusalOf"/>).</summary>
    public async Task<NewRun> PrepareAsync(Actor actor, StartRun request, StartFacts facts, CancellationToken ct)
    {
        var workflow = await facts.OnceAsync(("workflow", actor.TeamId, request.WorkflowId), () => workflows.FindAsync(actor.TeamId, request.WorkflowId, ct));
        if (workflow is null || workflow.ArchivedAt is not null
            || await facts.OnceAsync(("version", actor.TeamId, workflow.Id), () => workflows.FindCurrentVersionAsync(actor.TeamId, workflow.Id, ct)) is not { } version)
        {
            throw new SecFlowException(Codes.NotFound, $"There is no workflow {request.WorkflowId} in this team.");
        }

        var scope = await ScopeAsync(actor, await gate.ChooseAsync(actor.TeamId, request, facts, ct), facts, ct);
        var (read, used) = await facts.OnceAsync(("recipe", actor.TeamId, version.Id), () => recipes.ReadForStartAsync(actor.TeamId, version.Recipe, ct));
        var recipe = read.Recipe ?? throw new SecFlowException(read.Problems);
        await gate.RequireStartAsync(actor.TeamId, used, scope, facts, ct);

        var pinned = RunContext.WriteTargets(scope);
        var now = time.GetUtcNow();
        var run = new Run
        {
            Id = Guid.CreateVersion7(now),
            TeamId = actor.TeamId,
            WorkflowId = workflow.Id,
            WorkflowVersionId = version.Id,
            WorkflowName = workflow.Name,
            WorkflowVersionNumber = version.Version,
            Trigger = request.Trigger,
            StartedById = actor.Id,
            StartedByName = actor.Name,
            ScheduleId = request.ScheduleId,
            ParentRunId = request.Cascade?.RunId,
            ParentNodeId = request.Cascade?.NodeId,
            CascadeDepth = request.Cascade?.Depth ?? 0,
            Priority = Math.Clamp(request.Priority, 0, 9),
            Parameters = (await RecipeParameters.ResolveAsync(recipe, used, request.Parameters, scope[0].Value, ct)).ToJsonString(),
            SubWorkflows = RunContext.WritePins(recipe.SubWorkflows),
            Targets = pinned,
            TargetTags = string.Join(' ', request.TargetTags),
            ScopeRevision = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(pinned))),
            PolicyRevision = (await facts.OnceAsync("policy", () => policies.FindCurrentAsync(Guid.Empty, ct)))?.Digest ?? "",
            TraceId = (Activity.Current?.TraceId ?? ActivityTraceId.CreateRandom()).ToHexString(),
            IdempotencyKey = request.IdempotencyKey,
            RequestDigest = request.IdempotencyKey is null ? null : RequestDigest.Of(request),
        };
        var nodes = recipe.Nodes.Select((n, i) => new NodeRun
        {
            Id = Guid.CreateVersion7(now),
            TeamId = run.TeamId,
            RunId = run.Id,
            NodeId = n.Id,
            Ordinal = i,
            Status = NodeStatus.Pending,
            PluginId = n.PluginId,
            PluginVersion = n.PluginVersion,
            PluginDigest = n.PluginDigest,
        }).ToList();
        return new NewRun(run, nodes, Audit(actor, "start.run", run, new JsonObject
        {
            ["workflow"] = $"{workflow.Name} v{version.Version}",
            ["recipe"] = version.Digest,
            ["subWorkflows"] = recipe.SubWorkflows.Count == 0 ? null : new JsonArray([.. recipe.SubWorkflows.Select(p => (JsonNode?)$"{p.Name} v{p.Version}")]),
            ["targets"] = new JsonArray([.. scope.Select(t => (JsonNode?)t.Value)]),
            ["tags"] = request.TargetTags.Count == 0 ? null : string.Join(' ', request.TargetTags),
            ["plugins"] = new JsonArray([.. nodes.Select(n => (JsonNode?)$"{n.PluginId}@{n.PluginVersion} {n.PluginDigest}")]),
            ["schedule"] = request.ScheduleId?.ToString(),
            ["cascadeOf"] = request.Cascade?.RunId.ToString(),
        }));
    }

    /// <summary>The part of a failure that policy, trust or sandbox decided; null when the request itself was wrong.</summary>
    public static Diagnostic? RefusalOf(SecFlowException error) =>
        error.Diagnostics.FirstOrDefault(d => Codes.CategoryOf(d.Code) is DiagnosticCategory.Policy or DiagnosticCategory.Trust or DiagnosticCategory.Sandbox);

    /// <summary>The event of a refused request.</summary>
    public async Task<AuditEntry> DeniedAsync(Actor actor, Guid workflowId, Diagnostic refusal, StartFacts facts, CancellationToken ct) => RunGate.Denied(
        actor, workflowId, (await facts.OnceAsync(("workflow", actor.TeamId, workflowId), () => workflows.FindAsync(actor.TeamId, workflowId, ct)))?.Name ?? "", refusal);

    internal static AuditEntry Audit(Actor actor, string action, Run run, JsonNode? details) => new(actor, action, "run", run.Id.ToString(), run.WorkflowName)
    {
        Details = details,
        PolicyRevision = run.PolicyRevision,
        ScopeRevision = run.ScopeRevision,
        TraceId = run.TraceId,
    };

    private Task<IReadOnlyList<ScopedTarget>> ScopeAsync(Actor actor, IReadOnlyList<Guid> ids, StartFacts facts, CancellationToken ct)
    {
        var wanted = ids.Distinct().ToList();
        return wanted.Count is 0 or > MostTargets
            ? throw new SecFlowException(Codes.RequestInvalid, $"A run needs 1 to {MostTargets} targets; found {wanted.Count}.")
            : gate.ScopeAsync(actor, wanted, facts, ct);
    }
}

/// <summary>What stands in an <c>Idempotency-Key</c>'s way: the same key with another request.</summary>
internal static class RequestDigest
{
    /// <summary>SHA-256 over everything that a start asks for; the order of names, tags and targets is part of it.</summary>
    public static string Of(StartRun request) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(new JsonObject
    {
        ["workflow"] = request.WorkflowId.ToString(),
        ["targets"] = new JsonArray([.. request.TargetIds.Select(t => (JsonNode?)t.ToString())]),
        ["names"] = new JsonArray([.. request.TargetNames.Select(t => (JsonNode?)t)]),
        ["tags"] = new JsonArray([.. request.TargetTags.Select(t => (JsonNode?)t)]),
        ["parameters"] = CanonicalJson(request.Parameters),
        ["schedule"] = request.ScheduleId?.ToString(),
        ["priority"] = request.Priority,
    }.ToJsonString())));

    /// <summary>Throws SF1320 when the run of this key was asked for differently.</summary>
    public static Run RequireSame(Run earlier, StartRun request) => earlier.RequestDigest is null || earlier.RequestDigest == Of(request)
        ? earlier
        : throw new SecFlowException(new Diagnostic(Codes.IdempotencyKeyReused, $"The idempotency key '{request.IdempotencyKey}' belongs to another request: it started the run {earlier.Id} at {earlier.QueuedAt:u}, for something else.")
        {
            Remedy = "Send the request again as it was first sent, or use a new key for a new run.",
        });

    private static JsonNode? CanonicalJson(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject([.. o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, CanonicalJson(p.Value)))]),
        JsonArray a => new JsonArray([.. a.Select(CanonicalJson)]),
        _ => node?.DeepClone(),
    };
}
