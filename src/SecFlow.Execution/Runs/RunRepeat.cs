using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Trust;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Runs;

/// <summary>
/// A run that has ended, once more. Its own record is never rewritten: what repeats it is a new run that names it (<see cref="Run.RetryOf"/>).
/// 1. The same pins: recipe version and those of its sub-workflows, package digests, parameters, targets. The gate is asked as for any start; targets that may be touched less than then are touched less.
/// 2. A retry from a node runs that node and everything after it. Of what stood before, a node that came to a result is taken over as it was (<see cref="NodeCache"/>), one that did not runs again.
/// 3. Changes of findings and reports are made anew: they speak of the run that they belong to.
/// </summary>
public sealed class RunRepeat(RunStore runs, WorkflowStore workflows, RunGate gate, TrustPolicyStore policies, RunQueue queue, RunSignals signals, TimeProvider time)
{
    /// <summary>Throws SF1502 for a node that is not there, SF1510 when nothing is left to retry.</summary>
    public async Task<Run> RetryAsync(Actor actor, Run ended, string? nodeId, CancellationToken ct)
    {
        var nodes = await runs.NodesAsync(ended.Id, ct);
        var from = nodeId is null ? nodes.FirstOrDefault(IsUnfinished) : nodes.FirstOrDefault(n => n.NodeId == nodeId);
        if (from is null)
        {
            throw nodeId is null
                ? new SecFlowException(Codes.RunNotInState, "Every node of the run came to its whole result, so there is nothing to retry. Name the node to begin at, or run it again.")
                : new SecFlowException(Codes.NotFound, $"The run has no node '{nodeId}'. Its nodes are: {string.Join(", ", nodes.Select(n => n.NodeId))}.");
        }

        return await RepeatAsync(actor, ended, nodes, from, ct);
    }

    public async Task<Run> RerunAsync(Actor actor, Run ended, CancellationToken ct) => await RepeatAsync(actor, ended, await runs.NodesAsync(ended.Id, ct), null, ct);

    /// <summary>Whether the node did not come to its whole result. What a condition skipped is asked again anyway; what a person skipped was left undone.</summary>
    public static bool IsUnfinished(NodeRun node) =>
        node.Status is not (NodeStatus.Succeeded or NodeStatus.Cached) && (node.Status != NodeStatus.Skipped || node.SkipRequestedAt is not null);

    private async Task<Run> RepeatAsync(Actor actor, Run ended, IReadOnlyList<NodeRun> nodes, NodeRun? from, CancellationToken ct)
    {
        if (await workflows.FindAsync(ended.TeamId, ended.WorkflowId, ct) is not { ArchivedAt: null } || await workflows.FindVersionAsync(ended.TeamId, ended.WorkflowVersionId, ct) is not { } version)
        {
            throw new SecFlowException(Codes.NotFound, $"The workflow '{ended.WorkflowName}' is out of use, so its runs cannot be repeated. Bring it back by saving it, then start it.");
        }

        string[] digests = [.. nodes.Select(n => n.PluginDigest)];
        var scope = await gate.RequireAgainAsync(actor, ended, digests, goesOn: false, ct);
        var pinned = RunContext.WriteTargets(scope);
        var now = time.GetUtcNow();
        var run = new Run
        {
            Id = Guid.CreateVersion7(now),
            TeamId = ended.TeamId,
            WorkflowId = ended.WorkflowId,
            WorkflowVersionId = ended.WorkflowVersionId,
            WorkflowName = ended.WorkflowName,
            WorkflowVersionNumber = ended.WorkflowVersionNumber,
            Trigger = actor.Kind == ActorKind.Token ? RunTrigger.Api : RunTrigger.Manual,
            StartedById = actor.Id,
            StartedByName = actor.Name,
            Priority = ended.Priority,
            Parameters = ended.Parameters,
            SubWorkflows = ended.SubWorkflows,
            Targets = pinned,
            TargetTags = ended.TargetTags,
            ScopeRevision = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(pinned))),
            PolicyRevision = (await policies.FindCurrentAsync(Guid.Empty, ct))?.Digest ?? "",
            TraceId = (Activity.Current?.TraceId ?? ActivityTraceId.CreateRandom()).ToHexString(),
            ParentRunId = ended.ParentRunId,
            CascadeDepth = ended.CascadeDepth,
            RetryOf = ended.Id,
            RetryFrom = from?.NodeId,
            Rerun = from is null,
        };
        var taken = from is null ? [] : nodes.Where(n => n.Ordinal < from.Ordinal && n.Status is NodeStatus.Succeeded or NodeStatus.Cached or NodeStatus.Partial).ToDictionary(n => n.NodeId, n => n.CachedFromNodeRunId ?? n.Id, StringComparer.Ordinal);
        var rows = nodes.OrderBy(n => n.Ordinal).Select(n => new NodeRun
        {
            Id = Guid.CreateVersion7(now),
            TeamId = run.TeamId,
            RunId = run.Id,
            NodeId = n.NodeId,
            Ordinal = n.Ordinal,
            Status = NodeStatus.Pending,
            PluginId = n.PluginId,
            PluginVersion = n.PluginVersion,
            PluginDigest = n.PluginDigest,
            CachedFromNodeRunId = taken.TryGetValue(n.NodeId, out var source) ? source : null,
        }).ToList();
        var stored = await runs.CreateAsync(
            new NewRun(run, rows, RunAcceptance.Audit(actor, from is null ? "rerun.run" : "retry.run", run, new JsonObject
            {
                ["of"] = ended.Id.ToString(),
                ["from"] = from?.NodeId,
                ["takenOver"] = new JsonArray([.. taken.Keys.Select(n => (JsonNode?)n)]),
                ["workflow"] = $"{run.WorkflowName} v{run.WorkflowVersionNumber}",
                ["recipe"] = version.Digest,
                ["targets"] = new JsonArray([.. scope.Select(t => (JsonNode?)t.Value)]),
                ["plugins"] = new JsonArray([.. rows.Select(n => (JsonNode?)$"{n.PluginId}@{n.PluginVersion} {n.PluginDigest}")]),
            })),
            ct);
        signals.Notify(run.TeamId, stored.Id);
        await queue.WakeAsync(stored.Id, CancellationToken.None);
        return stored;
    }
}
