using System.Text.Json.Nodes;
using SecFlow.DemoTarget;

namespace SecFlow.Plugins.Tests.Discovery;

public sealed class CrawlTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Shop_IsWalkedThrough_AndNothingOutsideIsAsked(int seed)
    {
        (IReadOnlyList<string> Inside, IReadOnlyList<string> Outside) map = ([], []);
        await using var shop = await WeakShop.StartAsync([], seed, more: site =>
        {
            map = DemoContent.Map(site, seed);
            DemoInputs.Plant(site, [], seed);
        });
        using var web = new LoopbackWeb();
        var report = await new PluginBench("discovery.crawl", web.SendAsync).ScanAsync(shop.Url);

        report.Verdicts.Single().Kind.ShouldBe("completed", report.Verdicts.Single().Reason);
        var urls = report.Records["urls"];
        foreach (var path in map.Inside)
        {
            urls.ShouldContain(r => (string)r["url"]! == new Uri(shop.Url, path).ToString() && (int?)r["status"] == 200);
        }

        urls.Where(r => (bool?)r["outOfScope"] == true).Select(r => (string)r["url"]!).Order(StringComparer.Ordinal).ShouldBe(map.Outside.Order(StringComparer.Ordinal));
        report.Requests.ShouldAllBe(r => r.Url.Authority == shop.Url.Authority && r.Method == "GET");
        var form = urls.Single(r => (string?)r["method"] == "POST");
        ((string)form["body"]!).ShouldBe("note=test&kind=1");
        form["status"].ShouldBeNull();
        urls.ShouldContain(r => ((string)r["url"]!).Contains("?q=lamp&page=1"));
    }

    [Fact]
    public async Task Forms_Bases_Frames_AndRefreshes_AreRead_SigningOutIsNotFollowed()
    {
        var site = new ImaginarySite().Head("<base href=\"/deep/\"><meta http-equiv=\"refresh\" content=\"5; url=next\">")
            .Body("<a href=\"one?b=2&amp;a=1\">1</a><iframe src=\"frame\"></iframe><a href=\"/logout\">out</a><a href=\"/pic.png\">p</a><a href=\"mailto:a@b\">m</a>"
                + "<form action=\"find\"><input name=\"q\"><input name=\"n\" type=\"number\"><input type=\"file\" name=\"f\"></form>");
        var report = await new PluginBench("discovery.crawl", site.SendAsync).ScanAsync(site.Url);

        var urls = report.Records["urls"].Select(r => (string)r["url"]!).ToList();
        foreach (var path in new[] { "deep/next", "deep/one?b=2&a=1", "deep/frame", "logout", "pic.png", "deep/find?q=test&n=1" })
        {
            urls.ShouldContain("https://shop.test/" + path);
        }

        report.Requests.Select(r => r.Url.AbsolutePath).ShouldBe(["/", "/robots.txt", "/sitemap.xml", "/deep/next", "/deep/one", "/deep/frame"], ignoreOrder: true);
        urls.ShouldNotContain(u => u.StartsWith("mailto", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Caps_MakeThePartialVerdict_AndStillListWhatWasSeen()
    {
        var endless = new ImaginarySite();
        var day = 0;
        endless.First = request => request.Url.AbsolutePath == "/" || request.Url.Query.Length > 0
            ? endless.Reply(200, ImaginarySite.Html("", $"<a href=\"/?day={++day}\">next</a><a href=\"/page{day}\">p</a>")) : null;
        var report = await new PluginBench("discovery.crawl", endless.SendAsync).ScanAsync(endless.Url, new JsonObject { ["maxPages"] = 3 });
        report.Verdicts.Single().Kind.ShouldBe("partial");

        var calendar = await new PluginBench("discovery.crawl", endless.SendAsync).ScanAsync(endless.Url);
        calendar.Requests.Count(r => r.Url.Query.Length > 0).ShouldBe(3, "three values of one parameter");

        var cancelled = await new PluginBench("discovery.crawl", endless.SendAsync) { CancelAfter = 4 }.ScanAsync(endless.Url);
        cancelled.Verdicts.Single().Kind.ShouldBe("partial");
        cancelled.Records["urls"].ShouldNotBeEmpty();
    }

    [Fact]
    public async Task SitemapIndex_IsFollowed()
    {
        var site = new ImaginarySite().File("/robots.txt", "Sitemap: https://shop.test/index.xml\nDisallow: /hidden\nDisallow: /*.php$")
            .File("/index.xml", "<sitemapindex><sitemap><loc>https://shop.test/map.xml</loc></sitemap></sitemapindex>", "application/xml")
            .File("/map.xml", "<urlset><url><loc>https://shop.test/a?x=1&amp;y=2</loc></url><url><loc>https://other.test/b</loc></url></urlset>", "application/xml");
        var report = await new PluginBench("discovery.crawl", site.SendAsync).ScanAsync(site.Url);

        report.Requests.Select(r => r.Url.PathAndQuery).ShouldBe(["/", "/robots.txt", "/index.xml", "/map.xml", "/hidden", "/a?x=1&y=2"], ignoreOrder: true);
        report.Records["urls"].Single(r => (bool?)r["outOfScope"] == true)["url"]!.GetValue<string>().ShouldBe("https://other.test/b");
    }
}
