using System.CommandLine;
using System.Text.Json.Nodes;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Cli.Audit;

/// <summary>Reads the whole audit log and its signed checkpoints; also beside a portal that is running.</summary>
internal static class AuditVerifyCommand
{
    public static Command Create(Terminal terminal)
    {
        var data = Options.Data();
        var format = Options.Format("table", "json");
        var command = new Command("verify", "Check the chain of audit events and the checkpoints; names the first row that is wrong.") { data, format };
        command.SetAction(async (parsed, ct) =>
        {
            var folder = Path.GetFullPath(parsed.GetRequiredValue(data));
            var log = new AuditLog(new Database(DatabaseVariable.Read(Environment.GetEnvironmentVariable) ?? SqliteIn(folder), TimeProvider.System), AuditFiles.In(folder));
            var result = await log.VerifyAsync(ct);
            if (parsed.GetRequiredValue(format) == "json")
            {
                await Output.WriteJsonAsync(terminal, new JsonObject { ["intact"] = result.Intact, ["events"] = result.Events, ["checkpoints"] = result.Checkpoints, ["firstBrokenSeq"] = result.FirstBrokenSeq, ["reason"] = result.Reason, ["limits"] = result.Limits });
            }
            else
            {
                await terminal.Out.WriteLineAsync(result.Intact ? $"intact: {result.Events} events, {result.Checkpoints} checkpoints" : $"broken{(result.FirstBrokenSeq is { } seq ? $" at event {seq}" : "")}: {result.Reason}");
            }

            await terminal.Error.WriteLineAsync(result.Limits);
            return result.Intact ? ExitCodes.Done : ExitCodes.Rejected;
        });
        return command;
    }

    private static DatabaseOptions SqliteIn(string folder)
    {
        var file = Path.Combine(folder, "secflow.db");
        return File.Exists(file)
            ? new DatabaseOptions(DatabaseKind.Sqlite, $"Data Source={file}")
            : throw new SecFlowException(Codes.OptionInvalid, $"--data {folder}: there is no secflow.db; name the data folder of an installation.");
    }
}
