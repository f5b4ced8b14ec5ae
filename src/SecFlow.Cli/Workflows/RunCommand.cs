using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Workflows;

namespace SecFlow.Cli.Workflows;

/// <summary>Runs a recipe on the embedded engine: the same checks, queue, sandbox and audit log as in the portal.</summary>
internal static class RunCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = Options.File("FILE", "The recipe (YAML).");
        var target = Options.Target("What to scan: a url, host, or CIDR. It is recorded as authorised by the system user who runs this.");
        var set = Options.Set();
        var format = Options.Format("table", "json", "sarif");
        var failOn = new Option<string>("--fail-on") { Description = "Exit code 1 when a finding is at or above this severity." }.AcceptOnlyFromAmong("info", "low", "medium", "high", "critical");
        var data = Options.Data();
        var command = new Command("run", "Run a recipe against one target and print what was found, and what was not assessed.") { file, target, set, format, failOn, data };
        command.SetAction(async (parsed, ct) =>
        {
            var parameters = Parameters(parsed.GetRequiredValue(set));
            var yaml = await File.ReadAllTextAsync(parsed.GetRequiredValue(file).FullName, ct);
            await using var installation = await Installation.OpenAsync(parsed.GetRequiredValue(data), terminal, ct);
            var run = await RunAsync(installation, yaml, parsed.GetRequiredValue(target), parameters, terminal, ct);
            var findings = await installation.FindingsOfAsync(run.Run.Id);
            switch (parsed.GetRequiredValue(format))
            {
                case "json":
                    await Output.WriteJsonAsync(terminal, RunDocument.Create(run, findings));
                    break;
                case "sarif":
                    await Output.WriteJsonAsync(terminal, SarifDocument.Create(run, findings));
                    break;
                default:
                    RunTable.Write(terminal, run, findings);
                    break;
            }

            await SayEndAsync(terminal, run, findings.Count);
            var atOrAbove = parsed.GetValue(failOn) is { } word && Enum.Parse<Severity>(word, ignoreCase: true) is var limit && findings.Any(f => f.Severity >= limit);
            return ExitCodes.Of(run.Run.Status, atOrAbove);
        });
        return command;
    }

    /// <summary><c>k=v</c>; a value that reads as a JSON number or boolean is one, everything else is text.</summary>
    internal static JsonObject Parameters(IEnumerable<string> pairs)
    {
        var parameters = new JsonObject();
        foreach (var pair in pairs)
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at < 1)
            {
                throw new SecFlowException(Codes.OptionInvalid, $"--set {pair}: expected k=v.");
            }

            var value = pair[(at + 1)..];
            parameters[pair[..at]] = value is "true" or "false" || double.TryParse(value, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) && !value.StartsWith('+')
                ? Scalar(value)
                : value;
        }

        return parameters;
    }

    private static JsonNode? Scalar(string value)
    {
        try
        {
            return JsonNode.Parse(value);
        }
        catch (JsonException)
        {
            // 01 or .5: a number for people, text for JSON.
            return JsonValue.Create(value);
        }
    }

    private static async Task<RunDetail> RunAsync(Installation installation, string yaml, string target, JsonObject parameters, Terminal terminal, CancellationToken ct)
    {
        var workflows = installation.Services.GetRequiredService<WorkflowService>();
        var validation = await workflows.ValidateAsync(installation.Actor.TeamId, yaml, ct);
        if (validation.Problems.Any(p => p.Code != Codes.RecipePluginNotInstalled))
        {
            await RecordRefusalAsync(installation, validation.Problems, ct);
            throw new SecFlowException(validation.Problems);
        }

        // A plugin that is installed but may not run is refused by the start, as everywhere else; one that is not installed at all is told here.
        var (version, recipe) = await workflows.SaveForStartAsync(installation.Actor, yaml, ct);

        foreach (var note in recipe.Notes)
        {
            await terminal.Error.WriteLineAsync($"note: {note}");
        }

        // A recipe that names its target as a parameter gets it without a second option.
        if (recipe.Parameters.Any(p => p.Name == "target") && !parameters.ContainsKey("target"))
        {
            parameters["target"] = target;
        }

        var targetId = await installation.AuthoriseAsync(target, ct);
        var runs = installation.Services.GetRequiredService<RunService>();
        var run = await runs.StartAsync(installation.Actor, new StartRun(version.WorkflowId, [targetId], RunTrigger.Cli) { Parameters = parameters }, ct);
        return await new RunWatch(installation, terminal).ToEndAsync(run.Id, ct);
    }

    /// <summary>A start that trust refused is an event, also when the recipe was never saved.</summary>
    private static async Task RecordRefusalAsync(Installation installation, IReadOnlyList<Diagnostic> problems, CancellationToken ct)
    {
        if (problems.FirstOrDefault(p => Codes.CategoryOf(p.Code) == DiagnosticCategory.Trust) is { } refusal)
        {
            var entry = new AuditEntry(installation.Actor, "start.run", "workflow", refusal.Path ?? "", "recipe of the command line")
            {
                Outcome = AuditOutcome.Denied,
                ReasonCode = refusal.Code,
                Details = new JsonObject { ["message"] = refusal.Message },
            };
            await installation.Services.GetRequiredService<AuditLog>().AppendAsync(entry, ct);
        }
    }

    private static async Task SayEndAsync(Terminal terminal, RunDetail run, int findings)
    {
        await terminal.Error.WriteLineAsync($"{run.Run.Status}: {findings} finding(s){(run.Hidden > 0 ? $", {run.Hidden} more hidden by a filter of the workflow" : "")}");
        if (run.Run.ErrorCode is not null)
        {
            await terminal.Error.WriteLineAsync($"{run.Run.ErrorCode}: {run.Run.ErrorMessage}");
        }

        foreach (var gap in run.Assessments.Where(a => a.Verdict is not Verdict.Completed))
        {
            await terminal.Error.WriteLineAsync($"not assessed: {Output.Plain(gap.Target)} by {gap.PluginId}: {gap.Verdict}, {Output.Plain(gap.Reason)}");
        }
    }
}
