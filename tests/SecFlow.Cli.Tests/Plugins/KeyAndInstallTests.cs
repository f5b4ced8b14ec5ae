using System.Text.Json.Nodes;
using SecFlow.Cli.Plugins.Fixtures;

namespace SecFlow.Cli.Tests.Plugins;

public sealed class KeyAndInstallTests : IDisposable
{
    private readonly CliFolder _folder = new();

    [Fact]
    public async Task KeyNew_WritesAPrivateFileAndTheRule_AndNeverOverwrites()
    {
        var run = await CliRun.OfAsync("plugin", "key", "new", "--out", _folder.At("my.pem"), "--plugin", "scan.*");

        run.Code.ShouldBe(0, run.Error);
        File.GetUnixFileMode(_folder.At("my.pem")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        run.Out.Trim().ShouldStartWith("- { name: my, match: { plugins: [\"scan.*\"] }");
        run.Out.ShouldContain(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(_folder.At("my.pub")))));
        run.Out.ShouldNotContain("PRIVATE");
        var before = await File.ReadAllTextAsync(_folder.At("my.pem"));
        (await CliRun.OfAsync("plugin", "key", "new", "--out", _folder.At("my.pem"))).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(2), r => r.Error.ShouldContain("never overwritten"));
        (await File.ReadAllTextAsync(_folder.At("my.pem"))).ShouldBe(before);
        File.CreateSymbolicLink(_folder.At("trap.pub"), _folder.At("nowhere"));
        (await CliRun.OfAsync("plugin", "key", "new", "--out", _folder.At("trap.pem"))).Code.ShouldNotBe(0);
        (await CliRun.OfAsync("plugin", "key", "new", "--out", _folder.At("no/such/folder/my.pem"))).Code.ShouldBe(4);
    }

    [Theory]
    [InlineData("--out", "x.pub")]
    [InlineData("--out", "a b.pem")]
    [InlineData("--plugin", "scan x\"] }")]
    public async Task KeyNew_BadWords_AreUsage(string option, string value)
    {
        string[] args = option == "--out" ? ["--out", _folder.At(value)] : ["--out", _folder.At("k.pem"), option, value];
        (await CliRun.OfAsync(["plugin", "key", "new", .. args])).Code.ShouldBe(2);
        Directory.GetFiles(_folder.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task Install_IsRefusedUntilARuleTrustsTheKey_ThenEnabled()
    {
        var plugin = _folder.At("scan.hello");
        (await CliRun.OfAsync("plugin", "new", "scan.hello", "--js", "--dir", plugin)).Code.ShouldBe(0);
        (await CliRun.OfAsync("plugin", "install", plugin, "--data", _folder.At("data"))).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(2), r => r.Error.ShouldContain("secflow plugin sign"));
        var rule = (await CliRun.OfAsync("plugin", "key", "new", "--out", _folder.At("my.pem"), "--plugin", "scan.hello")).Out;
        var zip = _folder.At("hello.zip");
        (await CliRun.OfAsync("plugin", "pack", plugin, "-o", zip)).Code.ShouldBe(0);

        var unsigned = await CliRun.OfAsync("plugin", "install", zip, "--data", _folder.At("data"));
        unsigned.Code.ShouldBe(3);
        unsigned.Out.ShouldStartWith("Unsigned");
        (await CliRun.OfAsync("plugin", "sign", zip, "--key", _folder.At("my.pem"))).Code.ShouldBe(0);
        var untrusted = await CliRun.OfAsync("plugin", "install", zip, "--data", _folder.At("data"));
        untrusted.Code.ShouldBe(3);
        untrusted.Out.ShouldStartWith("Untrusted");
        untrusted.Error.ShouldContain("SF2002");

        var recipe = _folder.Write("r.yaml", "version: \"1.0\"\nname: Hello\nnodes:\n  - { id: hello, type: scan.hello, inputs: [targets], outputs: [findings] }\n");
        var refused = await CliRun.OfAsync("workflow", "run", recipe, "--target", "http://127.0.0.1:9/", "--data", _folder.At("data"));
        refused.Code.ShouldBe(3, refused.Error);
        refused.Error.ShouldContain("match: { artifacts: [\"sha256:");

        File.Copy(_folder.At("my.pub"), _folder.At("data/trust/my.pub"));
        var policy = await File.ReadAllTextAsync(_folder.At("data/trust/policy.yaml"));
        await File.WriteAllTextAsync(_folder.At("data/trust/policy.yaml"), policy.Replace("  rules:\n", "  rules:\n" + rule, StringComparison.Ordinal));
        var verified = await CliRun.OfAsync("plugin", "install", zip, "--data", _folder.At("data"));
        verified.Code.ShouldBe(0, verified.Error);
        verified.Out.ShouldStartWith("Verified  scan.hello 0.1.0");
        (await CliRun.OfAsync("plugin", "install", zip, "--data", _folder.At("data"))).Code.ShouldBe(0, "again is no mistake");
        (await CliRun.OfAsync("workflow", "run", recipe, "--target", "http://127.0.0.1:9/", "--data", _folder.At("data"))).Code.ShouldBe(5, "nobody listens there");

        File.AppendAllText(Path.Combine(plugin, "README.md"), "\nMore.\n");
        (await CliRun.OfAsync("plugin", "pack", plugin, "-o", zip)).Code.ShouldBe(0);
        (await CliRun.OfAsync("plugin", "sign", zip, "--key", _folder.At("my.pem"))).Code.ShouldBe(0);
        (await CliRun.OfAsync("plugin", "install", zip, "--data", _folder.At("data"))).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(1), r => r.Error.ShouldContain("A version never changes"));
    }

    [Theory]
    [InlineData("Authorization", "Bearer abc", "redacted")]
    [InlineData("cookie", "a=1; b=2", "a=redacted; b=redacted")]
    [InlineData("Set-Cookie", "sid=1; Path=/; Secure", "sid=redacted; Path=/; Secure")]
    [InlineData("set-cookie", "sid=1", "sid=redacted")]
    [InlineData("X-Api-Key", "abc", "redacted")]
    [InlineData("X-CSRF-Token", "abc", "redacted")]
    [InlineData("Content-Type", "text/html", "text/html")]
    public void Redaction_OfHeaders_KeepsWhatPluginsJudge(string name, string value, string expected)
    {
        Redaction.Value(name, value).ShouldBe(expected);
        var clean = Redaction.Clean(new JsonObject { ["headers"] = new JsonObject { [name] = new JsonArray(value) }, ["headerList"] = new JsonArray(new JsonArray(name, value)), ["body"] = new JsonObject { ["text"] = "x" } })!;
        ((string?)clean["headers"]![name]![0]).ShouldBe(expected);
        ((string?)clean["headerList"]![0]![1]).ShouldBe(expected);
        ((string?)Redaction.Clean(new JsonObject { ["headers"] = new JsonObject { [name] = value } })!["headers"]![name]).ShouldBe(expected);
    }

    [Fact]
    public void Difference_NamesEachPlace()
    {
        JsonDifference.Lines(JsonNode.Parse("""{"a":[1,{"b":"x"}],"c":null,"d":1}"""), JsonNode.Parse("""{"a":[1,{"b":"y"},3],"c":null,"e":2}""")).ShouldBe(
            ["a[1].b: expected \"x\", found \"y\"", "a[2]: expected nothing, found 3", "d: expected 1, found nothing", "e: expected nothing, found 2"]);
        JsonDifference.Lines(new JsonObject { ["a"] = 1 }, new JsonObject { ["a"] = 1.0 }).ShouldBeEmpty();
        JsonDifference.Lines(new JsonArray(), new JsonArray([.. Enumerable.Range(0, 99).Select(i => (JsonNode)i)])).Count.ShouldBe(51);
    }

    public void Dispose() => _folder.Dispose();
}
