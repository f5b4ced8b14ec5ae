using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Blobs;
using SecFlow.Data.Holds;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs.Raw;

/// <summary>A raw output with its bytes; the caller disposes of the stream.</summary>
public sealed record RawContent(RawOutput Output, Stream Content);

/// <summary>
/// What nodes kept, and reading it again with another approved version of the same plugin.
/// 1. The plugin runs as in a node: through <see cref="NodePlugins"/> (signature, trust policy, life, sandbox), on the team's authority, with the configuration of the run. Every call is answered from what was kept; nothing is sent.
/// 2. Findings are merged by fingerprint; decisions of people stay (<see cref="ReparseStore"/>). The run's own record, its verdicts and its datasets are as they were.
/// 3. A reading that fails changes nothing, and its event says why, whatever it failed by.
/// 4. At most <see cref="AtOnce"/> readings go on in a process: each has a plugin host and a merge that others wait for. One more is refused, not kept waiting.
/// </summary>
public sealed partial class ReparseService(
    RunStore runs,
    ReparseStore store,
    Func<CancellationToken, Task<RecipePlugins>> installed,
    NodePlugins plugins,
    NodeDatasets datasets,
    BlobStore blobs,
    HoldStore holds,
    Access access,
    AuditLog audit,
    RunSignals signals,
    TimeProvider time,
    ILogger<ReparseService> logger) : IDisposable
{
    /// <summary>Readings of one process at the same time.</summary>
    public const int AtOnce = 2;

    private static readonly string[] _categories = ["discovery", "scan", "analysis"];
    private readonly SemaphoreSlim _places = new(AtOnce, AtOnce);

    public void Dispose() => _places.Dispose();

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
    /// Reads again what a node kept. Throws SF1502 (no such run, node or version), SF1503 (the node has not ended, or somebody changed the same meanwhile), SF1520 and SF1521 (nothing or nothing whole was kept),
    /// SF1522 (the plugin failed), SF1523 (too many readings at once), and what the trust policy and the policy say of that version.
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
            if (!await _places.WaitAsync(TimeSpan.Zero, ct))
            {
                throw new SecFlowException(Codes.ReparseBusy, $"{AtOnce} readings go on already, and no more are made at once. Nothing was changed; ask again when one of them has ended.");
            }

            try
            {
                return await ReadAgainAsync(actor, run, node, version, ct);
            }
            finally
            {
                _places.Release();
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            var told = Told(e);
            var refused = Codes.CategoryOf(told.Code) is DiagnosticCategory.Policy or DiagnosticCategory.Trust or DiagnosticCategory.Sandbox;
            await audit.AppendAsync(
                Entry(actor, run, "reparse.node", nodeId) with
                {
                    Outcome = refused ? AuditOutcome.Denied : AuditOutcome.Failed,
                    ReasonCode = told.Code,
                    Details = new JsonObject { ["plugin"] = node.PluginId, ["version"] = version is null ? null : TargetValidation.Show(version), ["message"] = told.Diagnostics[0].Message },
                },
                CancellationToken.None);
            if (ReferenceEquals(told, e))
            {
                throw;
            }

            throw told;
        }
    }

    /// <summary>What a caller is told of a failure. Messages of exceptions that are not expected stay in the log.</summary>
    private SecFlowException Told(Exception e)
    {
        switch (e)
        {
            case SecFlowException known:
                return known;
            case ConflictException:
                return new SecFlowException(Codes.Conflict, e.Message, e);
            case var _ when DatabaseTrouble.Of(e) is { } trouble:
                return new SecFlowException(EngineTroubles.CodeOf(trouble.Kind), "The database could not do this now, and nothing was changed. Ask again in a while.", e);
            default:
                Failed(logger, e);
                return new SecFlowException(e is IOException ? Codes.StorageFailed : Codes.Unexpected, "The reading failed by something that was not expected, and nothing was changed. It is in the log.", e);
        }
    }

    private static PluginVersion Choose(IReadOnlyList<PluginVersion> versions, NodeRun node, string? version) =>
        versions.FirstOrDefault(v => version is null || v.Version == version || v.Digest == version)
        ?? throw new SecFlowException(
            Codes.NotFound,
            versions.Count == 0 ? $"No version of {node.PluginId} is enabled. Have one approved and enabled first."
                : $"{node.PluginId} has no enabled version '{TargetValidation.Show(version ?? "")}'; enabled: {string.Join(", ", versions.Select(v => v.Version))}.");

    private async Task<IReadOnlyList<PluginVersion>> VersionsAsync(string pluginId, CancellationToken ct) =>
        [.. (await installed(ct)).Installed.Select(p => p.Row).Where(row => row.PluginId == pluginId && row.State == PluginState.Enabled).OrderByDescending(row => SemanticVersion.TryParse(row.Version)!, SemanticVersion.Order)];

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

    [LoggerMessage(Level = LogLevel.Error, Message = "Reading again what a node kept failed")]
    private static partial void Failed(ILogger logger, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What a reading of node {NodeId} of run {RunId} staged could not be removed; the next start removes it")]
    private static partial void RemovalFailed(ILogger logger, string nodeId, Guid runId, Exception error);
}
