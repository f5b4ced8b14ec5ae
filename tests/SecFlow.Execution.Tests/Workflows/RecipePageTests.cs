using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NJsonSchema;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Tests.Plans;
using SecFlow.Execution.Workflows;
using YamlDotNet.Serialization;

namespace SecFlow.Execution.Tests.Workflows;

/// <summary>docs/workflows.md and the schema say what the reader takes.</summary>
public sealed partial class RecipePageTests
{
    private static readonly string _page = File.ReadAllText(Path.Combine(PlanStage.Repository, "docs", "workflows.md"));

    [Fact]
    public void Page_HasARowForEveryKey_AndForNothingElse()
    {
        var rows = Row().Matches(_page).Select(m => m.Groups["key"].Value).ToList();

        rows.ShouldBe(RecipeKeys.All, ignoreOrder: true);
        _page.Split('\n').Where(line => Row().IsMatch(line)).ShouldAllBe(line => line.Split(" | ").Length == 5 && line.Split(" | ")[4].Contains('`'));
    }

    [Fact]
    public async Task Page_EveryRecipeOnIt_IsValidWithTheBuiltInPlugins_AndUnderTheSchema()
    {
        var recipes = Block().Matches(_page).Select(m => m.Groups["yaml"].Value).ToList();
        recipes.Count.ShouldBeGreaterThanOrEqualTo(3);
        var plugins = BuiltIn() with
        {
            FindWorkflow = (name, _, _) => Task.FromResult(recipes.FirstOrDefault(r => r.Contains($"name: {name}\n", StringComparison.Ordinal)) is { } yaml
                ? new StoredRecipe(new WorkflowPin(name, null, Guid.NewGuid(), 1), yaml)
                : null),
        };
        foreach (var yaml in recipes)
        {
            var read = await RecipeReader.ReadAsync(yaml, plugins, default);
            read.Problems.ShouldBeEmpty(yaml);
            (await SchemaAsync()).Validate(Json(yaml).ToJsonString()).ShouldBeEmpty(yaml);
        }
    }

    [Fact]
    public void Schema_NamesExactlyTheKeys()
    {
        var schema = JsonNode.Parse(File.ReadAllText(SchemaPath))!;
        IEnumerable<string> Of(JsonNode node, string prefix) => node["properties"]!.AsObject().Select(p => prefix + p.Key);
        var top = schema["properties"]!;

        IEnumerable<string> all =
        [
            .. Of(schema, ""),
            .. Of(top["parameters"]!["additionalProperties"]!, "parameters.NAME."),
            .. Of(top["nodes"]!["items"]!, "nodes[]."),
            .. Of(top["retry"]!, "retry."),
            .. Of(top["state"]!, "state."),
            .. Of(top["cascades"]!["items"]!, "cascades[]."),
        ];
        all.ShouldBe(RecipeKeys.All);
        top["nodes"]!["items"]!["properties"]!["retry"]!["properties"]!.ToJsonString().ShouldBe(top["retry"]!["properties"]!.ToJsonString());
    }

    [Theory]
    [InlineData("nodes: [{ id: a }]")]
    [InlineData("nodes: [{ id: a, type: scan.web, workflow: x }]")]
    [InlineData("nodes: [{ id: a, type: scan.web, version: 1 }]")]
    [InlineData("nodes: [{ id: a, type: scan.web, foreach: urls, chunk: 0 }]")]
    [InlineData("nodes: [{ id: a, type: scan.web }]\ncascades: [{ workflow: x, from: urls, max_depth: 6 }]")]
    [InlineData("nodes: [{ id: a, type: scan.web }]\ninputs: { seeds: places }")]
    public async Task Schema_WhatTheReaderRefuses_DoesNotFit(string rest)
    {
        var yaml = $"version: \"1.0\"\nname: x\n{rest}\n";

        (await RecipeReader.ReadAsync(yaml, TestPlugins.Installed, default)).Problems.ShouldNotBeEmpty();
        (await SchemaAsync()).Validate(Json(yaml).ToJsonString()).ShouldNotBeEmpty();
    }

    private static string SchemaPath => Path.Combine(PlanStage.Repository, "docs", "schemas", "recipe.schema.json");

    private static async Task<JsonSchema> SchemaAsync() => await JsonSchema.FromJsonAsync(await File.ReadAllTextAsync(SchemaPath));

    // Plain scalars as a YAML reader of another maker sees them.
    private static JsonNode Json(string yaml) => JsonNode.Parse(new SerializerBuilder().JsonCompatible().Build().Serialize(
        new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize<object>(yaml)))!;

    private static RecipePlugins BuiltIn() => TestPlugins.Of(
    [
        .. Directory.GetFiles(Path.Combine(PlanStage.Repository, "plugins-js"), "plugin.yaml", SearchOption.AllDirectories).Where(file => !file.Contains("node_modules", StringComparison.Ordinal)).Select(file =>
        {
            var manifest = ManifestReader.Read(File.ReadAllBytes(file)).Manifest!;
            return new InstalledPlugin(
                new PluginVersion { Id = Guid.NewGuid(), PluginId = manifest.Id, Version = manifest.Version, Digest = "sha256:" + manifest.Id, State = PluginState.Enabled },
                manifest,
                File.ReadAllText(Path.Combine(Path.GetDirectoryName(file)!, "config.schema.json")));
        }),
    ]);

    [GeneratedRegex(@"^\| `(?<key>[A-Za-z_.\[\]]+)` \|", RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();

    [GeneratedRegex(@"```yaml\n(?<yaml>version:.*?)```", RegexOptions.Singleline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Block();
}
