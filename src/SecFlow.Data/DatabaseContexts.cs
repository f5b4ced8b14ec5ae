using System.Data.Common;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace SecFlow.Data;

/// <summary>Builds the context of each database.</summary>
internal static class DatabaseContexts
{
    /// <summary>Newest schema of Identity (passkeys included), whatever the host's options say: program and migrations must agree. Identity asks for it here only.</summary>
    private static readonly IServiceProvider IdentitySchema = new ServiceCollection()
        .Configure<IdentityOptions>(options => options.Stores.SchemaVersion = IdentitySchemaVersions.Version3)
        .BuildServiceProvider();

    public static DbContextOptions BuildOptions(DatabaseOptions options) => options.Kind switch
    {
        DatabaseKind.Sqlite => new DbContextOptionsBuilder<SqliteSecFlowContext>()
            .UseSqlite(options.ConnectionString, sqlite => sqlite.MigrationsHistoryTable("schema_history"))
            .AddInterceptors(new SqlitePragmas())
            .UseApplicationServiceProvider(IdentitySchema)
            .Options,
        DatabaseKind.Postgres => new DbContextOptionsBuilder<PostgresSecFlowContext>()
            .UseNpgsql(options.ConnectionString, postgres => postgres.MigrationsHistoryTable("schema_history"))
            .UseApplicationServiceProvider(IdentitySchema)
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
