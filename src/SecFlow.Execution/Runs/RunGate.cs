using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Holds;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Runs;

/// <summary>
/// May this run begin, or go on? One question for every way that leads to it: page, API, command line, schedule, another attempt of a node, a continuation after a restart.
/// 1. The facts are gathered here as they are now; <see cref="Policies.PolicyEvaluator"/> answers. What the answer says never depends on the way.
/// 2. A refusal is one audit event, the same on every way: action <c>start.run</c>, denied, its code, the workflow. A missing role is <c>refuse.access</c> about the workflow, a target of another team <c>refuse.access</c> about that target.
/// 3. A run is started on somebody's authority. Who lost the role for it, or left the team, takes it along: the next node does not begin, a schedule does not fire. The same for a token that was revoked, has expired or lacks the scope.
/// </summary>
public sealed class RunGate(TargetStore targets, RunStore runs, HoldStore holds, AuthorityStore authorities, TokenStore tokens, Access access, NodePlugins plugins, AuditLog audit, TimeProvider time)
{
    /// <summary>Ids of the targets that a request names by id, name or tag, as they are now. Throws SF1502 for a name or tag that nothing has.</summary>
    public Task<IReadOnlyList<Guid>> ChooseAsync(Guid teamId, StartRun request, StartFacts facts, CancellationToken ct) => facts.OnceAsync(
        ("choice", teamId, string.Join(',', request.TargetIds), string.Join('\n', request.TargetNames), string.Join(' ', request.TargetTags)),
        () => TargetChoice.ResolveAsync(targets, teamId, request.TargetIds, request.TargetNames, request.TargetTags, ct));

    /// <summary>The team's targets as they are now, in the order of the ids; one that was archived is not authorised any more. Throws SF1502 for one that is not the team's (audited as SF3002 when it is another's).</summary>
    public async Task<IReadOnlyList<ScopedTarget>> ScopeAsync(Actor actor, IReadOnlyList<Guid> ids, StartFacts facts, CancellationToken ct)
    {
        var rows = await facts.TargetsAsync(targets, actor.TeamId, ids, ct);
        foreach (var id in ids.Where(id => !rows.ContainsKey(id)))
        {
            await access.RequireRowAsync(actor, Permission.StartRuns, "target", id, ct);
        }

        var now = time.GetUtcNow();
        return [.. ids.Select(id => LiveTargets.Lesser(ScopedTarget.Of(rows[id]), rows[id], now))];
    }

    /// <summary>Point 4: throws the refusal of a run that is requested now.</summary>
    public async Task RequireStartAsync(Guid teamId, IReadOnlyList<InstalledPlugin> used, IReadOnlyList<ScopedTarget> scope, StartFacts facts, CancellationToken ct)
    {
        if (plugins.DecideStart(used, scope, await facts.OnceAsync(("hold", teamId), () => holds.StandingAsync(teamId, ct))) is { } refusal)
        {
            throw new SecFlowException(refusal);
        }
    }

    /// <summary>
    /// An accepted run is to go on, or to be repeated: the same questions as for a new one, about what it pinned and as the world is now; for going on also whether its starter still may.
    /// The scope as it is now, never more than was pinned. Throws the refusal after auditing it.
    /// </summary>
    public async Task<IReadOnlyList<ScopedTarget>> RequireAgainAsync(Actor actor, Run run, IReadOnlyCollection<string> digests, bool goesOn, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.StartRuns, null, $"workflow/{run.WorkflowId}", ct);
        if (goesOn)
        {
            await access.RequireAsync(await StarterAsync(run, ct), Permission.StartRuns, null, $"workflow/{run.WorkflowId}", ct);
        }

        var live = await LookAsync(actor, RunContext.ReadTargets(run.Targets), ct);
        var used = new List<InstalledPlugin>();
        foreach (var digest in digests.Distinct(StringComparer.Ordinal))
        {
            if (await plugins.FindAsync(run.TeamId, digest, ct) is { } plugin)
            {
                used.Add(plugin);
            }
        }

