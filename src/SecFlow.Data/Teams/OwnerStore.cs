using Microsoft.EntityFrameworkCore;

namespace SecFlow.Data.Teams;

/// <summary>Which team a row belongs to; what access checks ask before they let anybody near it. The words are the kinds of resource in audit events.</summary>
public sealed class OwnerStore(Database database)
{
    /// <summary>The team of a row; null when there is no such row. <see cref="Guid.Empty"/> = the installation.</summary>
    /// <param name="kind"><c>run</c>, <c>workflow</c>, <c>schedule</c>, <c>blackout</c>, <c>target</c>, <c>secret</c>, <c>finding</c>, <c>plugin</c>, <c>token</c>.</param>
    public Task<Guid?> FindTeamAsync(string kind, Guid id, CancellationToken ct = default) => database.ReadAsync(
        db => Teams(db, kind, id).SingleOrDefaultAsync(ct), ct);

    private static IQueryable<Guid?> Teams(SecFlowContext db, string kind, Guid id) => kind switch
    {
        "run" => db.Runs.Where(row => row.Id == id).Select(row => (Guid?)row.TeamId),
        "workflow" => db.Workflows.Where(row => row.Id == id).Select(row => (Guid?)row.TeamId),
        "blackout" => db.Blackouts.Where(row => row.Id == id).Select(row => (Guid?)row.TeamId),
        "schedule" => db.Schedules.Where(row => row.Id == id).Select(row => (Guid?)row.TeamId),
        "target" => db.Targets.Where(row => row.Id == id).Select(row => (Guid?)row.TeamId),
        "secret" => db.TargetSecrets.Where(row => row.Id == id).Select(row => (Guid?)row.TeamId),
        "finding" => db.Findings.Where(row => row.Id == id).Select(row => (Guid?)row.TeamId),
        "plugin" => db.PluginVersions.Where(row => row.Id == id).Select(row => (Guid?)row.TeamId),
        "token" => db.ApiTokens.Where(row => row.Id == id).Select(row => (Guid?)row.TeamId),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind of resource."),
    };
}
