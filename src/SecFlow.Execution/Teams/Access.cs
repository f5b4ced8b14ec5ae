using SecFlow.Data.Audit;
using SecFlow.Data.Teams;

namespace SecFlow.Execution.Teams;

/// <summary>What can be done, with the least role that may and the token scope that it takes.</summary>
public sealed record Permission(string Name, TeamRole Role, string Scope)
{
    public static readonly Permission ReadRuns = new("read runs", TeamRole.Viewer, "runs:read");
    public static readonly Permission StartRuns = new("start, cancel and re-run runs", TeamRole.Analyst, "runs:write");
    public static readonly Permission ReadFindings = new("read findings", TeamRole.Viewer, "findings:read");
    public static readonly Permission TriageFindings = new("triage findings", TeamRole.Analyst, "findings:write");
    public static readonly Permission ReadWorkflows = new("read workflows", TeamRole.Viewer, "workflows:read");
    public static readonly Permission EditWorkflows = new("edit workflows", TeamRole.Analyst, "workflows:write");
    public static readonly Permission EditSchedules = new("edit schedules", TeamRole.Analyst, "schedules:write");
    public static readonly Permission ReadTargets = new("read targets", TeamRole.Viewer, "targets:read");
    public static readonly Permission EditTargets = new("add and change targets", TeamRole.Admin, "targets:write");
    public static readonly Permission ReadPlugins = new("read plugins", TeamRole.Viewer, "plugins:read");
    public static readonly Permission ManagePlugins = new("install, approve and disable plugins", TeamRole.Admin, "plugins:write");
    public static readonly Permission ReadAudit = new("read and verify the audit log", TeamRole.Admin, "audit:read");
    public static readonly Permission ManageTokens = new("create and revoke tokens", TeamRole.Admin, "tokens:write");
}

/// <summary>The one helper that checks role, token scope and team. A refusal is audited, counted and thrown (SF3001, SF3002, SF3010).</summary>
public sealed class Access
{
    /// <summary>Passes, or throws after auditing.</summary>
    /// <param name="actor">Who acts.</param>
    /// <param name="permission">What is done.</param>
    /// <param name="resourceTeam">Team of the row that is touched; null when it is the actor's own by construction. A row of another team is answered as if it did not exist (SF1502), and audited as SF3002.</param>
    /// <param name="resource">Kind and id for the audit event, such as <c>run/0190...</c>.</param>
    public Task RequireAsync(Actor actor, Permission permission, Guid? resourceTeam, string resource, CancellationToken ct) => throw new NotSupportedException();
}
