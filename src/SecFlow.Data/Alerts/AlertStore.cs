using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Alerts;

/// <summary>What is raised. See <see cref="Alert"/>.</summary>
public sealed record NewAlert(Guid TeamId, AlertKind Kind, AlertSeverity Severity, string Subject, string Words)
{
    /// <summary>Page of the portal, without the leading slash.</summary>
    public string Link { get; init; } = "";
}

/// <summary>
/// Alerts and silences.
/// 1. An alert, its audit event and the message to the team's webhook are one transaction; a silenced one is stored and audited, and nothing is sent.
/// 2. At most one of a team, kind and subject is open. Raising it again counts it and keeps its newest words: no second message, no second event.
/// 3. When a silence ends, by its time or by a person, what no other one covers rings again, and is sent if it never was.
/// 4. Whoever acknowledges, silences or ends a silence does so with an audit event in the same transaction.
/// </summary>
public sealed class AlertStore(Database database)
{
    /// <summary>Raises; true when it was not open before.</summary>
    /// <param name="alert">What.</param>
    /// <param name="message">Writes the body for the team's webhook.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task<bool> RaiseAsync(NewAlert alert, Func<Alert, string> message, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            if (await OpenAsync(write.Db, alert.TeamId, alert.Kind, alert.Subject, ct) is { } open)
            {
                (open.Words, open.LastAt, open.Severity, open.Link) = (alert.Words, write.Now, alert.Severity > open.Severity ? alert.Severity : open.Severity, alert.Link);
                open.Count++;
                return false;
            }

            var row = new Alert
            {
                Id = Guid.CreateVersion7(write.Now),
                TeamId = alert.TeamId,
                Kind = alert.Kind,
                Severity = alert.Severity,
                Subject = alert.Subject,
                Words = alert.Words,
                Link = alert.Link,
                FirstAt = write.Now,
                LastAt = write.Now,
                Silenced = await Holding(write.Db, write.Now).AnyAsync(s => s.TeamId == alert.TeamId && s.Kind == alert.Kind && (s.Subject == "" || s.Subject == alert.Subject), ct),
            };
            write.Db.Alerts.Add(row);
            write.Audit(Entry(Actor.System(alert.TeamId, "alerts"), "raise.alert", row) with { Details = new JsonObject { ["words"] = row.Words, ["silenced"] = row.Silenced } });
            if (!row.Silenced)
            {
                await SendAsync(write, row, message, ct);
            }

