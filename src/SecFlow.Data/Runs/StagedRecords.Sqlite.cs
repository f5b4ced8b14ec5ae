using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace SecFlow.Data.Runs;

/// <summary>
/// Staged records on SQLite: one prepared statement for a whole batch. The change tracker costs twenty times what the insert does, and nobody needs the rows' ids back.
/// On PostgreSQL EF Core sends a batch in one round trip, which is what takes the time there.
/// </summary>
internal static class StagedRecordsSqlite
{
    private const string Insert = """
        INSERT INTO staged_records (team_id, run_id, node_run_id, attempt, chunk, port, fingerprint, severity, rejection, data)
        VALUES (@team, @run, @node, @attempt, @chunk, @port, @fingerprint, @severity, @rejection, @data)
        """;

    public static async Task InsertAsync(SecFlowContext db, IReadOnlyList<StagedRecord> records, CancellationToken ct)
    {
        if (records.Count == 0)
        {
            return;
        }

        await using var command = (SqliteCommand)db.Database.GetDbConnection().CreateCommand();
        command.Transaction = (SqliteTransaction?)db.Database.CurrentTransaction?.GetDbTransaction();
        command.CommandText = Insert;
        var team = Add(command, "@team", SqliteType.Text);
        var run = Add(command, "@run", SqliteType.Text);
        var node = Add(command, "@node", SqliteType.Text);
        var attempt = Add(command, "@attempt", SqliteType.Integer);
        var chunk = Add(command, "@chunk", SqliteType.Integer);
        var port = Add(command, "@port", SqliteType.Text);
        var fingerprint = Add(command, "@fingerprint", SqliteType.Text);
        var severity = Add(command, "@severity", SqliteType.Text);
        var rejection = Add(command, "@rejection", SqliteType.Text);
        var data = Add(command, "@data", SqliteType.Text);
        await command.PrepareAsync(ct);
        foreach (var record in records)
        {
            (team.Value, run.Value, node.Value, attempt.Value) = (record.TeamId, record.RunId, record.NodeRunId, record.Attempt);
            (chunk.Value, port.Value, data.Value) = (record.Chunk, record.Port, record.Data);
            fingerprint.Value = (object?)record.Fingerprint ?? DBNull.Value;
            severity.Value = (object?)record.Severity ?? DBNull.Value;
            rejection.Value = (object?)record.Rejection ?? DBNull.Value;
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    private static DbParameter Add(SqliteCommand command, string name, SqliteType type) => command.Parameters.Add(name, type);
}
