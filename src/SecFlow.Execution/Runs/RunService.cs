using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Blobs;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Trust;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>What shall run.</summary>
public sealed record StartRun(Guid WorkflowId, IReadOnlyList<Guid> TargetIds, RunTrigger Trigger)
{
    /// <summary>Every target in use that has one of these tags when the run is accepted, beside those of <see cref="TargetIds"/>.</summary>
    public IReadOnlyList<string> TargetTags { get; init; } = [];

    /// <summary>Targets by name, beside the others.</summary>
    public IReadOnlyList<string> TargetNames { get; init; } = [];

    public JsonObject Parameters { get; init; } = [];

    public Guid? ScheduleId { get; init; }

    public string? IdempotencyKey { get; init; }

    public int Priority { get; init; } = 5;
}

/// <summary>A run with everything that its page shows first.</summary>
public sealed record RunDetail(Run Run, IReadOnlyList<NodeRun> Nodes, IReadOnlyList<Assessment> Assessments, string Recipe)
{
    /// <summary>Files that report nodes made.</summary>
    public IReadOnlyList<Artifact> Artifacts { get; init; } = [];

    /// <summary>Every attempt at its nodes, in the order in which they began.</summary>
    public IReadOnlyList<NodeAttempt> Attempts { get; init; } = [];

    /// <summary>Findings that filters hid in this run.</summary>
    public int Hidden { get; init; }
}

/// <summary>An artifact with its bytes; the caller disposes of the stream.</summary>
public sealed record ArtifactContent(Artifact Artifact, Stream Content);

