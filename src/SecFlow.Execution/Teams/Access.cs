using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Teams;

/// <summary>What can be done, with the least role that may and the token scope that it takes.</summary>
public sealed record Permission(string Name, TeamRole Role, string Scope)
{
    /// <summary>True where no role in a team is enough: it concerns every team.</summary>
    public bool OfInstallation { get; init; }

    public static readonly Permission ReadRuns = new("read runs", TeamRole.Viewer, "runs:read");
    public static readonly Permission ReadRawOutput = new("read the raw output of runs", TeamRole.Analyst, "runs:read");
    public static readonly Permission StartRuns = new("start, cancel and re-run runs", TeamRole.Analyst, "runs:write");
    public static readonly Permission ReadFindings = new("read findings", TeamRole.Viewer, "findings:read");
    public static readonly Permission TriageFindings = new("triage findings", TeamRole.Analyst, "findings:write");
    public static readonly Permission ReadWorkflows = new("read workflows", TeamRole.Viewer, "workflows:read");
    public static readonly Permission EditWorkflows = new("edit workflows", TeamRole.Analyst, "workflows:write");
    public static readonly Permission EditSchedules = new("edit schedules", TeamRole.Analyst, "schedules:write");
    public static readonly Permission GiveSchedules = new("hand a schedule of somebody else to a third person", TeamRole.Admin, "schedules:write");
    public static readonly Permission ReadTargets = new("read targets", TeamRole.Viewer, "targets:read");
    public static readonly Permission EditTargets = new("add and change targets", TeamRole.Admin, "targets:write");
    public static readonly Permission ManageSecrets = new("list, set and delete secrets", TeamRole.Admin, "secrets:write");
    public static readonly Permission ReadPlugins = new("read plugins", TeamRole.Viewer, "plugins:read");
    public static readonly Permission SubmitPlugins = new("submit plugins for review", TeamRole.Analyst, "plugins:submit");
    public static readonly Permission ManagePlugins = new("install, approve and disable plugins", TeamRole.Admin, "plugins:write");
    public static readonly Permission ReadAudit = new("read and verify the audit log", TeamRole.Admin, "audit:read");
    public static readonly Permission ManageDemo = new("try out and remove the demo", TeamRole.Admin, "demo:write");
    public static readonly Permission HoldTeam = new("stop, drain and resume the work of the team", TeamRole.Admin, "holds:write");
    public static readonly Permission HoldInstallation = new("stop, drain and resume the work of every team", TeamRole.Viewer, "installation:write") { OfInstallation = true };
    public static readonly Permission ReadMetrics = new("read the metrics of every team", TeamRole.Viewer, "installation:read") { OfInstallation = true };
    public static readonly Permission ManageQueue = new("set the limits of the queue", TeamRole.Viewer, "installation:write") { OfInstallation = true };
    public static readonly Permission ManageTools = new("accept tools and set where they are", TeamRole.Viewer, "installation:write") { OfInstallation = true };
    public static readonly Permission ManageTrust = new("change the trust policy of the installation", TeamRole.Viewer, "installation:write") { OfInstallation = true };
    public static readonly Permission ManageAdministrators = new("appoint and remove administrators of the installation", TeamRole.Viewer, "installation:write") { OfInstallation = true };
    public static readonly Permission ManageWebhooks = new("set, test and remove the webhook of the team", TeamRole.Admin, "webhooks:write");
    public static readonly Permission ManageTokens = new("create and revoke tokens", TeamRole.Admin, "tokens:write");
}