        try
        {
            await RequireStartAsync(run.TeamId, used, live, new StartFacts(), ct);
            return live;
        }
        catch (SecFlowException refused)
        {
            await audit.AppendAsync(Denied(actor, run.WorkflowId, run.WorkflowName, refused.Diagnostics[0]), ct);
            throw;
        }
    }

    /// <summary>Point 5: what stands against a node of an accepted run, with the event that records it; null = it may begin. Throws SF3001 and SF1502 after auditing them.</summary>
    public async Task<(Diagnostic Refusal, AuditEntry Event)?> AskNodeAsync(RunContext context, NodeRun node, CancellationToken ct)
    {
        var run = context.Run;
        await access.RequireAsync(await StarterAsync(run, ct), Permission.StartRuns, null, $"workflow/{run.WorkflowId}", ct);
        var live = await LookAsync(context.Actor, context.Targets, ct);
        var plugin = await plugins.FindAsync(run.TeamId, node.PluginDigest, ct);
        return plugin is not null && plugins.Decide(plugin, live, await holds.StandingAsync(run.TeamId, ct)) is { } refusal
            ? (refusal, Denied(context.Actor, run.WorkflowId, run.WorkflowName, refusal) with { OnBehalfOf = run.StartedByName, PolicyRevision = run.PolicyRevision, ScopeRevision = run.ScopeRevision, TraceId = run.TraceId })
            : null;
    }

    /// <summary>The event of a refused start.</summary>
    public static AuditEntry Denied(Actor actor, Guid workflowId, string workflow, Diagnostic refusal) => new(actor, "start.run", "workflow", workflowId.ToString(), workflow)
    {
        Outcome = AuditOutcome.Denied,
        ReasonCode = refusal.Code,
        Details = new JsonObject { ["rule"] = refusal.Rule, ["message"] = refusal.Message, ["remedy"] = refusal.Remedy },
    };

    /// <summary>
    /// What somebody may in the team now: a user by the role, a token by its role and scopes. A run does not keep the kind of who started it: ids of users and tokens never meet.
    /// What is neither (the engine, the command line's system user) may what an analyst may.
    /// </summary>
    public async Task<Authority> AuthorityAsync(Guid teamId, ActorKind kind, string id, CancellationToken ct)
    {
        if (kind is not (ActorKind.User or ActorKind.Token))
        {
            return new Authority(TeamRole.Analyst);
        }

        if (await authorities.FindAsync(teamId, id, ct) is { } known)
        {
            return new Authority(known.Role ?? TeamRole.Viewer);
        }

        if (Guid.TryParse(id, out var tokenId) && await tokens.FindRowAsync(tokenId, ct) is { } token)
        {
            var may = TokenActor.Of(token);
            return new Authority(may.Role, may.Scopes, Ended: token.TeamId != teamId || !token.CountsAt(time.GetUtcNow()));
        }

        return new Authority(TeamRole.Analyst, Ended: kind == ActorKind.Token);
    }

    /// <summary>On whose authority the run goes on, with what they may now: of what a cascade started, whoever the first run above it belongs to; of what somebody repeated, theirs.</summary>
    public async Task<Actor> StarterAsync(Run run, CancellationToken ct)
    {
        for (var above = 0; above < Workflows.Cascade.MostDepth && run is { Trigger: RunTrigger.Cascade, ParentRunId: { } parent } && await runs.FindAsync(parent, ct) is { } first; above++)
        {
            run = first;
        }

        // A run that a person started by a schedule is the person's.
        var (kind, id) = run is { Trigger: RunTrigger.Schedule, ScheduleId: { } schedule } && await authorities.OwnerOfAsync(schedule, ct) is { } owner ? owner : (ActorKind.User, run.StartedById);
        return (await AuthorityAsync(run.TeamId, kind, id, ct)).Of(run.Trigger == RunTrigger.Schedule ? ActorKind.Schedule : ActorKind.User, run.StartedById, run.StartedByName, run.TeamId);
    }

    private async Task<IReadOnlyList<ScopedTarget>> LookAsync(Actor actor, IReadOnlyList<ScopedTarget> pinned, CancellationToken ct)
    {
        var rows = (await targets.FindManyAsync(actor.TeamId, [.. pinned.Select(t => t.Id)], ct)).ToDictionary(row => row.Id);
        foreach (var gone in pinned.Where(t => !rows.ContainsKey(t.Id)))
        {
            await access.RequireRowAsync(actor, Permission.StartRuns, "target", gone.Id, ct);
        }

        var now = time.GetUtcNow();
        return [.. pinned.Select(t => LiveTargets.Lesser(t, rows[t.Id], now))];
    }
}

/// <summary>What somebody may now who began something earlier.</summary>
/// <param name="Role">In the team.</param>
/// <param name="Scopes">Of a token; null = the role alone decides.</param>
/// <param name="Ended">It was a token that does not count any more.</param>
public sealed record Authority(TeamRole Role, IReadOnlyList<string>? Scopes = null, bool Ended = false)
{
    /// <summary>Who acts on it.</summary>
    public Actor Of(ActorKind kind, string id, string name, Guid teamId) => new(kind, id, name, teamId, Role, Scopes: Scopes) { Ended = Ended };
}
