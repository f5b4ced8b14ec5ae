using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>
/// One node, top to bottom:
///   1. the policy is asked (<see cref="RunGate"/>), the plugin verified; the outputs of an equal node are used where there are any (<see cref="NodeCache"/>): 7 follows; that decision and the attempt's begin (row, event; what earlier attempts staged is gone) are one transaction
///   2. its host: the one that served this package in this run before, or a fresh one
///   3. targets are resolved and pinned
///   4. it runs; what it says is staged
///   5. verdicts: every target that was to be assessed has one, said by the plugin or "not assessed"
///   6. another attempt after a wait, when that may help: the recipe's limit and the wait go by the tries, which are the attempts that the system did not end
///   7. checkpoint
/// </summary>
public sealed class NodeExecutor(RunWriter writer, RunStore runs, RunGate gate, NodePlugins plugins, PolicyEvaluator evaluator, AuditLog audit, NodeDatasets datasets, NodeCache cache, Checkpoint checkpoint, SecFlowMeter meter, TimeProvider time)
{
    /// <summary>An engine's own trouble (a database that is busy, a host that does not start) is worth these attempts, whatever the recipe says.</summary>
    private static readonly RetryPolicy _infrastructure = new(3, 2, 1);

    private readonly NodeChunks _chunks = new(writer);

    /// <summary>Runs the node to its end; the status that was checkpointed. Throws OperationCanceledException when the run is being stopped.</summary>
    public async Task<NodeStatus> ExecuteAsync(RunContext context, RecipeNode recipe, NodeRun node, CancellationToken ct)
    {
        using var span = SecFlowMeter.Spans.StartActivity("node");
        span?.SetTag("secflow.node", recipe.Id).SetTag("secflow.plugin", recipe.PluginId);
        var began = time.GetTimestamp();
        var anew = false;
        for (var tries = 1 + (node.Attempt == 0 ? 0 : await runs.TriesAsync(node.Id, ct)); ; tries++)
        {
            await context.Stop.Freezer.WhenThawedAsync(ct);
            var (attempt, result) = await AttemptAsync(context, recipe, node, tries, anew, ct);
            ct.ThrowIfCancellationRequested();
            if (result.Reuse is { } reuse)
            {
                var cached = await checkpoint.CommitCachedAsync(context, recipe, attempt, reuse, ct);
                span?.SetTag("secflow.status", cached.ToString());
                meter.NodeEnded(recipe.PluginId, cached.ToString(), time.GetElapsedTime(began), TimeSpan.Zero);
                return cached;
            }

            var policy = Policy(recipe, result);
            if (tries < policy.MaxAttempts && RunOutcome.IsRetryable(result.Error, [.. result.Assessments.Select(a => a.Verdict)]))
            {
                context.Journal.DropRecords();
                await WaitAsync(context, recipe, attempt, tries, policy, result, ct);
                (node, anew) = (attempt, result.Error is null);
                continue;
            }

            if (DatabaseTrouble.Of(result.Fault) is not null)
            {
                // It passes, but not that soon: the run waits in the queue, and this node begins again.
                ExceptionDispatchInfo.Throw(result.Fault!);
            }

            var status = await checkpoint.CommitAsync(context, recipe, attempt, result, ct);
            span?.SetTag("secflow.status", status.ToString());
            meter.NodeEnded(recipe.PluginId, status.ToString(), time.GetElapsedTime(began), result.Outcome?.Wall ?? TimeSpan.Zero);
            return status;
        }
    }

    private static RetryPolicy Policy(RecipeNode recipe, NodeResult result) =>
        result.Error is { } error && Codes.CategoryOf(error.Code) == DiagnosticCategory.Infrastructure && recipe.Retry.MaxAttempts < _infrastructure.MaxAttempts
            ? _infrastructure
            : recipe.Retry;