/// <summary>
/// The one helper that checks role, token scope and team. A refusal is audited (which is also what counts it), then thrown.
/// 1. Team first: a row of another team does not exist for this actor, whatever the role (SF1502; audited as SF3002).
/// 2. Then whether the token counts, where something goes on on the authority of one (SF3011).
/// 3. Then the role in the team, or that of an administrator of the installation (SF3001).
/// 4. Then, for tokens, the scope (SF3010): a token may less than its role, never more.
/// </summary>
public sealed class Access(AuditLog audit, OwnerStore owners)
{
    /// <summary>Passes, or throws after auditing.</summary>
    /// <param name="actor">Who acts.</param>
    /// <param name="permission">What is done.</param>
    /// <param name="resourceTeam">Team of the row that is touched; null when it is the actor's own by construction. A row of another team is answered as if it did not exist (SF1502), and audited as SF3002.</param>
    /// <param name="resource">Kind and id for the audit event, such as <c>run/0190...</c>.</param>
    public async Task RequireAsync(Actor actor, Permission permission, Guid? resourceTeam, string resource, CancellationToken ct)
    {
        var (kind, id) = Split(resource);
        var (recorded, answer) = Judge(actor, permission, resourceTeam, kind);
        if (answer is null)
        {
            return;
        }

        await audit.AppendAsync(
            new AuditEntry(actor, "refuse.access", kind, id, permission.Name) { Outcome = AuditOutcome.Denied, ReasonCode = recorded },
            ct);
        throw new SecFlowException(answer);
    }

    /// <summary>The same for one row: looks up whose it is first. A row that is not there is SF1502 as well.</summary>
    /// <param name="actor">Who acts.</param>
    /// <param name="permission">What is done.</param>
    /// <param name="kind">Kind of the row, as <see cref="OwnerStore.FindTeamAsync"/> knows it.</param>
    /// <param name="id">Its id.</param>
    /// <param name="ct">Cancels.</param>
    public async Task RequireRowAsync(Actor actor, Permission permission, string kind, Guid id, CancellationToken ct)
    {
        var team = await owners.FindTeamAsync(kind, id, ct);
        // Rows of the installation (its plugins) are every team's to see.
        await RequireAsync(actor, permission, team == Guid.Empty ? null : team, $"{kind}/{id}", ct);
        if (team is null)
        {
            throw new SecFlowException(NotFound(kind));
        }
    }

    private static (string? Recorded, Diagnostic? Answer) Judge(Actor actor, Permission permission, Guid? resourceTeam, string kind)
    {
        if (resourceTeam is { } team && team != actor.TeamId)
        {
            return (Codes.TeamMismatch, NotFound(kind));
        }

        if (actor.Ended)
        {
            return (Codes.Unauthenticated, new Diagnostic(Codes.Unauthenticated, $"The token on whose authority this goes on was revoked or has expired. It would {permission.Name}.")
            {
                Rule = "a token that counts",
                Remedy = "Take the schedule over, or start the run again as yourself or with a valid token.",
            });
        }

        if (permission.OfInstallation && !actor.OfInstallation)
        {
            return (Codes.RoleMissing, new Diagnostic(Codes.RoleMissing, $"This needs an administrator of the installation. It would {permission.Name}.")
            {
                Rule = "administrator of the installation",
                Remedy = "Ask an administrator of the installation.",
            });
        }

        if (actor.Role < permission.Role)
        {
            return (Codes.RoleMissing, new Diagnostic(Codes.RoleMissing, $"This needs the role {permission.Role} in the team; you have {actor.Role}. It would {permission.Name}.")
            {
                Rule = $"role >= {permission.Role}",
                Remedy = $"Ask an admin of the team for the role {permission.Role}.",
            });
        }

        if (actor.Scopes is { } scopes && !scopes.Contains(permission.Scope, StringComparer.Ordinal))
        {
            return (Codes.TokenScopeMissing, new Diagnostic(Codes.TokenScopeMissing, $"This token may not {permission.Name}: it lacks the scope {permission.Scope}.")
            {
                Rule = $"token scope {permission.Scope}",
                Remedy = $"Use a token with the scope {permission.Scope}.",
            });
        }

        return (null, null);
    }

    /// <summary>The same answer for a row that is not there and one that is another team's.</summary>
    public static Diagnostic NotFound(string kind) =>
        new(Codes.NotFound, $"There is no such {kind} in this team. It may have been removed, or belong to another team.");

    private static (string Kind, string Id) Split(string resource)
    {
        var slash = resource.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (resource, "") : (resource[..slash], resource[(slash + 1)..]);
    }
}
