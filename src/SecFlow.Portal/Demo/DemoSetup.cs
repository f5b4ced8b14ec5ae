using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Demo;

/// <summary>The demo team of a new installation: one target, one workflow, one schedule, made by the same services that people use. Each part is made once; what a person archived or changed stays so.</summary>
public sealed partial class DemoSetup(TargetService targets, WorkflowService workflows, ScheduleService schedules, ILogger<DemoSetup> log)
{
    public const string TeamSlug = "demo";

    public const string TargetName = "Demo shop";

    public const string WorkflowName = "Scan the demo shop";

    public const string ScheduleName = "Demo shop, weekly";

    public const string Recipe = """
        version: "1.0"
        name: Scan the demo shop
        description: Looks at headers, cookies, exposed files and other basics of the demo target.
        nodes:
          - id: baseline
            type: scan.web-baseline
            inputs: [targets]
            outputs: [findings]
            timeout: 5m
        """;

    /// <param name="administrator">Makes the team.</param>
    /// <param name="user">Its admin.</param>
    /// <param name="targetUrl">Url of the demo target; null = only the team is made.</param>
    /// <param name="ct">Stops it.</param>
    public async Task EnsureAsync(FirstAdministrator administrator, User user, string? targetUrl, CancellationToken ct)
    {
        var team = await administrator.EnsureTeamAsync(user, TeamSlug, "Demo", isDemo: true, ct);
        var actor = Actor.System(team.Id, "set-up");
        if (targetUrl is null)
        {
            return;
        }

        var target = await EnsureTargetAsync(actor, targetUrl, ct);
        var validation = await workflows.ValidateAsync(Recipe, ct);
        if (!validation.IsValid)
        {
            // Without its plugin the workflow would only be refused; the next start tries again.
            LogSkipped(log, validation.Problems[0].ToString());
            return;
        }

        var workflow = (await workflows.ListAsync(actor, ct)).FirstOrDefault(w => w.Name == WorkflowName)?.Id ?? (await workflows.SaveAsync(actor, Recipe, ct)).WorkflowId;
        var schedule = (await schedules.ListAsync(actor, ct)).FirstOrDefault(s => s.Name == ScheduleName);
        if (schedule is not null && !schedule.TargetIds.Contains(target.Id.ToString(), StringComparison.OrdinalIgnoreCase))
        {
            // The demo target moved to another port: its old address is not authorised any more.
            await schedules.DeleteAsync(actor, schedule.Id, ct);
            schedule = null;
        }

        if (schedule is null)
        {
            await schedules.AddAsync(actor, new NewSchedule(ScheduleName, workflow, "0 0 6 ? * MON", "UTC", [target.Id]), ct);
        }
    }

    private async Task<Target> EnsureTargetAsync(Actor actor, string url, CancellationToken ct)
    {
        var known = (await targets.ListAsync(actor, ct)).FirstOrDefault(t => t.Name == TargetName && t.ArchivedAt is null);
        if (known is not null && new Uri(known.Value) == new Uri(url))
        {
            return known;
        }

        if (known is not null)
        {
            await targets.ArchiveAsync(actor, known.Id, ct);
        }

        return await targets.AddAsync(
            actor,
            new NewTarget(TargetName, TargetKind.Url, url, "Demo target of this installation", null) { PrivateAddressApproved = true, RequestsPerSecond = 100, Tags = "demo" },
            ct);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The demo workflow was not made: {Problem}")]
    private static partial void LogSkipped(ILogger log, string problem);
}