    private async Task<NodeRun> BeginAsync(RunContext context, RecipeNode recipe, NodeRun node, int tries, bool anew, AuditEntry? decision, CancellationToken ct, PluginProvenance? provenance = null)
    {
        var attempt = node.Attempt + 1;
        context.Journal.CheckpointInterval = TimeSpan.FromSeconds(context.Recipe.State.CheckpointIntervalSeconds);
        context.Journal.Add("node.status", recipe.Id, new JsonObject { ["status"] = "Running", ["attempt"] = attempt, ["try"] = tries, ["of"] = Math.Max(tries, recipe.Retry.MaxAttempts) });
        NodeRun? row = null;
        await context.Journal.CommitAsync(
            events => writer.ChangeNodeAsync(
                context.Lease,
                node.Id,
                (n, now) =>
                {
                    (n.Status, n.Attempt, n.EndedAt, n.Progress, n.ProgressText, n.ErrorCode, n.ErrorMessage) = (NodeStatus.Running, attempt, null, null, null, null, null);
                    (n.Findings, n.RejectedRecords, n.HttpRequests, n.RefusedCalls, n.AddressesReached, n.Resources) = (0, 0, 0, 0, 0, "[]");
                    (n.Tools, n.Tool, n.ToolVersion) = ("[]", "", "");
                    Checkpoint.Prove(n, provenance);
                    if (anew)
                    {
                        // Nothing failed but a verdict: which chunk it came from is not known.
                        (n.ChunksDone, n.ChunksTotal, n.ChunkState) = (0, 0, null);
                    }

                    n.StartedAt ??= now;
                    row = n;
                },
                events,
                decision,
                ct),
            ct);
        return row!;
    }

    private async Task<(NodeRun Attempt, NodeResult Result)> AttemptAsync(RunContext context, RecipeNode recipe, NodeRun before, int tries, bool anew, CancellationToken ct)
    {
        var result = new NodeResult();
        Dictionary<string, InputDataset> inputs;
        NodeRun? begun = null;
        try
        {
            if (await gate.AskNodeAsync(context, before, ct) is { } refused)
            {
                begun = await BeginAsync(context, recipe, before, tries, anew, refused.Event, ct);
                throw new SecFlowException(refused.Refusal);
            }

            result.Key = await cache.KeyAsync(context, recipe, before, ct);
            if (!anew && await cache.FindAsync(context, recipe, before, result.Key, ct) is { } reuse)
            {
                result.Reuse = reuse;
                return (before, result);
            }

            var request = new PluginRequest(context.Actor, before.PluginDigest, context.Run.Id, recipe.Id)
            {
                Hosts = context.Hosts,
                UsedAgain = UsedAgain(context.Recipe, recipe, before, tries),
                Record = async (decision, provenance, token) =>
                {
                    if (begun is not null)
                    {
                        return false;
                    }

                    begun = await BeginAsync(context, recipe, before, tries, anew, decision, token, provenance);
                    return true;
                },
            };
            var session = await plugins.OpenAsync(request, ct);
            try
            {
                var node = begun ??= await BeginAsync(context, recipe, before, tries, anew, null, ct);
                var scope = await plugins.PinAsync(context.Run.TeamId, context.Targets, ct);
                (result.Provenance, result.Manifest) = (session.Provenance, session.Manifest);
                inputs = datasets.Inputs(context.Recipe, recipe, session.Manifest, recipe.Inputs.Count == 0 ? [] : await runs.DatasetsAsync(context.Run.Id, ct));
                result.Staging = new FindingStaging(context.Journal, node, session.Manifest, recipe.Outputs, context.Targets, inputs.Values, new IngestionGuard(evaluator, audit, context, recipe.Id, session.Provenance));
                var work = new PluginWork
                {
                    Config = recipe.ConfigFor(context.Parameters, context.FirstTarget),
                    Run = session.Manifest.Category == "report" ? await RunFacts.OfReportAsync(context, recipe, node, runs, ct) : RunFacts.Of(context, recipe, node),
                    Scope = scope,
                    Inputs = inputs,
                    Timeout = recipe.Timeout,
                    Freezer = context.Stop.Freezer,
                };
                work = work with { Tape = result.Tape = datasets.Tape(context, recipe, work.Config, RunFacts.Of(context, recipe, node)) };
                using var span = SecFlowMeter.Spans.StartActivity("plugin.host");
                SecFlowMeter.SandboxExecution("plugin-host", session.Provenance.Level.ToString());
                result.Outcome = recipe.ForEach is null ? await session.RunAsync(work, result.Staging, ct) : await _chunks.RunAsync(context, recipe, node, session, work, result.Staging, ct);
                result.Error = result.Staging.LimitReached ?? result.Outcome.Error;
                result.Fault = result.Outcome.Fault;
            }
            finally
            {
                await session.CloseAsync();
                await (result.Staging?.FinishAsync() ?? Task.CompletedTask);
            }

            await context.Journal.FlushAsync(ct);
            if (!result.IsDistrusted && (result.Error is null || result.Staging.Marks is null))
            {
                result.Datasets = await datasets.WriteAsync(begun, recipe, session.Manifest, inputs, ct);
            }

            if (result.Error is null)
            {
                result.Artifacts = await datasets.WriteAsync(begun, result.Staging.Artifacts, time.GetUtcNow(), ct);
            }
        }
        catch (SecFlowException e)
        {
            result.Error = result.Staging?.LimitReached ?? e.Diagnostics[0];
        }
        catch (Exception e) when (e is not (OperationCanceledException or LeaseLostException))
        {
            // The engine's own trouble, not the plugin's: worth another attempt, and told in full in the log.
            result.Error = new Diagnostic(e is IOException ? Codes.StorageFailed : Codes.DatabaseFailed, $"The engine could not do its part: {e.Message}");
            result.Fault = e;
        }

        begun ??= await BeginAsync(context, recipe, before, tries, anew, null, ct);
        result.Assessments = Assess(context, recipe, begun, result);
        result.RawOutputs = NodeDatasets.RowsOf(begun, result.Tape, time.GetUtcNow());
        if (result.Tape?.Problem is { } notKept)
        {
            context.Journal.Add("log", recipe.Id, new JsonObject { ["level"] = "warn", ["text"] = $"Not everything that the plugin read could be kept, so that it cannot be read again: {notKept}" });
        }

        if (result.Outcome?.Limit is { } limit)
        {
            SecFlowMeter.SandboxLimit("plugin-host", limit);
        }

        return (begun, result);
    }

