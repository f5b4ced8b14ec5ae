using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plans;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Workflows;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Demo;

/// <summary>
/// The acts of the first five minutes. Each goes the way of every run, target and schedule; what is special is who may: admins of the demo team.
/// The question is asked of the stored team and role at every act, and a refusal is audited.
/// </summary>
public sealed class FirstSteps(
    FirstStepStore steps,
    TeamStore teams,
    Access access,
    AuditLog audit,
    RunService runs,
    RunPlanner planner,
    WorkflowService workflows,
    TargetService targets,
    TargetValidation validation,
    ScheduleService schedules,
    DemoPlugins plugins,
    DemoRemoval removal)
{
    public const string Cron = "0 0 6 ? * MON";

    public const string Zone = "UTC";

    /// <summary>Where the actor's team is; null when the steps are not this actor's (another team, another role).</summary>
    public async Task<FirstStepsView?> FindAsync(Actor actor, CancellationToken ct)
    {
        if (actor.Role < TeamRole.Admin || await teams.FindAsync(actor.TeamId, ct) is not { IsDemo: true })
        {
            return null;
        }

        var taken = (await steps.ListAsync(actor.TeamId, ct)).ToDictionary(s => s.Kind);
        var details = new Dictionary<FirstStepKind, RunDetail>();
        foreach (var step in taken.Values.Where(s => s.RunId is not null))
        {
            details[step.Kind] = await runs.GetAsync(actor, step.RunId!.Value, ct);
        }

        var proofs = new Dictionary<FirstStepKind, AuditEvent>();
        foreach (var attempt in DemoAttempt.All.Where(a => details.TryGetValue(a.Kind, out var detail) && detail.Run.Status.IsFinal()))
        {
            if (await ProofAsync(actor, details[attempt.Kind].Run.Id, ct) is { } proof)
            {
                proofs[attempt.Kind] = proof;
            }
        }

        var schedule = taken.TryGetValue(FirstStepKind.Schedule, out var made) ? (await schedules.ListAsync(actor, ct)).FirstOrDefault(s => s.Id == made.SubjectId) : null;
        return new FirstStepsView(taken, details, proofs, schedule, await removal.FindAsync(actor, ct));
    }

    public async Task<Run> ScanDemoAsync(Actor actor, CancellationToken ct)
    {
        await RequireAsync(actor, ct);
        var run = await runs.StartAsync(actor, new StartRun(await DemoWorkflowAsync(actor, ct), [(await DemoTargetAsync(actor, ct)).Id], RunTrigger.Manual), ct);
        await steps.RecordAsync(actor, new FirstStep { Kind = FirstStepKind.ScanDemo, RunId = run.Id }, ct: ct);
        return run;
    }

    /// <summary>Starts an attempt on the demo shop. Its workflow is taken out of use at once, so that nobody meets it among the team's own.</summary>
    public async Task<Run> TryAsync(Actor actor, FirstStepKind kind, CancellationToken ct)
    {
        await RequireAsync(actor, ct);
        var attempt = DemoAttempt.Of(kind);
        var target = await DemoTargetAsync(actor, ct);
        if (attempt.PluginId == DemoPlugins.Altered)
        {
            await plugins.AlterAsync(ct);
        }

        var workflow = (await workflows.SaveAsync(actor, attempt.Recipe, ct)).WorkflowId;
        try
        {
            var run = await runs.StartAsync(actor, new StartRun(workflow, [target.Id], RunTrigger.Manual), ct);
            await steps.RecordAsync(actor, new FirstStep { Kind = kind, RunId = run.Id }, ct: ct);
            return run;
        }
        finally
        {
            await workflows.ArchiveAsync(actor, workflow, CancellationToken.None);
        }
    }

    /// <summary>What an own scan would do. Nothing is stored. Throws every problem of the target (SF1401).</summary>
    public async Task<RunPlan> PlanAsync(Actor actor, OwnScan scan, CancellationToken ct)
    {
        await RequireAsync(actor, ct);
        return await planner.PlanAsync(actor, new PlanRequest { Recipe = await OwnRecipeAsync(actor, ct), NewTarget = scan.ToTarget() }, null, ct);
    }

    /// <summary>Adds the target with its authorisation, and runs the baseline on it. A target of the team with this very address is used as it was authorised.</summary>
    public async Task<Run> ScanOwnAsync(Actor actor, OwnScan scan, CancellationToken ct)
    {
        await RequireAsync(actor, ct);
        var wanted = scan.ToTarget();
        var value = (await validation.ValidateAsync(wanted, actor.TeamId, ct)).Value;
        var target = (await targets.ListAsync(actor, ct)).FirstOrDefault(t => t.Kind == TargetKind.Url && t.Value == value) ?? await targets.AddAsync(actor, wanted, ct);
        var run = await runs.StartAsync(actor, new StartRun(await OwnWorkflowAsync(actor, ct), [target.Id], RunTrigger.Manual), ct);
        await steps.RecordAsync(actor, new FirstStep { Kind = FirstStepKind.ScanOwn, RunId = run.Id, SubjectId = target.Id, Detail = target.Name }, ct: ct);
        return run;
    }

    /// <summary>Every Monday at 06:00: the own scan when there was one, else the demo shop.</summary>
    public async Task ScheduleAsync(Actor actor, CancellationToken ct)
    {
        await RequireAsync(actor, ct);
        var own = (await steps.ListAsync(actor.TeamId, ct)).FirstOrDefault(s => s.Kind == FirstStepKind.ScanOwn);
        var target = own is null ? null : (await targets.ListAsync(actor, ct)).FirstOrDefault(t => t.Id == own.SubjectId);
        var workflow = target is null ? await DemoWorkflowAsync(actor, ct) : await OwnWorkflowAsync(actor, ct);
        target ??= await DemoTargetAsync(actor, ct);
        var name = target.Name.Length > 88 ? target.Name[..88] : target.Name;
        var schedule = await schedules.AddAsync(actor, new NewSchedule(name + ", weekly", workflow, Cron, Zone, [target.Id]), ct);
        await steps.RecordAsync(actor, new FirstStep { Kind = FirstStepKind.Schedule, SubjectId = schedule.Id, Detail = schedule.Name }, ct: ct);
    }

    /// <summary>Signs a checkpoint and verifies the whole log. The step counts only when the log is intact.</summary>
    public async Task<AuditVerification> VerifyAsync(Actor actor, CancellationToken ct)
    {
        await RequireAsync(actor, ct);
        await access.RequireAsync(actor, Permission.ReadAudit, null, "audit", ct);
        await audit.CheckpointAsync(ct);
        var result = await audit.VerifyAsync(ct);
        if (result.Intact)
        {
            var words = $"Intact: {Words.Count(result.Events, "event")}, {Words.Count(result.Checkpoints, "checkpoint")} checked.";
            await steps.RecordAsync(actor, new FirstStep { Kind = FirstStepKind.VerifyLog, Detail = words }, ct: ct);
        }

        return result;
    }

    public async Task RemoveDemoAsync(Actor actor, CancellationToken ct) => await removal.RemoveAsync(actor, await RequireAsync(actor, ct), ct);

    /// <summary>Puts the list away, or back on the overview.</summary>
    public async Task DismissAsync(Actor actor, bool dismissed, CancellationToken ct)
    {
        await RequireAsync(actor, ct);
        if (dismissed)
        {
            await steps.RecordAsync(actor, new FirstStep { Kind = FirstStepKind.Dismissed }, ct: ct);
        }
        else
        {
            await steps.RemoveAsync(actor, FirstStepKind.Dismissed, ct);
        }
    }

    private async Task<Team> RequireAsync(Actor actor, CancellationToken ct)
    {
        var team = await teams.FindAsync(actor.TeamId, ct);
        // For another team the demo is somebody else's row: it does not exist there.
        var owner = team is { IsDemo: true } ? team.Id : (await teams.FindBySlugAsync(DemoSetup.TeamSlug, ct))?.Id ?? Guid.Empty;
        await access.RequireAsync(actor, Permission.ManageDemo, owner, "demo/" + owner, ct);
        return team!;
    }

    private async Task<Target> DemoTargetAsync(Actor actor, CancellationToken ct) =>
        (await targets.ListAsync(actor, ct)).FirstOrDefault(t => t.Name == DemoSetup.TargetName) ?? throw Missing();

    private async Task<Guid> DemoWorkflowAsync(Actor actor, CancellationToken ct) =>
        (await workflows.ListAsync(actor, ct)).FirstOrDefault(w => w.Name == DemoSetup.WorkflowName)?.Id ?? throw Missing();

    private async Task<Guid> OwnWorkflowAsync(Actor actor, CancellationToken ct) =>
        await FindOwnAsync(actor, ct) ?? (await workflows.SaveAsync(actor, OwnScan.Template.Yaml, ct)).WorkflowId;

    private async Task<string> OwnRecipeAsync(Actor actor, CancellationToken ct) =>
        await FindOwnAsync(actor, ct) is { } id ? (await workflows.GetAsync(actor, id, ct)).Version.Recipe : OwnScan.Template.Yaml;

    /// <summary>A workflow of that name is taken as the team wrote it; it is never written over.</summary>
    private async Task<Guid?> FindOwnAsync(Actor actor, CancellationToken ct) => (await workflows.ListAsync(actor, ct)).FirstOrDefault(w => w.Name == OwnScan.Template.Name)?.Id;

    /// <summary>The event that records the refusal or the limit: the broker's, if there is one, else the node's end.</summary>
    private async Task<AuditEvent?> ProofAsync(Actor actor, Guid runId, CancellationToken ct)
    {
        var page = await audit.ListAsync(new AuditQuery(actor.TeamId) { Resource = runId.ToString(), Take = 20 }, ct);
        return page.Events.Where(e => e.ReasonCode is not null).OrderBy(e => e.Outcome == AuditOutcome.Denied ? 0 : 1).ThenByDescending(e => e.Seq).FirstOrDefault();
    }

    private static SecFlowException Missing() => new(Codes.NotFound, "The demo shop is not set up here. Start SecFlow with ./start, which runs it, or add a target of your own under Targets.");
}
