using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>
/// What a run discovered starts other workflows, one run for each approved target that its records name.
/// 1. A target is approved or nothing happens to it: a host that is no target of the team is told, audited and never touched. Approved ones pass every question of a start (<see cref="RunService.StartAsync"/>), on the authority of whoever the run belongs to.
/// 2. Each run starts once, whatever dies in between: its idempotency key names this run, the cascade and the target. What is told and audited is committed with the run's end.
/// 3. Caps: <c>max_runs</c>, <c>max_depth</c>; what they leave out is told with SF1031.
/// 4. Only a run that succeeded, at least in part, starts anything.
/// </summary>
public sealed class Cascades(RunStore runs, WorkflowStore workflows, TargetStore targets, NodeDatasets datasets, RunGate gate, RunService starts)
{
    /// <summary>Names that an event tells of each kind.</summary>
    public const int MostNames = 20;

    /// <summary>Different places of one dataset that are looked at.</summary>
    public const int MostPlaces = CascadePlaces.MostPlaces;

    /// <summary>Starts what the recipe's cascades ask for; events go to the journal, the audit entries are the caller's to commit with the run's end.</summary>
    public async Task<IReadOnlyList<AuditEntry>> StartAsync(RunContext context, RunStatus outcome, CancellationToken ct)
    {
        var entries = new List<AuditEntry>();
        for (var i = 0; i < context.Recipe.Cascades.Count; i++)
        {
            var told = await RunAsync(context, i, context.Recipe.Cascades[i], outcome, ct);
            context.Journal.Add("cascade", told["node"]?.GetValue<string>(), (JsonObject)told.DeepClone());
            var code = told["code"]?.GetValue<string>();
            entries.Add(new AuditEntry(context.Actor, "start.cascade", "run", context.Run.Id.ToString(), context.Run.WorkflowName)
            {
                Outcome = code is null ? AuditOutcome.Allowed : AuditOutcome.Denied,
                ReasonCode = code,
                OnBehalfOf = context.Run.StartedByName,
                PolicyRevision = context.Run.PolicyRevision,
                ScopeRevision = context.Run.ScopeRevision,
                TraceId = context.Run.TraceId,
                Details = told,
            });
        }

        return entries;
    }

    private async Task<JsonObject> RunAsync(RunContext context, int index, Cascade cascade, RunStatus outcome, CancellationToken ct)
    {
        var maker = context.Recipe.Nodes.FirstOrDefault(n => n.Outputs.Values.Contains(cascade.From, StringComparer.Ordinal))?.Id;
        var told = new JsonObject { ["workflow"] = cascade.Workflow, ["from"] = cascade.From, ["node"] = maker };
        JsonObject Not(string? code, string reason)
        {
            (told["code"], told["reason"]) = (code, reason);
            return told;
        }

        if (outcome is not (RunStatus.Succeeded or RunStatus.Partial))
        {
            return Not(null, $"the run ended {outcome}: it starts nothing");
        }

        if (context.Run.CascadeDepth >= cascade.MaxDepth)
        {
            return Not(Codes.CascadeCapped, $"this run was itself started by a cascade, of depth {context.Run.CascadeDepth}; max_depth is {cascade.MaxDepth}");
        }

        var found = await runs.DatasetsAsync(context.Run.Id, ct);
        if (cascade.When is { } when && !when.Holds(found.ToDictionary(d => d.Name, d => d.Count, StringComparer.Ordinal), context.Parameters, context.FirstTarget))
        {
            return Not(null, $"its condition does not hold: {when.Text}");
        }

        if (await workflows.FindByNameAsync(context.Run.TeamId, cascade.Workflow, ct) is not { ArchivedAt: null } workflow)
        {
            return Not(Codes.NotFound, $"there is no workflow '{cascade.Workflow}' in this team any more");
        }

        var places = new CascadePlaces(await targets.ListAsync(context.Run.TeamId, ct: ct));
        await foreach (var line in datasets.LinesAsync(context.Recipe, cascade.From, found, ct))
        {
            places.Add(cascade.FromType, line, cascade.MinSeverity);
        }

        return await StartAsync(context, index, cascade, workflow, maker, places, told, ct);
    }

    private async Task<JsonObject> StartAsync(RunContext context, int index, Cascade cascade, Workflow workflow, string? maker, CascadePlaces places, JsonObject told, CancellationToken ct)
    {
        var met = places.Met.Values.OrderBy(t => t.Name, StringComparer.Ordinal).ToList();
        var (started, refused) = (new JsonArray(), new JsonArray());
        var actor = await gate.StarterAsync(context.Run, ct);
        string? code = null;
        foreach (var target in met.Take(cascade.MaxRuns))
        {
            try
            {
                var run = await starts.StartAsync(
                    actor,
                    new StartRun(workflow.Id, [target.Id], RunTrigger.Cascade)
                    {
                        Parameters = cascade.ParametersFor(context.Parameters),
                        Priority = context.Run.Priority,
                        IdempotencyKey = EngineKeys.OfCascade(context.Run.Id, index, target.Id),
                        Cascade = new CascadeOrigin(context.Run.Id, maker, context.Run.CascadeDepth + 1),
                    },
                    ct);
                started.Add(new JsonObject { ["target"] = target.Name, ["run"] = run.Id.ToString() });
            }
            catch (SecFlowException e)
            {
                // Audited where it was refused; here it is told beside the others.
                code ??= e.Code;
                refused.Add(new JsonObject { ["target"] = target.Name, ["code"] = e.Code, ["message"] = e.Diagnostics[0].Message });
            }
        }

        var left = met.Skip(cascade.MaxRuns).Select(t => t.Name).ToList();
        (told["records"], told["started"], told["refused"]) = (places.Records, started, refused);
        (told["outOfScope"], told["outside"], told["notLookedAt"]) = (places.Outside.Count, Names(places.Outside), places.NotLookedAt);
        (told["left"], told["leftNames"]) = (left.Count, Names(left));
        told["code"] = code ?? (left.Count > 0 ? Codes.CascadeCapped : places.Outside.Count > 0 && started.Count == 0 ? Codes.OutOfScope : null);
        told["reason"] = left.Count > 0 ? $"max_runs is {cascade.MaxRuns}; {left.Count} more targets were named" : met.Count == 0 ? "its records name no approved target" : null;
        return told;
    }

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Take(MostNames).Select(n => (JsonNode?)n)]);
}
