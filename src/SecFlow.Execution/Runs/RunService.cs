using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Blobs;
using SecFlow.Data.Runs;
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

    /// <summary>The run whose discoveries start this one.</summary>
    public CascadeOrigin? Cascade { get; init; }

    public string? IdempotencyKey { get; init; }

    public int Priority { get; init; } = 5;
}

/// <summary>Where a cascade comes from.</summary>
/// <param name="RunId">The run above.</param>
/// <param name="NodeId">Its node that discovered.</param>
/// <param name="Depth">Cascades above the new run, from 1.</param>
public sealed record CascadeOrigin(Guid RunId, string? NodeId, int Depth);

/// <summary>A run with everything that its page shows first.</summary>
public sealed record RunDetail(Run Run, IReadOnlyList<NodeRun> Nodes, IReadOnlyList<Assessment> Assessments, string Recipe)
{
    /// <summary>Files that report nodes made.</summary>
    public IReadOnlyList<Artifact> Artifacts { get; init; } = [];

    /// <summary>Every attempt at its nodes, in the order in which they began.</summary>
    public IReadOnlyList<NodeAttempt> Attempts { get; init; } = [];

    /// <summary>Findings that filters hid in this run.</summary>
    public int Hidden { get; init; }

    /// <summary>Where the outputs of nodes that did not run come from, by <see cref="NodeRun.CachedFromNodeRunId"/>.</summary>
    public IReadOnlyDictionary<Guid, NodeRun> Sources { get; init; } = new Dictionary<Guid, NodeRun>();
}

/// <summary>What came of the cascades of a run.</summary>
/// <param name="Parent">The run whose cascade this one is; null = none, or gone.</param>
/// <param name="Children">The runs that were started, as they are now.</param>
/// <param name="Told">What each cascade said at the run's end: <c>{workflow, from, node, code, reason, records, started, refused, outOfScope, outside, left, leftNames, notLookedAt}</c>.</param>
public sealed record RunCascades(Run? Parent, IReadOnlyList<Run> Children, IReadOnlyList<JsonObject> Told);

/// <summary>An artifact with its bytes; the caller disposes of the stream.</summary>
public sealed record ArtifactContent(Artifact Artifact, Stream Content);

/// <summary>
/// Accepting, reading and cancelling runs. The same checks for portal, API, CLI and schedule.
/// </summary>
public sealed class RunService(
    RunStore runs,
    WorkflowStore workflows,
    RunAcceptance acceptance,
    Access access,
    RunQueue queue,
    ActiveRuns active,
    RunSignals signals,
    AuditLog audit,
    BlobStore blobs)
{
    /// <summary>
    /// Checks role, recipe, plugins, targets and authorisation, commits the run row with its audit event, then wakes the queue.
    /// The same idempotency key gives the same run; with another request it is SF1320.
    /// </summary>
    public Task<Run> StartAsync(Actor actor, StartRun request, CancellationToken ct) => StartAsync(actor, request, runs.CreateAsync, ct);

    /// <summary>The same for a run whose transaction decides more than that it is stored; <paramref name="store"/> gives the run, or the earlier one of its key.</summary>
    internal async Task<Run> StartAsync(Actor actor, StartRun request, Func<NewRun, CancellationToken, Task<Run>> store, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.StartRuns, null, $"workflow/{request.WorkflowId}", ct);
        var facts = new StartFacts();
        try
        {
            return await AcceptAsync(actor, request, facts, store, ct);
        }
        catch (SecFlowException refused) when (RunAcceptance.RefusalOf(refused) is { } refusal)
        {
            await audit.AppendAsync(await acceptance.DeniedAsync(actor, request.WorkflowId, refusal, facts, ct), ct);
            throw;
        }
    }

    private async Task<Run> AcceptAsync(Actor actor, StartRun request, StartFacts facts, Func<NewRun, CancellationToken, Task<Run>> store, CancellationToken ct)
    {
        if (request.IdempotencyKey is { } key)
        {
            if (key.Length is < 1 or > 200)
            {
                throw new SecFlowException(Codes.RequestInvalid, $"An idempotency key has 1 to 200 characters; found {key.Length}.");
            }

            if (await runs.FindByKeyAsync(actor.TeamId, key, ct) is { } earlier)
            {
                return RequestDigest.RequireSame(earlier, request);
            }
        }

        var made = await acceptance.PrepareAsync(actor, request, facts, ct);
        var stored = await store(made, ct);
        if (stored.Id != made.Run.Id)
        {
            return RequestDigest.RequireSame(stored, request);
        }

        signals.Notify(stored.TeamId, stored.Id);

        // The row is committed: from here the sweep finds it, whatever happens to this call.
        await queue.WakeAsync(stored.Id, CancellationToken.None);
        return stored;
    }

    /// <summary>Asks the run to stop; its process tree is dead within 2 s and its status is Cancelled. A run that has ended stays as it is.</summary>
    public async Task CancelAsync(Actor actor, Guid runId, CancellationToken ct)
    {
        var run = await FindAsync(actor, Permission.StartRuns, runId, ct);
        if (await runs.RequestCancelAsync(runId, actor.Name, RunAcceptance.Audit(actor, "cancel.run", run, null), ct) == false)
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
        var nodes = await runs.NodesAsync(runId, ct);
        return new RunDetail(run, nodes, await runs.AssessmentsAsync(runId, ct), version?.Recipe ?? "")
        {
            Artifacts = await runs.ArtifactsAsync(runId, ct),
            Hidden = await runs.HiddenAsync(runId, ct),
            Attempts = await runs.AttemptsAsync(runId, ct),
            Sources = await runs.SourcesAsync(nodes, ct),
        };
    }

    /// <summary>The run above it, the runs below it, and what its cascades refused or left out.</summary>
    public async Task<RunCascades> CascadesAsync(Actor actor, Guid runId, CancellationToken ct)
    {
        var run = await FindAsync(actor, Permission.ReadRuns, runId, ct);
        return new RunCascades(
            run.ParentRunId is { } parent ? await runs.FindAsync(parent, ct) : null,
            await runs.ChildrenAsync(runId, ct),
            [.. (await runs.CascadeEventsAsync(runId, ct)).Select(e => (JsonObject)JsonNode.Parse(e.Data)!)]);
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
}
