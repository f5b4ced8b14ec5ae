using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace SecFlow.Plugins.Tests.Pipeline;

public sealed partial class EnrichFilterReportTests
{
    [Fact]
    public async Task Enrich_AddsNamesAndCategory_AndLeavesTheRestAlone()
    {
        var report = await RunAsync("enrich.cwe", [Finding(1, cwe: [79]), Finding(2, cwe: [99999]), Finding(3), Finding(4, cwe: [601, 918], owasp: "A05:2021"), Finding(5, cwe: [693], owasp: "A05:2021", references: ["https://example.org/"])]);

        report.Findings.Select(f => (string)f["fingerprint"]!).ShouldBe([Print(1), Print(4), Print(5)]);
        report.Findings[0].ToJsonString().ShouldBe($$"""{"fingerprint":"{{Print(1)}}","references":["CWE-79 Cross-site scripting: https://cwe.mitre.org/data/definitions/79.html"],"owasp":"A03:2021"}""");
        report.Findings[1]["references"]!.AsArray().Count.ShouldBe(2);
        report.Findings[1]["owasp"].ShouldBeNull("the finder's category stays");
        report.Findings[2]["references"]!.AsArray().Select(r => (string)r!).First().ShouldBe("https://example.org/");
        report.Findings.SelectMany(f => f.Select(p => p.Key)).Distinct().ShouldBeSubsetOf(["fingerprint", "references", "owasp"]);
    }

    [Fact]
    public async Task Enrich_Again_ChangesNothing() =>
        (await RunAsync("enrich.cwe", [Finding(1, cwe: [79], owasp: "A03:2021", references: ["CWE-79 Cross-site scripting: https://cwe.mitre.org/data/definitions/79.html"])])).Findings.ShouldBeEmpty();

    [Fact]
    public async Task Enrich_Overwrite_ReplacesTheCategory() =>
        (await RunAsync("enrich.cwe", [Finding(1, cwe: [89], owasp: "A05:2021")], new JsonObject { ["overwriteOwasp"] = true })).Findings.Single()["owasp"]!.GetValue<string>().ShouldBe("A03:2021");

    [Theory]
    [InlineData(null, 0, "1")]
    [InlineData("high", 0, "1,2,3")]
    [InlineData("info", 60, "2,4")]
    public async Task Filter_HidesBelow_WithTheReason(string? severity, int confidence, string hidden)
    {
        var config = new JsonObject { ["minConfidence"] = confidence };
        if (severity is not null)
        {
            config["minSeverity"] = severity;
        }

        var report = await RunAsync("filter.severity", [Finding(1, "info", 90), Finding(2, "low", 50), Finding(3, "medium", 90), Finding(4, "critical", 59), Hidden(Finding(5, "info", 1))], config);
        string.Join(',', report.Findings.Select(f => ((string)f["fingerprint"]!).TrimStart('0'))).ShouldBe(hidden);
        report.Findings.ShouldAllBe(f => ((string)f["hidden"]!).StartsWith("Its ", StringComparison.Ordinal) && f.Count == 2);
    }

