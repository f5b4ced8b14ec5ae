using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Runs.Raw;

/// <summary>One reading: what was kept is opened, the plugin runs, what it says is staged, compared and merged.</summary>
public sealed partial class ReparseService
{
    private async Task<Reparse> ReadAgainAsync(Actor actor, Run run, NodeRun node, string? version, CancellationToken ct)
    {
        if (!node.Status.IsFinal())
        {
            throw new SecFlowException(Codes.Conflict, $"The node '{node.NodeId}' is {node.Status}: wait until it has ended.");
        }

        if (node.CachedFromNodeRunId is { } source)
        {
            var from = await store.RunOfAsync(run.TeamId, source, ct);
            throw new SecFlowException(Codes.RawOutputMissing, $"The node '{node.NodeId}' did not run here: its results were taken over from {(from is null ? "a run that is gone" : $"the run {from}. Read the node '{node.NodeId}' of that run again")}.");
        }

        var kept = (await store.OutputsAsync(run.Id, ct)).Where(output => output.NodeRunId == node.Id).ToList();

        if (!Reads(node.PluginId) || !kept.Any(output => output.Kind == RawOutputKind.Calls))
        {
            throw new SecFlowException(
                Codes.RawOutputMissing, $"The node '{node.NodeId}' ({node.PluginId}) kept nothing that could be read again: {(Reads(node.PluginId) ? "its plugin read nothing of a target or a tool" : $"only plugins that find something ({string.Join(", ", _categories)}) read again")}.");
        }

        var chosen = Choose(await VersionsAsync(node.PluginId, ct), node, version);
        if (await plugins.FindAsync(run.TeamId, chosen.Digest, ct) is { } installed && plugins.DecideStart([installed], [], await holds.StandingAsync(run.TeamId, ct)) is { } refusal)
        {
            throw new SecFlowException(refusal);
        }

        await using var tape = await StoredTape.OpenAsync(blobs, kept, ct);
        var targets = RunContext.ReadTargets(run.Targets);
        var session = await plugins.OpenAsync(new PluginRequest(actor, chosen.Digest, run.Id, node.NodeId), ct);
        try
        {
            var output = new ReadOutput(store, node, session.Manifest, targets);
            try
            {
                var work = new PluginWork
                {
                    Config = tape.Work["config"] as JsonObject ?? [],
                    Run = tape.Work["run"] as JsonObject ?? [],
                    Scope = await TargetScope.OfKeptAsync(targets, time, ct),
                    Inputs = datasets.Named(tape.Work["inputs"] as JsonObject ?? [], await runs.DatasetsAsync(run.Id, ct)),
                    Tape = tape,
                };
                var outcome = await session.RunAsync(work, output, ct);
                if (DatabaseTrouble.Of(outcome.Fault) is not null)
                {
                    ExceptionDispatchInfo.Throw(outcome.Fault!);
                }

                if ((output.LimitReached ?? outcome.Error) is { } error)
                {
                    throw new SecFlowException(new Diagnostic(Codes.ReparseFailed, $"{chosen.PluginId} {chosen.Version} did not come to its end: {error}. Nothing was changed.") { Remedy = error.Remedy }, outcome.Fault);
                }

                await output.FlushAsync(ct);
                return await MergeAsync(actor, run, node, chosen, session.Provenance, output, Notes(output, tape, IsWhole(node, kept)), tape.Missing.Count, ct);
            }
            finally
            {
                await RemoveAsync(node, output);
            }
        }
        finally
        {
            await session.CloseAsync();
        }
    }

    /// <summary>What was staged is merged, or not wanted any more. Where it cannot be removed the reading is what it is, and the next engine that starts removes it.</summary>
    private async Task RemoveAsync(NodeRun node, ReadOutput output)
    {
        try
        {
            await store.RemoveAsync(node.Id, output.Attempt, CancellationToken.None);
        }
        catch (Exception e) when (DatabaseTrouble.Of(e) is not null)
        {
            RemovalFailed(logger, node.NodeId, node.RunId, e);
        }
    }

