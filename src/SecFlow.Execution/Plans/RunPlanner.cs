using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Holds;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Trust;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Tools;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Plans;

/// <summary>
/// Previews of runs.
/// 1. Recipe, parameters, targets, trust and policy are read and asked as at the start of a run; refusals are collected, not thrown. What is no recipe or no target at all is thrown (SF1xxx).
/// 2. The verified script of each node that would begin is followed by <see cref="NodePreview"/>. Nothing is sent, started or stored, and no target is assessed; one audit event says that it was looked at.
/// 3. Bounded in time and size; at most <see cref="AtOnce"/> plans are made at a time.
/// </summary>
public sealed class RunPlanner(
    WorkflowStore workflows, WorkflowService recipes, RunGate gate, TargetValidation validation, RunStore runs, TrustPolicyStore policies, PluginRegistry registry, PolicyEvaluator policy,
    NodePlugins plugins, ToolCatalogue tools, HoldStore holds, Sandbox sandbox, Access access, AuditLog audit, EngineOptions options, TimeProvider time) : IDisposable
{
    public const int AtOnce = 2;

    private const int ComparableRuns = 20;
    private const int MostAudited = 100;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _places = new(AtOnce, AtOnce);
    private readonly NodePreview _preview = new(plugins);

    /// <summary>Makes a plan. Role Analyst; for a text that is not saved the right to edit workflows, for a target that is not stored the right to add it. SF3012 when too many are being made.</summary>
    public async Task<RunPlan> PlanAsync(Actor actor, PlanRequest request, IProgress<PlanProgress>? progress, CancellationToken ct)
    {
        await RequireAsync(actor, request, ct);
        if (!await _places.WaitAsync(_patience, ct))
        {
            throw new SecFlowException(Codes.TooManyRequests, $"{AtOnce} plans are being made at this moment. Ask again when they are finished.");
        }

        try
        {
            var plan = await MakeAsync(actor, request, progress, ct);
            await audit.AppendAsync(Entry(actor, request, plan), ct);
            return plan;
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose() => _places.Dispose();

    private async Task RequireAsync(Actor actor, PlanRequest request, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.StartRuns, null, $"workflow/{request.WorkflowId}", ct);
        if (request.Recipe is not null)
        {
            await access.RequireAsync(actor, Permission.EditWorkflows, null, "workflow", ct);
        }

        if (request.NewTarget is not null)
        {
            await access.RequireAsync(actor, Permission.EditTargets, null, "target", ct);
        }
    }

    private async Task<RunPlan> MakeAsync(Actor actor, PlanRequest request, IProgress<PlanProgress>? progress, CancellationToken ct)
    {
        var (text, version) = await RecipeAsync(actor, request, ct);
        var chosen = await TargetsAsync(actor, request, ct);
        var (read, used) = await recipes.ReadForStartAsync(actor.TeamId, text, ct);
        var recipe = read.Recipe ?? throw new SecFlowException(read.Problems);
        var parameters = await RecipeParameters.ResolveAsync(recipe, used, request.Parameters, chosen[0].Value, ct);
        var (scope, folders) = await PinAsync(actor.TeamId, chosen, ct);
        var level = options.ExecuteRuns ? sandbox.Report : null;

        await using var hosts = plugins.Hosts?.Invoke();
        var context = new PlanContext(actor, request, recipe, parameters, scope, chosen, hosts, version) { Hold = await holds.StandingAsync(actor.TeamId, ct) };
        var started = time.GetTimestamp();
        var nodes = new List<PlannedNode>();
        foreach (var (node, plugin) in recipe.Nodes.Zip(used))
        {
            progress?.Report(new PlanProgress(nodes.Count, recipe.Nodes.Count, node.Id));
            var planned = await DescribeAsync(context, node, plugin, level, ct);
            nodes.Add(planned.Refusal is null && planned.Runs != PlannedStart.No
                ? await _preview.FollowAsync(context, node, planned, request.Bounds.Whole - time.GetElapsedTime(started), ct)
                : planned with { Followed = Followed.Not, FollowedWhy = planned.Refusal is null ? "Its condition does not hold." : "It would be refused." });
        }

        return new RunPlan
        {
            Workflow = recipe.Name,
            Version = version,
            At = time.GetUtcNow(),
            Targets = [.. chosen.Select(target => Describe(scope, target, folders))],
            Nodes = nodes,
            Cascades = recipe.Cascades,
            Level = level?.Level,
            PolicyRevision = (await policies.FindCurrentAsync(Guid.Empty, ct))?.Digest ?? "",
            Outside = [.. Outside(scope, chosen[0])],
        };
    }

    private async Task<(string Text, int? Version)> RecipeAsync(Actor actor, PlanRequest request, CancellationToken ct)
    {
        if (request.Recipe is { } text)
        {
            return (text, null);
        }

        return request.WorkflowId is { } id && await workflows.FindAsync(actor.TeamId, id, ct) is { ArchivedAt: null } && await workflows.FindCurrentVersionAsync(actor.TeamId, id, ct) is { } version
            ? (version.Recipe, version.Version)
            : throw new SecFlowException(Codes.NotFound, $"There is no workflow {request.WorkflowId} in this team.");
    }

    private async Task<IReadOnlyList<ScopedTarget>> TargetsAsync(Actor actor, PlanRequest request, CancellationToken ct)
    {
        if (request.NewTarget is { } added)
        {
            var row = await validation.ValidateAsync(added, actor.TeamId, ct);
            (row.Id, row.AuthorisedFrom) = (Guid.CreateVersion7(), time.GetUtcNow());
            return [ScopedTarget.Of(row)];
        }

        var chosen = await gate.ChooseAsync(actor.TeamId, new StartRun(Guid.Empty, request.TargetIds, RunTrigger.Manual) { TargetNames = request.TargetNames, TargetTags = request.TargetTags }, new StartFacts(), ct);
        var wanted = chosen.Distinct().ToList();
        if (wanted.Count is 0 or > RunAcceptance.MostTargets)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"A plan needs 1 to {RunAcceptance.MostTargets} targets; found {wanted.Count}.");
        }

        return await gate.ScopeAsync(actor, wanted, new StartFacts(), ct);
    }

    /// <summary>Resolves as a node does. Folders that cannot be opened are no reason to show nothing of the other targets.</summary>
    private async Task<(TargetScope Scope, Diagnostic? Folders)> PinAsync(Guid team, IReadOnlyList<ScopedTarget> chosen, CancellationToken ct)
    {
        try
        {
            return (await plugins.PinAsync(team, chosen, ct) ?? await TargetScope.PinAsync(chosen, time, ct), null);
        }
        catch (SecFlowException e) when (e.Category == DiagnosticCategory.Policy)
        {
            return (await TargetScope.PinAsync(chosen, time, ct), e.Diagnostics[0]);
        }
    }

    private async Task<PlannedNode> DescribeAsync(PlanContext context, RecipeNode node, InstalledPlugin plugin, SandboxReport? level, CancellationToken ct)
    {
        var refusal = await registry.TrustRefusalAsync(plugin.Row, ct) ?? policy.Plan(PolicySubject.Of(plugin.Row, plugin.Manifest), context.Targets, level, context.Hold).Refusal;
        var declared = await ToolsAsync(plugin.Manifest, ct);
        var took = await runs.DurationsAsync(context.Actor.TeamId, context.Recipe.Name, node.Id, plugin.Manifest.Id, ComparableRuns, ct);
        return new PlannedNode
        {
            NodeId = node.Id,
            Plugin = plugin,
            Signer = plugin.Row.Signer,
            TrustRule = plugin.Row.TrustRule,
            Runs = Starts(node, context),
            When = node.When,
            Inputs = [.. node.Inputs.Values.SelectMany(names => names).Distinct(StringComparer.Ordinal)],
            ForEach = node.ForEach,
            From = node.Inside?.Pin,
            Retry = node.Retry,
            Timeout = node.Timeout,
            Limits = PlannedLimits.Of(plugin.Manifest),
            Expected = took.Count == 0 ? new ExpectedDuration(node.Timeout, 0) : new ExpectedDuration(Median(took), took.Count),
            Network = await NetworkAsync(context, plugin.Manifest.Permissions, ct),
            Tools = declared,
            Refusal = refusal,
            RefusedCalls = [.. declared.Where(tool => !tool.State.Ready).Select(tool => new PlannedRefusal($"node {node.Id}: ctx.tool {tool.Declared.Name}", tool.State.Problem!))],
        };
    }

    private async Task<PlannedNetwork?> NetworkAsync(PlanContext context, PluginPermissions permissions, CancellationToken ct) => permissions.Network switch
    {
        NetworkPermission.Targets => new PlannedNetwork("targets", context.Scope.NetworkPlan()),
        NetworkPermission.Hosts => new PlannedNetwork("hosts", (await TargetScope.PinHostsAsync(permissions.Hosts, time, ct)).NetworkPlan()),
        _ => null,
    };

    /// <summary>What the catalogue sees of each declared tool; nothing is accepted by that. It may ask one for its version, in a sandbox without network.</summary>
    private async Task<IReadOnlyList<PlannedTool>> ToolsAsync(PluginManifest manifest, CancellationToken ct)
    {
        var found = new List<PlannedTool>();
        foreach (var tool in manifest.Tools)
        {
            found.Add(new PlannedTool(tool, await tools.LookAsync([(manifest.Id, tool)], anew: false, ct)));
        }

        return found;
    }

    private static PlannedStart Starts(RecipeNode node, PlanContext context)
    {
        var nothing = new Dictionary<string, int>(StringComparer.Ordinal);
        var known = node with { Conditions = [.. node.Conditions.Where(c => c.Outputs.Count == 0)] };
        return known.FailingCondition(nothing, context.Parameters, context.Targets[0].Value) is not null ? PlannedStart.No
            : known.Conditions.Count < node.Conditions.Count ? PlannedStart.Depends
            : PlannedStart.Yes;
    }

    private PlannedTarget Describe(TargetScope scope, ScopedTarget target, Diagnostic? folders)
    {
        var addresses = scope.AddressesOf(target.Id);
        var place = target.Kind switch
        {
            TargetKind.Url => target.Value,
            TargetKind.Host => $"http://{(target.Value.Contains(':', StringComparison.Ordinal) ? $"[{target.Value}]" : target.Value)}:{target.Ports.FirstOrDefault(80)}/",
            _ => null,
        };
        var refusal = target.RefusalAt(time.GetUtcNow())
            ?? (target.Kind == TargetKind.Folder ? folders : place is not null && Uri.TryCreate(place, UriKind.Absolute, out var url) ? scope.Check(url).Refusal : null);
        return new PlannedTarget(target, addresses, refusal);
    }

    private static TimeSpan Median(IReadOnlyList<TimeSpan> times)
    {
        var sorted = times.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
    }

    private static IEnumerable<PlannedRefusal> Outside(TargetScope scope, ScopedTarget target)
    {
        if (target.Kind == TargetKind.Url)
        {
            var other = new UriBuilder(target.Value) { Path = "/" };
            other.Port = other.Port == 65535 ? 1 : other.Port + 1;
            foreach (var (what, url) in new[] { ("another port of this host", other.Uri), ("another host, also by a redirect", new Uri("http://elsewhere.example/")), ("cloud metadata", new Uri("http://169.254.169.254/")) })
            {
                if (scope.Check(url).Refusal is { } refusal)
                {
                    yield return new PlannedRefusal($"{what} ({url.Authority})", refusal);
                }
            }
        }
    }

    /// <summary>To look was allowed, whatever was seen.</summary>
    private static AuditEntry Entry(Actor actor, PlanRequest request, RunPlan plan) => new(actor, "plan.run", "workflow", request.WorkflowId?.ToString() ?? "", plan.Workflow)
    {
        PolicyRevision = plan.PolicyRevision.Length == 0 ? null : plan.PolicyRevision,
        Details = new JsonObject
        {
            ["targets"] = new JsonArray([.. plan.Targets.Select(t => (JsonNode?)t.Target.Value)]),
            ["plugins"] = new JsonArray([.. plan.Nodes.Select(n => (JsonNode?)$"{n.Plugin.Manifest.Id}@{n.Plugin.Manifest.Version} {n.Plugin.Row.Digest}")]),
            ["refusals"] = new JsonArray([.. plan.Refusals.Take(MostAudited).Select(r => (JsonNode?)r.Refusal.Code)]),
        },
    };
}
