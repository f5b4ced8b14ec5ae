using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data;

public enum DatabaseKind
{
    Sqlite,
    Postgres,
}

/// <summary>Where the data lives.</summary>
/// <param name="Kind">Which database.</param>
/// <param name="ConnectionString">For SQLite: <c>Data Source=path</c>.</param>
public sealed record DatabaseOptions(DatabaseKind Kind, string ConnectionString);

/// <summary>
/// The door to the database for the stores of this project.
/// 1. Reads: a context of their own, no tracking.
/// 2. Writes: one transaction; on SQLite one writer at a time (BEGIN IMMEDIATE behind a lock of this process).
/// 3. Audit events of a write are hashed last, under the audit lock, and commit with the change or not at all.
/// </summary>
public sealed class Database(DatabaseOptions options, TimeProvider time)
{
    public DatabaseOptions Options { get; } = options;

    public TimeProvider Time { get; } = time;

    /// <summary>Brings the schema up to date, and sets what the database needs (WAL, triggers).</summary>
    public Task MigrateAsync(CancellationToken ct = default) => throw new NotSupportedException();

    internal Task<T> ReadAsync<T>(Func<SecFlowContext, Task<T>> read, CancellationToken ct = default) => throw new NotSupportedException();

    internal Task<T> WriteAsync<T>(Func<Write, Task<T>> write, CancellationToken ct = default) => throw new NotSupportedException();
}

/// <summary>A write in progress: the context and the audit events that belong to it.</summary>
internal sealed class Write(SecFlowContext db, DateTimeOffset now)
{
    private readonly List<AuditEntry> _entries = [];

    public SecFlowContext Db { get; } = db;

    /// <summary>Time of this write.</summary>
    public DateTimeOffset Now { get; } = now;

    public IReadOnlyList<AuditEntry> Entries => _entries;

    /// <summary>Records an event in the transaction of this write.</summary>
    public void Audit(AuditEntry entry) => _entries.Add(entry);
}
