using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Blobs;
using SecFlow.Data.Holds;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Runs.Raw;

/// <summary>A raw output with its bytes; the caller disposes of the stream.</summary>
public sealed record RawContent(RawOutput Output, Stream Content);

/// <summary>
/// What nodes kept, and reading it again with another approved version of the same plugin.
/// 1. The plugin runs as in a node: through <see cref="PluginRunner"/> (signature, trust policy, life, sandbox), on the team's authority, with the configuration of the run. Every call is answered from what was kept; nothing is sent.
/// 2. Findings are merged by fingerprint; decisions of people stay (<see cref="ReparseStore"/>). The run's own record, its verdicts and its datasets are as they were.
/// 3. A reading that fails changes nothing, and its event says why.
/// </summary>
public sealed class ReparseService(
    RunStore runs, ReparseStore store, PluginRegistry registry, PluginRunner runner, NodePlugins plugins, NodeDatasets datasets, BlobStore blobs, HoldStore holds, Access access, AuditLog audit, RunSignals signals, TimeProvider time)
{
    private static readonly string[] _categories = ["discovery", "scan", "analysis"];

    /// <summary>What the nodes of a run kept, in the order of the nodes.</summary>
    public async Task<IReadOnlyList<RawOutput>> OutputsAsync(Actor actor, Guid runId, CancellationToken ct)
    {
        await FindAsync(actor, Permission.ReadRuns, runId, ct);
        return await store.OutputsAsync(runId, ct);
    }

    /// <summary>Readings of a run, newest first.</summary>
    public async Task<IReadOnlyList<Reparse>> ListAsync(Actor actor, Guid runId, CancellationToken ct)
    {
        await FindAsync(actor, Permission.ReadRuns, runId, ct);
        return await store.ListAsync(runId, ct);
    }

    /// <summary>Opens a raw output, its bytes checked against their digest; who looks at it is recorded. Throws SF1502 when there is none, SF1521 when it was changed on disk.</summary>
    public async Task<RawContent> OpenAsync(Actor actor, Guid runId, Guid outputId, CancellationToken ct)
    {
        var run = await FindAsync(actor, Permission.ReadRawOutput, runId, ct);
        var output = (await store.OutputsAsync(runId, ct)).FirstOrDefault(o => o.Id == outputId) ?? throw new SecFlowException(Codes.NotFound, $"The run {runId} has no raw output {outputId}.");
        Stream content;
        try
        {
            content = await blobs.OpenVerifiedAsync(output.BlobDigest, ct);
        }
        catch (IOException e)
        {
            throw new SecFlowException(Codes.RawOutputDamaged, $"The raw output '{output.Name}' cannot be read: {e.Message}", e);
        }

        try
        {
            await audit.AppendAsync(Entry(actor, run, "read.raw", output.Name) with { Details = new JsonObject { ["output"] = output.Name, ["digest"] = output.BlobDigest, ["size"] = output.Size } }, ct);
            return new RawContent(output, content);
        }
        catch
        {
            await content.DisposeAsync();
            throw;
        }
    }

    /// <summary>Enabled versions of the plugin of a node, newest first: those that may read again what it kept. Empty when nothing was kept, or the plugin makes no findings.</summary>
    public async Task<IReadOnlyList<PluginVersion>> VersionsAsync(Actor actor, Guid runId, string nodeId, CancellationToken ct)
    {
        await FindAsync(actor, Permission.ReadRuns, runId, ct);
        var node = (await runs.NodesAsync(runId, ct)).FirstOrDefault(n => n.NodeId == nodeId);
        return node is null || !Reads(node.PluginId) ? [] : await VersionsAsync(node.PluginId, ct);
    }

    /// <summary>
    /// Reads again what a node kept. Throws SF1502 (no such run, node or version), SF1503 (the node has not ended), SF1520 and SF1521 (nothing or nothing whole was kept), SF1522 (the plugin failed; nothing was changed),
    /// and what the trust policy and the policy say of that version.
    /// </summary>
    /// <param name="actor">Who asks; may start runs.</param>
    /// <param name="runId">A run of the team.</param>
    /// <param name="nodeId">A node of it that has ended.</param>
    /// <param name="version">Version or package digest; null = the newest enabled one.</param>
    /// <param name="ct">Cancels; then nothing was changed.</param>
    public async Task<Reparse> ReparseAsync(Actor actor, Guid runId, string nodeId, string? version, CancellationToken ct)
    {
        var run = await FindAsync(actor, Permission.StartRuns, runId, ct);
        var node = (await runs.NodesAsync(runId, ct)).FirstOrDefault(n => n.NodeId == nodeId) ?? throw new SecFlowException(Codes.NotFound, $"The run has no node '{TargetValidation.Show(nodeId)}'.");
        try
        {
            return await ReadAgainAsync(actor, run, node, version, ct);
        }
        catch (SecFlowException e)
        {
            var refused = Codes.CategoryOf(e.Code) is DiagnosticCategory.Policy or DiagnosticCategory.Trust or DiagnosticCategory.Sandbox;
            await audit.AppendAsync(
                Entry(actor, run, "reparse.node", nodeId) with
                {
                    Outcome = refused ? AuditOutcome.Denied : AuditOutcome.Failed,
                    ReasonCode = e.Code,
                    Details = new JsonObject { ["plugin"] = node.PluginId, ["version"] = version is null ? null : TargetValidation.Show(version), ["message"] = e.Diagnostics[0].Message },
                },
                CancellationToken.None);
            throw;
        }
    }

    private async Task<Reparse> ReadAgainAsync(Actor actor, Run run, NodeRun node, string? version, CancellationToken ct)
    {
        if (!node.Status.IsFinal())
        {
            throw new SecFlowException(Codes.Conflict, $"The node '{node.NodeId}' is {node.Status}: wait until it has ended.");
        }

        var kept = (await store.OutputsAsync(run.Id, ct)).Where(output => output.NodeRunId == node.Id).ToList();
        if (node.CachedFromNodeRunId is not null)
        {
            throw new SecFlowException(Codes.RawOutputMissing, $"The node '{node.NodeId}' did not run here: its results were taken over from an earlier run. Read that run's node again.");
        }

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
        await using var session = await runner.OpenAsync(new PluginRequest(actor, chosen.Digest, run.Id, node.NodeId), ct);
        var output = new ReadOutput(session.Manifest, targets);
        var work = new PluginWork
        {
            Config = tape.Work["config"] as JsonObject ?? [],
            Run = tape.Work["run"] as JsonObject ?? [],
            Scope = await TargetScope.OfKeptAsync(targets, time, ct),
            Inputs = datasets.Named(tape.Work["inputs"] as JsonObject ?? [], await runs.DatasetsAsync(run.Id, ct)),
            Tape = tape,
        };
        var outcome = await session.RunAsync(work, output, ct);
        if ((output.LimitReached ?? outcome.Error) is { } error)
        {
            throw new SecFlowException(new Diagnostic(Codes.ReparseFailed, $"{chosen.PluginId} {chosen.Version} did not come to its end: {error}. Nothing was changed.") { Remedy = error.Remedy }, outcome.Fault);
        }

        var enriched = (await runs.NodesAsync(run.Id, ct)).Any(n => n.Ordinal > node.Ordinal && n.PluginId.StartsWith("enrich.", StringComparison.Ordinal) && n.Status.IsFinal());
        return await CommitAsync(actor, run, node, chosen, session.Provenance, ReparseChanges.Between(await store.FindingsAsync(node.Id, ct), output.Findings, enriched), output, tape, !kept.Exists(o => o.Truncated), ct);
    }

    private async Task<Reparse> CommitAsync(Actor actor, Run run, NodeRun node, PluginVersion chosen, PluginProvenance provenance, ReparseChanges changes, ReadOutput output, StoredTape tape, bool whole, CancellationToken ct)
    {
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
            Added = changes.Added,
            Changed = changes.Changed,
            Same = changes.Same,
            Gone = changes.Gone,
            Rejected = output.Rejected,
            Changes = changes.Json,
            Notes = Notes(output, tape, whole).ToJsonString(),
        };
        (node.PluginVersion, node.PluginDigest) = (chosen.Version, chosen.Digest);
        Checkpoint.Prove(node, provenance);
        var entry = Entry(actor, run, "reparse.node", node.NodeId) with
        {
            PolicyRevision = provenance.PolicyRevision,
            Details = new JsonObject
            {
                ["plugin"] = node.PluginId,
                ["from"] = $"{reparse.FromVersion} {reparse.FromDigest}",
                ["to"] = $"{reparse.ToVersion} {reparse.ToDigest}",
                ["signer"] = provenance.Signer,
                ["trustRule"] = provenance.TrustRule,
                ["added"] = changes.Added,
                ["changed"] = changes.Changed,
                ["same"] = changes.Same,
                ["gone"] = changes.Gone,
                ["rejected"] = output.Rejected,
                ["missing"] = tape.Missing.Count,
            },
        };
        await store.CommitAsync(node, [.. output.Findings.Select(f => (f.Fingerprint, f.Severity, f.Data))], reparse, entry, ct);
        signals.Notify(run.TeamId, run.Id);
        return reparse;
    }

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

    private static PluginVersion Choose(IReadOnlyList<PluginVersion> versions, NodeRun node, string? version) =>
        versions.FirstOrDefault(v => version is null || v.Version == version || v.Digest == version)
        ?? throw new SecFlowException(
            Codes.NotFound,
            versions.Count == 0 ? $"No version of {node.PluginId} is enabled. Have one approved and enabled first."
                : $"{node.PluginId} has no enabled version '{TargetValidation.Show(version ?? "")}'; enabled: {string.Join(", ", versions.Select(v => v.Version))}.");

    private async Task<IReadOnlyList<PluginVersion>> VersionsAsync(string pluginId, CancellationToken ct) =>
        [.. (await registry.ListAsync(ct)).Select(p => p.Row).Where(row => row.PluginId == pluginId && row.State == PluginState.Enabled).OrderByDescending(row => SemanticVersion.TryParse(row.Version)!, SemanticVersion.Order)];

    private static bool Reads(string pluginId) => _categories.Contains(pluginId.Split('.')[0], StringComparer.Ordinal);

    private async Task<Run> FindAsync(Actor actor, Permission permission, Guid runId, CancellationToken ct)
    {
        var run = await runs.FindAsync(runId, ct);
        await access.RequireAsync(actor, permission, run?.TeamId, $"run/{runId}", ct);
        return run ?? throw new SecFlowException(Access.NotFound("run"));
    }

    private static AuditEntry Entry(Actor actor, Run run, string action, string what) => new(actor, action, "run", run.Id.ToString(), $"{run.WorkflowName}: {what}")
    {
        PolicyRevision = run.PolicyRevision,
        ScopeRevision = run.ScopeRevision,
        TraceId = run.TraceId,
    };
}
