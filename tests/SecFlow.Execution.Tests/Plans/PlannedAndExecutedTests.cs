using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plans;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Resources;

namespace SecFlow.Execution.Tests.Plans;

/// <summary>For every plugin that is shipped: what the plan says it would ask is what a run of it asks, of a server whose answers are as empty as those of a plan.</summary>
public sealed class PlannedAndExecutedTests : IClassFixture<PlannedAndExecutedTests.Stage>
{
    private static readonly PlanBounds _everything = PlanBounds.Default with { Node = TimeSpan.FromMinutes(2), Whole = TimeSpan.FromMinutes(3), Shown = int.MaxValue };

    /// <summary>Configuration that makes a run short, or that a plugin cannot do without. A plugin that is not named here is run with its defaults.</summary>
    private static readonly Dictionary<string, string> _config = new(StringComparer.Ordinal)
    {
        ["discovery.content"] = "{ words: [admin, login, backup] }",

        // asking a server that is none for its version takes nmap two minutes
        ["scan.nmap"] = "{ serviceVersions: false }",
    };

    private readonly Stage _stage;

    public PlannedAndExecutedTests(Stage stage) => _stage = stage;

    /// <summary>Every folder with a manifest: nobody can forget a new one.</summary>
    public static TheoryData<string> Shipped => [.. Directory.EnumerateDirectories(Path.Combine(PlanStage.Repository, "plugins-js")).Where(folder => File.Exists(Path.Combine(folder, "plugin.yaml"))).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Shipped))]
    public async Task Plan_OfEveryShippedPlugin_NamesWhatItsRunAsks(string plugin)
    {
        var stage = _stage.Value;
        var nodes = await NodesAsync(stage, plugin);
        await ImportWhatIsMissingAsync(stage, nodes);
        stage.Executed.Clear();

        var run = await stage.RunAsync(nodes);
        var requests = stage.Server.Requests.Count;
        var plan = await stage.Planner.PlanAsync(stage.Admin, new PlanRequest { Recipe = PlanStage.Recipe(nodes), TargetIds = [stage.Target.Id], Bounds = _everything, RunId = run.Run.Id }, null, default);

        stage.Server.Requests.Count.ShouldBe(requests, "a plan sends nothing");
        foreach (var node in plan.Nodes)
        {
            node.Followed.ShouldBe(Followed.Whole, $"{node.NodeId}: {node.FollowedWhy}");
            var executed = stage.Executed.TryGetValue(node.NodeId, out var tape) ? tape.Calls : [];
            var requested = executed.Where(call => call.Method == "http").Select(Request).ToList();

            // A run whose tool is not installed ends there; its plan says so and goes on, to show what the tool would get.
            var planned = node.Http.First.Select(call => $"{call.Method} {call.Url}");
            (run.Nodes.Single(one => one.NodeId == node.NodeId).ErrorCode == Codes.ToolMissing ? planned.Take(requested.Count) : planned).ShouldBe(requested);
            node.Tls.First.Select(call => call.Url).ShouldBe(executed.Where(call => call.Method == "tls").Select(call => $"{call.Arguments!["host"]}:{call.Arguments["port"]}"));
            Tools(node).Take(1).ShouldBe(executed.Where(call => call.Method == "tool").Select(Tool).Take(1));
            (node.Http.Count + node.Tls.Count + node.ToolCalls.Count > 0).ShouldBe(executed.Any(call => call.Method is "http" or "tls" or "tool"));
        }
    }

    /// <summary>A resource that its defaults ask for and that is not shipped is there with some content: the plan names it.</summary>
    private static async Task ImportWhatIsMissingAsync(PlanStage stage, string nodes)
    {
        var missing = (await stage.PlanAsync(nodes)).Refusals.Where(r => r.Refusal.Code == Codes.ResourceMissing);
        foreach (var uri in missing.Select(r => r.What.Split(' ').Last(word => word.StartsWith("res://", StringComparison.Ordinal))).Select(ResourceUri.Parse).ToList())
        {
            await stage.Get<ResourceService>().ImportAsync(stage.Admin, new ResourceImport(uri.Type, uri.Name, null, "test"), new MemoryStream("id: test\ninfo:\n  name: Test\n"u8.ToArray()), default);
        }
    }

    private static IEnumerable<string> Tools(PlannedNode node) => node.ToolCalls.First.Select(call => $"{call.Tool} {string.Join(' ', call.Arguments.Select(word => $"[{word}]"))}");

    private static string Tool(RecordedCall call) => $"{call.Arguments!["name"]} {string.Join(' ', call.Arguments["args"]!.AsArray().Select(word => $"[{word}]"))}";

    private static string Request(RecordedCall call) => $"{call.Arguments!["method"] ?? "GET"} {new Uri((string)call.Arguments["url"]!).AbsoluteUri}";

    /// <summary>The plugin, and before it a maker of what it cannot do without.</summary>
    private static async Task<string> NodesAsync(PlanStage stage, string plugin)
    {
        var manifest = ((await stage.Get<PluginRegistry>().FindAsync(plugin, default)) ?? throw new InvalidOperationException($"{plugin} is not shipped.")).Manifest;
        var needed = manifest.Inputs.Where(port => port.Required).ToList();
        var makers = needed.Select(port => port.Type switch
        {
            "findings" => $"  - {{ id: maker, type: scan.web-baseline, outputs: {{ findings: made_{port.Type} }} }}",
            "urls" => $"  - {{ id: maker, type: discovery.crawl, outputs: {{ urls: made_{port.Type} }} }}",
            _ => throw new InvalidOperationException($"{plugin} needs {port.Type}: name a plugin here that makes it."),
        });
        var inputs = needed.Count == 0 ? "" : $", inputs: {{ {string.Join(", ", needed.Select(port => $"{port.Name}: made_{port.Type}"))} }}";
        var config = _config.TryGetValue(plugin, out var text) ? $", config: {text}" : "";
        return string.Join('\n', [.. makers, $"  - {{ id: looked, type: {plugin}{inputs}{config} }}"]);
    }

    public sealed class Stage : IAsyncLifetime
    {
        internal PlanStage Value { get; private set; } = null!;

        public async Task InitializeAsync() => Value = await PlanStage.StartAsync();

        public async Task DisposeAsync() => await Value.DisposeAsync();
    }
}
