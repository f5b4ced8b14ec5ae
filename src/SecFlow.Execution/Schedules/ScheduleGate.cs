using SecFlow.Data.Audit;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Schedules;

/// <summary>
/// Enforcement point 3: may this schedule be saved? The targets are the team's and the plugins are asked about as at a start, at the next firings instead of now.
/// What holds only for a while (a window, a hold) is judged when it fires.
/// </summary>
public sealed class ScheduleGate(RunGate gate, WorkflowStore workflows, WorkflowService recipes, PolicyEvaluator policy, Func<SandboxReport?> sandbox, AuditLog audit)
{
    /// <summary>Firings that are looked at.</summary>
    public const int Firings = 5;

    /// <summary>
    /// Throws the refusal (SF2008, SF3005, SF3006, SF3020, SF40xx) after auditing it as <paramref name="action"/>, SF1502 for a target that is not the team's, and SF1014 for every wrong value of a parameter.
    /// A workflow that is gone or does not validate is not judged here, and one without a target yet (a tag that nothing has) only by its parameters.
    /// </summary>
    public async Task RequireAsync(Actor actor, string action, NewSchedule schedule, ValidSchedule valid, CancellationToken ct)
    {
        var scope = await gate.ScopeAsync(actor, valid.TargetIds, new StartFacts(), ct);
        if (await workflows.FindCurrentVersionAsync(actor.TeamId, schedule.WorkflowId, ct) is not { } version)
        {
            return;
        }

        var (read, plugins) = await recipes.ReadForStartAsync(actor.TeamId, version.Recipe, ct);
        if (read.Recipe is not { } recipe)
        {
            return;
        }

        await RecipeParameters.ResolveAsync(recipe, plugins, schedule.Parameters, scope.Count > 0 ? scope[0].Value : "http://target.invalid/", ct);
        if (policy.Scheduling([.. plugins.Select(p => PolicySubject.Of(p.Row, p.Manifest))], scope, sandbox(), valid.Firings).Refusal is { } refusal)
        {
            await audit.AppendAsync(RunGate.Denied(actor, schedule.WorkflowId, schedule.Name.Trim(), refusal) with { Action = action }, ct);
            throw new SecFlowException(refusal);
        }
    }
}
