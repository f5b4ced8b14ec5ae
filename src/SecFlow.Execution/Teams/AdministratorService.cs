using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Teams;

/// <summary>
/// Who administers the installation: tools, the work of every team, and who else does.
/// 1. Everybody may see who does, to ask them; all users are shown to administrators only.
/// 2. Only an administrator appoints and removes, one's own person included; the last one stays.
/// 3. What is taken away counts at once, in open pages and for tokens.
/// </summary>
public sealed class AdministratorService(TeamStore teams, Access access)
{
    /// <summary>The administrators; for one of them every user.</summary>
    public async Task<IReadOnlyList<InstallationUser>> ListAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadRuns, null, "administrators", ct);
        var users = await teams.ListUsersAsync(ct);
        return actor.OfInstallation ? users : [.. users.Where(user => user.Administers).Select(user => user with { Teams = [], LastSignInAt = null })];
    }

    /// <summary>Appoints or removes. Throws SF3001 and SF3010 (audited), SF1502 (no such user), SF1503 (the last one).</summary>
    public async Task SetAsync(Actor actor, Guid userId, bool administers, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageAdministrators, null, $"user/{userId}", ct);
        try
        {
            if (!await teams.SetAdministratorAsync(actor, userId, administers, ct))
            {
                throw new SecFlowException(Access.NotFound("user"));
            }
        }
        catch (ConflictException e)
        {
            throw new SecFlowException(Codes.Conflict, e.Message, e);
        }
    }
}
