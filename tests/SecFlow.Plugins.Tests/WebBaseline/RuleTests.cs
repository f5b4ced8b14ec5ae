using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace SecFlow.Plugins.Tests.WebBaseline;

public sealed class RuleTests
{
    public static TheoryData<int, string> Cases()
    {
        var data = new TheoryData<int, string>();
        for (var i = 0; i < RuleCases.All.Count; i++)
        {
            data.Add(i, $"{RuleCases.All[i].Rule}: {RuleCases.All[i].Case} -> {(RuleCases.All[i].Found ? "found" : "not found")}");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Rule_Case_IsFoundExactlyWhenItIsThere(int index, string label)
    {
        var (rule, _, found, change) = RuleCases.All[index];
        var site = change(new ImaginarySite());
        var report = await new PluginBench("scan.web-baseline", site.SendAsync).ScanAsync(site.Url);

        report.Done.Outcome.ShouldBe(SecFlow.PluginProtocol.HostOutcome.Completed, report.Done.Message);
        report.Verdicts.Single().Kind.ShouldBe("completed");
        if (found)
        {
            report.RuleIds.ShouldBe([rule], customMessage: label);
            report.Findings.ShouldAllBe(finding => WellFormed(finding, site.Url));
        }
        else
        {
            report.RuleIds.ShouldNotContain(rule, label);
        }
    }

    [Fact]
    public async Task CleanSite_HasNoFinding_AndEveryRuleIsAssessed()
    {
        var site = new ImaginarySite();
        var report = await new PluginBench("scan.web-baseline", site.SendAsync).ScanAsync(site.Url);

        report.Findings.ShouldBeEmpty();
        var rules = report.Verdicts.Single().Checks;
        rules.Count.ShouldBeGreaterThanOrEqualTo(25);
        RuleCases.All.Where(c => c.Found).Select(c => c.Rule).Distinct().Order(StringComparer.Ordinal).ShouldBe(rules.Order(StringComparer.Ordinal));
        RuleCases.All.Where(c => !c.Found).Select(c => c.Rule).Distinct().Order(StringComparer.Ordinal).ShouldBe(rules.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Readme_ListsEveryRuleWithItsSeverity()
    {
        var rules = await File.ReadAllTextAsync(Repository.Plugin("scan.web-baseline", "src/rules.ts"));
        var readme = await File.ReadAllTextAsync(Repository.Plugin("scan.web-baseline", "README.md"));

        var table = Regex.Matches(rules, """^rule\("([^"]+)", "\w+", "(\w+)", \d+, \[([\d, ]+)\], "([^"]+)", "([^"]+)",$""", RegexOptions.Multiline)
            .Select(m => $"| `web-baseline.{m.Groups[1].Value}` | {m.Groups[2].Value} | {m.Groups[3].Value} | {m.Groups[4].Value} | {m.Groups[5].Value} |").ToList();
        table.Count.ShouldBeGreaterThanOrEqualTo(25);
        Regex.Matches(readme, @"^\| `web-baseline\..*$", RegexOptions.Multiline).Select(m => m.Value).ShouldBe(table);
    }

    /// <summary>Contracts 9: what the author sets of a finding.</summary>
    private static bool WellFormed(JsonObject finding, Uri site)
    {
        var evidence = finding["evidence"]!.AsObject();
        return ((string)finding["title"]!).Length is >= 1 and <= 200
            && (string)finding["severity"]! is "critical" or "high" or "medium" or "low" or "info"
            && (double)finding["confidence"]! is >= 0 and <= 100
            && new Uri((string)finding["location"]!) is { Query: "", Fragment: "" }
            && ((string)finding["evidence"]!["request"]!).Contains(site.Scheme, StringComparison.Ordinal)
            && ((string)evidence["response"]!).StartsWith("HTTP ", StringComparison.Ordinal)
            && System.Text.Encoding.UTF8.GetByteCount((string)evidence["response"]!) <= 2048
            && finding["cwe"]!.AsArray().All(cwe => (double)cwe! > 0)
            && Regex.IsMatch((string)finding["owasp"]!, @"^A\d{2}:\d{4}$")
            && (finding["cve"] is not JsonArray cve || cve.All(c => Regex.IsMatch((string)c!, @"^CVE-\d{4}-\d{4,}$")))
            && ((string)finding["description"]!).Length > 20 && ((string)finding["remediation"]!).Length > 10;
    }
}
