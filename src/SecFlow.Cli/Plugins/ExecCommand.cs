using System.CommandLine;
using System.Text.Json.Nodes;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Cli.Plugins;

/// <summary>Runs one bare, unsigned script in the real plugin host and sandbox. No targets, no secrets, no installation: what it says is thrown away.</summary>
internal static class ExecCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "One script in ES5; a value that it ends in is shown." };
        var timeout = new Option<int>("--timeout") { Description = "Wall time in seconds.", DefaultValueFactory = _ => (int)Limits.NodeWallSeconds.Default, HelpName = "N" };
        var format = Options.Format("table", "json");
        var command = new Command("exec", "Run one bare, unsigned script in the real plugin host and sandbox; no installation accepts its results.") { file, timeout, format };
        command.SetAction(async (parsed, ct) =>
        {
            var seconds = parsed.GetRequiredValue(timeout);
            if (seconds < 1 || seconds > Limits.NodeWallSeconds.Ceiling)
            {
                throw new SecFlowException(Codes.OptionInvalid, $"--timeout {seconds}: expected 1 to {Limits.NodeWallSeconds.Ceiling} seconds.");
            }

            var bench = await DevelopmentBench.OpenAsync(ct);
            var result = await bench.Session.ExecuteAsync(parsed.GetRequiredValue(file), TimeSpan.FromSeconds(seconds), ct);
            await WriteAsync(terminal, result, parsed.GetRequiredValue(format));
            return result.Code is null ? ExitCodes.Done : ExitCodes.Of(new SecFlowException(result.Code, result.Message ?? ""));
        });
        return command;
    }

    private static async Task WriteAsync(Terminal terminal, ScriptResult result, string format)
    {
        if (format == "json")
        {
            await Output.WriteJsonAsync(terminal, new JsonObject
            {
                ["outcome"] = result.Outcome,
                ["code"] = result.Code,
                ["limit"] = result.Limit,
                ["wallMs"] = result.WallMs,
                ["peakBytes"] = result.PeakBytes,
                ["level"] = result.Level,
                ["message"] = result.Message,
                ["value"] = result.Value,
            });
        }
        else
        {
            await terminal.Out.WriteLineAsync(Output.Plain($"{result.Outcome} {result.Code} {result.Limit} {result.WallMs} ms, {result.PeakBytes / 1024} KiB, {result.Level} {result.Value}".TrimEnd()));
        }

        if (result.Message is not null)
        {
            await terminal.Error.WriteLineAsync($"{result.Code}: {Output.Plain(result.Message)}");
        }
    }
}