/// <summary>
/// Accepting, reading and cancelling runs. The same checks for portal, API, CLI and schedule.
/// What a run needs to be reproduced is pinned when it is accepted: recipe version, package digests, targets with their authorisation, policy revision.
/// </summary>
public sealed class RunService(
    RunStore runs,
    WorkflowStore workflows,
    WorkflowService recipes,
    RunGate gate,
    TrustPolicyStore policies,
    Access access,
    RunQueue queue,
    ActiveRuns active,
    RunSignals signals,
    AuditLog audit,
    BlobStore blobs,
    TimeProvider time)
{
    /// <summary>Most targets of one run.</summary>
    public const int MostTargets = 100;

    /// <summary>Checks role, recipe, plugins, targets and authorisation, commits the run row with its audit event, then wakes the queue. The same idempotency key gives the same run.</summary>
    public async Task<Run> StartAsync(Actor actor, StartRun request, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.StartRuns, null, $"workflow/{request.WorkflowId}", ct);
        try
        {
            return await AcceptAsync(actor, request, ct);
        }
        catch (SecFlowException refused) when (Refusal(refused) is { } refusal)
        {
            var name = (await workflows.FindAsync(actor.TeamId, request.WorkflowId, ct))?.Name ?? "";
            await audit.AppendAsync(RunGate.Denied(actor, request.WorkflowId, name, refusal), ct);
            throw;
        }
    }

    private static Diagnostic? Refusal(SecFlowException error) =>
        error.Diagnostics.FirstOrDefault(d => Codes.CategoryOf(d.Code) is DiagnosticCategory.Policy or DiagnosticCategory.Trust or DiagnosticCategory.Sandbox);

    private async Task<Run> AcceptAsync(Actor actor, StartRun request, CancellationToken ct)
    {
        if (request.IdempotencyKey is { } key)
        {
            if (key.Length is < 1 or > 200)
            {
                throw new SecFlowException(Codes.RequestInvalid, $"An idempotency key has 1 to 200 characters; found {key.Length}.");
            }

            if (await runs.FindByKeyAsync(actor.TeamId, key, ct) is { } earlier)
            {
                return earlier;
            }
        }

        var workflow = await workflows.FindAsync(actor.TeamId, request.WorkflowId, ct);
        if (workflow is null || workflow.ArchivedAt is not null || await workflows.FindCurrentVersionAsync(actor.TeamId, workflow.Id, ct) is not { } version)
        {
            throw new SecFlowException(Codes.NotFound, $"There is no workflow {request.WorkflowId} in this team.");
        }

        var scope = await ScopeAsync(actor, await gate.ChooseAsync(actor.TeamId, request, ct), ct);
        var (read, used) = await recipes.ReadForStartAsync(actor.TeamId, version.Recipe, ct);
        var recipe = read.Recipe ?? throw new SecFlowException(read.Problems);
        await gate.RequireStartAsync(actor.TeamId, used, scope, ct);

        var parameters = await RecipeParameters.ResolveAsync(recipe, used, request.Parameters, scope[0].Value, ct);
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
            Priority = Math.Clamp(request.Priority, 0, 9),
            Parameters = parameters.ToJsonString(),
            SubWorkflows = RunContext.WritePins(recipe.SubWorkflows),
            Targets = pinned,
            TargetTags = string.Join(' ', request.TargetTags),
            ScopeRevision = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(pinned))),
            PolicyRevision = (await policies.FindCurrentAsync(Guid.Empty, ct))?.Digest ?? "",
            TraceId = (Activity.Current?.TraceId ?? ActivityTraceId.CreateRandom()).ToHexString(),
            IdempotencyKey = request.IdempotencyKey,
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
        var stored = await runs.CreateAsync(run, nodes, Audit(actor, "start.run", run, new JsonObject
        {
            ["workflow"] = $"{workflow.Name} v{version.Version}",
            ["recipe"] = version.Digest,
            ["subWorkflows"] = recipe.SubWorkflows.Count == 0 ? null : new JsonArray([.. recipe.SubWorkflows.Select(p => (JsonNode?)$"{p.Name} v{p.Version}")]),
            ["targets"] = new JsonArray([.. scope.Select(t => (JsonNode?)t.Value)]),
            ["tags"] = request.TargetTags.Count == 0 ? null : string.Join(' ', request.TargetTags),
            ["plugins"] = new JsonArray([.. nodes.Select(n => (JsonNode?)$"{n.PluginId}@{n.PluginVersion} {n.PluginDigest}")]),
            ["schedule"] = request.ScheduleId?.ToString(),
        }), ct);
        signals.Notify(run.TeamId, stored.Id);

        // The row is committed: from here the sweep finds it, whatever happens to this call.
        await queue.WakeAsync(stored.Id, CancellationToken.None);
        return stored;
    }

    /// <summary>Asks the run to stop; its process tree is dead within 2 s and its status is Cancelled. A run that has ended stays as it is.</summary>
    public async Task CancelAsync(Actor actor, Guid runId, CancellationToken ct)
    {
        var run = await FindAsync(actor, Permission.StartRuns, runId, ct);
        if (await runs.RequestCancelAsync(runId, actor.Name, Audit(actor, "cancel.run", run, null), ct) == false)
        {
            // Executed elsewhere, its engine sees the wish at its next look.
            active.Cancel(runId);
        }

        signals.Notify(run.TeamId, runId);
    }

    public async Task<RunDetail> GetAsync(Actor actor, Guid runId, CancellationToken ct)
    {
        var run = await FindAsync(actor, Permission.ReadRuns, runId, ct);
        var version = await workflows.FindVersionAsync(run.TeamId, run.WorkflowVersionId, ct);
        return new RunDetail(run, await runs.NodesAsync(runId, ct), await runs.AssessmentsAsync(runId, ct), version?.Recipe ?? "")
        {
            Artifacts = await runs.ArtifactsAsync(runId, ct),
            Hidden = await runs.HiddenAsync(runId, ct),
            Attempts = await runs.AttemptsAsync(runId, ct),
        };
    }

    /// <summary>Opens an artifact of a run, its bytes checked against their digest. Throws SF1502 when there is none, SF7002 when it was changed on disk.</summary>
    public async Task<ArtifactContent> OpenArtifactAsync(Actor actor, Guid runId, Guid artifactId, CancellationToken ct)
    {
        await FindAsync(actor, Permission.ReadFindings, runId, ct);
        var artifact = (await runs.ArtifactsAsync(runId, ct)).FirstOrDefault(a => a.Id == artifactId)
            ?? throw new SecFlowException(Codes.NotFound, $"The run {runId} has no artifact {artifactId}.");
        try
        {
            return new ArtifactContent(artifact, await blobs.OpenVerifiedAsync(artifact.BlobDigest, ct));
        }
        catch (IOException e)
        {
            throw new SecFlowException(Codes.StorageFailed, $"The artifact '{artifact.Name}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<Run>> ListAsync(Actor actor, int skip, int take, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadRuns, null, "runs", ct);
        return take is < 1 or > 200 || skip < 0
            ? throw new SecFlowException(Codes.RequestInvalid, $"A page has 1 to 200 runs and starts at 0 or later; asked for {take} from {skip}.")
            : await runs.ListAsync(actor.TeamId, skip, take, ct);
    }

    /// <summary>Stored events after a sequence number, at most <paramref name="take"/> (1..1000).</summary>
    public async Task<IReadOnlyList<RunEvent>> EventsAsync(Actor actor, Guid runId, long afterSeq, int take, CancellationToken ct)
    {
        await FindAsync(actor, Permission.ReadRuns, runId, ct);
        return await runs.EventsAsync(runId, afterSeq, Math.Clamp(take, 1, 1000), ct);
    }

    private async Task<Run> FindAsync(Actor actor, Permission permission, Guid runId, CancellationToken ct)
    {
        var run = await runs.FindAsync(runId, ct);
        await access.RequireAsync(actor, permission, run?.TeamId, $"run/{runId}", ct);
        return run ?? throw new SecFlowException(Codes.NotFound, $"There is no run {runId}.");
    }

    private Task<IReadOnlyList<ScopedTarget>> ScopeAsync(Actor actor, IReadOnlyList<Guid> ids, CancellationToken ct)
    {
        var wanted = ids.Distinct().ToList();
        return wanted.Count is 0 or > MostTargets
            ? throw new SecFlowException(Codes.RequestInvalid, $"A run needs 1 to {MostTargets} targets; found {wanted.Count}.")
            : gate.ScopeAsync(actor, wanted, ct);
    }

    private static AuditEntry Audit(Actor actor, string action, Run run, JsonNode? details) => new(actor, action, "run", run.Id.ToString(), run.WorkflowName)
    {
        Details = details,
        PolicyRevision = run.PolicyRevision,
        ScopeRevision = run.ScopeRevision,
        TraceId = run.TraceId,
    };
}
