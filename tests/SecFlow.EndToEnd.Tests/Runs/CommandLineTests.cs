using System.Text.Json;
using SecFlow.DemoTarget;
using SecFlow.EndToEnd.Tests.Stage;

namespace SecFlow.EndToEnd.Tests.Runs;

/// <summary>The same engine by the command line, with its exit codes.</summary>
public sealed class CommandLineTests : IDisposable
{
    private const string Recipe = """
        version: "1.0"
        name: Baseline
        nodes:
          - id: baseline
            type: scan.web-baseline
            inputs: [targets]
            outputs: [findings]
        """;

    private readonly CommandLine _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Run_WeakTarget_PrintsFindingsAndFailsOnHigh()
    {
        await using var shop = await WeakShop.StartAsync(DemoFaults.Choose("demo", 1), 1);
        var (code, output, error) = await CommandLine.RunAsync("workflow", "run", await _cli.WriteAsync("recipe.yaml", Recipe), "--target", shop.Url.ToString(), "--data", _cli.Data, "--format", "json", "--fail-on", "high");

        code.ShouldBe(1, error);
        using var json = JsonDocument.Parse(output);
        json.RootElement.GetProperty("run").GetProperty("status").GetString().ShouldBe("Succeeded");
        json.RootElement.GetProperty("findings").GetArrayLength().ShouldBe(shop.Planted.Count);
        json.RootElement.GetProperty("nodes").GetArrayLength().ShouldBe(1);
        json.RootElement.GetProperty("assessments").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Run_DeadPort_ExitsWithNotEverythingAssessed()
    {
        var (code, output, error) = await CommandLine.RunAsync("workflow", "run", await _cli.WriteAsync("recipe.yaml", Recipe), "--target", $"http://127.0.0.1:{PlantedFaultsTests.DeadPort()}/", "--data", _cli.Data, "--format", "json");

        code.ShouldBe(5, error);
        using var json = JsonDocument.Parse(output);
        json.RootElement.GetProperty("run").GetProperty("status").GetString().ShouldBe("Partial");
        json.RootElement.GetProperty("findings").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Validate_OriginalSampleRecipe_IsValid()
    {
        const string sample = """
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
                config: { templates: "res://templates/owasp-top10:latest", rate_limit: 150 }
                inputs: [urls]
                outputs: [findings]
              - id: enrich
                type: enrich.cve
                config: { sources: [nvd, osv] }
                inputs: [findings]
                outputs: [enriched_findings]
            retry: { max_attempts: 3, backoff_factor: 2.0, base_delay: 5 }
            state: { checkpoint_interval: 30, resume_on_failure: true, cache_intermediate: true }
            """;
        var (code, output, error) = await CommandLine.RunAsync("workflow", "validate", await _cli.WriteAsync("recipe.yaml", sample), "--data", _cli.Data);

        code.ShouldBe(0, output + error);
        (output + error).ShouldContain("recipe.yaml: valid");
    }
}
