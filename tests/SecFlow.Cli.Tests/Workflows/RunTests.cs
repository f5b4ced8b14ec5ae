using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using SecFlow.Cli.Workflows;
using SecFlow.DemoTarget;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Cli.Tests.Workflows;

/// <summary>The embedded engine, the real plugin host and the weak shop on loopback.</summary>
public sealed class RunTests : IDisposable
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

    private readonly CliFolder _folder = new();

    private string[] Data => ["--data", _folder.At("data")];

    [Fact]
    public async Task Run_AgainstTheWeakShop_FindsWhatIsPlanted_InEveryFormat()
    {
        const int Seed = 7;
        await using var shop = await WeakShop.StartAsync(DemoFaults.Choose("random", Seed), Seed);
        var planted = shop.Planted.Select(f => f.RuleId).Order(StringComparer.Ordinal).ToList();
        var recipe = _folder.Write("recipe.yaml", Recipe);
        var target = shop.Url.ToString();

        var json = await CliRun.OfAsync(["workflow", "run", recipe, "--target", target, "--format", "json", .. Data]);
        json.Code.ShouldBe(0, json.Error);
        var document = JsonNode.Parse(json.Out)!;
        document["findings"]!.AsArray().Select(f => (string)f!["ruleId"]!).Order(StringComparer.Ordinal).ShouldBe(planted);
        ((string?)document["run"]!["status"]).ShouldBe("Succeeded");
        ((string?)document["nodes"]![0]!["plugin"]!["rule"]).ShouldBe("builtin");
        ((string?)document["assessments"]![0]!["verdict"]).ShouldBe("completed");

        var sarif = await CliRun.OfAsync(["workflow", "run", recipe, "--target", target, "--format", "sarif", "--fail-on", "info", .. Data]);
        sarif.Code.ShouldBe(planted.Count > 0 ? 1 : 0, sarif.Error);
        var results = JsonNode.Parse(sarif.Out)!["runs"]![0]!["results"]!.AsArray();
        results.Count.ShouldBe(planted.Count);
        results.ShouldAllBe(r => (string?)r!["partialFingerprints"]!["secflow/v1"] != null);

        var table = await CliRun.OfAsync(["workflow", "run", recipe, "--target", target, .. Data]);
        table.Code.ShouldBe(0, table.Error);
        table.Out.ShouldContain("assessed");
        table.Out.ShouldNotContain("\u001b");

        var list = await CliRun.OfAsync(["plugin", "list", .. Data]);
        list.Out.ShouldContain("scan.web-baseline");
        var verified = await CliRun.OfAsync(["audit", "verify", .. Data]);
        verified.Code.ShouldBe(0, verified.Out);
    }

    [Fact]
    public async Task Plan_SaysWhatARunWouldDo_AndSendsAndKeepsNothing()
    {
        await using var shop = await WeakShop.StartAsync(DemoFaults.Choose("random", 7), 7);
        var target = shop.Url.ToString();
        var recipe = _folder.Write("recipe.yaml", Recipe);

        var json = await CliRun.OfAsync(["workflow", "plan", recipe, "--target", target, "--format", "json", .. Data]);
        json.Code.ShouldBe(0, json.Error);
        var plan = JsonNode.Parse(json.Out)!;
        ((bool?)plan["allowed"]).ShouldBe(true);
        ((string?)plan["nodes"]![0]!["calls"]!["http"]!["first"]![0]!["url"]).ShouldBe(target);
        ((string?)plan["nodes"]![0]!["expected"]!["basis"]).ShouldBe("limit");

        // The second plan finds neither a target nor an earlier run: the first one was none.
        var table = await CliRun.OfAsync(["workflow", "plan", recipe, "--target", target, .. Data]);
        table.Code.ShouldBe(0, table.Error);
        table.Out.ShouldContain("GET " + target);
        table.Out.ShouldContain("there is no earlier run");
        table.Out.Split('\n').ShouldAllBe(line => line.Length <= 80);
        table.Out.ShouldNotContain("\u001b");
    }

    [Fact]
    public async Task Plan_OfWhatWouldBeRefused_HasItsExitCode()
    {
        const string Intrusive = "version: \"1.0\"\nname: Attack\nnodes: [{ id: reflection, type: scan.reflection }]";
        var refused = await CliRun.OfAsync(["workflow", "plan", _folder.Write("attack.yaml", Intrusive), "--target", "http://127.0.0.1:1/", .. Data]);
        refused.Code.ShouldBe(3, refused.Error);
        refused.Out.ShouldContain("REFUSED");
        refused.Out.ShouldContain("SF3006 by the rule target.intrusiveness");

        (await CliRun.OfAsync(["workflow", "plan", _folder.Write("wrong.yaml", Recipe.Replace("scan.web-baseline", "scan.nothing", StringComparison.Ordinal)), "--target", "http://127.0.0.1:1/", .. Data])).Code.ShouldBe(1);
        (await CliRun.OfAsync(["workflow", "plan", _folder.Write("recipe.yaml", Recipe), "--target", "ftp://127.0.0.1/", .. Data])).Code.ShouldBe(2);
    }

    [Fact]
    public async Task Run_AgainstADeadPort_IsNotAssessed()
    {
        var run = await CliRun.OfAsync(["workflow", "run", _folder.Write("recipe.yaml", Recipe), "--target", "http://127.0.0.1:1", "--format", "sarif", .. Data]);
        run.Code.ShouldBe(5, run.Error);
        run.Error.ShouldContain("not assessed");
        var invocation = JsonNode.Parse(run.Out)!["runs"]![0]!["invocations"]![0]!;
        ((bool)invocation["executionSuccessful"]!).ShouldBeFalse();
        invocation["toolExecutionNotifications"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Validate_OfPluginsThatAreNotInstalled_NamesEach()
    {
        var recipe = _folder.Write("recipe.yaml", Recipe.Replace("scan.web-baseline", "scan.wapiti", StringComparison.Ordinal));
        var run = await CliRun.OfAsync(["workflow", "validate", recipe, "--format", "json", .. Data]);
        run.Code.ShouldBe(1);
        run.Error.ShouldContain("scan.wapiti");
        ((string?)JsonNode.Parse(run.Out)!["problems"]![0]!["code"]).ShouldBe(Codes.RecipePluginNotInstalled);
        (await CliRun.OfAsync(["workflow", "validate", _folder.Write("good.yaml", Recipe), .. Data])).Code.ShouldBe(0);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("http://")]
    [InlineData("not a host")]
    public async Task Run_WithAWrongTarget_IsUsage(string target)
    {
        var run = await CliRun.OfAsync(["workflow", "run", _folder.Write("recipe.yaml", Recipe), "--target", target, .. Data]);
        run.Code.ShouldBe(2, run.Error);
        run.Error.ShouldContain("SF1401");
    }

    [Fact]
    public async Task Parse_OfAPluginThatIsNotInstalled_IsUsage()
    {
        var run = await CliRun.OfAsync(["plugin", "parse", "scan.nothing", _folder.Write("report.txt", "x"), .. Data]);
        run.Code.ShouldBe(2);
        run.Error.ShouldContain("scan.nothing");
    }

    [Fact]
    public async Task Parse_ThroughAPluginWithoutParse_IsItsCode()
    {
        var run = await CliRun.OfAsync(["plugin", "parse", "scan.web-baseline", _folder.Write("report.txt", "x"), "--format", "json", .. Data]);
        run.Code.ShouldBe(4, run.Error);
        run.Error.ShouldContain(Codes.EntryMissing);
    }

    [Fact]
    public async Task Folder_InUse_IsSaid()
    {
        await using var terminal = new StringWriter();
        await using var installation = await Installation.OpenAsync(_folder.At("data"), new Terminal(terminal, terminal), CancellationToken.None);
        var run = await CliRun.OfAsync(["plugin", "list", .. Data]);
        run.Code.ShouldBe(4);
        run.Error.ShouldContain(Codes.DataFolderLocked);
    }

    [Fact]
    public void Parameters_AreScalarsOrText()
    {
        var parameters = RunCommand.Parameters(["a=1", "b=true", "c=text=more", "d=", "e=007", "f=1e3", "g=NaN"]);
        parameters.ToJsonString().ShouldBe("""{"a":1,"b":true,"c":"text=more","d":"","e":"007","f":1e3,"g":"NaN"}""");
        Should.Throw<SecFlowException>(() => RunCommand.Parameters(["novalue"])).Code.ShouldBe(Codes.OptionInvalid);
    }

    [Theory]
    [InlineData("https://example.test/", "Url")]
    [InlineData("10.0.0.0/8", "Cidr")]
    [InlineData("./folder", "Folder")]
    [InlineData("example.test", "Host")]
    public void Target_HasItsKind(string value, string kind) => Installation.KindOf(value).ToString().ShouldBe(kind);

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }
}
