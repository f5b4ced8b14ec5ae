using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests.Workflows;

public sealed class PlaceholderTests
{
    private const string Parameters = "parameters: { threads: { type: integer }, mode: { type: string, default: fast }, path: { type: string }, deep: { type: boolean, default: true } }";

    [Fact]
    public void Fill_WholeText_KeepsItsType_PartOfAText_IsText()
    {
        var config = JsonNode.Parse("""{"threads":"${parameters.threads}","path":"/${ parameters.path }/x","none":"${parameters.none}","list":["${parameters.none}","a"],"literal":"$${x}","map":{"deep":"${parameters.deep}"},"empty":null}""")!.AsObject();

        var filled = Placeholders.Fill(config, new JsonObject { ["threads"] = 7, ["path"] = "api", ["deep"] = true });

        filled.ToJsonString().ShouldBe("""{"threads":7,"path":"/api/x","list":["a"],"literal":"${x}","map":{"deep":true},"empty":null}""");
    }

    [Theory]
    [InlineData("{ threads: \"${parameters.threads}\", mode: \"${parameters.mode}\", deep: \"${parameters.deep}\", paths: [\"/${parameters.path}\"] }", null, 0, "")]
    [InlineData("{ threads: \"${parameters.mode}\" }", Codes.RecipeConfigInvalid, 60, "whole number")]
    [InlineData("{ mode: \"${parameters.path}\" }", null, 0, "")]
    [InlineData("{ mode: \"${parameters.deep}\" }", Codes.RecipeConfigInvalid, 57, "'mode'")]
    [InlineData("{ threads: \"${parameters.thread}\" }", Codes.RecipeParameter, 60, "Did you mean 'threads'")]
    [InlineData("{ mode: \"${mode}\" }", Codes.RecipeParameter, 57, "${parameters.NAME}")]
    public async Task Config_WithParameters_IsCheckedAsFarAsItIsKnown(string config, string? code, int column, string word)
    {
        var read = await RecipeReader.ReadAsync($"version: \"1.0\"\nname: x\n{Parameters}\nnodes:\n- {{ id: scan, type: scan.web, config:           {config} }}", TestPlugins.Installed, default);

        if (code is null)
        {
            read.Problems.ShouldBeEmpty();
            return;
        }

        read.Problems.ShouldContain(p => p.Code == code && p.Line == 5 && p.Message.Contains(word, StringComparison.Ordinal), string.Join('\n', read.Problems));
        read.Problems[0].Column.ShouldBe(column);
    }

    [Theory]
    [InlineData("""{"threads":7}""", null)]
    [InlineData("""{"threads":101}""", "'threads'")]
    [InlineData("""{"threads":"many"}""", "'threads'")]
    [InlineData("""{"mode":"slow"}""", "'mode'")]
    [InlineData("""{"treads":1}""", "Did you mean 'threads'")]
    public async Task Resolve_AtTheStart_NamesTheParameterThatDoesNotFit(string given, string? word)
    {
        var read = await RecipeReader.ReadAsync($"version: \"1.0\"\nname: x\n{Parameters}\nnodes:\n- {{ id: scan, type: scan.web, config: {{ threads: \"${{parameters.threads}}\", mode: \"${{parameters.mode}}\" }} }}", TestPlugins.Installed, default);
        var resolve = () => RecipeParameters.ResolveAsync(read.Recipe!, [TestPlugins.Scan], JsonNode.Parse(given)!.AsObject(), null, default);

        if (word is null)
        {
            (await resolve()).ToJsonString().ShouldBe("""{"threads":7,"mode":"fast","deep":true}""");
            return;
        }

        var refused = (await Should.ThrowAsync<SecFlowException>(resolve)).Diagnostics;
        refused.ShouldAllBe(d => d.Code == Codes.RecipeParameter);
        refused[0].Message.ShouldContain(word);
    }
}
