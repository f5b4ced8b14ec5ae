using System.CommandLine;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Execution.Workflows;

namespace SecFlow.Cli.Workflows;

/// <summary>Says every problem of a recipe at once; nothing is stored and nothing runs.</summary>
internal static class ValidateCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = Options.File("FILE", "The recipe (YAML).");
        var data = Options.Data();
        var format = Options.Format("table", "json");
        var command = new Command("validate", "Check a recipe against the installed plugins: every problem with line and column.") { file, data, format };
        command.SetAction(async (parsed, ct) =>
        {
            var recipe = parsed.GetRequiredValue(file);
            await using var installation = await Installation.OpenAsync(parsed.GetRequiredValue(data), terminal, ct);
            var result = await installation.Services.GetRequiredService<WorkflowService>().ValidateAsync(installation.Actor.TeamId, await File.ReadAllTextAsync(recipe.FullName, ct), ct);
            if (parsed.GetRequiredValue(format) == "json")
            {
                await Output.WriteJsonAsync(terminal, new JsonObject { ["valid"] = result.IsValid, ["problems"] = RunDocument.Problems(result.Problems), ["notes"] = RunDocument.Problems(result.Recipe?.Notes ?? []) });
            }

            foreach (var problem in result.Problems)
            {
                await terminal.Error.WriteLineAsync($"{recipe.Name}: {problem}");
            }

            foreach (var note in result.Recipe?.Notes ?? [])
            {
                await terminal.Error.WriteLineAsync($"{recipe.Name}: note: {note}");
            }

            await terminal.Error.WriteLineAsync(result.IsValid ? $"{recipe.Name}: valid" : $"{recipe.Name}: {result.Problems.Count} problem(s)");
            return result.IsValid ? ExitCodes.Done : ExitCodes.Rejected;
        });
        return command;
    }
}
