using System.Text.Json;
using SecFlow.DemoTarget;
using SecFlow.EndToEnd.Tests.Stage;

namespace SecFlow.EndToEnd.Tests.Runs;

/// <summary>Real tools in their sandboxes, against the weak shop, by the command line.</summary>
public sealed class ToolRunTests : IDisposable
{
    private const string Recipe = """
        version: "1.0"
        name: Ports and paths
        nodes:
          - id: ports
            type: scan.nmap
            config: { serviceVersions: false }
            inputs: [targets]
            outputs: { findings: port_findings, services: services }
            on_failure: continue
          - id: paths
            type: discovery.ffuf
            config: { wordlist: "res://wordlist/short" }
            inputs: [targets]
            outputs: [urls]
        """;

    private const string Sample = """
        version: "1.0"
        name: Linear Security Scan
        nodes:
          - id: discovery
            type: discovery.ferox
            config: { wordlist: "res://wordlist/common:latest", threads: 50 }
            inputs: [targets]
            outputs: [urls]
            on_failure: continue
          - id: scan
            type: scan.nuclei
            config: { templates: "res://templates/owasp-top10:latest", rate_limit: 150 }
            inputs: [targets]
            outputs: [findings]
        """;

    private readonly CommandLine _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Run_NmapAndFfuf_AgainstTheWeakShop_FindItsPortAndPaths()
    {
        await using var shop = await WeakShop.StartAsync(DemoFaults.Choose("demo", 1), 1);
        using var json = await RunAsync(Recipe, shop.Url.ToString(), 0);
        json.RootElement.GetProperty("run").GetProperty("status").GetString().ShouldBe("Succeeded");
        var findings = json.RootElement.GetProperty("findings").EnumerateArray().Select(f => (f.GetProperty("ruleId").GetString()!, f.GetProperty("location").GetString()!)).ToList();
        findings.ShouldContain(($"open-port-{shop.Url.Port}/tcp", $"127.0.0.1:{shop.Url.Port}"));
        findings.ShouldContain(f => f.Item2 == shop.Url.ToString() + "robots.txt");
        findings.ShouldNotContain(f => f.Item2.EndsWith("/certainly-not-there", StringComparison.Ordinal));
        json.RootElement.GetProperty("assessments").EnumerateArray().Select(a => a.GetProperty("verdict").GetString()).ShouldBe(["completed", "completed"]);
    }

    [Fact]
    public async Task Run_NmapAndFfuf_NobodyThere_IsNotAssessed()
    {
        using var json = await RunAsync(Recipe, $"http://127.0.0.1:{PlantedFaultsTests.DeadPort()}/", 5);
        json.RootElement.GetProperty("findings").GetArrayLength().ShouldBe(0);
        json.RootElement.GetProperty("assessments").EnumerateArray().ShouldContain(a => a.GetProperty("verdict").GetString() == "unreachable");
    }

    [Fact]
    public async Task Run_OriginalSampleRecipe_WithoutItsTools_FailsWithTheHint()
    {
        await using var shop = await WeakShop.StartAsync(DemoFaults.Choose("demo", 1), 1);
        using var json = await RunAsync(Sample, shop.Url.ToString(), 4);
        foreach (var node in json.RootElement.GetProperty("nodes").EnumerateArray())
        {
            node.GetProperty("status").GetString().ShouldBe("Failed");
            node.GetRawText().ShouldContain("SF5001");
            node.GetRawText().ShouldContain("release binary");
        }

        json.RootElement.GetProperty("findings").GetArrayLength().ShouldBe(0);
    }

    private async Task<JsonDocument> RunAsync(string recipe, string target, int expected)
    {
        var file = await _cli.WriteAsync("recipe.yaml", recipe);
        var words = await _cli.WriteAsync("words.txt", "robots.txt\ncertainly-not-there\nadmin/\n");
        (await CommandLine.RunAsync("resource", "import", "wordlist/short", words, "--data", _cli.Data)).Code.ShouldBe(0);
        var (code, output, error) = await CommandLine.RunAsync("workflow", "run", file, "--target", target, "--data", _cli.Data, "--format", "json");
        code.ShouldBe(expected, output + error);
        return JsonDocument.Parse(output);
    }
}
