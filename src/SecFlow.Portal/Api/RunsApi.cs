using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Tools;
using SecFlow.Portal.Teams;
using SecFlow.Portal.Web;

namespace SecFlow.Portal.Api;

/// <summary>Body of <c>POST /api/v1/runs</c>.</summary>
public sealed record StartRunBody(Guid? WorkflowId, IReadOnlyList<Guid>? TargetIds, IReadOnlyList<string>? TargetNames, IReadOnlyList<string>? TargetTags, JsonObject? Parameters, int? Priority);

/// <summary>A run as the API shows it.</summary>
public sealed record ApiRun(
    Guid Id, Guid WorkflowId, string Workflow, int WorkflowVersion, RunStatus Status, RunTrigger Trigger, string StartedBy, DateTimeOffset QueuedAt, DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt, string? SandboxLevel, string PolicyRevision, string ScopeRevision, string? ErrorCode, string? ErrorMessage, string? TraceId, long LastEventSeq, string TargetTags)
{
    /// <summary>Null while it is not paused.</summary>
    public ApiPause? Pause { get; init; }

    /// <summary>How long it stood still in pauses that are over, seconds.</summary>
    public double PausedSeconds { get; init; }

    public DateTimeOffset? CancelRequestedAt { get; init; }

    /// <summary>The run that this one repeats; null for a run of its own.</summary>
    public Guid? RetryOf { get; init; }

    /// <summary>Node from which it repeats it; null when it repeats all of it.</summary>
    public string? RetryFrom { get; init; }

    public bool Rerun { get; init; }

    /// <summary>The run whose cascade this one is; null for any other.</summary>
    public Guid? ParentRunId { get; init; }

    /// <summary>Cascades above it.</summary>
    public int CascadeDepth { get; init; }

    public static ApiRun Of(Run run) => new(
        run.Id, run.WorkflowId, run.WorkflowName, run.WorkflowVersionNumber, run.Status, run.Trigger, run.StartedByName, run.QueuedAt, run.StartedAt,
        run.EndedAt, run.SandboxLevel, run.PolicyRevision, run.ScopeRevision, run.ErrorCode, run.ErrorMessage, run.TraceId, run.LastEventSeq, run.TargetTags)
    {
        Pause = run.PauseRequestedAt is { } since ? new ApiPause(since, run.PauseRequestedBy ?? "", run.PauseReason) : null,
        PausedSeconds = run.PausedSeconds,
        CancelRequestedAt = run.CancelRequestedAt,
        RetryOf = run.RetryOf,
        RetryFrom = run.RetryFrom,
        Rerun = run.Rerun,
        ParentRunId = run.ParentRunId,
        CascadeDepth = run.CascadeDepth,
    };
}

/// <summary>The pause that a run is in.</summary>
public sealed record ApiPause(DateTimeOffset Since, string By, string? Reason);

/// <param name="Signer">Whose verified signature it is; null before the node began.</param>
/// <param name="PolicyRevision">Revision of the trust policy under which it ran.</param>
/// <param name="TrustRoot">Trust root that was asked; null where none was.</param>
/// <param name="Provenance">All of it as one line.</param>
public sealed record ApiNode(
    string Id, NodeStatus Status, int Attempt, string Plugin, string PluginVersion, string PluginDigest, string? Signer, string? TrustRule, string? PolicyRevision, string? TrustRoot, string Provenance, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt,
    int? Progress, string? ProgressText, string? ErrorCode, string? ErrorMessage, int Findings, int RejectedRecords, int HttpRequests, int RefusedCalls, IReadOnlyList<ToolUse> Tools)
{
    /// <summary>The run whose outputs it uses instead of its own; null when it ran.</summary>
    public Guid? CachedFromRun { get; init; }

    /// <summary>When these outputs came to be.</summary>
    public DateTimeOffset? CachedAt { get; init; }

    /// <summary>Chunks of a <c>foreach</c> node that are done, of <see cref="ChunksTotal"/>; 0 = none is.</summary>
    public int ChunksDone { get; init; }

    public int ChunksTotal { get; init; }

    public static ApiNode Of(NodeRun node, NodeRun? source = null) => new(
        node.NodeId, node.Status, node.Attempt, node.PluginId, node.PluginVersion, node.PluginDigest, node.Signer, node.TrustRule, node.PolicyRevision, node.TrustRoot, Execution.Plugins.Provenance.Of(node).ToString(), node.StartedAt, node.EndedAt,
        node.Progress, node.ProgressText, node.ErrorCode, node.ErrorMessage, node.Findings, node.RejectedRecords, node.HttpRequests, node.RefusedCalls, ToolUse.FromJson(node.Tools))
    {
        CachedFromRun = source?.RunId,
        CachedAt = source?.EndedAt,
        ChunksDone = node.ChunksDone,
        ChunksTotal = node.ChunksTotal,
    };
}

