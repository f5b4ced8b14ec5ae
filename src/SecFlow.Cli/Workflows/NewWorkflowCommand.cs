using System.CommandLine;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Workflows.Templates;

namespace SecFlow.Cli.Workflows;

/// <summary>Writes a recipe to start from.</summary>
internal static class NewWorkflowCommand
{
    public static Command Create(Terminal terminal)
    {
        var template = new Option<string>("--template") { Description = "Which one; without it they are listed.", HelpName = "NAME" };
        var output = new Option<FileInfo>("--out", "-o") { Description = "Where the recipe goes (default: standard output). A file that is there already is not replaced.", HelpName = "FILE" };
        var format = Options.Format("table", "json");
        var command = new Command("new", "A recipe from a template: what people schedule, to be changed.") { template, output, format };
        command.SetAction(async (parsed, ct) =>
        {
            if (parsed.GetValue(template) is not { } name)
            {
                await ListAsync(terminal, parsed.GetRequiredValue(format));
                return ExitCodes.Done;
            }

            var chosen = WorkflowTemplates.Find(name);
            if (parsed.GetValue(output) is not { } file)
            {
                await terminal.Out.WriteAsync(chosen.Yaml);
                return ExitCodes.Done;
            }

            if (file.Exists)
            {
                throw new SecFlowException(Codes.OptionInvalid, $"'{file.Name}' is there already, and nothing is replaced. Give another name with --out.");
            }

            await File.WriteAllTextAsync(file.FullName, chosen.Yaml, ct);
            await terminal.Error.WriteLineAsync($"{file.Name}: {chosen.Name}. {string.Join(' ', chosen.Needs)} {chosen.Takes}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task ListAsync(Terminal terminal, string format)
    {
        if (format == "json")
        {
            await Output.WriteJsonAsync(terminal, new JsonObject
            {
                ["templates"] = new JsonArray([.. WorkflowTemplates.All.Select(t => (JsonNode)new JsonObject
                {
                    ["id"] = t.Id, ["name"] = t.Name, ["purpose"] = t.Purpose, ["needs"] = new JsonArray([.. t.Needs.Select(need => (JsonNode)need)]), ["takes"] = t.Takes,
                })]),
            });
            return;
        }

        Output.WriteTable(terminal, ["template", "what it answers", "needs", "takes"], WorkflowTemplates.All.Select(t => (IReadOnlyList<string>)[t.Id, t.Purpose, string.Join(' ', t.Needs), t.Takes]));
    }
}
