namespace SecFlow.Cli.Tests;

public sealed class UsageTests
{
    [Fact]
    public async Task NoCommand_IsUsage()
    {
        var run = await CliRun.OfAsync();
        run.Code.ShouldBe(2);
        run.Out.ShouldBeEmpty();
        run.Error.ShouldContain("secflow --help");
    }

    [Theory]
    [InlineData("workflow")]
    [InlineData("workflow", "run")]
    [InlineData("workflow", "validate")]
    [InlineData("plugin", "list")]
    [InlineData("plugin", "exec")]
    [InlineData("plugin", "parse")]
    [InlineData("plugin", "new")]
    [InlineData("plugin", "build")]
    [InlineData("plugin", "lint")]
    [InlineData("plugin", "test")]
    [InlineData("plugin", "dev")]
    [InlineData("plugin", "record")]
    [InlineData("plugin", "key")]
    [InlineData("plugin", "install")]
    [InlineData("plugin", "key", "new")]
    [InlineData("plugin", "pack")]
    [InlineData("plugin", "sign")]
    [InlineData("plugin", "verify")]
    [InlineData("audit", "verify")]
    [InlineData("verify-bundle")]
    [InlineData("doctor")]
    [InlineData("bench")]
    public async Task Help_OfEveryCommand_IsOnStdout(params string[] command)
    {
        var run = await CliRun.OfAsync([.. command, "--help"]);
        run.Code.ShouldBe(0);
        run.Out.ShouldContain("secflow " + string.Join(' ', command));
        run.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task Bench_SaysWhereTheBenchmarksAre()
    {
        var run = await CliRun.OfAsync("bench");
        run.Code.ShouldBe(2);
        run.Error.ShouldContain("./bench");
    }

    [Theory]
    [InlineData("--bogus", "workflow", "run", "r.yaml", "--target", "t", "--bogus")]
    [InlineData("'flower'", "flower")]
    [InlineData("--target", "workflow", "run", "r.yaml")]
    [InlineData("xml", "plugin", "list", "--format", "xml")]
    [InlineData("urgent", "workflow", "run", "r.yaml", "--target", "t", "--fail-on", "urgent")]
    [InlineData("--key", "plugin", "verify", ".")]
    public async Task Wrong_Arguments_AreNamedOnStderr(string named, params string[] args)
    {
        var run = await CliRun.OfAsync(args);
        run.Code.ShouldBe(2);
        run.Out.ShouldBeEmpty();
        run.Error.ShouldContain(named);
        run.Error.ShouldContain("--help");
    }

    [Fact]
    public async Task AtSign_IsNoResponseFile()
    {
        using var folder = new CliFolder();
        var file = folder.Write("args", "--help");
        (await CliRun.OfAsync("@" + file)).Code.ShouldBe(2);
    }
}
