using System.Text.Json.Nodes;
using SecFlow.Execution.Findings;

namespace SecFlow.Execution.Tests.Findings;

public sealed class FingerprintTests
{
    private static JsonObject Record(Action<JsonObject>? change = null)
    {
        var record = new JsonObject { ["ruleId"] = "r", ["location"] = "http://shop/a", ["method"] = "GET", ["parameter"] = "q", ["title"] = "t", ["severity"] = "low" };
        change?.Invoke(record);
        return record;
    }

    private static string Of(Action<JsonObject>? change = null) => Fingerprint.Of("scan.test", Record(change), []);

    [Theory]
    [InlineData("HTTP://Shop/a")]
    [InlineData("http://shop:80/a")]
    [InlineData("http://shop/a#part")]
    [InlineData("http://user@shop/a")]
    [InlineData(" http://shop/a ")]
    public void Spelling_of_a_url_does_not_matter(string location) => Of(r => r["location"] = location).ShouldBe(Of());

    [Fact]
    public void Title_severity_and_case_of_the_method_do_not_matter() =>
        Of(r => (r["title"], r["severity"], r["method"]) = ("other", "high", "get")).ShouldBe(Of());

    [Theory]
    [InlineData("ruleId", "r2")]
    [InlineData("location", "http://shop/A")]
    [InlineData("location", "https://shop/a")]
    [InlineData("location", "http://shop:81/a")]
    [InlineData("method", "POST")]
    [InlineData("parameter", "Q")]
    [InlineData("parameter", null)]
    [InlineData("parameter", "")]
    public void What_makes_it_another_finding(string field, string? value) => Of(r => r[field] = value).ShouldNotBe(Of());

    [Fact]
    public void Parts_cannot_run_into_each_other()
    {
        var a = Fingerprint.Of("scan.test", new JsonObject { ["ruleId"] = "ab", ["location"] = "c" }, ["ruleId", "location"]);
        var b = Fingerprint.Of("scan.test", new JsonObject { ["ruleId"] = "a", ["location"] = "bc" }, ["ruleId", "location"]);
        a.ShouldNotBe(b);
        Fingerprint.Of("scan.other", Record(), []).ShouldNotBe(Of());
    }

    [Fact]
    public void Fingerprint_is_stable_across_versions_of_the_program() =>
        Of().ShouldBe("aea62cb0883c67b7651418cfff9f5739a6f5f21889374e712f386abb140f949a");
}
