using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests.Workflows;

public sealed class SubWorkflowTests
{
    private const string Inner = """
        version: "1.0"
        name: Inner
        parameters: { threads: { type: integer, default: 3 }, target: { type: url } }
        inputs: { seeds: urls }
        nodes:
          - { id: scan, type: scan.web, inputs: [seeds], outputs: [weak], config: { threads: "${parameters.threads}" }, when: "outputs.seeds.count > 0 and parameters.threads > 1" }
          - { id: notes, type: enrich.notes, inputs: [weak], outputs: [noted] }
        """;

    private readonly Dictionary<string, List<string>> _saved = new(StringComparer.Ordinal) { ["Inner"] = [Inner] };

    [Fact]
    public async Task Expand_InnerNodes_TakeThePlaceOfTheOuterOne_WithTheirPorts()
    {
        var recipe = await ValidAsync("""
            - { id: crawl, type: discovery.crawl, outputs: { urls: found } }
            - { id: web, workflow: Inner, inputs: [found], outputs: { noted: result }, when: "outputs.found.count > 5", parameters: { threads: 7 } }
            - { id: last, type: enrich.notes, inputs: [result] }
            """);

        recipe.Nodes.Select(n => n.Id).ShouldBe(["crawl", "web.scan", "web.notes", "last"]);
        var scan = recipe.Nodes[1];
        scan.Inputs["urls"].ShouldBe(["found"]);
        scan.Outputs["findings"].ShouldBe("web.weak");
        recipe.Nodes[2].Inputs["findings"].ShouldBe(["web.weak"]);
        recipe.Nodes[2].Outputs["findings"].ShouldBe("result");
        recipe.Nodes[3].Inputs["findings"].ShouldBe(["result"]);
        recipe.Depth.ShouldBe(1);
        recipe.SubWorkflows.ShouldHaveSingleItem().Version.ShouldBe(1);
        scan.ConfigFor([], "http://t.example/").ToJsonString().ShouldBe("""{"threads":7}""");
        scan.ParametersFor([], "http://t.example/")["target"]!.GetValue<string>().ShouldBe("http://t.example/");
    }

    [Theory]
    [InlineData(6, 7, null)]
    [InlineData(5, 7, "outputs.found.count > 5")]
    [InlineData(6, 1, "outputs.seeds.count > 0 and parameters.threads > 1")]
    public async Task Condition_OfOuterAndInner_BothHold_EachWithItsOwnNames(int found, int threads, string? failing)
    {
        var recipe = await ValidAsync($$"""
            - { id: crawl, type: discovery.crawl, outputs: { urls: found } }
            - { id: web, workflow: Inner, inputs: [found], when: "outputs.found.count > 5", parameters: { threads: {{threads}} } }
            """);

        recipe.Nodes[1].FailingCondition(new Dictionary<string, int> { ["found"] = found }, [], null).ShouldBe(failing);
    }

    [Fact]
    public async Task Input_NotHandedIn_CountsNothing_AndSeveralAreAddedUp()
    {
        var none = await ValidAsync("- { id: web, workflow: Inner }");
        none.Nodes[0].Inputs.ShouldBeEmpty();
        none.Nodes[0].FailingCondition(new Dictionary<string, int> { ["seeds"] = 9 }, [], null).ShouldNotBeNull();

        var two = await ValidAsync("""
            - { id: a, type: discovery.crawl, outputs: { urls: one } }
            - { id: b, type: discovery.crawl, outputs: { urls: two } }
            - { id: web, workflow: Inner, inputs: { seeds: [one, two] } }
            """);
        two.Nodes[2].Inputs["urls"].ShouldBe(["one", "two"]);
        two.Nodes[2].FailingCondition(new Dictionary<string, int> { ["two"] = 1 }, [], null).ShouldBeNull();
    }

