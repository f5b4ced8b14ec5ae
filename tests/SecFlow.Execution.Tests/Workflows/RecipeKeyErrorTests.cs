using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests.Workflows;

/// <summary>For every key of a recipe: what is written beside it in a wrong spelling, and what has a wrong type, is told with its line, column and what would be right.</summary>
public sealed class RecipeKeyErrorTests
{
    private const string Start = "version: \"1.0\"\nname: x\nnodes:\n- id: a\n  type: discovery.crawl\n";

    // Values that no key of that name takes.
    private static readonly Dictionary<string, (string Wrong, string Code, string Word)> _wrong = new(StringComparer.Ordinal)
    {
        ["version"] = ("\"9\"", Codes.RecipeOutOfRange, "1.0"),
        ["name"] = ("[x]", Codes.RecipeWrongType, "a list"),
        ["description"] = ("{ a: b }", Codes.RecipeWrongType, "a mapping"),
        ["parameters"] = ("[p]", Codes.RecipeWrongType, "must be a mapping"),
        ["inputs"] = ("7", Codes.RecipeWrongType, "must be a mapping"),
        ["nodes"] = ("many", Codes.RecipeWrongType, "a list of at least one node"),
        ["cascades"] = ("7", Codes.RecipeWrongType, "must be a list"),
        ["retry"] = ("3", Codes.RecipeWrongType, "must be a mapping"),
        ["state"] = ("on", Codes.RecipeWrongType, "must be a mapping"),
        ["parameters.NAME.type"] = ("strin", Codes.RecipeOutOfRange, "Did you mean 'string'"),
        ["parameters.NAME.required"] = ("perhaps", Codes.RecipeWrongType, "true or false"),
        ["parameters.NAME.default"] = ("[1]", Codes.RecipeParameter, "expected string"),
        ["nodes[].id"] = ("[a]", Codes.RecipeWrongType, "a name for this step"),
        ["nodes[].type"] = ("[scan.web]", Codes.RecipeWrongType, "the id of a plugin"),
        ["nodes[].workflow"] = ("[x]", Codes.RecipeWrongType, "the name of a saved workflow"),
        ["nodes[].version"] = ("newest", Codes.RecipeWrongType, "a whole number from 1"),
        ["nodes[].config"] = ("[a]", Codes.RecipeWrongType, "must be a mapping"),
        ["nodes[].parameters"] = ("[a]", Codes.RecipeWrongType, "must be a mapping"),
        ["nodes[].inputs"] = ("7", Codes.RecipeWrongType, "a list of dataset names"),
        ["nodes[].outputs"] = ("7", Codes.RecipeWrongType, "a list of dataset names"),
        ["nodes[].timeout"] = ("soon", Codes.RecipeWrongType, "such as 5m"),
        ["nodes[].retry"] = ("3", Codes.RecipeWrongType, "must be a mapping"),
        ["nodes[].when"] = ("[a]", Codes.RecipeWrongType, "a condition such as"),
        ["nodes[].on_failure"] = ("contine", Codes.RecipeOutOfRange, "Did you mean 'continue'"),
        ["nodes[].foreach"] = ("[urls]", Codes.RecipeWrongType, "the name of a dataset"),
        ["nodes[].chunk"] = ("many", Codes.RecipeWrongType, "a whole number from 1 to 10000"),
        ["retry.max_attempts"] = ("1.5", Codes.RecipeWrongType, "a whole number from 1 to 10"),
        ["retry.backoff_factor"] = ("twice", Codes.RecipeWrongType, "a number from 1 to 10"),
        ["retry.base_delay"] = ("5s", Codes.RecipeWrongType, "a number from 0 to 300"),
        ["state.checkpoint_interval"] = ("often", Codes.RecipeWrongType, "a whole number from 0 to 3600"),
        ["state.resume_on_failure"] = ("yes", Codes.RecipeWrongType, "true or false"),
        ["state.cache_intermediate"] = ("\"true\"", Codes.RecipeWrongType, "true or false"),
        ["cascades[].workflow"] = ("[x]", Codes.RecipeWrongType, "the name of a saved workflow"),
        ["cascades[].from"] = ("[urls]", Codes.RecipeWrongType, "the name of a dataset"),
        ["cascades[].when"] = ("1 > many", Codes.RecipeCondition, "'many' is not known"),
        ["cascades[].parameters"] = ("[a]", Codes.RecipeWrongType, "must be a mapping"),
        ["cascades[].min_severity"] = ("hgh", Codes.RecipeOutOfRange, "Did you mean 'high'"),
        ["cascades[].max_runs"] = ("101", Codes.RecipeOutOfRange, "1 to 100"),
        ["cascades[].max_depth"] = ("deep", Codes.RecipeWrongType, "a whole number from 1 to 5"),
    };

