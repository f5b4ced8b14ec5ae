using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace SecFlow.Data;

/// <summary>Builds the context of each database.</summary>
internal static class DatabaseContexts
{
    public static DbContextOptions BuildOptions(DatabaseOptions options) => options.Kind switch
    {
        DatabaseKind.Sqlite => new DbContextOptionsBuilder<SqliteSecFlowContext>()
            .UseSqlite(options.ConnectionString, sqlite => sqlite.MigrationsHistoryTable("schema_history"))
            .AddInterceptors(new SqlitePragmas())
            .Options,
        DatabaseKind.Postgres => new DbContextOptionsBuilder<PostgresSecFlowContext>()
            .UseNpgsql(options.ConnectionString, postgres => postgres.MigrationsHistoryTable("schema_history"))
            .Options,
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, "Unknown database."),
    };

    public static SecFlowContext Create(DatabaseKind kind, DbContextOptions options) => kind == DatabaseKind.Sqlite
        ? new SqliteSecFlowContext((DbContextOptions<SqliteSecFlowContext>)options)
        : new PostgresSecFlowContext((DbContextOptions<PostgresSecFlowContext>)options);

    /// <summary>What SQLite forgets with each connection. WAL is kept in the file and set once by the migration.</summary>
    private sealed class SqlitePragmas : DbConnectionInterceptor
    {
        // recursive_triggers: without it a REPLACE deletes rows past the delete triggers of the audit log.
        private const string Pragmas = "PRAGMA busy_timeout=30000; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;";

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using var command = connection.CreateCommand();
            command.CommandText = Pragmas;
            command.ExecuteNonQuery();
        }

        public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = Pragmas;
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
