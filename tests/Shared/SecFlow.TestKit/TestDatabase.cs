using Microsoft.Data.Sqlite;
using Npgsql;
using SecFlow.Data;

namespace SecFlow.TestKit;

/// <summary>
/// A migrated database of one test: a SQLite file in a temporary folder, or a database of its own on the server that SECFLOW_TEST_POSTGRES names. Gone after the test.
/// The schema is made once per process and copied: a migration per test would take most of the suite's time.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    public const string PostgresVariable = "SECFLOW_TEST_POSTGRES";

    private static readonly Lazy<Task<string>> SqliteTemplate = new(MakeSqliteTemplateAsync);
    private static readonly Lazy<Task<string>> PostgresTemplate = new(MakePostgresTemplateAsync);

    private TestDatabase(Database database, string folder)
    {
        Database = database;
        Folder = folder;
    }

    public Database Database { get; }

    public DatabaseKind Kind => Database.Options.Kind;

    /// <summary>A temporary folder of this test, for keys, blobs and the like.</summary>
    public string Folder { get; }

    /// <summary>Connection string of the PostgreSQL server for tests; null when there is none.</summary>
    public static string? PostgresServer => Environment.GetEnvironmentVariable(PostgresVariable) is { Length: > 0 } server ? server : null;

    /// <summary>A database with the whole schema.</summary>
    public static async Task<TestDatabase> CreateAsync(DatabaseKind kind = DatabaseKind.Sqlite, TimeProvider? time = null)
    {
        var folder = Directory.CreateTempSubdirectory("secflow-test-").FullName;
        string connection;
        if (kind == DatabaseKind.Sqlite)
        {
            var file = Path.Combine(folder, "secflow.db");
            File.Copy(await SqliteTemplate.Value, file);
            connection = $"Data Source={file}";
        }
        else
        {
            connection = await CreatePostgresAsync(template: await PostgresTemplate.Value);
        }

        return new TestDatabase(new Database(new DatabaseOptions(kind, connection), time ?? new TestTime()), folder);
    }

    /// <summary>A database without any table, for tests of the migration itself.</summary>
    public static async Task<TestDatabase> CreateEmptyAsync(DatabaseKind kind)
    {
        var folder = Directory.CreateTempSubdirectory("secflow-test-").FullName;
        var connection = kind == DatabaseKind.Sqlite ? $"Data Source={Path.Combine(folder, "secflow.db")}" : await CreatePostgresAsync(template: "template0");
        return new TestDatabase(new Database(new DatabaseOptions(kind, connection), new TestTime()), folder);
    }

    /// <summary>An empty database of its own on the PostgreSQL server; dropped when this process ends.</summary>
    public static async Task<DatabaseOptions> NewPostgresAsync()
    {
        var options = new DatabaseOptions(DatabaseKind.Postgres, await CreatePostgresAsync("template0"));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => DropAsync(options).GetAwaiter().GetResult();
        return options;
    }

    /// <summary>A copy of a database that nobody is connected to.</summary>
    public static async Task<DatabaseOptions> CopyPostgresAsync(DatabaseOptions original) =>
        new(DatabaseKind.Postgres, await CreatePostgresAsync(new NpgsqlConnectionStringBuilder(original.ConnectionString).Database!));

    public static async Task DropAsync(DatabaseOptions postgres)
    {
        await using (var connection = new NpgsqlConnection(postgres.ConnectionString))
        {
            NpgsqlConnection.ClearPool(connection);
        }

        await DropPostgresAsync(new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Database!);
    }

    public async ValueTask DisposeAsync()
    {
        if (Kind == DatabaseKind.Sqlite)
        {
            using (var connection = new SqliteConnection(Database.Options.ConnectionString))
            {
                SqliteConnection.ClearPool(connection);
            }
        }
        else
        {
            await using (var connection = new NpgsqlConnection(Database.Options.ConnectionString))
            {
                NpgsqlConnection.ClearPool(connection);
            }

            await DropPostgresAsync(new NpgsqlConnectionStringBuilder(Database.Options.ConnectionString).Database!);
        }

        Directory.Delete(Folder, recursive: true);
    }

    private static async Task<string> MakeSqliteTemplateAsync()
    {
        var folder = Directory.CreateTempSubdirectory("secflow-template-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var file = Path.Combine(folder, "template.db");
        var connection = $"Data Source={file};Pooling=False";
        await new Database(new DatabaseOptions(DatabaseKind.Sqlite, connection), TimeProvider.System).MigrateAsync();
        return file;
    }

    private static async Task<string> MakePostgresTemplateAsync()
    {
        var connection = await CreatePostgresAsync("template0");
        await new Database(new DatabaseOptions(DatabaseKind.Postgres, connection + ";Pooling=false"), TimeProvider.System).MigrateAsync();
        var name = new NpgsqlConnectionStringBuilder(connection).Database!;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => DropPostgresAsync(name).GetAwaiter().GetResult();
        return name;
    }

    private static async Task<string> CreatePostgresAsync(string template)
    {
        var name = $"secflow_test_{Guid.NewGuid():N}";
        await OnServerAsync($"CREATE DATABASE {name} TEMPLATE {template}");
        // Small pools: many tests run at once against one server with its default of 100 connections.
        return new NpgsqlConnectionStringBuilder(PostgresServer!) { Database = name, MaxPoolSize = 10, Timeout = 60 }.ConnectionString;
    }

    private static Task DropPostgresAsync(string name) => OnServerAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");

    private static async Task OnServerAsync(string sql)
    {
        var server = PostgresServer ?? throw new InvalidOperationException($"{PostgresVariable} is not set.");
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server) { Pooling = false, Timeout = 60 }.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        // The name is made above of letters and digits; DDL takes no parameters.
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
