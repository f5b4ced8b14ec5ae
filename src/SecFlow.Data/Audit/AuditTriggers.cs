using Microsoft.EntityFrameworkCore;

namespace SecFlow.Data.Audit;

/// <summary>
/// Triggers that refuse to change or delete rows of the audit log and its checkpoints, also through this program's own connection.
/// They stop accidents and injected SQL; an administrator of the database can drop them, which is what the hash chain and the checkpoints are for.
/// </summary>
internal static class AuditTriggers
{
    private static readonly string[] Tables = ["audit_events", "audit_checkpoints"];

    public static async Task CreateAsync(SecFlowContext db, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (db.Database.IsSqlite())
        {
            foreach (var sql in Tables.SelectMany(Sqlite))
            {
                await db.Database.ExecuteSqlRawAsync(sql, ct);
            }
        }
        else
        {
            // Two instances that start together would change the same catalog rows.
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({AuditChain.PostgresLock})", ct);
            await db.Database.ExecuteSqlRawAsync(PostgresFunction, ct);
            foreach (var sql in Tables.SelectMany(Postgres))
            {
                await db.Database.ExecuteSqlRawAsync(sql, ct);
            }
        }

        await transaction.CommitAsync(ct);
    }

    private static IEnumerable<string> Sqlite(string table)
    {
        yield return $"CREATE TRIGGER IF NOT EXISTS {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{table}: rows are never changed'); END;";
        yield return $"CREATE TRIGGER IF NOT EXISTS {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table}: rows are never deleted'); END;";
    }

    private static IEnumerable<string> Postgres(string table)
    {
        yield return $"CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();";
        yield return $"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();";
    }

    private const string PostgresFunction =
        """
        CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '%: rows are never changed or deleted (%)', TG_TABLE_NAME, TG_OP;
        END
        $$;
        """;
}
