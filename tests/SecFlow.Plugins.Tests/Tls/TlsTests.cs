using System.Text.Json.Nodes;

namespace SecFlow.Plugins.Tests.Tls;

/// <summary>Each rule from the facts that the engine gives; that these facts are true is tested with real servers beside the engine.</summary>
public sealed class TlsTests
{
    private static readonly DateTimeOffset _now = DateTimeOffset.UtcNow;

    public static TheoryData<string, string> Cases() => new()
    {
        { "good", "" },
        { "expired", "tls.certificate-expired" },
        { "future", "tls.certificate-not-yet-valid" },
        { "soon", "tls.certificate-expires-soon" },
        { "name", "tls.name-mismatch" },
        { "self", "tls.self-signed" },
        { "partial", "tls.untrusted-chain" },
        { "rsa1024", "tls.weak-key CN=shop.test" },
        { "ec192", "tls.weak-key CN=shop.test" },
        { "sha1", "tls.weak-signature CN=shop.test" },
        { "sha1root", "" },
        { "tls10", "tls.old-protocol TLS 1.0" },
        { "only11", "tls.no-modern-protocol ,tls.old-protocol TLS 1.1" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Facts_GiveExactlyTheirFindings(string name, string expected)
    {
        var report = await ScanAsync("https://shop.test/", (_, _) => Facts(name));
        report.Verdicts.Single().Kind.ShouldBe("completed", report.Verdicts.Single().Reason);
        string.Join(',', report.Findings.Select(f => $"{f["ruleId"]} {f["parameter"]}").Order(StringComparer.Ordinal)).ShouldBe(expected.Contains(' ') || expected.Length == 0 ? expected : expected + " ");
        report.Findings.ShouldAllBe(f => (string)f["location"]! == "shop.test:443");
    }

    [Fact]
    public async Task OldVersionThatCannotBeTried_IsNotListedAsAssessed()
    {
        var verdict = (await ScanAsync("https://shop.test/", (_, _) => Facts("untested"))).Verdicts.Single();
        verdict.Checks.ShouldNotContain("tls.old-protocol");
        verdict.Checks.ShouldContain("tls.certificate-expired");
        verdict.Reason.ShouldContain("could not all be tried");
    }

    [Theory]
    [InlineData("http://shop.test/", "completed")]
    [InlineData("https://shop.test:8443/", "unreachable")]
    public async Task Verdicts_AreHonest(string url, string kind)
    {
        var verdict = (await ScanAsync(url, (_, _) => throw new WebFailureException("SF5101", "No connection."))).Verdicts.Single();
        verdict.Kind.ShouldBe(kind);
        verdict.Checks.ShouldBeEmpty();
    }

    [Fact]
    public async Task SomePorts_WithoutHandshake_ArePartial()
    {
        var asked = new List<int>();
        var report = await ScanAsync(
            "https://shop.test/",
            (_, port) =>
            {
                asked.Add(port);
                return port == 443 ? Facts("good") : throw new WebFailureException("SF5103", "No TLS.");
            },
            new JsonObject { ["ports"] = new JsonArray(443, 25) });
        asked.ShouldBe([443, 25]);
        report.Verdicts.Single().Kind.ShouldBe("partial");
        report.Verdicts.Single().Reason.ShouldContain("port 25: SF5103");
    }

    private static Task<PluginReport> ScanAsync(string url, Func<string, int, JsonObject> tls, JsonObject? config = null) =>
        new PluginBench("scan.tls", _ => throw new InvalidOperationException("no http")) { Tls = tls }.ScanAsync(new Uri(url), config);

    private static JsonObject Facts(string name)
    {
        var leaf = Certificate("CN=shop.test", "CN=An authority");
        switch (name)
        {
            case "expired":
                leaf["notAfter"] = Time(-2);
                break;
            case "future":
                leaf["notBefore"] = Time(3);
                break;
            case "soon":
                leaf["notAfter"] = Time(10);
                break;
            case "self":
                (leaf["issuer"], leaf["selfSigned"]) = ("CN=shop.test", true);
                break;
            case "rsa1024":
                leaf["keyBits"] = 1024;
                break;
            case "ec192":
                (leaf["keyType"], leaf["keyBits"]) = ("ECDSA", 192);
                break;
            case "sha1":
                leaf["signatureAlgorithm"] = "sha1RSA";
                break;
        }

        var root = Certificate("CN=An authority", "CN=An authority");
        root["selfSigned"] = true;
        root["signatureAlgorithm"] = name == "sha1root" ? "sha1RSA" : "sha256RSA";
        var trouble = name switch { "self" => "UntrustedRoot", "partial" => "PartialChain", "expired" => "NotTimeValid", _ => null };
        return new JsonObject
        {
            ["host"] = "shop.test",
            ["port"] = 443,
            ["versions"] = new JsonArray(
                Version("Tls13", name == "only11" ? "refused" : "accepted"), Version("Tls12", name == "only11" ? "refused" : "accepted"),
                Version("Tls11", name == "only11" ? "accepted" : name == "untested" ? "untested" : "refused"), Version("Tls10", name == "tls10" ? "accepted" : name == "untested" ? "untested" : "refused")),
            ["chain"] = new JsonArray(leaf, root),
            ["chainCut"] = false,
            ["trusted"] = trouble is null,
            ["trustProblems"] = trouble is null ? [] : new JsonArray(trouble),
            ["hostnameMatches"] = name != "name",
            ["elapsedMs"] = 12,
        };
    }

    private static JsonObject Certificate(string subject, string issuer) => new()
    {
        ["subject"] = subject,
        ["issuer"] = issuer,
        ["serial"] = "01",
        ["notBefore"] = Time(-100),
        ["notAfter"] = Time(200),
        ["names"] = new JsonArray("shop.test"),
        ["keyType"] = "RSA",
        ["keyBits"] = 2048,
        ["signatureAlgorithm"] = "sha256RSA",
        ["selfSigned"] = false,
        ["sha256"] = new string('a', 64),
    };

    private static JsonObject Version(string name, string answer) => new() { ["name"] = name, ["answer"] = answer, ["cipher"] = answer == "accepted" ? "TLS_AES_128_GCM_SHA256" : null, ["reason"] = answer == "accepted" ? null : "alert" };

    private static string Time(int days) => _now.AddDays(days).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
