using System.Text;
using System.Text.Json.Nodes;
using SecFlow.PluginProtocol;

namespace SecFlow.Plugins.Tests.WebBaseline;

public sealed class VerdictTests
{
    [Fact]
    public async Task DeadPort_IsUnreachableWithItsReason_AndNothingCountsAsAssessed()
    {
        using var web = new LoopbackWeb();
        var report = await new PluginBench("scan.web-baseline", web.SendAsync).ScanAsync(new Uri("http://127.0.0.1:1/"));

        var verdict = report.Verdicts.Single();
        verdict.Kind.ShouldBe("unreachable");
        verdict.Reason.ShouldContain("SF5101");
        verdict.Checks.ShouldBeEmpty();
        report.Findings.ShouldBeEmpty();
        report.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task SomeRequestsFail_IsPartial_AndTheirRulesAreNotAssessed()
    {
        var site = new ImaginarySite();
        site.First = request => request.Method == "TRACE" ? throw new WebFailureException("SF5104", "No answer within 10 s.") : null;
        var verdict = (await ScanAsync(site)).Verdicts.Single();

        verdict.Kind.ShouldBe("partial");
        verdict.Reason.ShouldContain("SF5104");
        verdict.Checks.ShouldContain("web-baseline.missing-csp");
        verdict.Checks.ShouldNotContain("web-baseline.trace-enabled");
    }

    [Fact]
    public async Task RefusedRequests_AreNoFailure()
    {
        var site = new ImaginarySite();
        site.First = request => request.Url.AbsolutePath == "/.git/HEAD" ? throw new WebFailureException("SF3003", "Outside the scope.") : null;
        (await ScanAsync(site)).Verdicts.Single().Kind.ShouldBe("completed");
    }

    [Fact]
    public async Task Budget_UsedUp_IsPartial_WithoutAssessedRules()
    {
        var report = await ScanAsync(new ImaginarySite(), new JsonObject { ["maxRequests"] = 10 });

        report.Requests.Count.ShouldBe(10);
        report.Verdicts.Single().Kind.ShouldBe("partial");
        report.Verdicts.Single().Reason.ShouldContain("maxRequests");
        report.Verdicts.Single().Checks.ShouldBeEmpty();
    }

    [Fact]
    public async Task MaxPages_BoundsWhatIsRead()
    {
        var site = new ImaginarySite();
        for (var i = 0; i < 9; i++)
        {
            site.Page("/p" + i, "");
        }

        var report = await ScanAsync(site, new JsonObject { ["maxPages"] = 3 });
        report.Requests.Where(r => r.Url.AbsolutePath.StartsWith("/p", StringComparison.Ordinal) && r.Headers.Count == 0 && r.Url.AbsolutePath.Length == 3).Count().ShouldBe(2);
    }

    [Fact]
    public async Task TimeoutAndBytes_AreHandedOn()
    {
        var report = await ScanAsync(new ImaginarySite(), new JsonObject { ["maxBytes"] = 5000 });
        report.Requests.ShouldAllBe(r => r.MaxBytes == 5000);
    }

    [Fact]
    public async Task Skip_LeavesARuleOut_AlsoOfTheAssessedOnes()
    {
        var report = await ScanAsync(new ImaginarySite().Without("Strict-Transport-Security"), new JsonObject { ["skip"] = new JsonArray("web-baseline.missing-hsts") });

        report.Findings.ShouldBeEmpty();
        report.Verdicts.Single().Checks.ShouldNotContain("web-baseline.missing-hsts");
    }

    [Fact]
    public async Task Cancel_StopsSoon()
    {
        var site = new ImaginarySite();
        var report = await new PluginBench("scan.web-baseline", site.SendAsync) { CancelAfter = 5 }.ScanAsync(site.Url);

        report.Requests.Count.ShouldBeLessThan(10);
        report.Verdicts.Single().Kind.ShouldBe("partial");
        report.Verdicts.Single().Reason.ShouldContain("cancelled");
    }

    [Fact]
    public async Task StartPage_LeadsToAnotherSite_IsPartial_AndPagesAreNotAssessed()
    {
        var site = new ImaginarySite();
        site.First = request => request.Url.AbsolutePath == "/" ? site.Reply(301, "", null, ("Location", "https://elsewhere.test/")) : null;
        var report = await ScanAsync(site);

        report.Verdicts.Single().Kind.ShouldBe("partial");
        report.Verdicts.Single().Reason.ShouldContain("elsewhere.test");
        report.Verdicts.Single().Checks.ShouldNotContain("web-baseline.missing-csp");
        report.Requests.ShouldAllBe(r => r.Url.Host == "shop.test");
    }

    [Fact]
    public async Task TargetWithoutAddress_IsMisused()
    {
        var report = await new PluginBench("scan.web-baseline", new ImaginarySite().SendAsync)
            .RunAsync([new JsonObject { ["id"] = "net", ["name"] = "net", ["kind"] = "cidr", ["value"] = "10.0.0.0/24" }]);
        report.Verdicts.Single().ShouldSatisfyAllConditions(v => v.Kind.ShouldBe("misused"), v => v.Target.ShouldBe("net"));
        report.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task SeveralTargets_EachHaveTheirVerdict()
    {
        var site = new ImaginarySite();
        var report = await new PluginBench("scan.web-baseline", site.SendAsync).RunAsync(
        [
            new JsonObject { ["id"] = "a", ["kind"] = "url", ["value"] = "x", ["url"] = "https://shop.test/" },
            new JsonObject { ["id"] = "b", ["kind"] = "cidr", ["value"] = "x" },
        ]);
        report.Verdicts.Select(v => v.Target + " " + v.Kind).ShouldBe(["a completed", "b misused"]);
    }

    [Fact]
    public async Task Links_ThatEndOrChangeSomething_AreNeverFollowed()
    {
        var site = new ImaginarySite().Body("<a href=/logout>o</a><a href='/cart?do=delete'>d</a><a href='https://elsewhere.test/'>e</a><a href='javascript:x()'>j</a><a href='/ok'>k</a>");
        var paths = (await ScanAsync(site)).Requests.Select(r => r.Url.ToString()).ToList();

        paths.ShouldContain("https://shop.test/ok");
        paths.ShouldAllBe(p => !p.Contains("logout", StringComparison.Ordinal) && !p.Contains("cart", StringComparison.Ordinal) && p.StartsWith("https://shop.test/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Evidence_ShowsThatASecretIsThere_NotTheSecret()
    {
        var report = await ScanAsync(new ImaginarySite().File("/.env", "SHOP_WORD=tulipwindow\nOTHER=1\n").Body("<!-- password: tulipwindow -->"));

        report.RuleIds.Order().ShouldBe(["web-baseline.exposed-env", "web-baseline.secret-in-comment"]);
        report.Findings.ShouldAllBe(f => !f["evidence"]!.ToJsonString(null).Contains("tulipwindow", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ServerThatAnswersEverythingAlike_GetsNoFileFinding()
    {
        // one text with the signature of many files, for each path and status 200
        const string Everything = "ref: refs/heads/main\nA_B=1\n-- MySQL dump 10\nCREATE TABLE x (id int);\n<?php\n<title>Apache Status</title><title>phpinfo()</title>\"propertySources\":[<title>/debug/pprof/</title>";
        var site = new ImaginarySite();
        site.First = request => request.Method == "GET" ? site.Reply(200, Everything, "text/plain; charset=utf-8") : null;
        (await ScanAsync(site)).Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task SameSite_GivesTheSameMarks()
    {
        var site = new ImaginarySite().Without("Referrer-Policy").Body("<!-- FIXME --><p>10.1.2.3</p>").Page("/b", "<!-- TODO -->").File("/.git/HEAD", "ref: refs/heads/x\n");
        var first = await ScanAsync(site);
        (await ScanAsync(site)).Marks.ShouldBe(first.Marks);
        first.Marks.Count.ShouldBe(5);
    }

    public static TheoryData<string, string> Hostile()
    {
        var data = new TheoryData<string, string>
        {
            { "open tags", Repeat("<a \"", 60_000) },
            { "angle brackets", new string('<', 250_000) },
            { "tags without end", Repeat("<a href", 36_000) },
            { "empty lines", new string('\n', 250_000) },
            { "spaces", "<title>" + new string(' ', 250_000) },
            { "unclosed comment", "<!-- " + Repeat("/a", 120_000) },
            { "many links", Repeat("<a href=/a/b/c/d/e/f/g>x</a>", 9_000) },
            { "many comments", Repeat("<!--/x password-->", 14_000) },
            { "addresses", Repeat(" 10.0.0.1", 27_000) },
            { "stack of words", "at " + new string('a', 250_000) },
            { "php warnings", Repeat("<b>Warning</b>: ", 15_000) },
            { "configurations", Repeat("<configuration ", 17_000) },
            { "disallow", "User-agent: *\nDisallow: /" + new string('a', 250_000) },
            { "titles", Repeat("<title>phpMyAdmin</title>", 10_000) },
            { "nul and broken utf-8", Repeat("\0\ud800", 60_000) },
            { "deep path", "<a href=\"" + Repeat("/a", 999) + "\">x</a>" },
        };
        return data;
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task HostilePage_CostsNoMoreThanItsLength(string name, string body)
    {
        var site = new ImaginarySite();
        site.First = request => request.Method == "GET" ? site.Reply(200, body, request.Url.AbsolutePath.EndsWith(".txt", StringComparison.Ordinal) ? "text/plain" : null) : null;
        var report = await ScanAsync(site, new JsonObject { ["maxPages"] = 2, ["maxRequests"] = 60 });

        report.Done.Outcome.ShouldBe(HostOutcome.Completed, name + ": " + report.Done.Limit + " " + report.Done.Message);
        report.Verdicts.Count.ShouldBe(1);
    }

    private static string Repeat(string text, int times) => new StringBuilder().Insert(0, text, times).ToString();

    private static Task<PluginReport> ScanAsync(ImaginarySite site, JsonObject? config = null) => new PluginBench("scan.web-baseline", site.SendAsync).ScanAsync(site.Url, config);
}