    [Fact]
    public async Task Report_SaysScopeWorkGapsFindingsAndHidden_AndEverythingIsText()
    {
        const string attack = "</title><script>alert(1)</script><img src=x onerror=\"alert(2)\">'";
        var finding = Finding(1, "high", 95, [79], "A03:2021", [attack]);
        (finding["title"], finding["location"], finding["description"], finding["remediation"], finding["parameter"]) = ("Weak " + attack, "http://shop.test/" + attack, attack, attack, attack);
        finding["evidence"] = new JsonObject { ["request"] = attack, ["response"] = attack + new string('x', 9000), ["match"] = attack };
        var report = await RunAsync("report.html", [finding, Finding(2, "low"), Hidden(Finding(3, "info"))], new JsonObject { ["maxEvidence"] = 500 }, attack);

        var html = report.Artifacts.Single(a => a.Key == "report.html").Value;
        html.ShouldStartWith("<!doctype html>");
        html.ShouldEndWith("</html>\n");
        html.ShouldContain("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">");
        Tags().Matches(html).Select(m => m.Groups[1].Value.ToLowerInvariant()).Distinct().ShouldBeSubsetOf(
            ["!doctype", "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "article", "strong", "dl", "dt", "dd"]);
        html.ShouldNotContain("<script");
        html.ShouldNotContain("<img");
        html.ShouldContain("&lt;script&gt;alert(1)&lt;/script&gt;");
        html.ShouldContain("http://shop.test/");
        html.ShouldContain("What was not assessed, and why");
        html.ShouldContain("Not everything was assessed.");
        html.ShouldContain("SF5101: nobody answers");
        html.ShouldContain("Hidden in this run");
        html.ShouldContain("below low");
        html.ShouldContain("more characters]");
        html.ShouldContain("SF6001");
        report.Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task Report_OfManyFindings_IsBoundedAndSaysSo()
    {
        var findings = Enumerable.Range(1, 3000).Select(n => Finding(n, "medium")).ToList();
        var html = (await RunAsync("report.html", findings, new JsonObject { ["fileName"] = "all.html" })).Artifacts["all.html"];
        html.ShouldContain("2000 of 3000 findings are written out");
        Regex.Count(html, "<article class=\"medium\">", RegexOptions.None, TimeSpan.FromSeconds(5)).ShouldBe(2000);
    }

    private static async Task<PluginReport> RunAsync(string plugin, IReadOnlyList<JsonObject> findings, JsonObject? config = null, string text = "plain")
    {
        var report = await new PluginBench(plugin, _ => throw new InvalidOperationException("no http"))
        {
            Inputs = new Dictionary<string, IReadOnlyList<JsonObject>> { ["findings"] = findings },
            Run = new JsonObject
            {
                ["workflow"] = "Web " + text,
                ["version"] = 3,
                ["startedBy"] = text,
                ["startedAt"] = "2026-01-01T00:00:00Z",
                ["reportedAt"] = "2026-01-01T00:05:00Z",
                ["sandbox"] = "L2",
                ["scopeRevision"] = "sha256:1",
                ["policyRevision"] = "sha256:2",
                ["nodes"] = new JsonArray(
                    new JsonObject { ["id"] = "scan", ["plugin"] = "scan.x", ["version"] = "1.0.0", ["digest"] = "sha256:" + new string('b', 64), ["signer"] = text, ["status"] = "Partial", ["code"] = null, ["message"] = null, ["findings"] = 2, ["rejected"] = 0, ["requests"] = 7, ["refused"] = 0 },
                    new JsonObject { ["id"] = "other", ["plugin"] = "scan.y", ["version"] = "1.0.0", ["digest"] = "sha256:" + new string('c', 64), ["signer"] = null, ["status"] = "Failed", ["code"] = "SF6001", ["message"] = text, ["findings"] = 0, ["rejected"] = 0, ["requests"] = 0, ["refused"] = 0 }),
                ["assessments"] = new JsonArray(
                    new JsonObject { ["node"] = "scan", ["plugin"] = "scan.x", ["target"] = "http://gone.test/", ["verdict"] = "unreachable", ["reason"] = "SF5101: nobody answers " + text },
                    new JsonObject { ["node"] = "scan", ["plugin"] = "scan.x", ["target"] = "http://shop.test/", ["verdict"] = "completed", ["reason"] = "7 requests" }),
                ["assessmentCount"] = 2,
            },
        }.ScanAsync(new Uri("http://shop.test/"), config);
        report.Done.Outcome.ShouldBe(SecFlow.PluginProtocol.HostOutcome.Completed, report.Done.Message);
        return report;
    }

    private static string Print(int n) => n.ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(64, '0');

    private static JsonObject Hidden(JsonObject finding)
    {
        finding["hidden"] = "below low";
        return finding;
    }

    private static JsonObject Finding(int n, string severity = "high", int confidence = 90, int[]? cwe = null, string? owasp = null, string[]? references = null)
    {
        var finding = new JsonObject
        {
            ["fingerprint"] = Print(n),
            ["plugin"] = "scan.x",
            ["ruleId"] = "r" + n,
            ["title"] = "Weakness " + n,
            ["severity"] = severity,
            ["confidence"] = confidence,
            ["location"] = "http://shop.test/" + n,
            ["target"] = "http://shop.test/",
        };
        if (cwe is not null)
        {
            finding["cwe"] = new JsonArray([.. cwe.Select(c => (JsonNode)c)]);
        }

        if (owasp is not null)
        {
            finding["owasp"] = owasp;
        }

        if (references is not null)
        {
            finding["references"] = new JsonArray([.. references.Select(r => (JsonNode)r)]);
        }

        return finding;
    }

    [GeneratedRegex(@"<\/?(![a-z]+|[a-zA-Z][a-zA-Z0-9]*)", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Tags();
}
