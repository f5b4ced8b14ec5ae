using System.Text.Json.Nodes;

namespace SecFlow.Plugins.Tests.Tools;

/// <summary>What the wrappers run and what they make of how the tool ended; the tool itself is played. Real runs: SecFlow.EndToEnd.Tests.</summary>
public sealed class ExecuteTests
{
    private const string Words = "res://wordlist/common:latest";

    [Theory]
    [InlineData("discovery.ffuf")]
    [InlineData("discovery.feroxbuster")]
    public async Task Wordlist_NobodyAnswers_IsUnreachableAndNothingIsRun(string plugin)
    {
        var bench = Bench(plugin, _ => throw new WebFailureException("SF5101", "refused"), (0, "", []));
        var report = await bench.RunAsync([Target()]);
        report.Verdicts.Single().Kind.ShouldBe("unreachable");
        bench.ToolCalls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Ffuf_Arguments_KeepTheRateAndTheListIsAnInput()
    {
        var bench = Bench("discovery.ffuf", Answer, (0, Progress(457, 457, 0), new() { ["report.json"] = FfufReport }));
        var report = await bench.RunAsync([Target(rate: 20)], new JsonObject { ["threads"] = 50, ["extensions"] = new JsonArray("php", ".txt") });
        var (name, arguments) = bench.ToolCalls.Single();
        name.ShouldBe("ffuf");
        string.Join(' ', arguments).ShouldBe(
            "-u http://shop.example/FUZZ -w /in/words.txt -ic -mc all -fc 404 -of json -o /out/report.json -t 4 -p 0.200 -timeout 10 -maxtime 240 -ac -e .php,.txt -H User-Agent: agent");
        report.Verdicts.Single().Kind.ShouldBe("completed");
        report.Verdicts.Single().Checks.ShouldHaveSingleItem().ShouldStartWith("ffuf:");
        report.Findings.ShouldHaveSingleItem();
        report.Records["urls"].ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(0, "457/457/457", "unreachable")]
    [InlineData(0, "457/457/3", "partial")]
    [InlineData(0, "200/457/0", "partial")]
    [InlineData(0, null, "completed")]
    [InlineData(1, null, "failed")]
    [InlineData(2, null, "misused")]
    public async Task Ffuf_End_DecidesTheVerdict(int exitCode, string? progress, string verdict)
    {
        var count = progress?.Split('/').Select(int.Parse).ToArray();
        var bench = Bench("discovery.ffuf", Answer, (exitCode, count is null ? "" : Progress(count[0], count[1], count[2]), new() { ["report.json"] = FfufReport }));
        (await bench.RunAsync([Target()])).Verdicts.Single().Kind.ShouldBe(verdict);
    }

    [Fact]
    public async Task Ffuf_TargetGoneAfterwards_IsPartial()
    {
        var asked = 0;
        var bench = Bench("discovery.ffuf", r => asked++ == 0 ? Answer(r) : throw new WebFailureException("SF5101", "refused"), (0, Progress(1, 1, 0), new() { ["report.json"] = FfufReport }));
        var report = await bench.RunAsync([Target()]);
        report.Verdicts[0].Kind.ShouldBe("partial");
        report.Verdicts.SelectMany(v => v.Checks).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("error: unexpected argument", 2, false, "misused")]
    [InlineData("Could not find any live targets to scan", 0, false, "unreachable")]
    [InlineData("", 1, true, "partial")]
    [InlineData("", 0, true, "completed")]
    [InlineData("", 0, false, "partial")]
    public async Task Feroxbuster_End_DecidesTheVerdict(string stderr, int exitCode, bool whole, string verdict)
    {
        const string response = """{"type":"response","url":"http://shop.example/a","path":"/a","wildcard":false,"status":200,"content_length":1,"line_count":1,"word_count":1,"headers":{}}""";
        var report = whole ? response + "\n" + """{"type":"statistics","requests":10,"errors":0,"timeouts":0}""" : response;
        var bench = Bench("discovery.feroxbuster", Answer, (exitCode, stderr, new() { ["report.json"] = report }));
        (await bench.RunAsync([Target()])).Verdicts.Single().Kind.ShouldBe(verdict);
        bench.ToolCalls.Single().Arguments.ShouldBe([
            "--url", "http://shop.example/", "--wordlist", "/in/words.txt", "--json", "--silent", "--no-state", "--output", "/out/report.json", "--threads", "10", "--rate-limit", "10", "--scan-limit", "1",
            "--depth", "2", "--timeout", "7", "--time-limit", "240s", "--user-agent", "agent", "--filter-status", "404", "--dont-extract-links"]);
    }

    [Theory]
    [InlineData("""{"percent":"100","requests":"40","errors":"0"}""", 0, "completed")]
    [InlineData("""{"percent":"50","requests":"40","errors":"0"}""", 0, "partial")]
    [InlineData("""{"percent":"100","requests":"40","errors":"40"}""", 0, "unreachable")]
    [InlineData("""{"percent":"100","requests":"0","errors":"0"}""", 0, "misused")]
    [InlineData("", 0, "partial")]
    [InlineData("[FTL] Could not run nuclei: no templates provided for scan", 1, "misused")]
    [InlineData("[FTL] something", 1, "failed")]
    public async Task Nuclei_End_DecidesTheVerdict(string stderr, int exitCode, string verdict)
    {
        var bench = Bench("scan.nuclei", Answer, (exitCode, stderr, new() { ["report.jsonl"] = "" }));
        (await bench.RunAsync([Target()])).Verdicts.Single().Kind.ShouldBe(verdict);
    }

    [Fact]
    public async Task Nuclei_UrlsOfEarlierNodes_AreAListOfTheTargetsOwn()
    {
        JsonNode? inputs = null;
        var bench = new PluginBench("scan.nuclei", r => Task.FromResult(Answer(r)))
        {
            Resources = new Dictionary<string, byte[]> { ["res://templates/nuclei:latest"] = "id: x\ninfo: {}\n"u8.ToArray() },
            Inputs = new Dictionary<string, IReadOnlyList<JsonObject>> { ["urls"] = [Url("http://shop.example/a?q=1"), Url("http://other.example/"), Url("http://shop.example/b", outOfScope: true)] },
            Tool = call =>
            {
                inputs = call["options"]?["inputs"];
                return (0, """{"percent":"100","requests":"4","errors":"0"}""", new Dictionary<string, string> { ["report.jsonl"] = "" });
            },
        };
        var report = await bench.RunAsync([Target()], new JsonObject { ["rate_limit"] = 5, ["tags"] = new JsonArray("cve") });
        report.Verdicts.Single().Kind.ShouldBe("completed");
        ((string?)inputs!["urls.txt"]).ShouldBe("http://shop.example/\nhttp://shop.example/a?q=1\n");
        bench.ToolCalls[0].Arguments.ShouldBe(["-version", "-duc"]);
        string.Join(' ', bench.ToolCalls[1].Arguments).ShouldBe(
            "-l /in/urls.txt -t /in/templates-1.yaml -jsonl -o /out/report.jsonl -silent -no-color -duc -no-stdin -omit-raw -omit-template -no-interactsh -stats -stats-json -stats-interval 5 "
            + "-rate-limit 5 -timeout 10 -retries 1 -tags cve -etags intrusive,dos,fuzz,bruteforce -H User-Agent: agent");
    }

    [Theory]
    [InlineData("url", "http://127.0.0.1:8080/", "8080", "127.0.0.1")]
    [InlineData("url", "https://[::1]/", "443", "::1")]
    [InlineData("host", "shop.example", "22,80", "shop.example")]
    public async Task Nmap_TargetAndPorts_StandWhereNoOptionIs(string kind, string value, string ports, string host)
    {
        var bench = Bench("scan.nmap", Answer, (0, "", new() { ["report.xml"] = "" }));
        var target = new JsonObject { ["id"] = "t1", ["name"] = "t", ["kind"] = kind, ["value"] = value, ["url"] = kind == "url" ? value : null, ["ports"] = kind == "url" ? [] : new JsonArray(22, 80), ["requestsPerSecond"] = 7 };
        var report = await bench.RunAsync([target]);
        var arguments = bench.ToolCalls.Single().Arguments;
        arguments.TakeLast(2).ShouldBe(["--", host]);
        arguments[arguments.ToList().IndexOf("-p") + 1].ShouldBe(ports);
        arguments[arguments.ToList().IndexOf("--max-rate") + 1].ShouldBe("7");
        arguments.Contains("-6").ShouldBe(host.Contains(':', StringComparison.Ordinal));
        report.Verdicts.Single().Kind.ShouldBe("failed", "an empty report is no clean one");
    }

    [Theory]
    [InlineData("-oN/etc/passwd")]
    [InlineData("a b")]
    [InlineData("host;id")]
    public async Task Nmap_ValueThatIsNoHost_IsMisusedAndNothingIsRun(string value)
    {
        var bench = Bench("scan.nmap", Answer, (0, "", []));
        var report = await bench.RunAsync([new JsonObject { ["id"] = "t1", ["name"] = "t", ["kind"] = "host", ["value"] = value, ["ports"] = new JsonArray(), ["requestsPerSecond"] = 10 }]);
        report.Verdicts.Single().Kind.ShouldBe("misused");
        bench.ToolCalls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Nuclei_LargeReport_IsReadWithinTheLimits()
    {
        // 20,000 results, and one with a response of 3 MiB that nuclei 3 writes by default
        var line = """{"template-id":"t","info":{"name":"T","severity":"low"},"type":"http","matched-at":"http://shop.example/N","matcher-status":true}""";
        var lines = Enumerable.Range(0, 20_000).Select(n => line.Replace("/N", "/" + n, StringComparison.Ordinal)).Append(line.Replace("\"type\"", $"\"response\":\"{new string('x', 3 * 1024 * 1024)}\",\"type\"", StringComparison.Ordinal));
        var report = await new PluginBench("scan.nuclei", _ => throw new InvalidOperationException("no http")).ParseAsync(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        report.Done.Outcome.ShouldBe(SecFlow.PluginProtocol.HostOutcome.Completed, report.Done.Message);
        report.Findings.Count.ShouldBe(20_001);
        ((string)report.Findings[^1]["evidence"]!["response"]!).Length.ShouldBe(8192);
    }

    private const string FfufReport = """{"commandline":"ffuf","time":"t","results":[{"input":{"FUZZ":"a"},"position":1,"status":200,"length":1,"words":1,"lines":1,"url":"http://shop.example/a","host":"shop.example"}],"config":{"method":"GET","url":"http://shop.example/FUZZ"}}""";

    private static string Progress(int done, int all, int errors) => $"\r:: Progress: [{done}/{all}] :: Job [1/1] :: 9 req/sec :: Duration: [0:00:01] :: Errors: {errors} ::";

    private static PluginBench Bench(string plugin, Func<WebRequest, WebReply> web, (int ExitCode, string Stderr, Dictionary<string, string> Files) end) => new(plugin, r => Task.FromResult(web(r)))
    {
        Resources = new Dictionary<string, byte[]> { [Words] = "a\n"u8.ToArray(), ["res://templates/nuclei:latest"] = "id: x\n"u8.ToArray() },
        Tool = _ => (end.ExitCode, end.Stderr, end.Files),
    };

    private static WebReply Answer(WebRequest request) => new(200, [], []);

    private static JsonObject Target(int rate = 10) => new()
    {
        ["id"] = "t1",
        ["name"] = "shop",
        ["kind"] = "url",
        ["value"] = "http://shop.example/",
        ["url"] = "http://shop.example/",
        ["ports"] = new JsonArray(),
        ["requestsPerSecond"] = rate,
        ["userAgent"] = "agent",
    };

    private static JsonObject Url(string url, bool outOfScope = false) => new() { ["url"] = url, ["source"] = "x", ["outOfScope"] = outOfScope };
}
