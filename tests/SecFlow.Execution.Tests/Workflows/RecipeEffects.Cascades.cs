using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Tests.Runs;

namespace SecFlow.Execution.Tests.Workflows;

/// <summary>Rows about the runs that a run starts.</summary>
public sealed partial class RecipeEffects
{
    private readonly HashSet<int> _ports = [];

    private const string Finder = "- { id: finder, type: scan.test, outputs: { urls: seen, findings: weak } }";

    private async Task CascadeAsync()
    {
        var child = await ChildAsync("parameters: { depth: { type: integer, required: true } }");
        Found(8101, 8102);
        await TargetsAsync(8101);

        var started = await StartedAsync($"cascades: [{{ workflow: {child}, from: seen, parameters: {{ depth: \"${{parameters.far}}\" }} }}]", "parameters: { far: { type: integer, default: 3 } }");

        // 8102 is no target of the team.
        var run = started.ShouldHaveSingleItem();
        (run.WorkflowName, run.Trigger, run.Parameters, run.Status).ShouldBe((child, RunTrigger.Cascade, """{"depth":3}""", RunStatus.Succeeded));
        RunContext.ReadTargets(run.Targets).ShouldHaveSingleItem().Value.ShouldBe("http://127.0.0.1:8101/");
    }

    private async Task CascadeWhenAsync()
    {
        var child = await ChildAsync();
        Found(8111);
        await TargetsAsync(8111);

        (await StartedAsync($"cascades: [{{ workflow: {child}, from: seen, when: \"outputs.seen.count > 1\" }}]")).ShouldBeEmpty();
        (await StartedAsync($"cascades: [{{ workflow: {child}, from: seen, when: \"outputs.seen.count == 1\" }}]")).Count.ShouldBe(1);
    }

    private async Task CascadeSeverityAsync()
    {
        var child = await ChildAsync();
        await TargetsAsync(8121);
        _engine.Scripts["finder"] = async (_, output, ct) =>
        {
            var finding = TestEngine.Finding("medium", severity: "medium");
            finding["location"] = "http://127.0.0.1:8121/x";
            await output.EmitAsync("findings", [finding], ct);
            await output.VerdictAsync(Verdict.Completed, "looked", null, ["medium"], ct);
            return TestEngine.Done();
        };

        (await StartedAsync($"cascades: [{{ workflow: {child}, from: weak, min_severity: high }}]")).ShouldBeEmpty();
        (await StartedAsync($"cascades: [{{ workflow: {child}, from: weak, min_severity: medium }}]")).Count.ShouldBe(1);
    }

    private async Task CascadeCapsAsync()
    {
        var child = await ChildAsync();
        Found(8131, 8132, 8133);
        await TargetsAsync(8131, 8132, 8133);

        (await StartedAsync($"cascades: [{{ workflow: {child}, from: seen, max_runs: 2 }}]")).Count.ShouldBe(2);
        (await StartedAsync($"cascades: [{{ workflow: {child}, from: seen }}]")).Count.ShouldBe(3);
    }

    private async Task CascadeDepthAsync()
    {
        Found(8141);
        await TargetsAsync(8141);
        foreach (var depth in new[] { 1, 2 })
        {
            var name = Name();
            var first = await RunAsync(await SaveAsync(Finder, $"cascades: [{{ workflow: {name}, from: seen, max_depth: {depth} }}]", name));
            var second = (await ChildrenAsync(first.Run.Id)).ShouldHaveSingleItem();
            var third = await ChildrenAsync(second.Id);
            third.Count.ShouldBe(depth - 1);
            (await Task.WhenAll(third.Select(run => ChildrenAsync(run.Id)))).ShouldAllBe(runs => runs.Count == 0);
        }
    }

    private async Task<string> ChildAsync(string more = "")
    {
        Script("child");
        var name = Name();
        await SaveAsync("- { id: child, type: scan.test }", more, name);
        return name;
    }

    private async Task TargetsAsync(params int[] ports)
    {
        // Several keys share a row.
        foreach (var port in ports.Where(_ports.Add))
        {
            await _engine.AddTargetAsync($"port {port}", $"http://127.0.0.1:{port}/");
        }
    }

    private void Found(params int[] ports) => _engine.Scripts["finder"] = async (_, output, ct) =>
    {
        await output.EmitAsync("urls", [.. ports.Select(port => (JsonNode?)new JsonObject { ["url"] = $"http://127.0.0.1:{port}/", ["source"] = "test" })], ct);
        await output.VerdictAsync(Verdict.Completed, "looked", null, [], ct);
        return TestEngine.Done();
    };

    private async Task<IReadOnlyList<Run>> StartedAsync(string cascades, string more = "")
    {
        var detail = await RunAsync(await SaveAsync(Finder, $"{cascades}\n{more}"));
        detail.Run.Status.ShouldBe(RunStatus.Succeeded, detail.Run.ErrorMessage);
        return await ChildrenAsync(detail.Run.Id);
    }

    private async Task<IReadOnlyList<Run>> ChildrenAsync(Guid run) => [.. (await _engine.Runs.ListAsync(_engine.Analyst, 0, 200, default)).Where(r => r.ParentRunId == run)];
}
