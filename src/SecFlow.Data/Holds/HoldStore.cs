using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;

namespace SecFlow.Data.Holds;

/// <summary>
/// Holds of teams and of the installation.
/// 1. Beginning one, telling the running runs to end (<see cref="HoldKind.Stop"/>), and the audit event are one transaction; so are its end and the event.
/// 2. At most one stands per team, and one for the installation. A drain may become a stop: the drain ends in the same transaction.
/// 3. The queue reads standing holds inside the transaction of a claim, and a running run's heartbeat looks for a stop as it looks for a wish to cancel: a claim at the same moment does not escape.
/// </summary>
public sealed class HoldStore(Database database)
{
    /// <summary>Begins a hold of <paramref name="teamId"/> (<see cref="Guid.Empty"/> = the installation). Throws <see cref="ConflictException"/> when the same or a stronger one stands.</summary>
    /// <param name="actor">Who acts.</param>
    /// <param name="teamId">Whose work.</param>
    /// <param name="kind">How much.</param>
    /// <param name="reason">Why, 1..500 characters.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task<Hold> BeginAsync(Actor actor, Guid teamId, HoldKind kind, string reason, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            if (await write.Db.Holds.SingleOrDefaultAsync(row => row.TeamId == teamId && row.EndedAt == null, ct) is { } standing)
            {
                if (standing.Kind >= kind)
                {
                    throw new ConflictException($"The work is held already: {standing.Kind} by {standing.BegunBy} since {standing.BegunAt:u}, because: {standing.Reason}");
                }

                (standing.EndedBy, standing.EndedAt, standing.EndReason) = (actor.Name, write.Now, "became a stop");
                await write.Db.SaveChangesAsync(ct);
            }

            var hold = new Hold { Id = Guid.CreateVersion7(write.Now), TeamId = teamId, Kind = kind, Reason = reason, BegunBy = actor.Name, BegunAt = write.Now };
            if (kind == HoldKind.Stop)
            {
                var by = actor.Name.Length > 200 ? actor.Name[..200] : actor.Name;
                hold.StoppedRuns = await write.Db.Runs.Where(r => (r.Status == RunStatus.Running || (r.Status == RunStatus.Paused && r.LeaseUntil != null)) && (teamId == Guid.Empty || r.TeamId == teamId) && r.CancelRequestedAt == null)
                    .ExecuteUpdateAsync(set => set.SetProperty(r => r.CancelRequestedAt, write.Now).SetProperty(r => r.CancelRequestedBy, by), ct);
                foreach (var frozen in await write.Db.Runs.Where(r => r.Status == RunStatus.Paused && r.LeaseUntil != null && r.CancelRequestedAt != null && (teamId == Guid.Empty || r.TeamId == teamId)).ToListAsync(ct))
                {
                    // As by a cancel: whoever has it ends it, and should its engine be dead, the next one claims it for that.
                    RunControlStore.EndPause(frozen, write.Now);
                    frozen.Status = RunStatus.Running;
                }
            }

            write.Db.Holds.Add(hold);
            write.Audit(Entry(actor, kind == HoldKind.Stop ? "stop.work" : "drain.work", hold) with { After = Describe(hold) });
            return hold;
        },
        ct);

    /// <summary>Ends the hold that stands; null when none does.</summary>
    /// <param name="actor">Who acts.</param>
    /// <param name="teamId">Whose hold; <see cref="Guid.Empty"/> = the installation's.</param>
    /// <param name="reason">Why work goes on.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task<Hold?> EndAsync(Actor actor, Guid teamId, string reason, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var hold = await write.Db.Holds.SingleOrDefaultAsync(row => row.TeamId == teamId && row.EndedAt == null, ct);
            if (hold is null)
            {
                return null;
            }

            var before = Describe(hold);
            (hold.EndedBy, hold.EndedAt, hold.EndReason) = (actor.Name, write.Now, reason);
            write.Audit(Entry(actor, "resume.work", hold) with { Before = before, After = Describe(hold) });
            return hold;
        },
        ct);

    /// <summary>The hold that counts for a team now: the stronger of the installation's and its own; null when it may work.</summary>
    public async Task<Hold?> StandingAsync(Guid teamId, CancellationToken ct = default) =>
        (await database.ReadAsync(db => db.Holds.Where(row => row.EndedAt == null && (row.TeamId == teamId || row.TeamId == Guid.Empty)).ToListAsync(ct), ct))
            .OrderByDescending(row => row.Kind).ThenByDescending(row => row.OfInstallation).FirstOrDefault();

    /// <summary>Every hold that stands, for the engine and the frame of the portal, which shows each team only its own.</summary>
    public async Task<IReadOnlyList<Hold>> ListStandingAsync(CancellationToken ct = default) =>
        await database.ReadAsync(db => db.Holds.Where(row => row.EndedAt == null).OrderBy(row => row.BegunAt).ToListAsync(ct), ct);

    /// <summary>Holds of the team and of the installation, newest first.</summary>
    public async Task<IReadOnlyList<Hold>> HistoryAsync(Guid teamId, int skip, int take, CancellationToken ct = default) => await database.ReadAsync(
        db => db.Holds.Where(row => row.TeamId == teamId || row.TeamId == Guid.Empty).OrderByDescending(row => row.BegunAt).ThenByDescending(row => row.Id).Skip(skip).Take(take).ToListAsync(ct), ct);

    private static AuditEntry Entry(Actor actor, string action, Hold hold) => new(
        hold.OfInstallation ? actor with { TeamId = Guid.Empty } : actor, action, hold.OfInstallation ? "installation" : "team", hold.OfInstallation ? "" : hold.TeamId.ToString(), hold.OfInstallation ? "of every team" : "of the team")
    {
        Details = new JsonObject { ["reason"] = hold.EndReason ?? hold.Reason, ["runs"] = hold.StoppedRuns },
    };

    private static JsonObject Describe(Hold hold) => new()
    {
        ["hold"] = hold.Id.ToString(),
        ["kind"] = hold.Kind.ToString(),
        ["reason"] = hold.Reason,
        ["begunBy"] = hold.BegunBy,
        ["begunAt"] = hold.BegunAt.ToString("O"),
        ["endedBy"] = hold.EndedBy,
    };
}
