using System.Data.Common;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Tools;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>
/// The end of a node as one transaction (<see cref="CheckpointStore"/>): after it the node never runs again, before it nothing of it counts.
/// What an attempt found is kept however it ended; only the output of a plugin that broke out of its rules is not believed, and an enrich or filter node that did not come to its end changes nothing.
/// </summary>
public sealed partial class Checkpoint(CheckpointStore store, CachedNodeStore cached, SecFlowMeter meter, ILogger<Checkpoint> logger)
{
    /// <summary>Called with a name between two steps; tests throw here to see what a crash leaves.</summary>
    internal Action<string> Step { get; set; } = _ => { };

    public async Task<NodeStatus> CommitAsync(RunContext context, RecipeNode recipe, NodeRun node, NodeResult result, CancellationToken ct)
    {
        using var span = SecFlowMeter.Spans.StartActivity("ingest");
        span?.SetTag("secflow.node", recipe.Id).SetTag("secflow.findings", result.Staging?.Findings ?? 0);
        if (result.Fault is not null && context.Journal.HasFailed)
        {
            // The attempt failed by exactly that: its end must still be written.
            context.Journal.DropRecords();
        }

        await context.Journal.FlushAsync(ct);
        Step("flushed");
        if (result.Fault is { } fault)
        {
            EngineFailed(logger, context.Run.Id, recipe.Id, fault);
        }

        var status = RunOutcome.NodeOf(result.Error, [.. result.Assessments.Select(a => a.Verdict)]);
        foreach (var assessment in result.Assessments)
        {
            context.Journal.Add("assessment", recipe.Id, new JsonObject { ["target"] = assessment.Target, ["verdict"] = assessment.Verdict.ToString(), ["reason"] = assessment.Reason });
        }

        context.Journal.Add("node.status", recipe.Id, new JsonObject
        {
            ["status"] = status.ToString(),
            ["attempt"] = node.Attempt,
            ["findings"] = result.Staging?.Findings ?? 0,
            ["patched"] = Marked(result, StagedFindings.Patch),
            ["hidden"] = Marked(result, StagedFindings.Hide),
            ["artifacts"] = result.Artifacts.Count == 0 ? null : new JsonArray([.. result.Artifacts.Select(a => (JsonNode)a.Name)]),
            ["code"] = result.Error?.Code,
            ["message"] = result.Error?.Message,
            ["remedy"] = result.Error?.Remedy,
        });
        CheckpointResult? done = null;
        await context.Journal.CommitAsync(
            async events => done = await store.CommitAsync(
                context.Lease,
                new NodeCheckpoint(node.Id, node.Attempt, result.Findings, (n, now) => Fill(n, now, status, result))
                {
                    Assessments = result.Assessments,
                    Datasets = result.Datasets,
                    Artifacts = result.Artifacts,
                    RawOutputs = result.RawOutputs,
                    Events = events,
                    Audit = found => Audit(context, recipe, node, status, result, found),
                },
                ct),
            ct);
        Step("committed");
        if (done is { LeftStaged: true })
        {
            await RemoveMergedAsync(context, recipe, node);
        }

        foreach (var tally in done?.Tallies ?? [])
        {
            meter.Findings(tally.Severity.ToString().ToLowerInvariant(), tally.Outcome, tally.Count);
        }

        return status;
    }

    /// <summary>The end of a node that did not run: it has the outputs of another one, and says so everywhere.</summary>
    public async Task<NodeStatus> CommitCachedAsync(RunContext context, RecipeNode recipe, NodeRun node, NodeReuse reuse, CancellationToken ct)
    {
        var source = reuse.Source.Node;
        var status = source.Status is NodeStatus.Succeeded or NodeStatus.Cached ? NodeStatus.Cached : source.Status;
        var words = $"cached, as run {source.RunId} assessed it at {source.EndedAt:u}: ";
        context.Journal.Add("node.status", recipe.Id, new JsonObject
        {
            ["status"] = status.ToString(),
            ["findings"] = source.Findings,
            ["cachedFrom"] = new JsonObject { ["run"] = source.RunId.ToString(), ["node"] = source.NodeId, ["at"] = $"{source.EndedAt:u}" },
        });
        await context.Journal.CommitAsync(
            async events => await cached.CommitAsync(
                context.Lease,
                new NodeCopy(
                    node.Id,
                    source,
                    (n, now) =>
                    {
                        (n.Status, n.StartedAt, n.EndedAt, n.Progress) = (status, n.StartedAt ?? now, now, 100);
                        (n.Findings, n.RejectedRecords, n.ErrorCode, n.ErrorMessage) = (source.Findings, source.RejectedRecords, source.ErrorCode, source.ErrorMessage);
                        n.CachedFromNodeRunId = source.CachedFromNodeRunId ?? source.Id;
                        Prove(n, reuse.Provenance);
                    },
                    words)
                {
                    Events = events,
                    Audit = [.. reuse.Decision is { } decision ? [decision] : Array.Empty<AuditEntry>(), CachedAudit(context, recipe, node, source, status, reuse.Provenance)],
                },
                ct),
            ct);
        return status;
    }

    private static AuditEntry CachedAudit(RunContext context, RecipeNode recipe, NodeRun node, NodeRun source, NodeStatus status, PluginProvenance provenance) =>
        new(context.Actor, "finish.node", "node", $"{context.Run.Id}/{recipe.Id}", recipe.Id)
        {
            OnBehalfOf = context.Run.StartedByName,
            PolicyRevision = provenance.PolicyRevision,
            ScopeRevision = context.Run.ScopeRevision,
            TraceId = context.Run.TraceId,
            Details = new JsonObject
            {
                ["status"] = status.ToString(),
                ["cachedFrom"] = $"{source.RunId}/{source.NodeId}",
                ["ranAt"] = $"{source.EndedAt:u}",
                ["plugin"] = $"{node.PluginId}@{node.PluginVersion}",
                ["digest"] = node.PluginDigest,
                ["signer"] = provenance.Signer,
                ["trustRule"] = provenance.TrustRule,
            },
        };

