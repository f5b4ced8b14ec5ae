using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;

namespace SecFlow.Data.Audit;

/// <summary>
/// Appends to the hash chain.
/// 1. <c>seq</c> is 1, 2, 3, ... without a gap: it is taken from the newest row under the audit lock, never from a sequence (a sequence leaves gaps when a transaction fails).
/// 2. The lock is held until the transaction ends: SQLite's writer, or a PostgreSQL advisory lock of the transaction. It is taken last, so that a long write does not hold up the log.
/// 3. <c>hash = SHA-256(prevHash || canonical)</c>; the first <c>prevHash</c> is 32 zero bytes.
/// </summary>
internal static class AuditChain
{
    /// <summary>Advisory lock number: "SFAUDIT1" in ASCII, a constant of this product.</summary>
    public const long PostgresLock = 0x5346_4155_4449_5431;

    public static byte[] Genesis => new byte[32];

    public static async Task<IReadOnlyList<AuditEvent>> AppendAsync(SecFlowContext db, Write write, CancellationToken ct)
    {
        if (write.Entries.Count == 0)
        {
            return [];
        }

        if (!db.Database.IsSqlite())
        {
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({PostgresLock})", ct);
        }

        var last = await db.AuditEvents.AsNoTracking().OrderByDescending(row => row.Seq).Select(row => new { row.Seq, row.Hash }).FirstOrDefaultAsync(ct);
        var seq = last?.Seq ?? 0;
        var hash = last?.Hash ?? Genesis;
        var events = new List<AuditEvent>(write.Entries.Count);
        foreach (var entry in write.Entries)
        {
            var row = AuditCanonical.Row(entry, ++seq, write.Now);
            row.PrevHash = hash;
            row.Hash = hash = Hash(hash, row.Canonical);
            events.Add(row);
        }

        db.AuditEvents.AddRange(events);
        await db.SaveChangesAsync(ct);
        return events;
    }

    public static byte[] Hash(byte[] previous, byte[] canonical)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(previous);
        hash.AppendData(canonical);
        return hash.GetHashAndReset();
    }
}
