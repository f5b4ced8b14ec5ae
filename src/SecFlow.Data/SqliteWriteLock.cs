using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace SecFlow.Data;

/// <summary>
/// One writer at a time per SQLite file in this process. SQLite allows one writer anyway; waiting here is fair and costs nothing, where waiting in
/// <c>busy_timeout</c> polls and may starve. Other processes are held off by BEGIN IMMEDIATE and <c>busy_timeout</c>.
/// </summary>
#pragma warning disable CA1001 // lives as long as the process; its semaphore holds no handle
internal sealed class SqliteWriteLock
#pragma warning restore CA1001
{
    // Bounded by the number of database files that this process opens.
    private static readonly ConcurrentDictionary<string, SqliteWriteLock> ByFile = new(StringComparer.Ordinal);

    private readonly SemaphoreSlim _turn = new(1, 1);

    public static SqliteWriteLock Of(string connectionString)
    {
        var source = new SqliteConnectionStringBuilder(connectionString).DataSource;
        if (source.Length == 0 || source == ":memory:")
        {
            throw new ArgumentException("SQLite needs a file: use 'Data Source=PATH'.", nameof(connectionString));
        }

        return ByFile.GetOrAdd(Path.GetFullPath(source), _ => new SqliteWriteLock());
    }

    public async Task<IDisposable> EnterAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        return new Turn(_turn);
    }

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
