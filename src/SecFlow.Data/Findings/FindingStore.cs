using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Findings;

/// <summary>What is asked of a team's findings; applied in the database.</summary>
public sealed record FindingFilter(Guid TeamId)
{
    public IReadOnlyList<Severity> Severities { get; init; } = [];

    public IReadOnlyList<FindingStatus> Statuses { get; init; } = [];

    public Guid? TargetId { get; init; }

    public Guid? RunId { get; init; }

    /// <summary>With <see cref="RunId"/>: the findings that a filter hid in that run, instead of the others.</summary>
    public bool Hidden { get; init; }

    public string? PluginId { get; init; }

    public string? Text { get; init; }
}

/// <summary>Order of a list of findings.</summary>
public enum FindingOrder
{
    Severity,
    LastSeen,
    FirstSeen,
    Title,
}

/// <summary>Findings of a team, read and triaged. New ones come only from checkpoints.</summary>
public sealed class FindingStore(Database database)
{
    public Task<(IReadOnlyList<Finding> Rows, int Total)> ListAsync(FindingFilter filter, FindingOrder order, bool reverse, int skip, int take, CancellationToken ct) => database.ReadAsync(
        async db =>
        {
            var rows = Filtered(db, filter);
            var total = await rows.CountAsync(ct);
            return ((IReadOnlyList<Finding>)await Ordered(rows, order, reverse).Skip(skip).Take(take).ToListAsync(ct), total);
        },
        ct);

    /// <summary>Why each of these findings is hidden in the run.</summary>
    public async Task<IReadOnlyDictionary<Guid, string>> HiddenReasonsAsync(Guid runId, IReadOnlyList<Guid> findings, CancellationToken ct) => await database.ReadAsync(
        db => db.Occurrences.Where(o => o.RunId == runId && o.Hidden && findings.Contains(o.FindingId)).ToDictionaryAsync(o => o.FindingId, o => o.HiddenReason ?? "", ct), ct);

    public Task<Finding?> FindAsync(Guid findingId, CancellationToken ct) =>
        database.ReadAsync(db => db.Findings.SingleOrDefaultAsync(f => f.Id == findingId, ct), ct);

    /// <summary>The newest occurrences and changes, at most 100 each.</summary>
    public Task<(IReadOnlyList<Occurrence> Occurrences, IReadOnlyList<FindingChange> Changes)> HistoryAsync(Guid findingId, CancellationToken ct) => database.ReadAsync(
        async db => ((IReadOnlyList<Occurrence>)await db.Occurrences.Where(o => o.FindingId == findingId).OrderByDescending(o => o.SeenAt).Take(100).ToListAsync(ct),
            (IReadOnlyList<FindingChange>)await db.FindingChanges.Where(c => c.FindingId == findingId).OrderByDescending(c => c.Time).Take(100).ToListAsync(ct)),
        ct);

    public Task<(IReadOnlyDictionary<Severity, int> OpenBySeverity, IReadOnlyDictionary<FindingStatus, int> ByStatus)> CountAsync(Guid teamId, CancellationToken ct) => database.ReadAsync(
        async db =>
        {
            var rows = await db.Findings.Where(f => f.TeamId == teamId).GroupBy(f => new { f.Severity, f.Status }).Select(g => new { g.Key.Severity, g.Key.Status, Count = g.Count() }).ToListAsync(ct);
            return ((IReadOnlyDictionary<Severity, int>)rows.Where(r => r.Status is FindingStatus.Open or FindingStatus.Triaged).GroupBy(r => r.Severity).ToDictionary(g => g.Key, g => g.Sum(r => r.Count)),
                (IReadOnlyDictionary<FindingStatus, int>)rows.GroupBy(r => r.Status).ToDictionary(g => g.Key, g => g.Sum(r => r.Count)));
        },
        ct);

    /// <summary>Changes the status; leaves a change with actor and reason, and an audit event. The same status again changes nothing.</summary>
    public Task<Finding> SetStatusAsync(Guid findingId, FindingStatus status, string actor, string reason, Func<Finding, FindingStatus, AuditEntry> audit, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            var finding = await write.Db.Findings.SingleAsync(f => f.Id == findingId, ct);
            var before = finding.Status;
            if (before == status)
            {
                return finding;
            }

            finding.Status = status;
            finding.MissedRuns = 0;
            write.Db.FindingChanges.Add(new FindingChange
            {
                Id = Guid.NewGuid(),
                TeamId = finding.TeamId,
                FindingId = finding.Id,
                Time = write.Now,
                Actor = actor,
                Field = "status",
                From = before.ToString(),
                To = status.ToString(),
                Reason = reason,
            });
            write.Audit(audit(finding, before));
            return finding;
        },
        ct);

    private static IQueryable<Finding> Filtered(SecFlowContext db, FindingFilter filter)
    {
        var rows = db.Findings.Where(f => f.TeamId == filter.TeamId);
        if (filter.Severities.Count > 0)
        {
            rows = rows.Where(f => filter.Severities.Contains(f.Severity));
        }

        if (filter.Statuses.Count > 0)
        {
            rows = rows.Where(f => filter.Statuses.Contains(f.Status));
        }

        if (filter.TargetId is { } target)
        {
            rows = rows.Where(f => f.TargetId == target);
        }

        if (filter.RunId is { } run)
        {
            rows = rows.Where(f => db.Occurrences.Any(o => o.FindingId == f.Id && o.RunId == run && o.Hidden == filter.Hidden));
        }

        if (filter.PluginId is { } plugin)
        {
            rows = rows.Where(f => f.PluginId == plugin);
        }

        if (!string.IsNullOrWhiteSpace(filter.Text))
        {
            // lower() on both databases; SQLite's knows ASCII only, which is what rule ids and urls are made of.
            var text = filter.Text.Trim().ToLowerInvariant();
#pragma warning disable CA1304, CA1311, CA1862 // translated to SQL's lower()
            rows = rows.Where(f => f.Title.ToLower().Contains(text) || f.Location.ToLower().Contains(text) || f.RuleId.ToLower().Contains(text));
#pragma warning restore CA1304, CA1311, CA1862
        }

        return rows;
    }

    // The worst first, the newest first, titles from A; `reverse` turns it round. The id makes pages stable.
    private static IOrderedQueryable<Finding> Ordered(IQueryable<Finding> rows, FindingOrder order, bool reverse) => ((order, reverse) switch
    {
        (FindingOrder.LastSeen, false) => rows.OrderByDescending(f => f.LastSeenAt),
        (FindingOrder.LastSeen, true) => rows.OrderBy(f => f.LastSeenAt),
        (FindingOrder.FirstSeen, false) => rows.OrderByDescending(f => f.FirstSeenAt),
        (FindingOrder.FirstSeen, true) => rows.OrderBy(f => f.FirstSeenAt),
        (FindingOrder.Title, false) => rows.OrderBy(f => f.Title),
        (FindingOrder.Title, true) => rows.OrderByDescending(f => f.Title),
        (_, false) => rows.OrderByDescending(f => f.Severity).ThenByDescending(f => f.LastSeenAt),
        (_, true) => rows.OrderBy(f => f.Severity).ThenByDescending(f => f.LastSeenAt),
    }).ThenBy(f => f.Id);
}
