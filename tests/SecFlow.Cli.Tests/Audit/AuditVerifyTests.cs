using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using SecFlow.Data;
using SecFlow.Data.Audit;

namespace SecFlow.Cli.Tests.Audit;

public sealed class AuditVerifyTests : IDisposable
{
    private readonly CliFolder _folder = new();

    [Fact]
    public async Task Log_AsWritten_IsIntact()
    {
        await WriteEventsAsync(3);
        var run = await CliRun.OfAsync("audit", "verify", "--data", _folder.Path, "--format", "json");
        run.Code.ShouldBe(0, run.Error);
        ((long)JsonNode.Parse(run.Out)!["events"]!).ShouldBe(3);
    }

    [Fact]
    public async Task EditedRow_IsNamed()
    {
        await WriteEventsAsync(3);
        await SqlAsync("UPDATE audit_events SET actor_name = 'somebody else' WHERE seq = 2");
        var run = await CliRun.OfAsync("audit", "verify", "--data", _folder.Path);
        run.Code.ShouldBe(1);
        run.Out.ShouldContain("event 2");
    }

    [Fact]
    public async Task FolderWithoutInstallation_IsUsage()
    {
        var run = await CliRun.OfAsync("audit", "verify", "--data", _folder.Path);
        run.Code.ShouldBe(2);
        run.Error.ShouldContain("secflow.db");
        Directory.GetFileSystemEntries(_folder.Path).ShouldBeEmpty("looking must make nothing");
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    private async Task WriteEventsAsync(int count)
    {
        var database = new Database(new DatabaseOptions(DatabaseKind.Sqlite, $"Data Source={_folder.At("secflow.db")}"), TimeProvider.System);
        await database.MigrateAsync();
        var log = new AuditLog(database, AuditFiles.In(_folder.Path));
        for (var i = 0; i < count; i++)
        {
            await log.AppendAsync(new AuditEntry(Actor.System(), "sign.in", "user", $"u{i}", "user"));
        }
    }

    /// <summary>Drops every trigger first, as somebody with the file in hands can.</summary>
    private async Task SqlAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={_folder.At("secflow.db")}");
        await connection.OpenAsync();
        await using var triggers = connection.CreateCommand();
        triggers.CommandText = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_events'";
        var names = new List<string>();
        await using (var reader = await triggers.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                names.Add(reader.GetString(0));
            }
        }

        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the names come from the schema of this test's own file
        command.CommandText = string.Concat(names.Select(n => $"DROP TRIGGER \"{n}\";")) + sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
