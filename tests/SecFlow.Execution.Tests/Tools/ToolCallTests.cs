using SecFlow.Data.Audit;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Tests.Plugins;

namespace SecFlow.Execution.Tests.Tools;

/// <summary>ctx.tool from a plugin's script to the tool and back.</summary>
[Trait("Category", "Confinement")]
public sealed class ToolCallTests
{
    private const string Manifest = "tools:\n  - { name: sh }\n  - { name: no-such-tool, install: { any: 'buy one' } }\n";

    [Fact]
    public async Task Tool_OptionsAndResult_CrossTheHost()
    {
        var output = await RunAsync(
            """
            var r = ctx.tool('sh', ['-c', 'cat; cat /in/a.txt; echo err >&2; echo file > /out/f.txt; exit 3'], {stdin: 'in\n', inputs: {'a.txt': 'input\n'}, files: ['f.txt', 'none'], timeout: 60});
            ctx.log.info([r.exitCode, r.stdout.text(), r.stderr.text(), r.files['f.txt'].text(), r.files.none, r.timedOut, r.truncated, r.stdout.size].join('|'));
            var s = ctx.tool('sh', ['-c', 'cat /in/again'], {inputs: {again: r.stdout}, stdin: r.stderr});
            ctx.log.info(s.stdout.text());
            """);

        output.Logs.ShouldBe(["info 3|in\ninput\n|err\n|file\n||false|false|9", "info in\ninput\n"]);
    }

    [Fact]
    public async Task Tool_OnLine_EmitsAndLogsWhileItRuns()
    {
        var output = await RunAsync(
            """
            var n = 0, refused = '';
            var r = ctx.tool('sh', ['-c', 'for i in 1 2 3; do echo line $i; done'], {onLine: function (line) {
              n++; ctx.log.info(line); ctx.progress(n, line); ctx.cancelled();
              try { ctx.tool('sh', ['-c', 'true']); } catch (e) { refused = e.message; }
            }});
            ctx.log.info(n + ' ' + r.exitCode + ' ' + refused);
            """);

        output.Logs.ShouldBe(["info line 1", "info line 2", "info line 3", "info 3 0 tool cannot be called inside a record callback; only emit, finding, log, progress and cancelled can."]);
    }

    [Fact]
    public async Task Tool_OnLineThrows_EndsTheToolAndTheNextOneRuns()
    {
        var output = await RunAsync(
            """
            try { ctx.tool('sh', ['-c', 'while :; do echo x; done'], {onLine: function () { throw new Error('enough'); }}); } catch (e) { ctx.log.info(e.message); }
            ctx.log.info(ctx.tool('sh', ['-c', 'echo next']).stdout.text());
            """);

        output.Logs.ShouldBe(["info enough", "info next\n"]);
    }

    [Theory]
    [InlineData("'no-such-tool', []", Codes.ToolMissing, "buy one")]
    [InlineData("'bash', []", Codes.PermissionNotDeclared, "bash")]
    [InlineData("'sh', ['a\\nb']", Codes.ToolArgument, "line break")]
    [InlineData("'sh', ['a\\u0000b']", Codes.ToolArgument, "NUL")]
    [InlineData("'sh', [1]", Codes.RequestInvalid, "not a text")]
    [InlineData("'sh', [], {files: ['../x']}", Codes.RequestInvalid, "no name below /out")]
    [InlineData("'sh', [], {inputs: {'a/b': ''}}", Codes.RequestInvalid, "name")]
    [InlineData("'sh', [], {timeout: -1}", Codes.RequestInvalid, "timeout")]
    public async Task Tool_WrongCall_IsAnErrorWithCode(string call, string code, string words)
    {
        var output = await RunAsync("try { ctx.tool(" + call + "); } catch (e) { ctx.log.info(e.code + ' ' + e.message); }");

        output.Logs.Single().ShouldStartWith("info " + code);
        output.Logs.Single().ShouldContain(words);
    }

    [Theory]
    [InlineData("-oX/out/x")]
    [InlineData("--script=evil")]
    public async Task Tool_ValueOfAnInputAsAnOption_IsRefused(string value)
    {
        var (_, output) = await WorkAsync(
            "ctx.inputs.hosts.each(function (r) { found = r.deep[0].host; }); try { ctx.tool('sh', ['-c', 'echo ran', found]); } catch (e) { ctx.log.info(e.code + ' ' + e.message); } ctx.log.info(ctx.tool('sh', ['-c', 'echo \"$1\"', 'sh', 'x' + found]).stdout.text());",
            new PluginWork { Inputs = new Dictionary<string, InputDataset>(StringComparer.Ordinal) { ["hosts"] = new("hosts", 1, () => new MemoryStream(System.Text.Encoding.UTF8.GetBytes($"{{\"deep\":[{{\"host\":\"{value}\"}}]}}\n"))) } });

        output.Logs[0].ShouldStartWith("info " + Codes.ToolArgument);
        output.Logs[0].ShouldContain("attach it to its option");
        output.Logs[1].ShouldBe($"info x{value}\n");
    }

    [Theory]
    [InlineData("ctx.tool('no-such-tool', []);", Codes.ToolMissing)]
    [InlineData("ctx.tool('sh', ['-c', 'ulimit -t 1; kill -XCPU $$']);", Codes.LimitCpu)]
    public async Task Tool_FailureThatIsNotCaught_IsTheWorksErrorWithItsCode(string script, string code)
    {
        var (outcome, _) = await WorkAsync(script, new PluginWork());

        outcome.Error!.Code.ShouldBe(code);
    }

    [Fact]
    public async Task Tool_CodeThatNobodyAnswered_IsOnlyAScriptError()
    {
        var (outcome, _) = await WorkAsync("var e = new Error('mine'); e.code = 'SF5001'; throw e;", new PluginWork());

        outcome.Error!.Code.ShouldBe(Codes.ScriptError);
    }

    [Fact]
    public async Task Tool_Runs_AreKeptWithDigestsAndSummedUpInTheAudit()
    {
        var (outcome, _) = await WorkAsync("ctx.tool('sh', ['-c', 'exit 3']); ctx.tool('sh', ['-c', 'exit 3']);", new PluginWork());

        outcome.Tools.Count.ShouldBe(2);
        var use = outcome.Tools[0];
        (use.Name, use.ExitCode, use.Limit, use.Accepted).ShouldBe(("sh", 3, null, null));
        use.Digest.ShouldMatch("^sha256:[0-9a-f]{64}$");
        use.Arguments.ShouldBe(outcome.Tools[1].Arguments);
        SecFlow.Execution.Tools.ToolUse.FromJson(SecFlow.Execution.Tools.ToolUse.ToJson(outcome.Tools)).ShouldBe(outcome.Tools);
    }

    private static async Task<(PluginOutcome Outcome, TestOutput Output)> WorkAsync(string script, PluginWork work)
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files(script: "var found; module.exports = { execute: function (ctx) { " + script + " } };", manifest: Manifest));
        await using var session = await (await world.RunnerAsync()).OpenAsync(world.Request(row), CancellationToken.None);
        var output = new TestOutput();
        return (await session.RunAsync(work, output, CancellationToken.None), output);
    }

    private static async Task<TestOutput> RunAsync(string script)
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files(script: "module.exports = { execute: function (ctx) { " + script + " } };", manifest: Manifest));
        await using var session = await (await world.RunnerAsync()).OpenAsync(world.Request(row), CancellationToken.None);
        var output = new TestOutput();
        var outcome = await session.RunAsync(new PluginWork(), output, CancellationToken.None);
        outcome.Error.ShouldBeNull(outcome.Error?.Message);
        return output;
    }
}
