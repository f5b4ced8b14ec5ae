using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests.Workflows;

public sealed class RecipeReaderTests
{
    private const string Minimal = """
        version: "1.0"
        name: Minimal
        nodes:
          - id: scan
            type: scan.web
        """;

    private static Task<RecipeValidation> Read(string yaml) => RecipeReader.ReadAsync(yaml, TestPlugins.Installed, default);

    private static async Task<Recipe> Valid(string yaml)
    {
        var result = await Read(yaml);
        result.Problems.ShouldBeEmpty();
        return result.Recipe.ShouldNotBeNull();
    }

    private static async Task<Diagnostic> Single(string yaml)
    {
        var result = await Read(yaml);
        result.Recipe.ShouldBeNull();
        return result.Problems.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Minimal_recipe_gets_the_documented_defaults()
    {
        var recipe = await Valid(Minimal);
        recipe.State.ShouldBe(new StatePolicy(1, true, false));
        var node = recipe.Nodes.ShouldHaveSingleItem();
        node.Timeout.ShouldBe(TimeSpan.FromMinutes(5));
        node.Retry.MaxAttempts.ShouldBe(1);
        node.OnFailure.ShouldBe(OnFailure.Stop);
        node.Outputs.ShouldBe(new Dictionary<string, string> { ["findings"] = "scan.findings" });
        node.PluginDigest.ShouldStartWith("sha256:");
    }

    [Theory]
    [InlineData("? : \"1.0\"\nname: x\n")]
    [InlineData("nodes: { type:findings: {a: {a: {a:{\n  a: {")]
    [InlineData("{a: {a:\n{a: {b\n c: d")]
    public async Task Text_on_which_the_YAML_parser_gives_up_is_a_syntax_problem(string yaml)
    {
        var result = await Read(yaml);
        result.Recipe.ShouldBeNull();
        result.Problems.ShouldContain(p => p.Code == Codes.RecipeSyntax);
    }

    [Fact]
    public async Task Number_beyond_what_the_schema_can_compare_is_a_problem_of_the_config()
    {
        var result = await Read(Minimal + "\n    config: { threads: 9223372036854775808 }\n");
        result.Problems.ShouldAllBe(p => p.Code == Codes.RecipeConfigInvalid);
        result.Problems.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Full_recipe_is_read_as_written()
    {
        var recipe = await Valid("""
            version: "1.0"
            name: Linear
            description: discovery -> scan
            parameters: { target: { type: url, required: true }, depth: { type: integer, default: 3 } }
            nodes:
              - id: discovery
                type: discovery.spider@^1.0
                inputs: [targets]
                outputs: [urls]
                timeout: 5m
              - id: scan
                type: scan.web
                config: { threads: 50, mode: "full", paths: [/a, /b], deep: true }
                inputs: [urls]
                outputs: { findings: weak }
                when: "outputs.urls.count > 0 and parameters.depth >= 1"
                on_failure: skip_dependents
                retry: { max_attempts: 5 }
            retry: { max_attempts: 3, backoff_factor: 1.5, base_delay: 0 }
            state: { checkpoint_interval: 30, resume_on_failure: false }
            """);
        recipe.Parameters.Select(p => (p.Name, p.Type, p.Required)).ShouldBe([("target", "url", true), ("depth", "integer", false)]);
        recipe.Retry.ShouldBe(new RetryPolicy(3, 1.5, 0));
        recipe.State.ShouldBe(new StatePolicy(30, false, false));
        recipe.Nodes[0].PluginId.ShouldBe("discovery.crawl");
        recipe.Nodes[0].Timeout.ShouldBe(TimeSpan.FromMinutes(5));
        recipe.Nodes[0].Retry.MaxAttempts.ShouldBe(3);
        recipe.Nodes[1].Retry.ShouldBe(new RetryPolicy(5, 1.5, 0));
        recipe.Nodes[1].Inputs["urls"].ShouldBe(["urls"]);
        recipe.Nodes[1].Outputs["findings"].ShouldBe("weak");
        recipe.Nodes[1].OnFailure.ShouldBe(OnFailure.SkipDependents);
        recipe.Nodes[1].Config.ToJsonString().ShouldBe("""{"threads":50,"mode":"full","paths":["/a","/b"],"deep":true}""");
    }

    [Fact]
    public async Task The_sample_recipe_names_exactly_the_plugins_that_are_not_installed()
    {
        var result = await Read("""
            version: "1.0"
            name: Linear Security Scan
            description: discovery -> scan -> enrich
            nodes:
              - id: discovery
                type: discovery.ferox
                config: { wordlist: "res://wordlist/common:latest", threads: 50 }
                inputs: [targets]
                outputs: [urls]
              - id: scan
                type: scan.nuclei
                config: { templates: "res://templates/latest" }
                inputs: [urls]
                outputs: [findings]
              - id: enrich
                type: enrich.cve
                inputs: [findings]
                outputs: [enriched_findings]
            retry: { max_attempts: 3, backoff_factor: 2.0 }
            state: { checkpoint_interval: 30, resume_on_failure: true, cache_intermediate: true }
            """);
        result.Problems.Select(p => (p.Code, p.Line, p.Path)).ShouldBe([
            (Codes.RecipePluginNotInstalled, 6, "nodes[0].type"),
            (Codes.RecipePluginNotInstalled, 11, "nodes[1].type"),
            (Codes.RecipePluginNotInstalled, 16, "nodes[2].type"),
        ]);
        result.Problems[1].Message.ShouldContain("'scan.nuclei' is not installed");
    }

    // One rule broken at a time: yaml, code, line, column, and a word of the message.
    public static TheoryData<string, string, int, int, string> Broken() => new()
    {
        { "version: \"1.0\"\nname: x\nnodez: []\nnodes: [{id: a, type: scan.web}]", Codes.RecipeUnknownKey, 3, 1, "'nodes'" },
        { "version: \"2.0\"\nname: x\nnodes: [{id: a, type: scan.web}]", Codes.RecipeOutOfRange, 1, 10, "1.0" },
        { "name: x\nnodes: [{id: a, type: scan.web}]", Codes.RecipeMissing, 1, 1, "version" },
        { "version: \"1.0\"\nnodes: [{id: a, type: scan.web}]", Codes.RecipeMissing, 1, 1, "name" },
        { "version: \"1.0\"\nname: \"\"\nnodes: [{id: a, type: scan.web}]", Codes.RecipeOutOfRange, 2, 7, "1 to 100" },
        { "version: \"1.0\"\nname: x", Codes.RecipeMissing, 1, 1, "nodes" },
        { "version: \"1.0\"\nname: x\nnodes: []", Codes.RecipeWrongType, 3, 8, "at least one" },
        { "version: \"1.0\"\nname: x\nnodes: [7]", Codes.RecipeWrongType, 3, 9, "mapping" },
        { "version: \"1.0\"\nname: [x]\nnodes: [{id: a, type: scan.web}]", Codes.RecipeWrongType, 2, 7, "a list" },
        { "version: \"1.0\"\nname: x\nname: y\nnodes: [{id: a, type: scan.web}]", Codes.RecipeDuplicate, 3, 1, "twice" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: A, type: scan.web}]", Codes.RecipeOutOfRange, 3, 14, "'A'" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.wep}]", Codes.RecipePluginNotInstalled, 3, 23, "Did you mean 'scan.web'" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: nonsense}]", Codes.RecipeOutOfRange, 3, 23, "id of a plugin" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web@^9}]", Codes.RecipePluginNotInstalled, 3, 23, "enabled: 1.0.0" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.off}]", Codes.RecipePluginNotInstalled, 3, 23, "Disabled" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.outer}]", Codes.RecipeConfigInvalid, 3, 9, "another document" },
        { "version: \"1.0\"\nname: x\nnodes:\n- {id: a, type: scan.web}\n- {id: a, type: scan.web}", Codes.RecipeDuplicate, 5, 8, "line 4" },
        { "version: \"1.0\"\nname: x\nnodes:\n- {id: a, type: scan.web, outputs: [f]}\n- {id: b, type: scan.web, outputs: [f]}", Codes.RecipeDuplicate, 5, 37, "node 'a'" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, outputs: [targets]}]", Codes.RecipeDuplicate, 3, 43, "own dataset" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, outputs: {fnd: x}}]", Codes.RecipePortMismatch, 3, 48, "no output 'fnd'" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, outputs: [f, g]}]", Codes.RecipePortMismatch, 3, 46, "no free output" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, inputs: [urlz]}]", Codes.RecipeUnresolvedInput, 3, 42, "urlz" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.services}]", Codes.RecipeUnresolvedInput, 3, 9, "'open'" },
        { "version: \"1.0\"\nname: x\nnodes:\n- {id: d, type: discovery.crawl, outputs: [urls]}\n- {id: s, type: scan.services, inputs: {open: urls}}", Codes.RecipePortMismatch, 5, 47, "takes services" },
        { "version: \"1.0\"\nname: x\nnodes:\n- {id: d, type: discovery.crawl, outputs: {urls: found}}\n- {id: s, type: filter.twins, inputs: [found]}", Codes.RecipePortMismatch, 5, 40, "left, right" },
        { "version: \"1.0\"\nname: x\nnodes:\n- {id: d, type: discovery.crawl, outputs: [urls]}\n- {id: s, type: filter.twins, inputs: {left: urls, lefd: urls}}", Codes.RecipePortMismatch, 5, 58, "Did you mean 'left'" },
        { "version: \"1.0\"\nname: x\nnodes:\n- {id: a, type: enrich.notes, inputs: [f2], outputs: [f1]}\n- {id: b, type: enrich.notes, inputs: [f1], outputs: [f2]}", Codes.RecipeCycle, 4, 39, "a <- b <- a" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, timeout: 0}]", Codes.RecipeOutOfRange, 3, 42, "24 h" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, timeout: 25h}]", Codes.RecipeOutOfRange, 3, 42, "24 h" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, timeout: soon}]", Codes.RecipeWrongType, 3, 42, "5m" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, retry: {max_attempts: 11}}]", Codes.RecipeOutOfRange, 3, 55, "1 to 10" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, retry: {max_attempts: 1.5}}]", Codes.RecipeWrongType, 3, 55, "whole" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, retry: {base_delay: 301}}]", Codes.RecipeOutOfRange, 3, 53, "0 to 300" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, retry: {backoff_factor: 0.5}}]", Codes.RecipeOutOfRange, 3, 57, "1 to 10" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, retry: {max_atempts: 2}}]", Codes.RecipeUnknownKey, 3, 41, "'max_attempts'" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, on_failure: stopp}]", Codes.RecipeOutOfRange, 3, 45, "'stop'" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, foreach: urls}]", Codes.RecipeForEach, 3, 42, "No node makes" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, chunk: 5}]", Codes.RecipeOutOfRange, 3, 40, "Add foreach" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, when: \"1 +\"}]", Codes.RecipeCondition, 3, 39, "'+'" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, when: \"outputs.none.count > 0\"}]", Codes.RecipeCondition, 3, 39, "'none'" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, config: {thread: 5}}]", Codes.RecipeConfigInvalid, 3, 50, "'threads'" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, config: {threads: 500}}]", Codes.RecipeConfigInvalid, 3, 51, "maximum 100" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, config: {mode: slow}}]", Codes.RecipeConfigInvalid, 3, 48, "fast, full" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, config: {paths: [/a, b]}}]", Codes.RecipeConfigInvalid, 3, 54, "pattern" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, config: [1]}]", Codes.RecipeWrongType, 3, 41, "mapping" },
        { "version: \"1.0\"\nname: x\nparameters: {p: {type: text}}\nnodes: [{id: a, type: scan.web}]", Codes.RecipeOutOfRange, 3, 24, "one of string, integer" },
        { "version: \"1.0\"\nname: x\nparameters: {p: {type: integer, default: many}}\nnodes: [{id: a, type: scan.web}]", Codes.RecipeParameter, 3, 42, "expected integer" },
        { "version: \"1.0\"\nname: x\nstate: {checkpoint_interval: 3601}\nnodes: [{id: a, type: scan.web}]", Codes.RecipeOutOfRange, 3, 30, "0 to 3600" },
        { "version: \"1.0\"\nname: x\nstate: {resume_on_failure: maybe}\nnodes: [{id: a, type: scan.web}]", Codes.RecipeWrongType, 3, 28, "true or false" },
        { "version: \"1.0\"\nname: &n x\nnodes: [{id: a, type: scan.web}]", Codes.RecipeSyntax, 2, 7, "anchor" },
        { "version: \"1.0\"\nname: !!str x\nnodes: [{id: a, type: scan.web}]", Codes.RecipeSyntax, 2, 7, "tag" },
        { "version: \"1.0\"\nname: *n\nnodes: [{id: a, type: scan.web}]", Codes.RecipeSyntax, 2, 7, "alias" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, config: {<<: {threads: 5}}}]", Codes.RecipeSyntax, 3, 42, "Merge keys" },
        { "version: \"1.0\"\nname: x\nnodes: [{id: a, type: scan.web, config: {threads: 5, threads: 6}}]", Codes.RecipeDuplicate, 3, 54, "'threads' stands twice" },
        { "version: \"1.0\"\nname: \"a\\e[2J\"\nnodes: [{id: a, type: scan.web}]", Codes.RecipeOutOfRange, 2, 7, "a?[2J" },
        { "version: \"1.0\"\nname: x\nparameters: {P: {type: url}}\nnodes: [{id: a, type: scan.web}]", Codes.RecipeOutOfRange, 3, 14, "lower-case letter" },
        { "version: \"1.0\"\nname: x\n---\nnodes: [{id: a, type: scan.web}]", Codes.RecipeSyntax, 3, 1, "one YAML document" },
        { "version: \"1.0\"\nname: \"x\nnodes: [{id: a, type: scan.web}]", Codes.RecipeSyntax, 2, 7, "YAML" },
        { "", Codes.RecipeSyntax, 1, 1, "empty" },
        { "- a", Codes.RecipeWrongType, 1, 1, "mapping" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task One_broken_rule_gives_one_problem_at_its_place(string yaml, string code, int line, int column, string word)
    {
        var problem = await Single(yaml);
        problem.Code.ShouldBe(code, problem.Message);
        problem.Message.ShouldContain(word);
        (problem.Line, problem.Column).ShouldBe((line, column), problem.Message);
    }

    [Fact]
    public async Task All_problems_are_told_at_once_in_the_order_of_the_text()
    {
        var result = await Read("""
            version: "3"
            nam: x
            nodes:
              - id: a
                type: scan.wep
                timeout: never
              - id: a
                type: scan.web
                config: { threads: 0 }
                inputs: [nothing]
                foreach: urls
            """);
        result.Problems.Select(p => p.Code).ShouldBe(
        [
            Codes.RecipeOutOfRange, Codes.RecipeMissing, Codes.RecipeUnknownKey, Codes.RecipePluginNotInstalled, Codes.RecipeWrongType,
            Codes.RecipeDuplicate, Codes.RecipeConfigInvalid, Codes.RecipeUnresolvedInput, Codes.RecipeForEach,
        ], ignoreOrder: true);
        result.Problems.Select(p => p.Line).ShouldBeInOrder();
    }

    [Fact]
    public async Task Problems_of_the_text_do_not_hide_those_of_the_words()
    {
        var result = await Read("version: \"1.0\"\nname: *n\nname: y\nnodes:\n- id: &i a\n  type: scan.web\n  timeout: soon");
        result.Problems.Select(p => (p.Code, p.Line, p.Column)).ShouldBe(
            [(Codes.RecipeSyntax, 2, 7), (Codes.RecipeDuplicate, 3, 1), (Codes.RecipeSyntax, 5, 7), (Codes.RecipeWrongType, 7, 12)]);
    }

    [Fact]
    public async Task Order_is_topological_and_ties_follow_the_file()
    {
        var recipe = await Valid("""
            version: "1.0"
            name: x
            nodes:
              - { id: late, type: scan.web, inputs: [urls] }
              - { id: first, type: discovery.crawl, outputs: [urls] }
              - { id: second, type: scan.web, when: "outputs.late.findings.count == 0" }
              - { id: third, type: scan.web }
            """);
        recipe.Nodes.Select(n => n.Id).ShouldBe(["first", "late", "second", "third"]);
    }

    [Fact]
    public async Task Too_much_is_refused_before_it_is_read()
    {
        (await Single("name: " + new string('x', 256 * 1024))).Code.ShouldBe(Codes.RecipeTooLarge);
        (await Single("a: " + new string('[', 100_000))).Code.ShouldBe(Codes.RecipeTooLarge);
        var many = "version: \"1.0\"\nname: x\nnodes:\n" + string.Concat(Enumerable.Range(0, 101).Select(i => $"- {{id: n{i}, type: scan.web}}\n"));
        (await Single(many)).Code.ShouldBe(Codes.RecipeTooLarge);
        (await Read(string.Concat(Enumerable.Range(0, 5000).Select(i => $"k{i}: 1\n")))).Problems.Count.ShouldBeLessThanOrEqualTo(200);
    }

    [Theory]
    [InlineData("\0\0\0")]
    [InlineData("{{{{")]
    [InlineData("? [a, b]\n: c")]
    [InlineData("nodes: {a: *x}")]
    [InlineData("%YAML 9.9\n---\na: b")]
    [InlineData("a:\n\t- b")]
    public async Task Hostile_text_is_answered_with_problems_only(string yaml) =>
        (await Read(yaml)).Problems.ShouldNotBeEmpty();
}