    private async Task<Reparse> MergeAsync(Actor actor, Run run, NodeRun node, PluginVersion chosen, PluginProvenance provenance, ReadOutput output, JsonArray notes, int missing, CancellationToken ct)
    {
        var enriched = (await runs.NodesAsync(run.Id, ct)).Any(n => n.Ordinal > node.Ordinal && n.PluginId.StartsWith("enrich.", StringComparison.Ordinal) && n.Status.IsFinal());
        var reparse = new Reparse
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()),
            TeamId = run.TeamId,
            RunId = run.Id,
            NodeRunId = node.Id,
            NodeId = node.NodeId,
            PluginId = node.PluginId,
            FromVersion = node.PluginVersion,
            FromDigest = node.PluginDigest,
            ToVersion = chosen.Version,
            ToDigest = chosen.Digest,
            Signer = provenance.Signer,
            By = actor.Name,
            Rejected = output.Rejected,
            Notes = notes.ToJsonString(),
        };
        (node.PluginVersion, node.PluginDigest) = (chosen.Version, chosen.Digest);
        Checkpoint.Prove(node, provenance);
        bool merged;
        do
        {
            // Each turn but the last means that another reading of this node was merged meanwhile: what is new is seen from there.
            var earlier = await store.CountAsync(node.Id, ct);
            var changes = await ReparseChanges.OfAsync(store, node, output, enriched, ct);
            (reparse.Added, reparse.Changed, reparse.Same, reparse.Gone, reparse.Changes) = (changes.Added, changes.Changed, changes.Same, changes.Gone, changes.Json);
            merged = await store.CommitAsync(new Reading(node, output.Attempt, earlier, output.Count), reparse, Merged(actor, run, reparse, provenance, missing), ct);
        }
        while (!merged);

        signals.Notify(run.TeamId, run.Id);
        return reparse;
    }

    private static AuditEntry Merged(Actor actor, Run run, Reparse reparse, PluginProvenance provenance, int missing) => Entry(actor, run, "reparse.node", reparse.NodeId) with
    {
        PolicyRevision = provenance.PolicyRevision,
        Details = new JsonObject
        {
            ["plugin"] = reparse.PluginId,
            ["from"] = $"{reparse.FromVersion} {reparse.FromDigest}",
            ["to"] = $"{reparse.ToVersion} {reparse.ToDigest}",
            ["signer"] = provenance.Signer,
            ["trustRule"] = provenance.TrustRule,
            ["added"] = reparse.Added,
            ["changed"] = reparse.Changed,
            ["same"] = reparse.Same,
            ["gone"] = reparse.Gone,
            ["rejected"] = reparse.Rejected,
            ["missing"] = missing,
        },
    };

    // A chunk that makes calls keeps a file of them; those that an engine finished before it died are not kept.
    private static bool IsWhole(NodeRun node, List<RawOutput> kept) => !kept.Exists(o => o.Truncated) && kept.Count(o => o.Kind == RawOutputKind.Calls) >= node.ChunksTotal;

    private static JsonArray Notes(ReadOutput output, StoredTape tape, bool whole)
    {
        var notes = new JsonArray();
        if (!whole)
        {
            notes.Add("Not everything that came in the run was kept: what is said to be gone may only be beyond what is kept.");
        }

        if (tape.Missing.Count > 0)
        {
            notes.Add($"{tape.Missing.Count} calls of this version were not made in the run, so that nothing was kept of them: {string.Join(", ", tape.Missing.Take(5))}.");
        }

        if (tape.Alike > 0)
        {
            notes.Add($"{tape.Alike} calls are worded differently in this version; they were answered by those of the run.");
        }

        foreach (var reason in output.Reasons)
        {
            notes.Add($"Rejected: {reason}");
        }

        foreach (var verdict in output.Verdicts.Take(10))
        {
            notes.Add($"This version says of what was kept: {verdict}");
        }

        return notes;
    }
}
