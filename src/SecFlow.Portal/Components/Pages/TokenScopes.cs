using SecFlow.Execution.Teams;

namespace SecFlow.Portal.Components.Pages;

/// <summary>The scopes that a token can have.</summary>
public static class TokenScopes
{
    public static IReadOnlyList<Permission> All { get; } =
    [
        Permission.ReadRuns, Permission.StartRuns, Permission.ReadFindings, Permission.TriageFindings, Permission.ReadWorkflows, Permission.EditWorkflows,
        Permission.EditSchedules, Permission.ReadTargets, Permission.EditTargets, Permission.ManageSecrets, Permission.ReadPlugins, Permission.ReadAudit, Permission.SubmitPlugins, Permission.ManagePlugins, Permission.HoldTeam, Permission.HoldInstallation, Permission.ReadMetrics, Permission.ManageWebhooks,
    ];
}