    [Theory]
    [InlineData("stop", OnFailure.Stop, null)]
    [InlineData("continue", OnFailure.Continue, "web")]
    [InlineData("skip_dependents", OnFailure.SkipDependents, "web")]
    public async Task OnFailure_OfTheOuterNode_SaysWhatAStoppedInnerWorkflowMeans(string outer, OnFailure expected, string? part)
    {
        var recipe = await ValidAsync($"- {{ id: web, workflow: Inner, on_failure: {outer} }}");

        recipe.Nodes.ShouldAllBe(n => n.OnFailure == expected && n.StopsOnly == part);
    }

    [Fact]
    public async Task Nesting_KeepsIdsParametersAndPartsOfEachLevel()
    {
        Save("Middle", """
            - { id: deep, workflow: Inner, on_failure: continue, parameters: { threads: "${parameters.speed}" } }
            """, "parameters: { speed: { type: integer, default: 2 }, target: { type: url } }");
        var recipe = await ValidAsync("- { id: top, workflow: Middle, parameters: { speed: \"${parameters.fast}\" } }", "parameters: { fast: { type: integer, default: 9 } }");

        var scan = recipe.Nodes[0];
        scan.Id.ShouldBe("top.deep.scan");
        scan.StopsOnly.ShouldBe("top.deep");
        scan.Inside!.NodeId.ShouldBe("top.deep");
        scan.ConfigFor(new JsonObject { ["fast"] = 40 }, "http://t.example/").ToJsonString().ShouldBe("""{"threads":40}""");
        recipe.SubWorkflows.Select(p => p.Name).ShouldBe(["Middle", "Inner"]);
    }

    [Fact]
    public async Task Version_AsksForThatVersion()
    {
        _saved["Inner"].Add(Inner.Replace("id: scan", "id: newer", StringComparison.Ordinal));

        (await ValidAsync("- { id: web, workflow: Inner, version: 1 }")).Nodes[0].Id.ShouldBe("web.scan");
        (await ValidAsync("- { id: web, workflow: Inner }")).Nodes[0].Id.ShouldBe("web.newer");
        (await SingleAsync("- { id: web, workflow: Inner, version: 3 }")).Message.ShouldContain("no version 3");
    }

    [Theory]
    [InlineData("- { id: web, workflow: Iner }", Codes.RecipeSubWorkflow, 4, 23, "Did you mean 'Inner'")]
    [InlineData("- { id: web, workflow: Outer }", Codes.RecipeSubWorkflow, 4, 23, "Outer -> Outer")]
    [InlineData("- { id: web, workflow: Broken }", Codes.RecipeSubWorkflow, 4, 24, "'scan.wep' is not installed")]
    [InlineData("- { id: web, workflow: Round }", Codes.RecipeSubWorkflow, 4, 23, "contains itself")]
    [InlineData("- { id: web, workflow: Inner, type: scan.web }", Codes.RecipeOutOfRange, 4, 37, "'type' is for a node with a plugin")]
    [InlineData("- { id: web, workflow: Inner, timeout: 5 }", Codes.RecipeOutOfRange, 4, 40, "'timeout'")]
    [InlineData("- { id: web, type: scan.web, parameters: { a: 1 } }", Codes.RecipeOutOfRange, 4, 42, "'config'")]
    [InlineData("- { id: web, type: scan.web, version: 1 }", Codes.RecipeOutOfRange, 4, 39, "scan.web@^1.2")]
    [InlineData("- { id: web, workflow: Inner, parameters: { thread: 1 } }", Codes.RecipeParameter, 4, 45, "Did you mean 'threads'")]
    [InlineData("- { id: web, workflow: Inner, parameters: { threads: many } }", Codes.RecipeParameter, 4, 54, "expected integer")]
    [InlineData("- { id: web, workflow: Inner, parameters: { threads: \"${parameters.nothing}\" } }", Codes.RecipeParameter, 4, 54, "no parameter 'nothing'")]
    [InlineData("- { id: web, workflow: Needs }", Codes.RecipeParameter, 4, 3, "needs the parameter 'must'")]
    [InlineData("- { id: web, workflow: Inner, inputs: [nope] }", Codes.RecipeUnresolvedInput, 4, 39, "'nope'")]
    public async Task Reference_Wrong_IsToldAtItsPlace(string node, string code, int line, int column, string word)
    {
        Save("Broken", "- { id: a, type: scan.wep }");
        Save("Round", "- { id: back, workflow: Round2 }");
        Save("Round2", "- { id: back, workflow: Round }");
        Save("Needs", "- { id: a, type: scan.web }", "parameters: { must: { type: string, required: true } }");

        var problem = await SingleAsync(node);

        problem.Message.ShouldContain(word);
        (problem.Code, problem.Line).ShouldBe((code, line), problem.Message);
        problem.Column!.Value.ShouldBeInRange(column - 1, column + 1, problem.Message);
    }

