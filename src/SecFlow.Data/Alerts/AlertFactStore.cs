using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;

namespace SecFlow.Data.Alerts;

/// <summary>How the nodes of a plugin ended.</summary>
public sealed record PluginEnds(string PluginId, int All, int Failed);

/// <summary>A schedule that is late, was stopped, or starts nothing.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="HasNamesake">Another schedule of the team has the same name.</param>
/// <param name="NextFireAt">When it is due.</param>
/// <param name="StoppedReason">Why the engine stopped it.</param>
/// <param name="Refusal">Why its last firing started nothing.</param>
public sealed record TroubledSchedule(Guid Id, string Name, bool HasNamesake, DateTimeOffset? NextFireAt, string? StoppedReason, string? Refusal)
{
    /// <summary>What its alerts are about: its name, and the end of its id (the beginning is a time) when the name alone would be two schedules.</summary>
    public string Subject => HasNamesake ? $"{Name} ({Id.ToString("N")[^8..]})" : Name;
}

/// <summary>What the alert rules look at, of one team, in one reading.</summary>
public sealed record TeamFacts
{
    public required IReadOnlyList<PluginEnds> Ends { get; init; }

    /// <summary>Audited refusals by code, with their times.</summary>
    public required IReadOnlyList<(string Code, DateTimeOffset Time)> Refusals { get; init; }

    /// <summary>Nodes that ended with a code of the sandbox, with their times.</summary>
    public required IReadOnlyList<(string Code, DateTimeOffset Time)> SandboxEnds { get; init; }

    /// <summary>Since when the run that waits longest for a slot does; null = none waits. What waits for the end of a blackout, a hold or another run is not meant.</summary>
    public DateTimeOffset? WaitingSince { get; init; }

    public required IReadOnlyList<TroubledSchedule> Schedules { get; init; }

    /// <summary>When alerts of a kind and subject were closed last within the time that was asked for: what was before is dealt with.</summary>
    public required IReadOnlyDictionary<(AlertKind Kind, string Subject), DateTimeOffset> Closed { get; init; }
}

/// <summary>Facts behind the alert rules. Bounded: at most a thousand rows of a kind are counted; more is many anyway.</summary>
public sealed class AlertFactStore(Database database)
{
    private const int Most = 1000;

    /// <summary>The teams.</summary>
    public async Task<IReadOnlyList<Guid>> TeamsAsync(CancellationToken ct) => await database.ReadAsync(db => db.Teams.Select(t => t.Id).ToListAsync(ct), ct);

    /// <param name="teamId">Whose.</param>
    /// <param name="since">Of refusals and node ends.</param>
    /// <param name="dueBefore">A schedule whose next time lies before this should have fired.</param>
    /// <param name="overlapCode">Code at the end of a refusal because the run before had not ended: where a schedule is told to skip then, it is no trouble.</param>
    /// <param name="ct">Cancels.</param>
    public Task<TeamFacts> ReadAsync(Guid teamId, DateTimeOffset since, DateTimeOffset dueBefore, string overlapCode, CancellationToken ct) => database.ReadAsync(
        async db =>
        {
            var closed = await db.Alerts.Where(a => a.TeamId == teamId && a.ClosedAt >= since).Select(a => new { a.Kind, a.Subject, a.ClosedAt }).ToListAsync(ct);
            var ends = await db.NodeRuns.Where(n => n.TeamId == teamId && n.EndedAt >= since && n.StartedAt != null).OrderByDescending(n => n.EndedAt).Take(Most)
                .Select(n => new { n.PluginId, n.Status, n.ErrorCode, n.EndedAt }).ToListAsync(ct);
            var refusals = await db.AuditEvents.Where(e => e.TeamId == teamId && e.Outcome == AuditOutcome.Denied && e.Time >= since && e.ReasonCode != null).OrderByDescending(e => e.Seq).Take(Most)
                .Select(e => new { e.ReasonCode, e.Time }).ToListAsync(ct);
            return new TeamFacts
            {
                Closed = closed.GroupBy(a => (a.Kind, a.Subject)).ToDictionary(g => g.Key, g => g.Max(a => a.ClosedAt!.Value)),
                Ends = [.. ends.Where(n => n.Status is not (NodeStatus.Skipped or NodeStatus.Cancelled or NodeStatus.Cached or NodeStatus.Denied))
                    .Where(n => n.EndedAt > ClosedAt(AlertKind.NodeFailures, n.PluginId))
                    .GroupBy(n => n.PluginId).Select(g => new PluginEnds(g.Key, g.Count(), g.Count(n => n.Status is NodeStatus.Failed or NodeStatus.TimedOut or NodeStatus.Interrupted)))],
                Refusals = [.. refusals.Select(e => (e.ReasonCode!, e.Time))],
                SandboxEnds = [.. ends.Where(n => n.ErrorCode is not null && n.ErrorCode.StartsWith("SF4", StringComparison.Ordinal)).Select(n => (n.ErrorCode!, n.EndedAt!.Value))],
                WaitingSince = await RunChoice.Waiting(db, database.Time.GetUtcNow()).Where(r => r.TeamId == teamId && r.Status == RunStatus.Queued && r.StartedAt == null)
                    .OrderBy(r => r.QueuedAt).Select(r => (DateTimeOffset?)r.QueuedAt).FirstOrDefaultAsync(ct),
                Schedules = await TroubledAsync(db, teamId, dueBefore, overlapCode, ct),
            };

            DateTimeOffset ClosedAt(AlertKind kind, string subject) => closed.Where(a => a.Kind == kind && a.Subject == subject).Max(a => a.ClosedAt) ?? DateTimeOffset.MinValue;
        },
        ct);

    // What never fires again and was not stopped (its one time passed, it ended) has nothing to say any more.
    private static Task<List<TroubledSchedule>> TroubledAsync(SecFlowContext db, Guid teamId, DateTimeOffset dueBefore, string overlapCode, CancellationToken ct) => db.Schedules
        .Where(s => s.TeamId == teamId && s.Enabled && s.ArchivedAt == null)
        .Select(s => new
        {
            s.Id,
            s.Name,
            HasNamesake = db.Schedules.Any(o => o.TeamId == s.TeamId && o.ArchivedAt == null && o.Id != s.Id && o.Name == s.Name),
            s.NextFireAt,
            s.StoppedReason,
            Refusal = s.NextFireAt == null || (s.Overlap == OverlapPolicy.Skip && s.LastRefusal!.EndsWith(overlapCode)) ? null : s.LastRefusal,
        })
        .Where(s => s.NextFireAt < dueBefore || s.StoppedReason != null || s.Refusal != null)
        .OrderBy(s => s.Name).ThenBy(s => s.Id).Take(100)
        .Select(s => new TroubledSchedule(s.Id, s.Name, s.HasNamesake, s.NextFireAt, s.StoppedReason, s.Refusal)).ToListAsync(ct);

    /// <summary>Bytes of the database.</summary>
    public Task<long> SizeAsync(CancellationToken ct) => database.FilePath is { } path
        ? Task.FromResult(new[] { path, path + "-wal" }.Where(File.Exists).Sum(file => new FileInfo(file).Length))
        : database.ReadAsync(async db => await db.Database.SqlQueryRaw<long>("SELECT pg_database_size(current_database()) AS \"Value\"").SingleAsync(ct), ct);
}
