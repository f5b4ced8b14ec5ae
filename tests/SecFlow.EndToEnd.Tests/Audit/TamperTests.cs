using Microsoft.Data.Sqlite;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Plugins;

namespace SecFlow.EndToEnd.Tests.Audit;

/// <summary>What is changed behind the portal's back is refused or named.</summary>
public sealed class TamperTests
{
    [Fact]
    public async Task Run_OneByteOfTheInstalledPluginFlipped_IsDeniedAuditedAndShown()
    {
        await using var portal = await RunningPortal.StartAsync();
        var workflow = await portal.SaveWorkflowAsync("Tampered", "scan.web-baseline");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        var plugin = (await portal.Get<PluginRegistry>().FindAsync("scan.web-baseline", CancellationToken.None))!;
        var script = Path.Combine(Path.Combine(portal.DataFolder, plugin.Row.Folder), "index.js");
        var (bytes, time) = (await File.ReadAllBytesAsync(script), File.GetLastWriteTimeUtc(script));
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(script, bytes);
        File.SetLastWriteTimeUtc(script, time);

        var run = await portal.StartRunAsync(workflow, target.Id);
        var detail = await portal.WaitAsync(run.Id);

        detail.Run.Status.ShouldBe(RunStatus.Denied);
        detail.Nodes.ShouldHaveSingleItem().Status.ShouldBe(NodeStatus.Denied);
        detail.Nodes[0].ErrorCode.ShouldBe("SF2004");
        (await portal.AuditAsync()).ShouldContain(e => e.Outcome == AuditOutcome.Denied && e.ReasonCode == "SF2004");
        (await portal.FindingsAsync(run.Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Verify_OneRowEdited_NamesIt()
    {
        await using var portal = await RunningPortal.StartAsync();
        var log = portal.Get<AuditLog>();
        (await log.VerifyAsync()).Intact.ShouldBeTrue();
        Edit(portal, "UPDATE audit_events SET actor_name = 'somebody else' WHERE seq = 3");

        var verification = await log.VerifyAsync();

        verification.Intact.ShouldBeFalse();
        verification.FirstBrokenSeq.ShouldBe(3);
    }

    private static void Edit(RunningPortal portal, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(portal.DataFolder, "secflow.db")}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_events'";
        var drop = (string)command.ExecuteScalar()!;
        command.CommandText = drop + ";" + sql;
        command.ExecuteNonQuery();
    }
}
