using System.Text.Json.Nodes;
using SecFlow.DemoTarget;
using SecFlow.PluginProtocol;

namespace SecFlow.Plugins.Tests.Reflection;

/// <summary>Over real HTTP: what is planted is what is found, beside safe twins of everything that is not.</summary>
public sealed class ReflectionTests
{
    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 20)];

    public static TheoryData<string> Inputs() => [.. DemoInputs.Names];

    [Theory]
    [MemberData(nameof(Seeds))]
    public Task RandomInputs_AreFoundExactly(int seed) => FoundEqualsPlanted(DemoInputs.Choose(seed), seed, withInput: seed % 2 == 0);

    [Theory]
    [MemberData(nameof(Inputs))]
    public Task EachInputAlone_IsFoundExactly(string name) => FoundEqualsPlanted([name], 5, withInput: false);

    [Fact]
    public async Task EverythingEncoded_NothingFound_AndEveryRuleAssessed()
    {
        var report = await FoundEqualsPlanted([], 9, withInput: false);
        report.Findings.ShouldBeEmpty();
        report.Verdicts.Single().Checks.ShouldBe(["reflection.cross-site-scripting", "reflection.open-redirect", "reflection.sql-error"]);
    }

    [Fact]
    public async Task Finding_ShowsWhatWasSentAndWhatCameBack()
    {
        var report = await FoundEqualsPlanted(["search-text", "sql-text", "any-redirect", "form"], 3, withInput: false);
        foreach (var finding in report.Findings)
        {
            var evidence = finding["evidence"]!.AsObject();
            ((string)evidence["request"]!).ShouldStartWith((string)finding["method"]!);
            ((string)evidence["response"]!).ShouldContain((string)evidence["match"]!);
            finding["cwe"]!.AsArray().Count.ShouldBeGreaterThan(0);
        }

        report.Findings.Select(f => (int)f["cwe"]![0]!).Distinct().Order().ShouldBe([79, 89, 601]);
        report.Findings.Single(f => (string?)f["parameter"] == "note")["method"]!.GetValue<string>().ShouldBe("POST");
        report.Requests.ShouldAllBe(r => r.Url.IsLoopback);
    }

    [Fact]
    public async Task Switches_LeaveOutAndAreNotListedAsAssessed()
    {
        await using var shop = await WeakShop.StartAsync([], 4, more: site => DemoInputs.Plant(site, DemoInputs.Names, 4));
        using var web = new LoopbackWeb();
        var report = await new PluginBench("scan.reflection", web.SendAsync).ScanAsync(shop.Url, new JsonObject { ["crossSiteScripting"] = false, ["sqlError"] = false, ["forms"] = false });

        report.RuleIds.ShouldBe(["reflection.open-redirect"]);
        report.Verdicts.Single().Checks.ShouldBe(["reflection.open-redirect"]);
        report.Requests.ShouldAllBe(r => r.Method == "GET");
    }

    [Fact]
    public async Task Input_OtherSitesPasswordsAndOrders_AreLeftAlone_TooManyIsPartial()
    {
        var site = new ImaginarySite();
        var report = await new PluginBench("scan.reflection", site.SendAsync)
        {
            Inputs = new Dictionary<string, IReadOnlyList<JsonObject>>
            {
                ["urls"] =
                [
                    new JsonObject { ["url"] = "https://elsewhere.test/a?q=1", ["source"] = "x" }, new JsonObject { ["url"] = "https://shop.test/b?q=1", ["outOfScope"] = true, ["source"] = "x" },
                    new JsonObject { ["url"] = "https://shop.test/login", ["method"] = "POST", ["body"] = "user=a&password=b", ["source"] = "x" },
                    new JsonObject { ["url"] = "https://shop.test/delete?id=1", ["source"] = "x" }, new JsonObject { ["url"] = "https://shop.test/c?one=1&two=2&three=3", ["source"] = "x" },
                ],
            },
        }.ScanAsync(site.Url, new JsonObject { ["maxParameters"] = 2 });

        report.Requests.Select(r => r.Url.AbsolutePath).Distinct().ShouldBe(["/", "/c"]);
        report.Verdicts.Single().Kind.ShouldBe("partial");
        report.Verdicts.Single().Reason.ShouldContain("maxParameters");
    }

    private static async Task<PluginReport> FoundEqualsPlanted(IReadOnlyList<string> weak, int seed, bool withInput)
    {
        IReadOnlyList<PlantedFault> planted = [];
        await using var shop = await WeakShop.StartAsync([], seed, more: site => planted = DemoInputs.Plant(site, weak, seed));
        using var web = new LoopbackWeb();
        var inputs = new Dictionary<string, IReadOnlyList<JsonObject>>(StringComparer.Ordinal);
        if (withInput)
        {
            inputs["urls"] = (await new PluginBench("discovery.crawl", web.SendAsync).ScanAsync(shop.Url)).Records["urls"];
        }

        var report = await new PluginBench("scan.reflection", web.SendAsync) { Inputs = inputs }.ScanAsync(shop.Url);
        report.Done.Outcome.ShouldBe(HostOutcome.Completed, report.Done.Message);
        report.Verdicts.Single().Kind.ShouldBe("completed", report.Verdicts.Single().Reason);
        report.Marks.ShouldBe(planted.Select(p => PluginReport.Mark(p.RuleId, Location(p, shop.Url), p.Parameter)).Order(StringComparer.Ordinal));
        return report;
    }

    // a form is answered at its action
    private static string Location(PlantedFault fault, Uri shop) => fault.LocationOn(shop) + (fault.Fault == "form" ? "/send" : "");
}
