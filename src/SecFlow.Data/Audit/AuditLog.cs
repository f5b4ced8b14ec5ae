using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Blobs;

namespace SecFlow.Data.Audit;

/// <summary>
/// The audit log: one chain over the whole installation.
/// Changes record their events inside their own transaction (<see cref="Write.Audit"/>); this class records acts without a change (refusals, sign-ins, exports), reads, verifies, checkpoints.
/// </summary>
public sealed class AuditLog(Database database, AuditFiles files)
{
    /// <summary>Records one act that changes nothing else.</summary>
    public Task AppendAsync(AuditEntry entry, CancellationToken ct = default) => database.WriteAsync(
        write =>
        {
            write.Audit(entry);
            return Task.CompletedTask;
        },
        ct);

    /// <summary>One page, newest first, filtered and paged by the database.</summary>
    public Task<AuditPage> ListAsync(AuditQuery query, CancellationToken ct = default) => database.ReadAsync(
        async db =>
        {
            var rows = Filter(db.AuditEvents, query);
            var total = await rows.CountAsync(ct);
            var page = await rows.OrderByDescending(row => row.Seq).Skip(Math.Max(0, query.Skip)).Take(Math.Clamp(query.Take, 1, 500)).ToListAsync(ct);
            return new AuditPage(page, total);
        },
        ct);

    /// <summary>Reads the whole log and every checkpoint (table and file) and checks them against each other.</summary>
    public Task<AuditVerification> VerifyAsync(CancellationToken ct = default) => database.ReadAsync(db => AuditVerifier.RunAsync(db, files, ct), ct);

    /// <summary>Signs how long the log is now and which hash it ends in, appends the note to the checkpoint file and stores it. The newest checkpoint is answered again when nothing was added since.</summary>
    public Task<AuditCheckpoint> CheckpointAsync(CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            if (!write.Db.Database.IsSqlite())
            {
                await write.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({AuditChain.PostgresLock})", ct);
            }

            var last = await write.Db.AuditEvents.AsNoTracking().OrderByDescending(row => row.Seq).Select(row => new { row.Seq, row.Hash }).FirstOrDefaultAsync(ct);
            var size = last?.Seq ?? 0;
            var newest = await write.Db.AuditCheckpoints.AsNoTracking().OrderByDescending(row => row.Size).FirstOrDefaultAsync(ct);
            if (newest is not null && newest.Size == size)
            {
                return newest;
            }

            using var key = AuditCheckpointKey.OpenOrCreate(files);
            var note = new CheckpointNote(size, last?.Hash ?? AuditChain.Genesis, write.Now);
            var checkpoint = new AuditCheckpoint { Id = Guid.CreateVersion7(write.Now), Size = size, Root = note.Root, Time = write.Now, Note = note.Sign(key) };
            // The file first: a note that the table lacks harms nothing, one that the file lacks looks like a lost file.
            DurableFile.Append(files.Checkpoints, checkpoint.Note + "\n");
            write.Db.AuditCheckpoints.Add(checkpoint);
            return checkpoint;
        },
        ct);

    /// <summary>The newest stored checkpoint; null when there is none yet.</summary>
    public Task<AuditCheckpoint?> FindNewestCheckpointAsync(CancellationToken ct = default) =>
        database.ReadAsync(db => db.AuditCheckpoints.OrderByDescending(row => row.Size).FirstOrDefaultAsync(ct), ct);

    private static IQueryable<AuditEvent> Filter(IQueryable<AuditEvent> rows, AuditQuery query)
    {
        rows = query.Installation ? rows.Where(row => row.TeamId == query.TeamId || row.TeamId == null) : rows.Where(row => row.TeamId == query.TeamId);
        if (query.Action is { Length: > 0 } action)
        {
            rows = rows.Where(row => row.Action.Contains(action));
        }

        if (query.Actor is { Length: > 0 } actor)
        {
            rows = rows.Where(row => row.ActorId == actor || row.ActorName.Contains(actor));
        }

        if (query.Resource is { Length: > 0 } resource)
        {
            rows = rows.Where(row => row.ResourceId.StartsWith(resource));
        }

        if (query.Outcome is { } outcome)
        {
            rows = rows.Where(row => row.Outcome == outcome);
        }

        if (query.From is { } from)
        {
            rows = rows.Where(row => row.Time >= from);
        }

        if (query.To is { } to)
        {
            rows = rows.Where(row => row.Time < to);
        }

        return rows;
    }
}
