using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Alerts;

/// <summary>
/// Webhooks and what is sent to them.
/// 1. A change of the webhook and its audit event are one transaction; its key is in neither the event nor any answer.
/// 2. A message is taken by one engine at a time: taking it moves its next attempt beyond the time that sending may take.
/// </summary>
public sealed class WebhookStore(Database database)
{
    public Task<Webhook?> FindAsync(Guid teamId, CancellationToken ct) => database.ReadAsync(db => db.Webhooks.SingleOrDefaultAsync(w => w.TeamId == teamId, ct), ct);

    /// <summary>
    /// Sets the team's webhook; what waits for the one before is not sent any more when the address changed.
    /// Throws <see cref="ConflictException"/> when it is another than that of <paramref name="revision"/>.
    /// </summary>
    /// <param name="actor">Who sets.</param>
    /// <param name="wanted">The new values.</param>
    /// <param name="revision">Revision that was read; null = there was none.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task<Webhook> SetAsync(Actor actor, Webhook wanted, int? revision, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            var row = await write.Db.Webhooks.SingleOrDefaultAsync(w => w.TeamId == wanted.TeamId, ct);
            if (row?.Revision != revision)
            {
                throw new ConflictException("The webhook was set, changed or removed by somebody else. Look at it again and repeat your change.");
            }

            var before = row is null ? null : Describe(row);
            if (row is null)
            {
                row = wanted;
                (row.Id, row.CreatedAt, row.CreatedBy) = (Guid.CreateVersion7(write.Now), write.Now, actor.Name);
                write.Db.Webhooks.Add(row);
            }
            else
            {
                if (row.Url != wanted.Url)
                {
                    await DropWaitingAsync(write, row.TeamId, "the address of the webhook was changed", ct);
                }

                (row.Url, row.ApprovedAddress, row.ApprovedBy, row.ProtectedSecret, row.Enabled) = (wanted.Url, wanted.ApprovedAddress, wanted.ApprovedBy, wanted.ProtectedSecret, wanted.Enabled);
                row.Revision++;
            }

            write.Audit(Entry(actor, "set.webhook", row) with { Before = before, After = Describe(row) });
            return row;
        },
        ct);

    /// <summary>Removes it with what waits. False when there is none.</summary>
    public Task<bool> RemoveAsync(Actor actor, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            if (await write.Db.Webhooks.SingleOrDefaultAsync(w => w.TeamId == actor.TeamId, ct) is not { } row)
            {
                return false;
            }

            await DropWaitingAsync(write, row.TeamId, "the webhook was removed", ct);
            write.Db.Webhooks.Remove(row);
            write.Audit(Entry(actor, "remove.webhook", row) with { Before = Describe(row) });
            return true;
        },
        ct);

    /// <summary>Stores a test message; it is sent like any other, once.</summary>
    public Task<WebhookDelivery> AddTestAsync(Actor actor, Webhook webhook, string body, CancellationToken ct) => database.WriteAsync(
        write =>
        {
            // Not due: whoever pressed the button sends it and waits for the answer.
            var row = new WebhookDelivery { Id = Guid.CreateVersion7(write.Now), TeamId = webhook.TeamId, Body = body, CreatedAt = write.Now };
            write.Db.WebhookDeliveries.Add(row);
            write.Audit(Entry(actor, "test.webhook", webhook));
            return Task.FromResult(row);
        },
        ct);

    /// <summary>Takes the messages that are due, for <paramref name="hold"/>: an engine that dies meanwhile leaves them to the next one.</summary>
    public async Task<IReadOnlyList<WebhookDelivery>> TakeDueAsync(int most, TimeSpan hold, CancellationToken ct)
    {
        var now = database.Time.GetUtcNow();
        if (!await database.ReadAsync(db => db.WebhookDeliveries.AnyAsync(d => d.NextAt != null && d.NextAt <= now, ct), ct))
        {
            return [];
        }

        return await database.WriteAsync(
            async write =>
            {
                var taken = new List<WebhookDelivery>();
                foreach (var row in await write.Db.WebhookDeliveries.AsNoTracking().Where(d => d.NextAt != null && d.NextAt <= write.Now).OrderBy(d => d.NextAt).Take(most).ToListAsync(ct))
                {
                    // Conditioned on the time that was read: of several engines one gets it.
                    var mine = await write.Db.WebhookDeliveries.Where(d => d.Id == row.Id && d.NextAt == row.NextAt)
                        .ExecuteUpdateAsync(set => set.SetProperty(d => d.NextAt, write.Now + hold).SetProperty(d => d.Attempts, d => d.Attempts + 1), ct);
                    if (mine == 1)
                    {
                        row.Attempts++;
                        taken.Add(row);
                    }
                }

                return taken;
            },
            ct);
    }

    /// <summary>Records what an attempt came to.</summary>
    /// <param name="id">Which message.</param>
    /// <param name="delivered">The other side took it.</param>
    /// <param name="answer">What it said, or why it could not be asked.</param>
    /// <param name="again">When it is tried again; null = not any more.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task RecordAsync(Guid id, bool delivered, string answer, DateTimeOffset? again, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            var row = await write.Db.WebhookDeliveries.SingleAsync(d => d.Id == id, ct);
            (row.DeliveredAt, row.LastAnswer, row.NextAt) = (delivered ? write.Now : null, answer.Length > 500 ? answer[..500] : answer, again);
            row.Attempts = Math.Max(1, row.Attempts);
        },
        ct);

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<WebhookDelivery>> ListAsync(Guid teamId, int take, CancellationToken ct) =>
        await database.ReadAsync(db => db.WebhookDeliveries.Where(d => d.TeamId == teamId).OrderByDescending(d => d.CreatedAt).Take(take).ToListAsync(ct), ct);

    private static Task DropWaitingAsync(Write write, Guid teamId, string why, CancellationToken ct) => write.Db.WebhookDeliveries.Where(d => d.TeamId == teamId && d.NextAt != null)
        .ExecuteUpdateAsync(set => set.SetProperty(d => d.NextAt, (DateTimeOffset?)null).SetProperty(d => d.LastAnswer, "not sent: " + why), ct);

    private static AuditEntry Entry(Actor actor, string action, Webhook row) => new(actor, action, "webhook", row.Id.ToString(), row.Url);

    private static JsonObject Describe(Webhook row) => new()
    {
        ["url"] = row.Url,
        ["approvedAddress"] = row.ApprovedAddress,
        ["approvedBy"] = row.ApprovedBy,
        ["enabled"] = row.Enabled,
        ["revision"] = row.Revision,
    };
}
