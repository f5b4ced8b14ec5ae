using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data;

/// <summary>
/// Brings a schema up to date.
/// 1. One migrator at a time: PostgreSQL by an advisory lock of its connection, because EF Core's lock ends with each migration and the next one is then applied
///    twice; SQLite by an operating system lock on a file beside the database, because EF Core's lock row there would outlive a killed process and stop every later start.
/// 2. The audit triggers are made again at each start, so that no later migration that rebuilds a table loses them.
/// </summary>
internal sealed class DatabaseMigration : IAsyncDisposable
{
    /// <summary>Number of the advisory lock: "secflowm" in ASCII.</summary>
    private const long PostgresLock = 0x736563666C6F776D;

    private static readonly TimeSpan LockWait = TimeSpan.FromSeconds(60);

    private readonly FileStream? _lock;

    private DatabaseMigration(FileStream? held) => _lock = held;

    public static async Task<DatabaseMigration> BeginAsync(DatabaseOptions options, CancellationToken ct)
    {
        if (options.Kind != DatabaseKind.Sqlite)
        {
            return new DatabaseMigration(null);
        }

        var path = Path.GetFullPath(new SqliteConnectionStringBuilder(options.ConnectionString).DataSource);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(LockWait);
        while (true)
        {
            try
            {
                return new DatabaseMigration(new FileStream(path + ".migrating", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException) when (!limit.IsCancellationRequested)
            {
                // Another process migrates; it is a matter of a second.
                await Task.Delay(100, ct);
            }
        }
    }

    public async Task RunAsync(SecFlowContext db, CancellationToken ct)
    {
        if (db.Database.IsSqlite())
        {
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL;", ct);
            await RemoveAbandonedLockAsync(db, ct);
        }
        else if (await db.Database.CanConnectAsync(ct))
        {
            // held by this connection, which stays open until the context goes
            await db.Database.OpenConnectionAsync(ct);
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({PostgresLock})", ct);
        }

        await db.Database.MigrateAsync(ct);
        await AuditTriggers.CreateAsync(db, ct);
        if (!db.Database.IsSqlite())
        {
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({PostgresLock})", ct);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_lock is not null)
        {
            await _lock.DisposeAsync();
        }
    }

    private static async Task RemoveAbandonedLockAsync(SecFlowContext db, CancellationToken ct)
    {
        var tables = await db.Database.SqlQuery<int>($"SELECT count(*) AS Value FROM sqlite_master WHERE name = '__EFMigrationsLock'").SingleAsync(ct);
        if (tables > 0)
        {
            await db.Database.ExecuteSqlRawAsync("DELETE FROM __EFMigrationsLock;", ct);
        }
    }
}
