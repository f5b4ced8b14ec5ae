using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests.Workflows;

public sealed class ConditionTests
{
    private static readonly RecipeParameter[] _parameters =
    [
        new("depth", "integer", false, null), new("mode", "string", false, null), new("fast", "boolean", false, null), new("missing", "number", false, null),
    ];

    private static readonly Condition.Facts _facts = new(
        new Dictionary<string, int> { ["urls"] = 3, ["scan.findings"] = 0 },
        new JsonObject { ["depth"] = 2, ["mode"] = "full", ["fast"] = true });

    [Theory]
    [InlineData("outputs.urls.count > 0", true)]
    [InlineData("outputs.urls.count == 3 and outputs.scan.findings.count == 0", true)]
    [InlineData("outputs.never.count > 0", false)]
    [InlineData("parameters.mode == 'full'", true)]
    [InlineData("parameters.mode != \"full\"", false)]
    [InlineData("parameters.fast", true)]
    [InlineData("not parameters.fast or parameters.depth >= 2", true)]
    [InlineData("not (parameters.fast or parameters.depth >= 2)", false)]
    [InlineData("false or true and false", false)]
    [InlineData("parameters.missing == 0", true)]
    [InlineData("-1 < 0.5", true)]
    [InlineData("1 <= 1", true)]
    public void Condition_is_evaluated(string text, bool expected) =>
        Condition.Parse(text, _parameters).Holds(_facts).ShouldBe(expected);

    [Theory]
    [InlineData("", 1)]
    [InlineData("1", 1)]
    [InlineData("parameters.mode", 1)]
    [InlineData("1 == 'a'", 3)]
    [InlineData("'a' < 'b'", 5)]
    [InlineData("true < false", 6)]
    [InlineData("outputs.urls.count", 1)]
    [InlineData("outputs.urls > 0", 1)]
    [InlineData("parameters.dept > 0", 1)]
    [InlineData("eval('x')", 1)]
    [InlineData("true true", 6)]
    [InlineData("(true", 6)]
    [InlineData("true and 1", 10)]
    [InlineData("'open", 1)]
    [InlineData("1.2.3 > 0", 1)]
    [InlineData("true; false", 5)]
    [InlineData("1 == 1 == 1", 8)]
    public void Wrong_condition_is_refused_at_its_character(string text, int column)
    {
        var error = Should.Throw<SecFlowException>(() => Condition.Parse(text, _parameters));
        error.Code.ShouldBe(Codes.RecipeCondition);
        error.Diagnostics[0].Column.ShouldBe(column, error.Message);
    }

    [Fact]
    public void Deep_nesting_and_length_are_bounded()
    {
        Should.Throw<SecFlowException>(() => Condition.Parse(new string('(', 400) + "true" + new string(')', 400), _parameters)).Message.ShouldContain("nested");
        Should.Throw<SecFlowException>(() => Condition.Parse(string.Concat(Enumerable.Repeat("not ", 200)) + "true", _parameters)).Message.ShouldContain("nested");
        Should.Throw<SecFlowException>(() => Condition.Parse(new string(' ', 1001), _parameters)).Message.ShouldContain("1000");
    }

    [Fact]
    public void Parameters_are_resolved_with_defaults_texts_and_the_first_target()
    {
        RecipeParameter[] declared = [new("target", "url", true, null), new("depth", "integer", false, JsonValue.Create(3)), new("fast", "boolean", false, null)];
        var values = RecipeParameters.Resolve(declared, new JsonObject { ["fast"] = "true" }, "http://localhost/");
        values.ToJsonString().ShouldBe("""{"target":"http://localhost/","depth":3,"fast":true}""");
    }

    [Fact]
    public void Wrong_parameters_are_told_all_at_once()
    {
        RecipeParameter[] declared = [new("site", "url", true, null), new("depth", "integer", false, null), new("name", "host", false, null)];
        var error = Should.Throw<SecFlowException>(() => RecipeParameters.Resolve(declared, new JsonObject { ["depth"] = "x", ["nam"] = 1, ["name"] = "a b" }, null));
        error.Diagnostics.Select(d => d.Path).ShouldBe(["nam", "site", "depth", "name"]);
        error.Diagnostics.ShouldAllBe(d => d.Code == Codes.RecipeParameter);
    }
}
