using System.Text.Json.Nodes;
using SecFlow.DemoTarget;
using SecFlow.PluginProtocol;

namespace SecFlow.Plugins.Tests.Discovery;

public sealed class ContentTests
{
    // pages of the shop itself that are on the list
    private static readonly string[] _usual = ["/about", "/robots.txt"];

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task HiddenPages_HoweverTheSiteSaysNotHere_AreFoundExactly(int seed)
    {
        IReadOnlyList<string> hidden = [];
        await using var shop = await WeakShop.StartAsync([], seed, more: site => hidden = DemoContent.Hide(site, 6 + (seed % 7), (NotHere)(seed % 4), seed));
        using var web = new LoopbackWeb();
        var report = await new PluginBench("discovery.content", web.SendAsync).ScanAsync(shop.Url);

        report.Done.Outcome.ShouldBe(HostOutcome.Completed, report.Done.Message);
        report.Verdicts.Single().Kind.ShouldBe("completed", report.Verdicts.Single().Reason);
        report.Verdicts.Single().Checks.Single().ShouldStartWith("content:");
        Paths(report).ShouldBe(hidden.Concat(_usual).Order(StringComparer.Ordinal));
        report.Records["urls"].ShouldAllBe(r => (string?)r["source"] == "discovery.content" && (int)r["status"]! >= 200);
        report.Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task OwnWordsExtensionsAndDepth_AreUsed()
    {
        var site = new ImaginarySite().File("/shop/a.php", "one").File("/shop/box/", "a box of pages").File("/shop/box/a", "inside").At("https://shop.test/shop/");
        var report = await new PluginBench("discovery.content", site.SendAsync).ScanAsync(
            site.Url, new JsonObject { ["words"] = new JsonArray("a", "/box/"), ["extensions"] = new JsonArray(".php"), ["depth"] = 2 });

        Paths(report).ShouldBe(["/shop/a.php", "/shop/box/", "/shop/box/a"]);
        report.Requests.ShouldAllBe(r => r.Method == "GET" && r.Url.AbsolutePath.StartsWith("/shop/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TargetGoesAwayMidway_IsPartialAndTellsWhatItSaw()
    {
        var site = new ImaginarySite().File("/about", "we are here");
        var asked = 0;
        site.First = _ => ++asked > 40 ? throw new WebFailureException("SF5101", "Connection refused.") : null;
        var report = await new PluginBench("discovery.content", site.SendAsync).ScanAsync(site.Url);

        report.Verdicts.Single().Kind.ShouldBe("partial");
        report.Verdicts.Single().Reason.ShouldContain("5 requests failed in a row");
        report.Verdicts.Single().Checks.ShouldBeEmpty();
        Paths(report).ShouldBe(["/about"]);
        report.Requests.Count.ShouldBe(45);
    }

    [Theory]
    [InlineData(429, "partial")]
    [InlineData(503, "partial")]
    public async Task TooBusy_IsNoAnswer(int status, string verdict)
    {
        var site = new ImaginarySite();
        site.On("/admin", _ => site.Reply(status, "slow down"));
        var report = await new PluginBench("discovery.content", site.SendAsync).ScanAsync(site.Url);
        report.Verdicts.Single().Kind.ShouldBe(verdict);
        report.Verdicts.Single().Reason.ShouldContain("too busy");
    }

    [Fact]
    public async Task Budget_Cancel_DeadPort_AreHonest()
    {
        var site = new ImaginarySite();
        var spent = await new PluginBench("discovery.content", site.SendAsync).ScanAsync(site.Url, new JsonObject { ["maxRequests"] = 20 });
        (spent.Requests.Count, spent.Verdicts.Single().Kind).ShouldBe((20, "partial"));
        var cancelled = await new PluginBench("discovery.content", site.SendAsync) { CancelAfter = 7 }.ScanAsync(site.Url);
        cancelled.Verdicts.Single().Reason.ShouldContain("cancelled");
        site.First = _ => throw new WebFailureException("SF5101", "Connection refused.");
        var dead = await new PluginBench("discovery.content", site.SendAsync).ScanAsync(site.Url);
        dead.Verdicts.Single().Kind.ShouldBe("unreachable");
        var folder = await new PluginBench("discovery.content", site.SendAsync).RunAsync(new JsonArray(new JsonObject { ["id"] = "t", ["name"] = "t", ["kind"] = "folder", ["value"] = "/srv" }));
        folder.Verdicts.Single().Kind.ShouldBe("misused");
    }

    private static IEnumerable<string> Paths(PluginReport report) =>
        report.Records.GetValueOrDefault("urls", []).Select(r => new Uri((string)r["url"]!).AbsolutePath).Order(StringComparer.Ordinal);
}