    [Fact]
    public async Task Depth_BeyondTheCap_IsRefused_AtTheCapItIsNot()
    {
        Save("Two", "- { id: a, workflow: Inner }");
        Save("Three", "- { id: a, workflow: Two }");
        Save("Four", "- { id: a, workflow: Three }");

        (await ValidAsync("- { id: web, workflow: Three }")).Nodes[0].Id.ShouldBe("web.a.a.scan");
        (await SingleAsync("- { id: web, workflow: Four }")).Message.ShouldContain($"at most {SubWorkflow.MostDepth} levels");
    }

    [Fact]
    public async Task Nodes_TooManyTogether_AreRefused_AndEachVersionIsReadOnce()
    {
        Save("Wide", string.Join('\n', Enumerable.Range(0, 30).Select(i => $"- {{ id: n{i}, type: scan.web }}")));
        Save("Wider", string.Join('\n', Enumerable.Range(0, 3).Select(i => $"- {{ id: w{i}, workflow: Wide }}")));

        (await ValidAsync("- { id: a, workflow: Wider }")).Nodes.Count.ShouldBe(90);
        (await SingleAsync("- { id: a, workflow: Wider }\n- { id: b, workflow: Wide }")).Code.ShouldBe(Codes.RecipeTooLarge);
    }

    [Fact]
    public async Task Alone_AWorkflowWithInputs_SaysThatTheyAreEmpty()
    {
        var read = await RecipeReader.ReadAsync(Inner, Library(), default);

        read.Problems.ShouldBeEmpty();
        read.Recipe!.Notes.ShouldHaveSingleItem().Message.ShouldContain("'seeds' (urls)");
        (await RecipeReader.ReadAsync(Inner.Replace("seeds: urls", "seeds: url", StringComparison.Ordinal), Library(), default)).Problems[0].Code.ShouldBe(Codes.RecipeWrongType);
        (await RecipeReader.ReadAsync(Inner.Replace("seeds: urls", "targets: urls", StringComparison.Ordinal), Library(), default)).Problems[0].Message.ShouldContain("'targets' is taken");
    }

    private void Save(string name, string nodes, string more = "description: x") => _saved[name] = [$"version: \"1.0\"\nname: {name}\n{more}\nnodes:\n{nodes}\n"];

    private RecipePlugins Library() => TestPlugins.Installed with
    {
        WorkflowNames = [.. _saved.Keys],
        FindWorkflow = (name, version, _) => Task.FromResult(
            _saved.TryGetValue(name, out var versions) && (version ?? versions.Count) <= versions.Count
                ? new StoredRecipe(new WorkflowPin(name, version, Id($"{name}/{version ?? versions.Count}"), version ?? versions.Count), versions[(version ?? versions.Count) - 1])
                : null),
    };

    private static Guid Id(string text) => new(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text))[..16]);

    private Task<RecipeValidation> ReadAsync(string nodes, string more) => RecipeReader.ReadAsync($"version: \"1.0\"\nname: Outer\n{(more.Length == 0 ? "" : more + "\n")}nodes:\n{nodes}\n", Library(), default);

    private async Task<Recipe> ValidAsync(string nodes, string more = "")
    {
        var read = await ReadAsync(nodes, more);
        read.Problems.ShouldBeEmpty();
        return read.Recipe!;
    }

    private async Task<Diagnostic> SingleAsync(string nodes) => (await ReadAsync(nodes, "")).Problems.ShouldHaveSingleItem();
}