/// <summary>What came of a run's cascades.</summary>
/// <param name="ParentRunId">The run above; null = none.</param>
/// <param name="Children">Runs that were started.</param>
/// <param name="Cascades">What each cascade started, refused and left out.</param>
public sealed record ApiCascades(Guid? ParentRunId, IReadOnlyList<ApiRun> Children, IReadOnlyList<JsonObject> Cascades);

public sealed record ApiAssessment(Guid TargetId, string Target, string Plugin, Verdict Verdict, string Reason);

/// <summary>A file that a report node made; its bytes are at <c>/api/v1/runs/{run}/artifacts/{id}</c>.</summary>
public sealed record ApiArtifact(Guid Id, string Name, string MediaType, long Size, string Digest, DateTimeOffset CreatedAt);

public sealed record ApiRunDetail(ApiRun Run, IReadOnlyList<ApiNode> Nodes, IReadOnlyList<ApiAssessment> Assessments, IReadOnlyList<ApiArtifact> Artifacts, int HiddenFindings, IReadOnlyList<ApiAttempt> Attempts);

/// <param name="Status"><c>Running</c> while it is going on; <c>Interrupted</c> when the system ended it.</param>
/// <param name="Engine">Instance that made it.</param>
/// <param name="Epoch">Lease epoch under which it was begun.</param>
public sealed record ApiAttempt(string Node, int Attempt, NodeStatus Status, string Engine, long Epoch, DateTimeOffset BeganAt, DateTimeOffset? EndedAt, string? ErrorCode, string? Reason);

/// <summary>Runs: start, list, read, events. What may be done with one afterwards: <see cref="RunControlApi"/>.</summary>
public static class RunsApi
{
    public static void MapRuns(this RouteGroupBuilder api)
    {
        api.MapPost("/runs", StartAsync).WithName("startRun").Produces<ApiRun>(StatusCodes.Status202Accepted);
        api.MapGet("/runs", ListAsync).WithName("listRuns").Produces<ApiPage<ApiRun>>();
        api.MapGet("/runs/{id:guid}", GetAsync).WithName("getRun").Produces<ApiRunDetail>();
        api.MapGet("/runs/{id:guid}/cascades", CascadesAsync).WithName("runCascades").Produces<ApiCascades>();
        api.MapGet("/runs/{id:guid}/artifacts/{artifactId:guid}", DownloadAsync).WithName("downloadArtifact").Produces<byte[]>(contentType: "application/octet-stream");
        api.MapGet("/runs/{id:guid}/events", RunEventStream.WriteAsync).WithName("watchRun").Produces<string>(contentType: "text/event-stream");
    }

