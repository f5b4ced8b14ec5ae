using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
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
/// 2. Writes: one transaction; on SQLite one writer at a time (BEGIN IMMEDIATE behind a lock of this process). Nothing is retried:
///    a write that fails has changed nothing, and its caller decides. A unique key that exists already is a <see cref="ConflictException"/>.
/// 3. Audit events of a write are hashed last, under the audit lock, and commit with the change or not at all.
/// 4. A write inside a write is an error: on SQLite it would wait for itself.
/// </summary>
public sealed class Database
{
    private readonly DbContextOptions _contextOptions;
    private readonly SqliteWriteLock? _writeLock;
    private readonly AsyncLocal<WriteScope?> _current = new();
    private readonly ConcurrentDictionary<object, long> _begins = new();

    public Database(DatabaseOptions options, TimeProvider time)
    {
        Options = options;
        Time = time;
        _contextOptions = DatabaseContexts.BuildOptions(options);
        _writeLock = options.Kind == DatabaseKind.Sqlite ? SqliteWriteLock.Of(options.ConnectionString) : null;
    }

    public DatabaseOptions Options { get; }

    public TimeProvider Time { get; }

    /// <summary>Called after a commit with the audit events that it holds, for metrics. Handlers run on the writer's thread, are quick and do not throw: the change is already durable.</summary>
    public Action<IReadOnlyList<AuditEvent>>? AuditCommitted { get; set; }

    /// <summary>What the newest write failed by, when that passes by itself; null while writes succeed.</summary>
    public DatabaseTrouble? Trouble { get; private set; }

    /// <summary>How long the oldest write has waited for the database to let it begin; zero while none waits. On SQLite only another program keeps one waiting: writes of this process take turns before they ask.</summary>
    public TimeSpan Waiting => _begins.Values.Select(since => Time.GetElapsedTime(since)).DefaultIfEmpty().Max();

    /// <summary>Begins and ends a transaction that changes nothing, so that <see cref="Trouble"/> and <see cref="Waiting"/> tell how it is now also when nobody writes. Throws what a write would throw.</summary>
    public Task ProbeAsync(CancellationToken ct = default) => WriteAsync(write => write.Db.Database.ExecuteSqlRawAsync("SELECT 1", ct), ct);

    /// <summary>Brings the schema up to date, and sets what the database needs (WAL, triggers).</summary>
    public async Task MigrateAsync(CancellationToken ct = default)
    {
        await using var db = CreateContext();
        await using var migration = await DatabaseMigration.BeginAsync(db, Options, ct);
        await migration.RunAsync(ct);
    }

    /// <summary>Whether the database answers; for health checks.</summary>
    public async Task<bool> CanConnectAsync(CancellationToken ct = default)
    {
        await using var db = CreateContext();
        return await db.Database.CanConnectAsync(ct);
    }

    /// <summary>A context of this database, tracking; for ASP.NET Identity's stores only.</summary>
    internal SecFlowContext CreateContext() => DatabaseContexts.Create(Options.Kind, _contextOptions);

    internal async Task<T> ReadAsync<T>(Func<SecFlowContext, Task<T>> read, CancellationToken ct = default)
    {
        ct.ThrowIfCancellationRequested();
        await using var db = CreateContext();
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        return await read(db);
    }

    /// <summary>Runs <paramref name="write"/> in one transaction, saves what it changed, appends its audit events, commits.</summary>
    internal async Task<T> WriteAsync<T>(Func<Write, Task<T>> write, CancellationToken ct = default)
    {
        if (_current.Value is { Active: true })
        {
            throw new InvalidOperationException("A write was started inside another write. Pass the outer write down instead.");
        }

        using var turn = _writeLock is null ? null : await _writeLock.EnterAsync(ct);
        var scope = new WriteScope();
        _current.Value = scope;
        try
        {
            await using var db = CreateContext();
            await using var transaction = await BeginAsync(db, scope, ct);
            var change = new Write(db, Time.GetUtcNow());
            var result = await write(change);
            await db.SaveChangesAsync(ct);
            var events = await AuditChain.AppendAsync(db, change, ct);
            // From here on the outcome is the database's: a cancellation must not leave it unknown.
            await transaction.CommitAsync(CancellationToken.None);
            Trouble = null;
            if (events.Count > 0)
            {
                AuditCommitted?.Invoke(events);
            }

            return result;
        }
        catch (Exception error) when (Noted(error) && ConflictException.IsUniqueViolation(error))
        {
            throw new ConflictException("The same thing was stored already, perhaps a moment ago by somebody else. Look at what is there now.", error);
        }
        finally
        {
            scope.Active = false;
        }
    }

    private async Task<IDbContextTransaction> BeginAsync(SecFlowContext db, object write, CancellationToken ct)
    {
        _begins[write] = Time.GetTimestamp();
        try
        {
            return await db.Database.BeginTransactionAsync(ct);
        }
        finally
        {
            _begins.TryRemove(write, out _);
        }
    }

    private bool Noted(Exception error)
    {
        Trouble = DatabaseTrouble.Of(error) ?? Trouble;
        return true;
    }

    internal Task WriteAsync(Func<Write, Task> write, CancellationToken ct = default) =>
        WriteAsync(
            async change =>
            {
                await write(change);
                return true;
            },
            ct);

    /// <summary>Path of the SQLite file; null for PostgreSQL.</summary>
    internal string? FilePath => Options.Kind == DatabaseKind.Sqlite
        ? Path.GetFullPath(new SqliteConnectionStringBuilder(Options.ConnectionString).DataSource)
        : null;

    private sealed class WriteScope
    {
        public bool Active { get; set; } = true;
    }
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
