using System.Data;
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

    private readonly SecFlowContext _db;
    private readonly FileStream? _file;
    private readonly bool _advisory;

    private DatabaseMigration(SecFlowContext db, FileStream? file, bool advisory) => (_db, _file, _advisory) = (db, file, advisory);

    /// <summary>Takes the lock. The context outlives the migration: on PostgreSQL its connection holds the lock.</summary>
    public static async Task<DatabaseMigration> BeginAsync(SecFlowContext db, DatabaseOptions options, CancellationToken ct)
    {
        if (options.Kind == DatabaseKind.Sqlite)
        {
            return new DatabaseMigration(db, await LockFileAsync(options, ct), advisory: false);
        }

        // A database that is not there yet is made by the first migration; EF Core's own lock has to do for that one start.
        var there = await db.Database.CanConnectAsync(ct);
        if (there)
        {
            await db.Database.OpenConnectionAsync(ct);
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({PostgresLock})", ct);
        }

        return new DatabaseMigration(db, null, advisory: there);
    }

    public async Task RunAsync(CancellationToken ct)
    {
        if (_db.Database.IsSqlite())
        {
            await _db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL;", ct);
            await RemoveAbandonedLockAsync(_db, ct);
        }

        await _db.Database.MigrateAsync(ct);
        await AuditTriggers.CreateAsync(_db, ct);
    }

    public async ValueTask DisposeAsync()
    {
        // A connection that was lost has let go of its lock.
        if (_advisory && _db.Database.GetDbConnection().State == ConnectionState.Open)
        {
            await _db.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({PostgresLock})", CancellationToken.None);
        }

        if (_file is not null)
        {
            await _file.DisposeAsync();
        }
    }

    private static async Task<FileStream> LockFileAsync(DatabaseOptions options, CancellationToken ct)
    {
        var path = Path.GetFullPath(new SqliteConnectionStringBuilder(options.ConnectionString).DataSource);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(LockWait);
        while (true)
        {
            try
            {
                return new FileStream(path + ".migrating", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (!limit.IsCancellationRequested)
            {
                // Another process migrates; it is a matter of a second.
                await Task.Delay(100, ct);
            }
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
