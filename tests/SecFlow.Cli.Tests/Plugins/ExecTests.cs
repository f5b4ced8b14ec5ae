using System.Text.Json.Nodes;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Cli.Tests.Plugins;

/// <summary>The real host in the real sandbox; where this machine confines nothing, the refusal is what is tested.</summary>
public sealed class ExecTests : IDisposable
{
    private readonly CliFolder _folder = new();

    [Theory]
    [InlineData("6 * 7", 0, "completed", null)]
    [InlineData("while (true) {}", 4, "limit", "SF4")]
    [InlineData("(function f() { f(); })()", 4, "limit", "SF4003")]
    [InlineData("throw new Error('no')", 4, "failed", "SF6001")]
    [InlineData("while (true) { try { ctx.http('http://127.0.0.1/'); } catch (e) { } }", 4, "limit", "SF4050")]
    [InlineData("JSON.parse('['.repeat(100000))", 4, "limit", "SF4011")]
    [InlineData("throw ctx", 4, "failed", "SF6001")]
    [InlineData("var = 1", 4, "failed", "SF6002")]
    [InlineData("System.IO.File.ReadAllText('/etc/passwd')", 4, "failed", "SF6001")]
    public async Task Script_EndsWithItsCode(string script, int code, string outcome, string? prefix)
    {
        var run = await CliRun.OfAsync("plugin", "exec", _folder.Write("script.js", script), "--format", "json");
        if ((await Sandbox.ProbeAsync(CancellationToken.None)).Report.Level == SandboxLevel.L0)
        {
            run.Code.ShouldBe(3);
            run.Error.ShouldContain("SF4030");
            return;
        }

        run.Code.ShouldBe(code, run.Error);
        var result = JsonNode.Parse(run.Out)!;
        ((string?)result["outcome"]).ShouldBe(outcome);
        ((string?)result["code"] ?? "").ShouldStartWith(prefix ?? "");
        ((string?)result["level"]).ShouldStartWith("L");
    }

    [Fact]
    public async Task Script_LargerThanAllowed_IsALimitAndNotRead()
    {
        var run = await CliRun.OfAsync("plugin", "exec", _folder.Write("script.js", new string('\u0001', 3_000_000)), "--format", "json");

        run.Code.ShouldBe(4);
        ((string?)JsonNode.Parse(run.Out)!["code"]).ShouldBe("SF4011");
        ((string?)JsonNode.Parse(run.Out)!["limit"]).ShouldBe("source");
    }

    [Fact]
    public async Task NoFile_IsUsage()
    {
        var run = await CliRun.OfAsync("plugin", "exec", _folder.At("none.js"));
        run.Code.ShouldBe(2);
        run.Error.ShouldContain("SF1601");
    }

    [Fact]
    public async Task Timeout_OutOfRange_IsUsage() =>
        (await CliRun.OfAsync("plugin", "exec", _folder.Write("script.js", "1"), "--timeout", "0")).Code.ShouldBe(2);

    [Fact]
    public async Task Doctor_NamesEveryLayerWithItsRemedy()
    {
        var run = await CliRun.OfAsync("doctor", "--format", "json", "--data", _folder.At("data"));
        var report = JsonNode.Parse(run.Out)!;
        var level = (await Sandbox.ProbeAsync(CancellationToken.None)).Report.Level;
        ((string?)report["level"]).ShouldBe(level.ToString());
        run.Code.ShouldBe(level >= SandboxLevel.L2 ? 0 : 4);
        foreach (var check in report["checks"]!.AsArray().Where(c => !(bool)c!["ok"]!))
        {
            ((string?)check!["remedy"]).ShouldNotBeNullOrEmpty();
        }

        Directory.Exists(_folder.At("data")).ShouldBeFalse("doctor changes nothing");
    }

    public void Dispose() => _folder.Dispose();
}
