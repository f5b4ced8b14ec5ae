using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SecFlow.Benchmarks.Machine;

namespace SecFlow.Benchmarks.Findings;

/// <summary>What disk, SQLite and EF Core give without an engine: the limits that the durable figures are held against.</summary>
internal static class DatabaseLimits
{
    private const int Batch = 1_000;

    // The columns and indexes of staged_records.
    private const string Schema = """
        CREATE TABLE rows (id INTEGER PRIMARY KEY AUTOINCREMENT, team_id TEXT NOT NULL, run_id TEXT NOT NULL, node_run_id TEXT NOT NULL, attempt INTEGER NOT NULL,
          port TEXT NOT NULL, fingerprint TEXT, severity TEXT, rejection TEXT, data TEXT NOT NULL);
        CREATE INDEX ix_rows_team ON rows (team_id);
        CREATE INDEX ix_rows_node ON rows (node_run_id, attempt);
        CREATE INDEX ix_rows_run ON rows (run_id);
        """;

    private const string Data = """{"url":"http://127.0.0.1/catalogue/item-12345?page=11","method":"GET","status":200,"source":"bench"}""";

    public static Task<Sampled> SyncedWriteAsync(Bench bench, CancellationToken ct) => Task.FromResult(new Sampled(SyncedWrite.Samples(bench.Folder, bench.Count(300, 10))));

    public static async Task<Sampled> CommitAsync(Bench bench, CancellationToken ct)
    {
        var synced = bench.SyncedWriteMs();
        await using var connection = await OpenAsync(bench, "commit.db", "CREATE TABLE steps (run INTEGER, step INTEGER, result TEXT, PRIMARY KEY (run, step)) WITHOUT ROWID;", ct);
        await using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO steps VALUES (1, @step, '55')";
        var step = insert.Parameters.Add("@step", SqliteType.Integer);
        var next = 0;
        var samples = await Statistics.RepeatAsync(bench.Count(200, 10), async () =>
        {
            step.Value = next++;
            var began = Stopwatch.GetTimestamp();
            await insert.ExecuteNonQueryAsync(ct);
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        });
        return new Sampled(samples) { SyncedWriteMs = synced };
    }

    public static async Task<Sampled> InsertAsync(Bench bench, CancellationToken ct)
    {
        var synced = bench.SyncedWriteMs();
        await using var connection = await OpenAsync(bench, "insert.db", Schema, ct);
        var (team, run, node) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var samples = await Statistics.RepeatAsync(bench.Count(30, 2), async () =>
        {
            var began = Stopwatch.GetTimestamp();
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await using var insert = connection.CreateCommand();
            insert.CommandText = "INSERT INTO rows (team_id, run_id, node_run_id, attempt, port, data) VALUES (@team, @run, @node, 1, 'urls', @data)";
            insert.Parameters.AddWithValue("@team", team);
            insert.Parameters.AddWithValue("@run", run);
            insert.Parameters.AddWithValue("@node", node);
            insert.Parameters.AddWithValue("@data", Data);
            await insert.PrepareAsync(ct);
            for (var i = 0; i < Batch; i++)
            {
                await insert.ExecuteNonQueryAsync(ct);
            }

            await transaction.CommitAsync(ct);
            return Batch / Stopwatch.GetElapsedTime(began).TotalSeconds;
        });
        return new Sampled(samples) { SyncedWriteMs = synced };
    }

    public static async Task<Sampled> EntityFrameworkAsync(Bench bench, CancellationToken ct)
    {
        var synced = bench.SyncedWriteMs();
        await using var connection = await OpenAsync(bench, "ef.db", Schema, ct);
        var (team, run, node) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var options = new DbContextOptionsBuilder<RowsContext>().UseSqlite(connection).Options;
        var samples = await Statistics.RepeatAsync(bench.Count(20, 2), async () =>
        {
            var began = Stopwatch.GetTimestamp();
            await using var db = new RowsContext(options);
            db.Rows.AddRange(Enumerable.Range(0, Batch).Select(_ => new Row { TeamId = team, RunId = run, NodeRunId = node, Attempt = 1, Port = "urls", Data = Data }));
            await db.SaveChangesAsync(ct);
            return Batch / Stopwatch.GetElapsedTime(began).TotalSeconds;
        });
        return new Sampled(samples) { Reference = await bench.ReferenceAsync("sqlite-insert", ct), SyncedWriteMs = synced };
    }

    private static async Task<SqliteConnection> OpenAsync(Bench bench, string file, string schema, CancellationToken ct)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(bench.Folder, file)};Pooling=False");
        await connection.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; " + schema;
        await command.ExecuteNonQueryAsync(ct);
        return connection;
    }

    private sealed class Row
    {
        public long Id { get; set; }

        public Guid TeamId { get; set; }

        public Guid RunId { get; set; }

        public Guid NodeRunId { get; set; }

        public int Attempt { get; set; }

        public string Port { get; set; } = "";

        public string? Fingerprint { get; set; }

        public string? Severity { get; set; }

        public string? Rejection { get; set; }

        public string Data { get; set; } = "";
    }

    private sealed class RowsContext(DbContextOptions<RowsContext> options) : DbContext(options)
    {
        public DbSet<Row> Rows => Set<Row>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Row>(row =>
        {
            row.ToTable("rows");
            row.Property(r => r.Id).HasColumnName("id");
            row.Property(r => r.TeamId).HasColumnName("team_id");
            row.Property(r => r.RunId).HasColumnName("run_id");
            row.Property(r => r.NodeRunId).HasColumnName("node_run_id");
            row.Property(r => r.Attempt).HasColumnName("attempt");
            row.Property(r => r.Port).HasColumnName("port");
            row.Property(r => r.Fingerprint).HasColumnName("fingerprint");
            row.Property(r => r.Severity).HasColumnName("severity");
            row.Property(r => r.Rejection).HasColumnName("rejection");
            row.Property(r => r.Data).HasColumnName("data");
        });
    }
}
