using System.Text;
using System.Text.Json.Nodes;

namespace SecFlow.Plugins.Tests.Tools;

/// <summary>enrich.cve joins by id, says what is missing and of which date, and never touches what the finder said.</summary>
public sealed class CveTests
{
    private const string Nvd = """
        {"resultsPerPage":2,"startIndex":0,"totalResults":2,"format":"NVD_CVE","version":"2.0","timestamp":"2026-02-03T04:05:06.789","vulnerabilities":[
          {"cve":{"id":"CVE-2021-44228","vulnStatus":"Analyzed","descriptions":[{"lang":"es","value":"no"},{"lang":"en","value":"Log4j runs what it logs."}],
            "metrics":{"cvssMetricV2":[{"type":"Primary","cvssData":{"version":"2.0","vectorString":"AV:N/AC:M/Au:N/C:C/I:C/A:C","baseScore":9.3}}],
                       "cvssMetricV31":[{"type":"Secondary","cvssData":{"version":"3.1","vectorString":"CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N","baseScore":1.0}},{"type":"Primary","cvssData":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H","baseScore":10.0}}]},
            "weaknesses":[{"description":[{"lang":"en","value":"CWE-20"},{"lang":"en","value":"NVD-CWE-noinfo"}]}],
            "configurations":[{"nodes":[{"cpeMatch":[{"criteria":"cpe:2.3:a:apache:log4j"}]}]}],
            "references":[{"url":"https://logging.example/security"}]}},
          {"cve":{"id":"CVE-2000-9999","descriptions":[{"lang":"en","value":"Never asked for."}]}}]}
        """;

    private const string Kev = """{"title":"KEV","catalogVersion":"2026.01.02","dateReleased":"2026-01-02T03:04:05.6789Z","count":1,"vulnerabilities":[{"cveID":"CVE-2021-44228","dateAdded":"2021-12-10","dueDate":"2021-12-24","knownRansomwareCampaignUse":"Known","requiredAction":"Update."}]}""";

    private const string Epss = "#model_version:v2025.03.14,score_date:2026-03-04T00:00:00+0000\ncve,epss,percentile\nCVE-1999-0001,0.03351,0.88255\nCVE-2021-44228,0.94358,0.99963\n";

    [Fact]
    public async Task Finding_WithAKnownCve_GetsWhatTheThreeSetsSay()
    {
        var patch = (await RunAsync([Finding(1, "CVE-2021-44228")])).Findings.Single();
        patch["cvss"]!.ToJsonString().ShouldBe("""{"version":"3.1","vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H","score":10}""");
        patch["cwe"]!.ToJsonString().ShouldBe("[20]");
        patch["kev"]!.ToJsonString().ShouldBe("""{"cve":"CVE-2021-44228","added":"2021-12-10","due":"2021-12-24","ransomware":true,"date":"2026-01-02"}""");
        patch["epss"]!.ToJsonString().ShouldBe("""{"score":0.94358,"percentile":0.99963,"cve":"CVE-2021-44228","date":"2026-03-04"}""");
        patch["references"]!.AsArray().Select(r => (string)r!).ShouldBe(["https://nvd.nist.gov/vuln/detail/CVE-2021-44228", "https://logging.example/security"]);
        ((string)patch["description"]!).ShouldBe("""
            Seen.

            CVE-2021-44228 (NVD of 2026-02-03): Log4j runs what it logs.
            CVE-2021-44228 (KEV of 2026-01-02): known to be exploited since 2021-12-10, also by ransomware. Update.
            CVE-2021-44228 (EPSS of 2026-03-04): probability of exploitation in 30 days 0.94358, percentile 0.99963.
            """.ReplaceLineEndings("\n"));
        patch.ContainsKey("severity").ShouldBeFalse();
    }

    [Fact]
    public async Task Finding_WithOwnScoreAndWeakness_KeepsThem()
    {
        var finding = Finding(1, "CVE-2021-44228");
        finding["cvss"] = new JsonObject { ["version"] = "3.1", ["vector"] = "CVSS:3.1/AV:N", ["score"] = 5 };
        finding["cwe"] = new JsonArray(79);
        var patch = (await RunAsync([finding])).Findings.Single();
        patch.ContainsKey("cvss").ShouldBeFalse();
        patch.ContainsKey("cwe").ShouldBeFalse();
    }

    [Fact]
    public async Task Cve_ThatNoSetHolds_IsNotInTheDataSetOfItsDate()
    {
        var patch = (await RunAsync([Finding(1, "CVE-2022-11111")])).Findings.Single();
        var said = (string)patch["description"]!;
        foreach (var line in new[] { "(NVD of 2026-02-03): not in the data set of 2026-02-03.", "(KEV of 2026-01-02): not in the data set of 2026-01-02.", "(EPSS of 2026-03-04): not in the data set of 2026-03-04." })
        {
            said.ShouldContain(line);
        }

        patch.Count.ShouldBe(2, "nothing else is known");
    }

    [Fact]
    public async Task Finding_WithoutCve_IsLeftAlone_AndSoIsEverythingTheSecondTime()
    {
        var first = await RunAsync([Finding(1, null), Finding(2, "CVE-2021-44228")]);
        var patched = Finding(2, "CVE-2021-44228");
        foreach (var (name, value) in first.Findings.Single())
        {
            patched[name] = value?.DeepClone();
        }

        var again = (await RunAsync([patched])).Findings.Single();
        again.ContainsKey("description").ShouldBeFalse();
        again.ContainsKey("references").ShouldBeFalse();
    }

