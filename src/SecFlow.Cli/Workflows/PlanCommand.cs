using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Execution.Plans;

namespace SecFlow.Cli.Workflows;

/// <summary>Says what a run would do, on the embedded engine: the same checks, sandbox and policy, and nothing sent, started or stored but one audit event.</summary>
internal static class PlanCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = Options.File("FILE", "The recipe (YAML).");
        var target = Options.Target("What a run would scan: a url, host, or CIDR. It is not recorded.");
        var set = Options.Set();
        var format = Options.Format("table", "json");
        var data = Options.Data();
        var command = new Command("plan", "Say what a run of a recipe would do: targets, calls, limits, and what would be refused. Nothing is sent and no tool is started.") { file, target, set, format, data };
        command.SetAction(async (parsed, ct) =>
        {
            var parameters = RunCommand.Parameters(parsed.GetRequiredValue(set));
            var yaml = await File.ReadAllTextAsync(parsed.GetRequiredValue(file).FullName, ct);
            await using var installation = await Installation.OpenAsync(parsed.GetRequiredValue(data), terminal, ct);
            var value = parsed.GetRequiredValue(target);
            var known = await installation.FindTargetAsync(value, ct);
            var plan = await installation.Services.GetRequiredService<RunPlanner>().PlanAsync(
                installation.Actor,
                new PlanRequest { Recipe = yaml, Parameters = parameters, TargetIds = known is null ? [] : [known.Id], NewTarget = known is null ? installation.NewTarget(value) : null },
                null,
                ct);
            if (parsed.GetRequiredValue(format) == "json")
            {
                await Output.WriteJsonAsync(terminal, PlanDocument.Create(plan));
            }
            else
            {
                await PlanText.WriteAsync(terminal, plan);
            }

            await terminal.Error.WriteLineAsync(plan.Refusals.Count == 0 ? "Nothing would be refused." : $"{plan.Refusals.Count} thing(s) would be refused{(plan.Allowed ? "" : "; a run would not go through")}.");
            return ExitCodes.OfAll(plan.Refusals.Select(r => r.Refusal));
        });
        return command;
    }
}