    private static async Task<IResult> StartAsync(StartRunBody body, HttpContext context, CurrentActor actors, RunService runs, CancellationToken ct)
    {
        var problems = new List<Diagnostic>();
        if (body.WorkflowId is null)
        {
            problems.Add(new Diagnostic(Codes.RequestInvalid, "workflowId is missing.") { Path = "$.workflowId" });
        }

        if ((body.TargetIds?.Count ?? 0) + (body.TargetNames?.Count ?? 0) + (body.TargetTags?.Count ?? 0) == 0)
        {
            problems.Add(new Diagnostic(Codes.RequestInvalid, "targetIds, targetNames and targetTags are missing or empty: name at least one target or tag.") { Path = "$.targetIds" });
        }

        if (body.Priority is < 0 or > 9)
        {
            problems.Add(new Diagnostic(Codes.RequestInvalid, $"priority {body.Priority}: 0 (lowest) to 9 was expected.") { Path = "$.priority" });
        }

        var key = IdempotencyKeys.Read(context, problems);
        if (problems.Count > 0)
        {
            throw new SecFlowException(problems);
        }

        var actor = await actors.OfRequestAsync(context, ct);
        var request = new StartRun(body.WorkflowId!.Value, body.TargetIds ?? [], RunTrigger.Api)
        {
            TargetNames = body.TargetNames ?? [],
            TargetTags = body.TargetTags ?? [],
            Parameters = body.Parameters ?? [],
            Priority = body.Priority ?? 5,
            IdempotencyKey = key,
        };
        var run = await runs.StartAsync(actor, request, ct);
        return Results.Accepted($"/api/v1/runs/{run.Id}", ApiRun.Of(run));
    }

    private static async Task<ApiPage<ApiRun>> ListAsync(string? cursor, int? limit, HttpContext context, CurrentActor actors, RunService runs, CancellationToken ct)
    {
        var (skip, take) = (Cursor.Read(cursor), Cursor.Limit(limit));
        var rows = await runs.ListAsync(await actors.OfRequestAsync(context, ct), skip, take + 1, ct);
        return new ApiPage<ApiRun>([.. rows.Take(take).Select(ApiRun.Of)], rows.Count > take ? Cursor.At(skip + take) : null);
    }

    private static async Task<ApiRunDetail> GetAsync(Guid id, HttpContext context, CurrentActor actors, RunService runs, CancellationToken ct)
    {
        var detail = await runs.GetAsync(await actors.OfRequestAsync(context, ct), id, ct);
        return new ApiRunDetail(
            ApiRun.Of(detail.Run),
            [.. detail.Nodes.OrderBy(n => n.Ordinal).Select(n => ApiNode.Of(n, n.CachedFromNodeRunId is { } id ? detail.Sources.GetValueOrDefault(id) : null))],
            [.. detail.Assessments.Select(a => new ApiAssessment(a.TargetId, a.Target, a.PluginId, a.Verdict, a.Reason))],
            [.. detail.Artifacts.Select(a => new ApiArtifact(a.Id, a.Name, a.MediaType, a.Size, a.BlobDigest, a.CreatedAt))],
            detail.Hidden,
            [.. detail.Attempts.Select(a => new ApiAttempt(a.NodeId, a.Attempt, a.Status, a.Engine, a.Epoch, a.BeganAt, a.EndedAt, a.ErrorCode, a.Reason))]);
    }

    private static async Task<ApiCascades> CascadesAsync(Guid id, HttpContext context, CurrentActor actors, RunService runs, CancellationToken ct)
    {
        var cascades = await runs.CascadesAsync(await actors.OfRequestAsync(context, ct), id, ct);
        return new ApiCascades(cascades.Parent?.Id, [.. cascades.Children.Select(ApiRun.Of)], cascades.Told);
    }

    private static async Task<IResult> DownloadAsync(Guid id, Guid artifactId, HttpContext context, CurrentActor actors, RunService runs, CancellationToken ct) =>
        await ArtifactDownloads.SendAsync(context, await runs.OpenArtifactAsync(await actors.OfRequestAsync(context, ct), id, artifactId, ct));
}
