using Microsoft.EntityFrameworkCore;

namespace SecFlow.Data.Schedules;

/// <summary>PostgreSQL's part of firings.</summary>
internal static class FiringPostgres
{
    /// <summary>The rows, locked for this transaction; without those that another transaction has, or after it has ended.</summary>
    public static Task<List<Schedule>> LockAsync(SecFlowContext db, List<Guid> ids, bool wait, CancellationToken ct) => wait
        ? db.Schedules.FromSql($"SELECT * FROM schedules WHERE id = ANY({ids}) FOR UPDATE").ToListAsync(ct)
        : db.Schedules.FromSql($"SELECT * FROM schedules WHERE id = ANY({ids}) FOR UPDATE SKIP LOCKED").ToListAsync(ct);
}