    // Another attempt, or a later node of the run with exactly these bytes.
    private static bool UsedAgain(Recipe recipe, RecipeNode node, NodeRun before, int tries) =>
        tries < node.Retry.MaxAttempts || recipe.Nodes.SkipWhile(n => n.Id != node.Id).Skip(1).Any(n => n.PluginDigest == before.PluginDigest);

    /// <summary>Every target of a node that assesses has a verdict: the plugin's, or why there is none.</summary>
    internal static List<Assessment> Assess(RunContext context, RecipeNode recipe, NodeRun node, NodeResult result)
    {
        var assessments = new List<Assessment>();
        if (!Assesses(recipe, result.Manifest))
        {
            return assessments;
        }

        foreach (var target in context.Targets)
        {
            var said = result.Staging?.Verdicts.GetValueOrDefault(target.Id);
            var (verdict, reason) = (said, result.Error) switch
            {
                (null, null) => (Verdict.Partial, $"{Codes.VerdictMissing}: not assessed: the plugin ended without a verdict for this target"),
                (null, { } error) => (Verdict.Failed, $"{error.Code}: not assessed: {error.Message}"),
                ({ Verdict: Verdict.Completed } s, { } error) => (Verdict.Partial, $"{error.Code} after: {s.Reason}"),
                ({ } s, _) => (s.Verdict, s.Reason),
            };
            assessments.Add(new Assessment
            {
                Id = Guid.CreateVersion7(),
                TeamId = node.TeamId,
                RunId = node.RunId,
                NodeRunId = node.Id,
                TargetId = target.Id,
                Target = target.Value,
                PluginId = recipe.PluginId,
                Verdict = verdict,
                Reason = reason.Length > 1000 ? reason[..1000] : reason,
                Checks = new JsonArray([.. (said?.Checks ?? []).Select(c => (JsonNode?)c)]).ToJsonString(),
            });
        }

        return assessments;
    }

    // Analysis looks at targets only when it may reach them.
    private static bool Assesses(RecipeNode recipe, PluginManifest? manifest) => recipe.PluginId.Split('.')[0] switch
    {
        "discovery" or "scan" => true,
        "analysis" => manifest is not null && (manifest.Permissions.Network == NetworkPermission.Targets || manifest.Permissions.TargetFiles),
        _ => false,
    };

    private async Task WaitAsync(RunContext context, RecipeNode recipe, NodeRun node, int tries, RetryPolicy policy, NodeResult result, CancellationToken ct)
    {
        var wait = RetryWait.Of(policy, tries, context.Run.Id, recipe.Id);
        var reason = result.Error?.ToString() ?? string.Join("; ", result.Assessments.Where(a => a.Verdict != Verdict.Completed).Take(3).Select(a => $"{a.Target}: {a.Verdict} {a.Reason}"));
        context.Journal.Add("node.status", recipe.Id, new JsonObject
        {
            ["status"] = "Waiting",
            ["attempt"] = node.Attempt,
            ["try"] = tries,
            ["of"] = policy.MaxAttempts,
            ["waitSeconds"] = wait.TotalSeconds,
            ["reason"] = reason,
        });
        await context.Journal.CommitAsync(events => writer.EndAttemptAsync(context.Lease, node.Id, RunOutcome.NodeOf(result.Error, [.. result.Assessments.Select(a => a.Verdict)]), result.Error?.Code, reason, events, ct), ct);
        await Task.Delay(wait, time, ct);
    }
}
