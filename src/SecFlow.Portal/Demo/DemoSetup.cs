using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Demo;

/// <summary>
/// The demo team of a new installation: one target, one workflow and the plugins that try to break out, made by the same services that people use.
/// Each part is made once; what a person archived or changed stays so, and a demo that was removed does not come back.
/// </summary>
public sealed partial class DemoSetup(
    TargetService targets, WorkflowService workflows, DemoPlugins plugins, DemoRemoval removal, FirstStepStore steps, RunStore runs, ILogger<DemoSetup> log)
{
    public const string TeamSlug = "demo";

    public const string TargetName = "Demo shop";

    public const string WorkflowName = "Scan the demo shop";

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
        var taken = await steps.ListAsync(team.Id, ct);
        if (taken.Any(s => s.Kind == FirstStepKind.RemoveDemo))
        {
            // A stop in the middle of the removal: the rest of it.
            await removal.FinishAsync(actor, ct);
            return;
        }

        if (taken.Count == 0 && (await runs.ListAsync(team.Id, 0, 1, ct)).Count > 0)
        {
            // In use since before there were first steps: nobody needs them here.
            await steps.RecordAsync(actor, new FirstStep { Kind = FirstStepKind.Dismissed, Detail = "in use already" }, ct: ct);
        }

        if (targetUrl is null)
        {
            return;
        }

        await EnsureTargetAsync(actor, targetUrl, ct);
        var validation = await workflows.ValidateAsync(actor.TeamId, Recipe, ct);
        if (!validation.IsValid)
        {
            // Without its plugin the workflow would only be refused; the next start tries again.
            LogSkipped(log, validation.Problems[0].ToString());
            return;
        }

        if ((await workflows.ListAsync(actor, ct)).All(w => w.Name != WorkflowName))
        {
            await workflows.SaveAsync(actor, Recipe, ct);
        }

        await plugins.InstallAsync(ct);
    }

    private async Task EnsureTargetAsync(Actor actor, string url, CancellationToken ct)
    {
        var known = (await targets.ListAsync(actor, ct)).FirstOrDefault(t => t.Name == TargetName && t.ArchivedAt is null);
        if (known is not null && new Uri(known.Value) == new Uri(url))
        {
            return;
        }

        if (known is not null)
        {
            // It moved to another port: its old address is not authorised any more.
            await removal.RemoveSchedulesAsync(actor, known.Id, ct);
            await targets.ArchiveAsync(actor, known.Id, ct);
        }

        await targets.AddAsync(
            actor,
            new NewTarget(TargetName, TargetKind.Url, url, "Demo target of this installation", null) { PrivateAddressApproved = true, RequestsPerSecond = 100, Tags = "demo" },
            ct);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The demo workflow was not made: {Problem}")]
    private static partial void LogSkipped(ILogger log, string problem);
}