    [Fact]
    public async Task Nvd_OneFilePerCve_IsReadAsWell()
    {
        const string one = """{"id":"CVE-2021-44228","lastModified":"2025-05-06T07:08:09.000","descriptions":[{"lang":"en","value":"One."}],"metrics":{"cvssMetricV2":[{"type":"Primary","cvssData":{"version":"2.0","vectorString":"AV:N/AC:M/Au:N/C:C/I:C/A:C","baseScore":9.3}}]}}""";
        var patch = (await RunAsync([Finding(1, "CVE-2021-44228")], new JsonObject { ["sources"] = new JsonArray("nvd", "osv") }, nvd: one)).Findings.Single();
        patch["cvss"]!["version"]!.GetValue<string>().ShouldBe("2.0");
        ((string)patch["description"]!).ShouldEndWith("CVE-2021-44228 (NVD of 2025-05-06): One.");
    }

    [Theory]
    [InlineData("""{"sources":["nvd"]}""", true)]
    [InlineData("{}", false)]
    public async Task SetThatNobodyImported_IsAnErrorWhenItWasNamed(string config, bool fails)
    {
        var report = await RunAsync([Finding(1, "CVE-2021-44228")], (JsonObject)JsonNode.Parse(config)!, nvd: null, check: false);
        (report.Done.Outcome == SecFlow.PluginProtocol.HostOutcome.ScriptError).ShouldBe(fails);
        if (fails)
        {
            report.Done.Message!.ShouldEndWith("[SF1701]");
        }
        else
        {
            report.Findings.Single().ContainsKey("cvss").ShouldBeFalse();
        }
    }

    /// <summary>The golden fixtures: answers of data sets, and every patch to the last field. <c>secflow plugin test</c> runs the same.</summary>
    [Theory]
    [InlineData("three-sets")]
    [InlineData("one-file-a-cve")]
    [InlineData("not-all-imported")]
    public async Task Fixture_Executed_IsWhatIsExpected(string name)
    {
        var folder = Path.Combine(Repository.Root, "plugins-js", "enrich.cve", "fixtures", name);
        var fixture = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "fixture.json")))!;
        var expected = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "expected.json")))!;
        var report = await new PluginBench("enrich.cve", _ => throw new InvalidOperationException("no http"))
        {
            Resources = fixture["calls"]!.AsArray().Where(call => call!["answer"] is not null).ToDictionary(call => (string)call!["arguments"]!["uri"]!, call => Encoding.UTF8.GetBytes((string)call!["answer"]!["text"]!)),
            Inputs = new Dictionary<string, IReadOnlyList<JsonObject>> { ["findings"] = [.. fixture["inputs"]!["findings"]!.AsArray().Select(finding => finding!.AsObject())] },
        }.RunAsync([], fixture["config"]!.AsObject());

        report.Done.Outcome.ShouldBe(SecFlow.PluginProtocol.HostOutcome.Completed, report.Done.Message);
        JsonNode.DeepEquals(expected["findings"], new JsonArray([.. report.Findings.Select(f => f.DeepClone())])).ShouldBeTrue(report.Findings.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [FactWith("../shared/enrichment/kev-full.json", null)]
    public async Task Kev_OfTheRealCatalogue_IsRead()
    {
        var kev = await File.ReadAllBytesAsync(Path.Combine(Repository.Root, "..", "shared", "enrichment", "kev-full.json"));
        var report = await RunAsync([Finding(1, "CVE-2025-48384")], new JsonObject { ["sources"] = new JsonArray("kev") }, kev: kev);
        report.Findings.Single()["kev"]!["added"]!.GetValue<string>().ShouldBe("2025-08-25");
    }

    private static async Task<PluginReport> RunAsync(IReadOnlyList<JsonObject> findings, JsonObject? config = null, string? nvd = Nvd, byte[]? kev = null, bool check = true)
    {
        var resources = new Dictionary<string, byte[]> { ["res://cve/kev:latest"] = kev ?? Encoding.UTF8.GetBytes(Kev), ["res://cve/epss:latest"] = Encoding.UTF8.GetBytes(Epss) };
        if (nvd is not null)
        {
            resources["res://cve/nvd:latest"] = Encoding.UTF8.GetBytes(nvd);
        }

        var report = await new PluginBench("enrich.cve", _ => throw new InvalidOperationException("no http"))
        {
            Resources = resources,
            Inputs = new Dictionary<string, IReadOnlyList<JsonObject>> { ["findings"] = findings },
        }.RunAsync([], config);
        if (check)
        {
            report.Done.Outcome.ShouldBe(SecFlow.PluginProtocol.HostOutcome.Completed, report.Done.Message);
        }

        return report;
    }

    private static JsonObject Finding(int n, string? cve)
    {
        var finding = new JsonObject { ["fingerprint"] = n.ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(64, '0'), ["severity"] = "high", ["description"] = "Seen." };
        if (cve is not null)
        {
            finding["cve"] = new JsonArray(cve);
        }

        return finding;
    }
}