    public static TheoryData<string> Keys() => [.. RecipeKeys.All];

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task Key_Misspelled_IsToldWithItsPlaceAndTheRightSpelling(string path)
    {
        var key = path.Split('.', ']')[^1].TrimStart('.');
        var misspelled = key + key[^1];
        var (yaml, line, column) = Place(path, misspelled, "1", beside: true);

        var read = await RecipeReader.ReadAsync(yaml, TestPlugins.Installed, default);

        var problem = read.Problems.Single(p => p.Code == Codes.RecipeUnknownKey);
        (problem.Line, problem.Column).ShouldBe((line, column), problem.Message);
        problem.Message.ShouldContain($"Did you mean '{key}'?");
        read.Recipe.ShouldBeNull();
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task Key_WithAWrongValue_IsToldWithItsPlaceAndWhatIsExpected(string path)
    {
        var key = path.Split('.', ']')[^1].TrimStart('.');
        var (wrong, code, word) = _wrong[path];
        var (yaml, line, column) = Place(path, key, wrong, beside: false);

        var read = await RecipeReader.ReadAsync(yaml, TestPlugins.Installed, default);

        var problem = read.Problems.FirstOrDefault(p => p.Code == code && p.Line == line).ShouldNotBeNull(string.Join('\n', read.Problems));
        problem.Column.ShouldBe(column + key.Length + 2, problem.Message);
        problem.Message.ShouldContain(word);
        read.Recipe.ShouldBeNull();
    }

    [Fact]
    public void Table_NamesEveryKey() => _wrong.Keys.ShouldBe(RecipeKeys.All, ignoreOrder: true);

    // A recipe with one line more (or another line in its place), and where that stands.
    private static (string Yaml, int Line, int Column) Place(string path, string key, string value, bool beside)
    {
        var owner = path.Contains('.', StringComparison.Ordinal) ? path[..path.LastIndexOf('.')] : "";
        var (before, indent, rest) = owner switch
        {
            "" => (Start, "", ""),
            "parameters.NAME" => (Start + "parameters:\n  p:\n", "    ", path == "parameters.NAME.type" ? "" : "    type: string\n"),
            "nodes[]" => ("version: \"1.0\"\nname: x\nnodes:\n- on_failure: stop\n", "  ", Rest(path)),
            "cascades[]" => (Start + "cascades:\n- max_runs: 1\n", "  ", "  workflow: x\n  from: a.urls\n"),
            _ => (Start + owner + ":\n", "  ", ""),
        };
        var line = $"{indent}{key}: {value}\n";
        if (!beside)
        {
            before = Without(before, indent, key);
            rest = Without(rest, indent, key);
        }

        var yaml = before + line + rest;
        return (yaml, before.Count(c => c == '\n') + 1, indent.Length + 1);
    }

    private static string Rest(string path) => path switch
    {
        "nodes[].workflow" or "nodes[].version" or "nodes[].parameters" => "  id: a\n  workflow: x\n",
        "nodes[].chunk" => "  id: a\n  type: scan.web\n  foreach: x\n",
        _ => "  id: a\n  type: discovery.crawl\n",
    };

    // A key stands once.
    private static string Without(string text, string indent, string key)
    {
        var lines = text.Split('\n').ToList();
        if (key == "nodes" && indent.Length == 0)
        {
            return string.Join('\n', lines.Take(2)) + "\n";
        }

        if (key == "on_failure")
        {
            return text.Replace("- on_failure: stop\n", "- timeout: 5\n", StringComparison.Ordinal);
        }

        if (key == "max_runs")
        {
            return text.Replace("- max_runs: 1\n", "- max_depth: 1\n", StringComparison.Ordinal);
        }

        return string.Join('\n', lines.Where(l => !l.StartsWith($"{indent}{key}:", StringComparison.Ordinal)));
    }
}
