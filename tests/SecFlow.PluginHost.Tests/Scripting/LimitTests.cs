using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Tests.Scripting;

public sealed class LimitTests
{
    [Theory]
    [InlineData("while (true) { }", "statements")]
    [InlineData("for (;;) ;", "statements")]
    [InlineData("while (true) { try { throw 1; } catch (e) { continue; } finally { continue; } }", "statements")]
    [InlineData("function f() { f(); } f();", "recursion")]
    [InlineData("function f() { try { f(); } catch (e) { f(); } } f();", "recursion")]
    [InlineData("var o = { get x() { return this.x; } }; o.x;", "recursion")]
    [InlineData("var o = { toString: function () { return '' + this; } }; '' + o;", "recursion")]
    [InlineData("var o = { toJSON: function () { return JSON.stringify(this); } }; JSON.stringify(o);", "recursion")]
    [InlineData("function g() { return 'a'.replace(/a/, g); } g();", "recursion")]
    [InlineData("var f = function () { f.apply(null, arguments); }; f();", "recursion")]
    [InlineData("[3, 2, 1].sort(function () { while (true) { } });", "statements")]
    [InlineData("ctx.finding({ get title() { while (true) { } } });", "statements")]
    [InlineData("ctx.log.info({ toString: function () { while (true) { } }, toJSON: function () { while (true) { } } });", "statements")]
    public async Task Script_RunsAway_EndsWithTheLimit(string body, string limit)
    {
        await using var engine = await EngineSide.Execute(body);

        engine.Done.Outcome.ShouldBe(HostOutcome.Limit);
        engine.Done.Limit.ShouldBe(limit);
        engine.Done.Message.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task Script_BelowTheLimits_Completes()
    {
        await using var engine = await EngineSide.Execute("function f(n) { return n === 0 ? 0 : 1 + f(n - 1); } ctx.log.info(f(150)); for (var i = 0; i < 100000; i++) { } ");

        engine.Done.Outcome.ShouldBe(HostOutcome.Completed);
        engine.Logs.ShouldBe(["150"]);
    }

    [Fact]
    public async Task Time_LongScript_EndsWithTime()
    {
        await using var engine = await EngineSide.Execute(
            "var s = 'x'; while (true) { s = s.length > 100000 ? 'x' : s + s; }",
            change: s => s with { Limits = EngineSide.Limits with { CallbackMilliseconds = 300, Statements = 500_000_000 } });

        engine.Done.Limit.ShouldBe("time");
    }

    [Fact]
    public async Task Time_NativeCallThatCannotBeInterrupted_IsReportedAndEndsTheProcess()
    {
        await using var engine = await EngineSide.Execute(
            "var a = []; a.length = 20000000; a.forEach(function () { });",
            change: s => s with { Limits = EngineSide.Limits with { CallbackMilliseconds = 200 } });

        engine.Done.Limit.ShouldBe("time");
        engine.Done.Phase.ShouldBe("execute");
        (await engine.Exit).ShouldBe(HostExitCodes.TimeLimit);
    }

    [Fact]
    public async Task Time_WaitingForTheEngine_DoesNotCount()
    {
        await using var engine = await EngineSide.Execute(
            "ctx.log.info(ctx.secret('a'));",
            e => e.Answer = _ =>
            {
                Task.Delay(2500).Wait();
                return ("s3cret", null);
            },
            s => s with { Limits = EngineSide.Limits with { CallbackMilliseconds = 500 } });

        engine.Done.Outcome.ShouldBe(HostOutcome.Completed);
        engine.Logs.ShouldBe(["s3cret"]);
        engine.Received.OfType<AliveMessage>().ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Statements_RestartAfterEachAnswerAndRecord()
    {
        const string Work = "for (var i = 0; i < 1000; i++) { } ";
        await using var engine = await EngineSide.Execute(
            $"function work() {{ {Work} }} work(); for (var n = 0; n < 5; n++) {{ try {{ ctx.secret('x'); }} catch (e) {{ }} work(); }}" +
            "ctx.parse.jsonLines('1\\n2\\n3\\n4', work); ctx.log.info('end');",
            change: s => s with { Limits = EngineSide.Limits with { Statements = 2_500 } });

        engine.Done.Message.ShouldBeNull();
        engine.Logs.ShouldBe(["end"]);
    }

    [Theory]
    [InlineData("{}", 1)]
    [InlineData("[]", 1)]
    public async Task Record_LargerThanTheLimit_CanBeCaughtOrEndsTheWork(string kind, int count)
    {
        var record = kind == "{}" ? "{ text: big }" : "{ list: [big, big] }";
        await using var engine = await EngineSide.Execute(
            $"var big = new Array(70000).join('x'); try {{ ctx.finding({record}); }} catch (e) {{ ctx.log.info(e.code); }} ctx.finding({record});");

        engine.Logs.Count().ShouldBe(count);
        engine.Logs.ShouldBe(["record"]);
        engine.Done.Outcome.ShouldBe(HostOutcome.Limit);
        engine.Done.Limit.ShouldBe("record");
    }

    [Theory]
    [InlineData("var a = []; a[0] = a; ctx.finding({ a: a });")]
    [InlineData("var o = {}, p = o; for (var i = 0; i < 100; i++) { p = p.x = {}; } ctx.finding(o);")]
    public async Task Record_CyclicOrTooDeep_EndsWithNesting(string body)
    {
        await using var engine = await EngineSide.Execute(body);

        engine.Done.Limit.ShouldBe("nesting");
    }

    [Fact]
    public async Task Source_TooLarge_IsRefusedBeforeItIsParsed()
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        var done = await engine.Run(EngineSide.Start("// \u00e9" + new string('x', 600_000)));

        done.Limit.ShouldBe("source");
    }

    [Fact]
    public async Task Limit_Reached_CleanupStillRuns()
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        var done = await engine.Run(EngineSide.Start("module.exports = { execute: function () { while (true) { } }, cleanup: function (ctx) { ctx.log.info('cleaned'); } };"));

        done.Limit.ShouldBe("statements");
        engine.Logs.ShouldBe(["cleaned"]);
    }

    [Fact]
    public async Task ArrayOfFourBillion_IsNotWalkedToItsEnd()
    {
        await using var engine = await EngineSide.Execute("var a = []; a.length = 4294967295; ctx.finding({ a: a });");

        engine.Done.Limit.ShouldBe("record");
    }
}
