using System.Text.Json;
using SecFlow.Execution.Workflows.Templates;

namespace SecFlow.Cli.Tests.Workflows;

public sealed class NewWorkflowTests
{
    [Fact]
    public async Task New_WithoutATemplate_ListsThem()
    {
        var table = await CliRun.OfAsync("workflow", "new");
        var json = await CliRun.OfAsync("workflow", "new", "--format", "json");

        (table.Code, json.Code).ShouldBe((ExitCodes.Done, ExitCodes.Done), table.Error + json.Error);
        var ids = JsonDocument.Parse(json.Out).RootElement.GetProperty("templates").EnumerateArray().Select(t => t.GetProperty("id").GetString()!).ToList();
        ids.ShouldBe(WorkflowTemplates.All.Select(t => t.Id));
        ids.ShouldAllBe(id => table.Out.Contains(id));
    }

    [Fact]
    public async Task New_ToAFile_WritesWhatValidates_AndReplacesNothing()
    {
        using var folder = new CliFolder();
        foreach (var template in WorkflowTemplates.All)
        {
            var file = folder.At(template.Id + ".yaml");
            var made = await CliRun.OfAsync("workflow", "new", "--template", template.Id, "--out", file);
            (made.Code, made.Out).ShouldBe((ExitCodes.Done, ""), made.Error);
            made.Error.ShouldContain(template.Name);
            (await CliRun.OfAsync("workflow", "validate", file)).Code.ShouldBe(ExitCodes.Done, template.Id);
        }

        var there = folder.Write("mine.yaml", "mine");
        var refused = await CliRun.OfAsync("workflow", "new", "--template", WorkflowTemplates.All[0].Id, "--out", there);
        refused.Code.ShouldBe(ExitCodes.Usage);
        refused.Error.ShouldContain("nothing is replaced");
        (await File.ReadAllTextAsync(there)).ShouldBe("mine");
    }

    [Fact]
    public async Task New_ToStandardOutput_IsTheRecipe_AndAnUnknownNameIsUsage()
    {
        var first = WorkflowTemplates.All[0];
        (await CliRun.OfAsync("workflow", "new", "--template", first.Id)).Out.ShouldBe(first.Yaml);
        var unknown = await CliRun.OfAsync("workflow", "new", "--template", "no-such");
        (unknown.Code, unknown.Out).ShouldBe((ExitCodes.Usage, ""));
        unknown.Error.ShouldContain(first.Id);
    }
}