    private static int? Marked(NodeResult result, StagedFindings kind) => result.Findings == kind ? result.Staging!.Marks!.Count : null;

    // The node is durable: trouble here costs room in the database until the next start, never the node.
    private async Task RemoveMergedAsync(RunContext context, RecipeNode recipe, NodeRun node)
    {
        try
        {
            await store.RemoveMergedAsync(node.Id, CancellationToken.None);
        }
        catch (Exception e) when (e is DbException or DbUpdateException or IOException)
        {
            RemovalFailed(logger, context.Run.Id, recipe.Id, e);
        }
    }

    /// <summary>Which bytes run, or ran, on whose word; null = they were refused.</summary>
    internal static void Prove(NodeRun node, PluginProvenance? provenance)
    {
        (node.Signer, node.TrustRule) = (provenance?.Signer, provenance?.TrustRule);
        (node.PolicyRevision, node.TrustRoot) = (provenance?.PolicyRevision, provenance?.TrustRoot);
        (node.SignerIdentity, node.SignerKey) = (provenance?.SignerIdentity, provenance?.SignerKey);
    }

    private static void Fill(NodeRun node, DateTimeOffset now, NodeStatus status, NodeResult result)
    {
        (node.Status, node.EndedAt, node.ErrorCode, node.ErrorMessage) = (status, now, result.Error?.Code, result.Error?.Message);
        (node.Findings, node.RejectedRecords) = (result.Staging?.Findings ?? 0, result.Staging?.Rejected ?? 0);
        Prove(node, result.Provenance);
        (node.CachedFromNodeRunId, node.ChunkState) = (null, null);
        node.CacheKey = status == NodeStatus.Succeeded && result.Key is { } key && result.Outcome is { } used && key.Facts.Cover(used) ? key.Digest : null;
        if (status == NodeStatus.Succeeded)
        {
            node.Progress = 100;
        }

        if (result.Outcome is { } outcome)
        {
            (node.HttpRequests, node.RefusedCalls, node.AddressesReached, node.PeakBytes, node.CpuMilliseconds) = (outcome.HttpRequests, outcome.RefusedCalls, outcome.AddressesReached, outcome.PeakBytes, outcome.CpuMilliseconds);
            node.Resources = new JsonArray([.. outcome.Resources.Select(r => (JsonNode)new JsonObject { ["uri"] = r.Uri, ["version"] = r.Version, ["digest"] = r.Digest })]).ToJsonString();
            node.Tools = ToolUse.ToJson(outcome.Tools);
            (node.Tool, node.ToolVersion) = ToolUse.Names(outcome.Tools);
        }
    }

    private static AuditEntry Audit(RunContext context, RecipeNode recipe, NodeRun node, NodeStatus status, NodeResult result, IReadOnlyList<FindingTally> tallies) =>
        new(context.Actor, "finish.node", "node", $"{context.Run.Id}/{recipe.Id}", recipe.Id)
        {
            Outcome = status switch { NodeStatus.Denied => AuditOutcome.Denied, NodeStatus.Succeeded or NodeStatus.Partial => AuditOutcome.Allowed, _ => AuditOutcome.Failed },
            ReasonCode = result.Error?.Code,
            OnBehalfOf = context.Run.StartedByName,
            PolicyRevision = result.Provenance?.PolicyRevision ?? context.Run.PolicyRevision,
            ScopeRevision = context.Run.ScopeRevision,
            TraceId = context.Run.TraceId,
            Details = new JsonObject
            {
                ["status"] = status.ToString(),
                ["attempt"] = node.Attempt,
                ["plugin"] = $"{node.PluginId}@{node.PluginVersion}",
                ["digest"] = node.PluginDigest,
                ["signer"] = result.Provenance?.Signer,
                ["trustRule"] = result.Provenance?.TrustRule,
                ["trustRoot"] = result.Provenance?.TrustRoot,
                ["sandbox"] = result.Provenance?.Level.ToString(),
                ["findings"] = new JsonObject(tallies.GroupBy(t => t.Outcome).Select(g => KeyValuePair.Create(g.Key, (JsonNode?)g.Sum(t => t.Count)))),
                ["patched"] = Marked(result, StagedFindings.Patch),
                ["hidden"] = Marked(result, StagedFindings.Hide),
                ["artifacts"] = new JsonObject(result.Artifacts.Select(a => KeyValuePair.Create(a.Name, (JsonNode?)a.BlobDigest))),
                ["rejected"] = result.Staging?.Rejected ?? 0,
                ["httpRequests"] = result.Outcome?.HttpRequests ?? 0,
                ["refusedCalls"] = result.Outcome?.RefusedCalls ?? 0,
                ["tools"] = JsonNode.Parse(ToolUse.ToJson(result.Outcome?.Tools ?? [])),
                ["message"] = result.Error?.Message,
            },
        };

    [LoggerMessage(Level = LogLevel.Warning, Message = "The staged records of node {NodeId} of run {RunId} could not be removed after its checkpoint; the next start removes them")]
    private static partial void RemovalFailed(ILogger logger, Guid runId, string nodeId, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "The engine failed while it ran node {NodeId} of run {RunId}")]
    private static partial void EngineFailed(ILogger logger, Guid runId, string nodeId, Exception error);
}
