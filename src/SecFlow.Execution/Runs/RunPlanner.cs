using System.Net;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>One node of a plan: which bytes would run, signed by whom, within which limits, and why they would not.</summary>
/// <param name="NodeId">The recipe's node id.</param>
/// <param name="Plugin">The plugin that would be taken now.</param>
/// <param name="Timeout">Wall time of the node.</param>
/// <param name="Statements">Statements of one call of the script.</param>
/// <param name="CallTime">Processor time of one call of the script.</param>
/// <param name="HeapBytes">Managed memory of the plugin host.</param>
/// <param name="Refusal">What trust or policy answers; null = allowed.</param>
public sealed record PlannedNode(string NodeId, InstalledPlugin Plugin, TimeSpan Timeout, long Statements, TimeSpan CallTime, long HeapBytes, Diagnostic? Refusal);

/// <summary>Something that the run could try, and what the scope would answer.</summary>
public sealed record PlannedRefusal(string What, Diagnostic Refusal);

/// <summary>What a run would do, asked of the code that decides about it. Nothing is stored, sent or started.</summary>
/// <param name="Target">The target as the run would pin it.</param>
/// <param name="Addresses">What its name resolves to now; empty: it does not resolve, and would be "not assessed".</param>
/// <param name="TargetRefusal">Why the target itself would not be reached; null = it would.</param>
/// <param name="Nodes">In execution order.</param>
/// <param name="Level">What confines plugins here; null where another machine executes.</param>
/// <param name="Outside">Examples of what lies outside.</param>
public sealed record RunPlan(ScopedTarget Target, IReadOnlyList<IPAddress> Addresses, Diagnostic? TargetRefusal, IReadOnlyList<PlannedNode> Nodes, SandboxLevel? Level, IReadOnlyList<PlannedRefusal> Outside)
{
    /// <summary>True when it could be started now.</summary>
    public bool Allowed => TargetRefusal is null && Nodes.All(node => node.Refusal is null);
}

/// <summary>Previews: validation of the target, scope, trust and policy are those of a real run.</summary>
public sealed class RunPlanner(
    WorkflowService recipes, TargetValidation validation, PluginRegistry registry, PolicyEvaluator policy, Sandbox sandbox, Access access, EngineOptions options, TimeProvider time)
{
    /// <summary>A plan for a target that is not stored yet. Role Admin, as for adding it. Throws every problem of the target (SF1401) or recipe (SF10xx).</summary>
    public async Task<RunPlan> PlanAsync(Actor actor, string recipe, NewTarget target, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditTargets, null, "target", ct);
        var row = await validation.ValidateAsync(target, actor.TeamId, ct);
        row.AuthorisedFrom = time.GetUtcNow();
        var (read, plugins) = await recipes.ReadForStartAsync(recipe, ct);
        var nodes = (read.Recipe ?? throw new SecFlowException(read.Problems)).Nodes;

        var pinned = ScopedTarget.Of(row);
        var scope = await TargetScope.PinAsync([pinned], time, ct);
        var level = options.ExecuteRuns ? sandbox.Report : null;
        var planned = new List<PlannedNode>();
        foreach (var (node, plugin) in nodes.Zip(plugins))
        {
            var limits = SessionLimits.For(plugin.Manifest);
            var refusal = await registry.TrustRefusalAsync(plugin.Row, ct) ?? policy.Plan(PolicySubject.Of(plugin.Row, plugin.Manifest), [pinned], level).Refusal;
            planned.Add(new PlannedNode(node.Id, plugin, node.Timeout, limits.Host.Statements, TimeSpan.FromMilliseconds(limits.Host.CallbackMilliseconds), limits.HeapBytes, refusal));
        }

        var answer = pinned.Kind == TargetKind.Url ? scope.Check(new Uri(pinned.Value)) : null;
        return new RunPlan(pinned, answer?.Addresses ?? [], answer?.Refusal, planned, level?.Level, [.. Outside(scope, pinned)]);
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
}