            return true;
        },
        ct);

    /// <summary>Closes the open alerts of a kind whose condition ended: all of the team but those of <paramref name="still"/>. How many.</summary>
    public async Task<int> EndConditionsAsync(Guid teamId, AlertKind kind, IReadOnlyCollection<string> still, CancellationToken ct)
    {
        var ended = await database.ReadAsync(db => db.Alerts.Where(a => a.TeamId == teamId && a.Kind == kind && a.ClosedAt == null && !still.Contains(a.Subject)).Select(a => a.Id).ToListAsync(ct), ct);
        return ended.Count == 0 ? 0 : await database.WriteAsync(
            async write =>
            {
                var rows = await write.Db.Alerts.Where(a => ended.Contains(a.Id) && a.ClosedAt == null).ToListAsync(ct);
                foreach (var row in rows)
                {
                    row.ClosedAt = write.Now;
                    (row.ClosedBy, row.ClosedReason) = row.AcknowledgedAt is null ? ("", "its condition ended") : (row.ClosedBy, row.ClosedReason);
                    write.Audit(Entry(Actor.System(teamId, "alerts"), "end.alert", row));
                }

                return rows.Count;
            },
            ct);
    }

    /// <summary>A person acknowledges it. Null when there is no such open alert, or somebody did before.</summary>
    /// <param name="actor">Who acts.</param>
    /// <param name="id">Which.</param>
    /// <param name="stands">It stays open, without ringing, until its condition ends; otherwise it is closed.</param>
    /// <param name="reason">May be null.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task<Alert?> AcknowledgeAsync(Actor actor, Guid id, bool stands, string? reason, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            var row = await write.Db.Alerts.SingleOrDefaultAsync(a => a.Id == id && a.ClosedAt == null && a.AcknowledgedAt == null && (a.TeamId == actor.TeamId || a.TeamId == Guid.Empty), ct);
            if (row is not null)
            {
                (row.AcknowledgedAt, row.ClosedBy, row.ClosedReason) = (write.Now, actor.Name, reason);
                row.ClosedAt = stands ? null : write.Now;
                write.Audit(Entry(actor, "acknowledge.alert", row) with { Details = new JsonObject { ["reason"] = reason } });
            }

            return row;
        },
        ct);

    /// <summary>Begins a silence; open alerts that it covers stop ringing.</summary>
    public Task<AlertSilence> SilenceAsync(Actor actor, Guid teamId, AlertKind kind, string subject, DateTimeOffset until, string reason, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            var row = new AlertSilence { Id = Guid.CreateVersion7(write.Now), TeamId = teamId, Kind = kind, Subject = subject, From = write.Now, Until = until, Reason = reason, CreatedBy = actor.Name };
            write.Db.AlertSilences.Add(row);
            foreach (var open in await write.Db.Alerts.Where(a => a.TeamId == teamId && a.Kind == kind && (subject == "" || a.Subject == subject) && a.ClosedAt == null).ToListAsync(ct))
            {
                open.Silenced = true;
            }

            write.Audit(Entry(actor, "silence.alerts", row));
            return row;
        },
        ct);

    /// <summary>Ends a silence before its time; what it covered rings again. Null when there is no such silence that holds.</summary>
    /// <param name="actor">Who acts.</param>
    /// <param name="id">Which.</param>
    /// <param name="message">Writes the body for the team's webhook.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task<AlertSilence?> EndSilenceAsync(Actor actor, Guid id, Func<Alert, string> message, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            var row = await write.Db.AlertSilences.SingleOrDefaultAsync(s => s.Id == id && s.TeamId == actor.TeamId && s.EndedAt == null && s.Until > write.Now, ct);
            if (row is not null)
            {
                (row.EndedAt, row.EndedBy) = (write.Now, actor.Name);
                write.Audit(Entry(actor, "unsilence.alerts", row));
                await write.Db.SaveChangesAsync(ct);
                await RingAgainAsync(write, message, ct);
            }

            return row;
        },
        ct);

    /// <summary>Lets ring again what was silenced and no silence covers any more. How many.</summary>
    /// <param name="message">Writes the body for the team's webhook.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public async Task<int> RingAgainAsync(Func<Alert, string> message, CancellationToken ct)
    {
        var now = database.Time.GetUtcNow();
        return await database.ReadAsync(db => Uncovered(db, now).AnyAsync(ct), ct) ? await database.WriteAsync(write => RingAgainAsync(write, message, ct), ct) : 0;
    }

    public Task<Alert?> FindAsync(Guid id, CancellationToken ct) => database.ReadAsync(db => db.Alerts.SingleOrDefaultAsync(a => a.Id == id, ct), ct);

    public Task<AlertSilence?> FindSilenceAsync(Guid id, CancellationToken ct) => database.ReadAsync(db => db.AlertSilences.SingleOrDefaultAsync(s => s.Id == id, ct), ct);

    /// <summary>Alerts of the team and of the installation: the open ones first, then newest first.</summary>
    public async Task<IReadOnlyList<Alert>> ListAsync(Guid teamId, bool openOnly, int skip, int take, CancellationToken ct) => await database.ReadAsync(
        db => db.Alerts.Where(a => (a.TeamId == teamId || a.TeamId == Guid.Empty) && (!openOnly || a.ClosedAt == null))
            .OrderBy(a => a.ClosedAt != null).ThenByDescending(a => a.LastAt).ThenByDescending(a => a.Id).Skip(skip).Take(take).ToListAsync(ct),
        ct);

    /// <summary>Open alerts that ring, of the team and of the installation.</summary>
    public Task<int> RingingAsync(Guid teamId, CancellationToken ct) =>
        database.ReadAsync(db => db.Alerts.CountAsync(a => (a.TeamId == teamId || a.TeamId == Guid.Empty) && a.ClosedAt == null && a.AcknowledgedAt == null && !a.Silenced, ct), ct);

    /// <summary>Silences of the team that hold now.</summary>
    public async Task<IReadOnlyList<AlertSilence>> SilencesAsync(Guid teamId, CancellationToken ct)
    {
        var now = database.Time.GetUtcNow();
        return await database.ReadAsync(db => Holding(db, now).Where(s => s.TeamId == teamId).OrderBy(s => s.Until).ToListAsync(ct), ct);
    }

    /// <summary>Removes closed alerts that are older, with the messages about them. How many.</summary>
    public Task<int> RemoveClosedAsync(DateTimeOffset before, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            await write.Db.WebhookDeliveries.Where(d => d.NextAt == null && d.CreatedAt < before).ExecuteDeleteAsync(ct);
            await write.Db.AlertSilences.Where(s => s.Until < before).ExecuteDeleteAsync(ct);
            return await write.Db.Alerts.Where(a => a.ClosedAt < before).ExecuteDeleteAsync(ct);
        },
        ct);

    private static async Task<int> RingAgainAsync(Write write, Func<Alert, string> message, CancellationToken ct)
    {
        var rang = 0;
        foreach (var row in await Uncovered(write.Db, write.Now).AsNoTracking().ToListAsync(ct))
        {
            // Conditioned: of several engines one lets it ring.
            if (await Uncovered(write.Db, write.Now).Where(a => a.Id == row.Id).ExecuteUpdateAsync(set => set.SetProperty(a => a.Silenced, false), ct) == 0)
            {
                continue;
            }

            rang++;
            write.Audit(Entry(Actor.System(row.TeamId, "alerts"), "ring.alert", row));
            if (row.AcknowledgedAt is null)
            {
                await SendAsync(write, row, message, ct);
            }
        }

        return rang;
    }

    // To each webhook that was not told of it yet.
    private static async Task SendAsync(Write write, Alert row, Func<Alert, string> message, CancellationToken ct)
    {
        var teams = await write.Db.Webhooks
            .Where(w => w.Enabled && (row.TeamId == Guid.Empty || w.TeamId == row.TeamId) && !write.Db.WebhookDeliveries.Any(d => d.AlertId == row.Id && d.TeamId == w.TeamId))
            .Select(w => w.TeamId).ToListAsync(ct);
        foreach (var team in teams)
        {
            write.Db.WebhookDeliveries.Add(new WebhookDelivery { Id = Guid.CreateVersion7(write.Now), TeamId = team, AlertId = row.Id, Body = message(row), CreatedAt = write.Now, NextAt = write.Now });
        }
    }

    private static IQueryable<AlertSilence> Holding(SecFlowContext db, DateTimeOffset now) => db.AlertSilences.Where(s => s.EndedAt == null && s.Until > now);

    private static IQueryable<Alert> Uncovered(SecFlowContext db, DateTimeOffset now) =>
        db.Alerts.Where(a => a.ClosedAt == null && a.Silenced && !Holding(db, now).Any(s => s.TeamId == a.TeamId && s.Kind == a.Kind && (s.Subject == "" || s.Subject == a.Subject)));

    private static Task<Alert?> OpenAsync(SecFlowContext db, Guid teamId, AlertKind kind, string subject, CancellationToken ct) =>
        db.Alerts.SingleOrDefaultAsync(a => a.TeamId == teamId && a.Kind == kind && a.Subject == subject && a.ClosedAt == null, ct);

    private static AuditEntry Entry(Actor actor, string action, Alert row) => new(actor with { TeamId = row.TeamId }, action, "alert", row.Id.ToString(), row.Subject.Length == 0 ? row.Kind.ToString() : $"{row.Kind}: {row.Subject}");

    private static AuditEntry Entry(Actor actor, string action, AlertSilence row) => new(actor with { TeamId = row.TeamId }, action, "silence", row.Id.ToString(), row.Subject.Length == 0 ? row.Kind.ToString() : $"{row.Kind}: {row.Subject}")
    {
        Details = new JsonObject { ["until"] = row.Until.ToString("O"), ["reason"] = row.Reason },
    };
}
