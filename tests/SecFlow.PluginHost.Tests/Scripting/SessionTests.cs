using System.Text.Json.Nodes;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Tests.Scripting;

public sealed class SessionTests
{
    [Fact]
    public async Task Execute_RunsPhasesInOrder()
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        var done = await engine.Run(EngineSide.Start(
            "exports.cleanup = function (ctx) { ctx.log.info('c'); }; exports.initialize = function (ctx) { ctx.log.info('i'); }; exports.execute = function (ctx) { ctx.log.info('e'); };"));

        done.Outcome.ShouldBe(HostOutcome.Completed);
        engine.Logs.ShouldBe(["i", "e", "c"]);
        done.PeakBytes.ShouldBeGreaterThan(0);
        done.CpuMilliseconds.ShouldBeGreaterThanOrEqualTo(0);
    }

    [Fact]
    public async Task Execute_Fails_CleansUpAndReportsTheFirstFailureWithItsPlace()
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        var done = await engine.Run(EngineSide.Start("""
            module.exports = {
              execute: function (ctx) {
                throw new RangeError('first');
              },
              cleanup: function (ctx) { ctx.log.info('cleaned'); throw new Error('second'); }
            };
            """));

        done.Outcome.ShouldBe(HostOutcome.ScriptError);
        done.Message.ShouldBe("RangeError: first");
        done.Location.ShouldBe("scan.test/index.js:3:5");
        done.Phase.ShouldBe("execute");
        engine.Logs.ShouldBe(["cleaned"]);
    }

    [Fact]
    public async Task Cleanup_Fails_IsReported()
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        var done = await engine.Run(EngineSide.Start("module.exports = { execute: function () { }, cleanup: function () { throw new Error('left'); } };"));

        done.Phase.ShouldBe("cleanup");
        done.Message.ShouldBe("Error: left");
    }

    [Fact]
    public async Task Error_WithoutMessage_ShowsTheLine()
    {
        await using var engine = await EngineSide.Execute("var q = null; q.foo();");

        engine.Done.Message.ShouldStartWith("TypeError in: module.exports");
    }

    [Theory]
    [InlineData("throw null;", "null")]
    [InlineData("throw 'text';", "text")]
    [InlineData("throw { a: 1 };", "[object Object]")]
    [InlineData("throw { name: 'N', message: 'M' };", "N: M")]
    [InlineData("var e = new Error('m'); e.code = 'SF3003'; throw e;", "Error: m [SF3003]")]
    [InlineData("throw { get message() { throw 1; } };", "")]
    public async Task Error_AnyThrownValue_IsAScriptError(string body, string message)
    {
        await using var engine = await EngineSide.Execute(body);

        engine.Done.Outcome.ShouldBe(HostOutcome.ScriptError);
        engine.Done.Message.ShouldStartWith(message);
    }

    [Theory]
    [InlineData("var x = ;", "scan.test/index.js:1:9")]
    [InlineData("\n\nfunction {", "scan.test/index.js:3:10")]
    public async Task Source_NotES5_IsASyntaxErrorWithItsPlace(string source, string place)
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        var done = await engine.Run(EngineSide.Start(source));

        done.Outcome.ShouldBe(HostOutcome.SyntaxError);
        done.Location.ShouldBe(place);
        done.Phase.ShouldBe("load");
    }

    [Theory]
    [InlineData("module.exports = {};", PluginEntry.Execute)]
    [InlineData("module.exports = null;", PluginEntry.Execute)]
    [InlineData("module.exports = { execute: 1 };", PluginEntry.Execute)]
    [InlineData("module.exports = { execute: function () { } };", PluginEntry.Parse)]
    public async Task Entry_Missing_IsSaid(string source, PluginEntry entry)
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        (await engine.Run(EngineSide.Start(source, s => s with { Entry = entry }))).Outcome.ShouldBe(HostOutcome.MissingEntry);
    }

    [Fact]
    public async Task Entry_ThrowingAccessor_IsAScriptError()
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        var done = await engine.Run(EngineSide.Start("module.exports = { get execute() { throw new Error('no'); } };"));

        done.Outcome.ShouldBe(HostOutcome.ScriptError);
    }

    [Theory]
    [InlineData("1 + 1", "2")]
    [InlineData("'a' + 'b'", "ab")]
    [InlineData("var x = { a: [1] }; x", "{\"a\":[1]}")]
    [InlineData("var y;", null)]
    [InlineData("null", "null")]
    [InlineData("ctx.targets.length", "0")]
    public async Task Script_GivesItsCompletionValue(string source, string? value)
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        var done = await engine.Run(EngineSide.Start(source, s => s with { Entry = PluginEntry.Script }));

        done.Message.ShouldBeNull();
        done.Outcome.ShouldBe(HostOutcome.Completed);
        done.Value.ShouldBe(value);
    }

    [Fact]
    public async Task Script_ThatIsAPlugin_Executes()
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        await engine.Run(EngineSide.Start("module.exports.execute = function (ctx) { ctx.log.info('ran'); };", s => s with { Entry = PluginEntry.Script }));

        engine.Logs.ShouldBe(["ran"]);
    }

    [Fact]
    public async Task Parse_GetsRawHandles()
    {
        await using var engine = new EngineSide();
        engine.ServeHandle("one\ntwo");
        await engine.Ready();
        var raw = new RawInput(new HandleRef(1, 7), new HandleRef(2, 0), new Dictionary<string, HandleRef>(StringComparer.Ordinal) { ["r.json"] = new(3, 7) }, "t1");

        var done = await engine.Run(EngineSide.Start(
            "exports.parse = function (ctx, raw) { ctx.log.info(raw.stdout.text(), raw.stderr.text(), raw.files['r.json'].head(3), raw.target, raw.stdout.size); };",
            s => s with { Entry = PluginEntry.Parse, Raw = raw }));

        done.Outcome.ShouldBe(HostOutcome.Completed);
        engine.Logs.ShouldBe(["one\ntwo  one t1 7"]);
    }

    [Fact]
    public async Task Context_DataIsReadOnly()
    {
        await using var engine = await EngineSide.Execute(
            "ctx.config.a.b = 2; ctx.config.c = 1; ctx.targets[0].id = 'x'; ctx.targets.length = 0; delete ctx.run.id; ctx.emit = null; ctx.log.info = null;" +
            "ctx.log.info(ctx.config, ctx.targets, ctx.run); (function () { 'use strict'; try { ctx.config.a = 1; } catch (e) { ctx.log.info(e.name); } })();",
            change: s => s with
            {
                Config = JsonNode.Parse("{\"a\":{\"b\":1}}"),
                Run = JsonNode.Parse("{\"id\":\"r\"}"),
                Targets = JsonNode.Parse("[{\"id\":\"t\",\"value\":\"v\"}]"),
            });

        engine.Logs.ShouldBe(["""{"a":{"b":1}} [{"id":"t","value":"v"}] {"id":"r"}""", "TypeError"]);
    }

    [Theory]
    [InlineData("eval('1')")]
    [InlineData("Function('return 1')()")]
    [InlineData("new Function('return 1')()")]
    [InlineData("(function () { }).constructor('return 1')()")]
    [InlineData("Object.getPrototypeOf(function () { }).constructor('1')")]
    [InlineData("require('fs')")]
    public async Task Script_CodeFromElsewhere_IsRefused(string expression)
    {
        await using var engine = await EngineSide.Execute($"try {{ {expression}; }} catch (e) {{ ctx.log.info(e.message); return; }} ctx.log.info('ran');");

        engine.Logs.Single().ShouldNotBe("ran");
    }

    [Fact]
    public async Task Exceptions_CaughtAThousandTimes_AreNoRecursion()
    {
        await using var engine = await EngineSide.Execute(
            "function f() { throw new Error('x'); } for (var i = 0; i < 1000; i++) { try { f(); } catch (e) { } try { ctx.verdict('?'); } catch (e) { } } ctx.log.info(i);");

        engine.Done.Outcome.ShouldBe(HostOutcome.Completed);
        engine.Logs.ShouldBe(["1000"]);
    }
}
