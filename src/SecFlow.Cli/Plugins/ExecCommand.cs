using System.CommandLine;

namespace SecFlow.Cli.Plugins;

internal static class ExecCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = Options.File("FILE", "One script in ES5 with `module.exports = { execute: function (ctx) { ... } }`.");
        var format = Options.Format("table", "json");
        var command = new Command("exec", "Run one bare, unsigned script in the real plugin host and sandbox; no installation accepts its results.") { file, format };
        command.SetAction(async (parsed, ct) =>
        {
            await terminal.Error.WriteLineAsync(parsed.GetRequiredValue(format));
            return ExitCodes.Failed;
        });
        return command;
    }
}
