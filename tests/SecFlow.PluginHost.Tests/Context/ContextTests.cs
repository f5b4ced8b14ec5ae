using System.Text.Json.Nodes;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Tests.Context;

public sealed class ContextTests
{
    [Fact]
    public async Task Finding_GoesToThePortFindings()
    {
        await using var engine = await EngineSide.Execute("ctx.finding({ title: 'x' }); ctx.emit('urls', { url: 'u' }); ctx.finding({ title: 'y' });");

        engine.Received.OfType<EmitMessage>().Select(m => m.Port).ShouldBe(["findings", "urls", "findings"]);
    }

    [Theory]
    [InlineData("ctx.emit('', {})")]
    [InlineData("ctx.emit(5, {})")]
    [InlineData("ctx.emit('p')")]
    [InlineData("ctx.emit('p', 'text')")]
    [InlineData("ctx.emit('p', function () { })")]
    [InlineData("ctx.finding(null)")]
    [InlineData("ctx.verdict()")]
    [InlineData("ctx.verdict('fine')")]
    [InlineData("ctx.progress('x')")]
    [InlineData("ctx.progress()")]
    [InlineData("ctx.http()")]
    [InlineData("ctx.http({})")]
    [InlineData("ctx.http(5)")]
    [InlineData("ctx.tls()")]
    [InlineData("ctx.tls('host')")]
    [InlineData("ctx.artifact()")]
    [InlineData("ctx.artifact('a.html')")]
    [InlineData("ctx.artifact('a.html', 'text/html').write()")]
    [InlineData("ctx.tool('nmap', '-sT host')")]
    [InlineData("ctx.tool()")]
    [InlineData("ctx.secret()")]
    [InlineData("ctx.resource({})")]
    [InlineData("ctx.parse.jsonLines('x')")]
    [InlineData("ctx.parse.json({}, function () { })")]
    [InlineData("ctx.parse.csv('a', function () { }, { delimiter: '::' })")]
    [InlineData("ctx.parse.xml(null, function () { })")]
    public async Task Member_WrongArguments_ThrowInScript(string expression)
    {
        await using var engine = await EngineSide.Execute($"try {{ {expression}; }} catch (e) {{ ctx.log.info(e instanceof Error && e.message.length > 0); return; }}");

        engine.Done.Message.ShouldBeNull();
        engine.Logs.ShouldBe(["true"]);
    }

    [Fact]
    public async Task Emit_ManyRecords_AreBatchedInOrder()
    {
        await using var engine = await EngineSide.Execute("for (var i = 0; i < 1000; i++) { ctx.finding({ n: i }); }");

        engine.Records.Select(r => r!["n"]!.GetValue<int>()).ShouldBe(Enumerable.Range(0, 1000));
        engine.Received.OfType<EmitMessage>().Max(m => m.Records.Count).ShouldBeLessThanOrEqualTo(200);
        engine.Received.OfType<EmitMessage>().Count().ShouldBeLessThan(200);
    }

    [Fact]
    public async Task Emit_LargeRecords_AreSplitBySize()
    {
        await using var engine = await EngineSide.Execute("var t = new Array(50000).join('x'); for (var i = 0; i < 20; i++) { ctx.finding({ t: t }); }");

        engine.Received.OfType<EmitMessage>().ShouldAllBe(m => m.Records.Count <= 6);
        engine.Records.Count().ShouldBe(20);
    }

    [Fact]
    public async Task Emit_OneRecord_LeavesSoonThoughScriptGoesOn()
    {
        await using var engine = await EngineSide.Execute(
            "ctx.finding({ n: 1 }); var s = 0, end = Date.now() + 400; while (Date.now() < end) { s++; } ctx.log.info('later');",
            change: s => s with { Limits = EngineSide.Limits with { Statements = 500_000_000 } });

        engine.Received.FindIndex(m => m is EmitMessage).ShouldBeLessThan(engine.Received.FindIndex(m => m is LogMessage));
    }

    [Fact]
    public async Task Emit_WithoutCredit_WaitsForIt()
    {
        await using var engine = new EngineSide();
        await engine.Ready();
        await engine.Send(EngineSide.Start("module.exports.execute = function (ctx) { for (var i = 0; i < 5; i++) { ctx.finding({ n: i }); } };", s => s with { Credit = 2 }));
        var first = (EmitMessage)(await NextBut<AliveMessage>(engine))!;
        first.Records.Count.ShouldBe(2);

        await engine.Send(new CreditMessage(2));
        var second = (EmitMessage)(await NextBut<AliveMessage>(engine))!;
        second.Records.Count.ShouldBe(2);

        await engine.Send(new CreditMessage(int.MaxValue));
        (await NextBut<AliveMessage>(engine)).ShouldBeOfType<EmitMessage>();
        ((DoneMessage)(await NextBut<AliveMessage>(engine))!).Outcome.ShouldBe(HostOutcome.Completed);
    }

    [Fact]
    public async Task Verdict_IsSentWithTargetAndChecks()
    {
        await using var engine = await EngineSide.Execute(
            "ctx.verdict('completed', 'all', { target: ctx.targets[0], checks: ['a', 5] }); ctx.verdict('failed'); ctx.verdict('partial', 'x', { target: 'http://b/' });",
            change: s => s with { Targets = JsonNode.Parse("[{\"id\":\"t1\"}]") });

        var verdicts = engine.Received.OfType<VerdictMessage>().ToList();
        verdicts[0].Target.ShouldBe("t1");
        verdicts[0].Checks.ShouldBe(["a", "5"]);
        verdicts[1].Target.ShouldBeNull();
        verdicts[1].Reason.ShouldBe("");
        verdicts[2].Target.ShouldBe("http://b/");
    }

    [Fact]
    public async Task Log_HasLevelsAndABoundedLine()
    {
        await using var engine = await EngineSide.Execute(
            "ctx.log.debug('d'); ctx.log.info('i', 1, [2], { a: 3 }); ctx.log.warn(new Error('w')); ctx.log.error(new Array(5000).join('x')); ctx.log.info();");

        var logs = engine.Received.OfType<LogMessage>().ToList();
        logs.Select(l => l.Level).ShouldBe(["debug", "info", "warn", "error", "info"]);
        logs[1].Text.ShouldBe("i 1 [2] {\"a\":3}");
        logs[2].Text.ShouldBe("Error: w");
        logs[3].Text.Length.ShouldBe(EngineSide.Limits.LogLineBytes);
        logs[3].Text.ShouldEndWith("[cut]");
    }

    [Theory]
    [InlineData("50, 'half'", 50, "half")]
    [InlineData("-5", 0, "")]
    [InlineData("1/0", 100, "")]
    public async Task Progress_IsClamped(string arguments, double percent, string text)
    {
        await using var engine = await EngineSide.Execute($"ctx.progress({arguments});");

        engine.Received.OfType<ProgressMessage>().Single().ShouldBe(new ProgressMessage(percent, text));
    }

    [Fact]
    public async Task Cancelled_TurnsTrueWhenTheEngineSaysSo()
    {
        await using var engine = new EngineSide();
        await engine.Ready();
        await engine.Send(EngineSide.Start(
            "module.exports.execute = function (ctx) { ctx.log.info(ctx.cancelled()); while (!ctx.cancelled()) { } ctx.log.info(ctx.cancelled()); };",
            s => s with { Limits = EngineSide.Limits with { Statements = 500_000_000 } }));
        ((LogMessage)(await NextBut<AliveMessage>(engine))!).Text.ShouldBe("false");

        await engine.Send(new CancelMessage());

        ((LogMessage)(await NextBut<AliveMessage>(engine))!).Text.ShouldBe("true");
    }

    [Fact]
    public async Task Http_GivesTheAnswerWithItsBodyAsHandle()
    {
        JsonNode? asked = null;
        await using var engine = await EngineSide.Execute(
            "var r = ctx.http({ url: 'http://a/', method: 'POST', headers: { A: ['b'] }, body: 'x' }); ctx.log.info(r.status, r.headers.server[0], r.body.size, r.body.text(), r.body.head(2), typeof r.body.handle);",
            e => e.Answer = call => call.Method == "http"
                ? (Keep(call.Arguments, ref asked) is null ? null : JsonNode.Parse("{\"status\":200,\"headers\":{\"server\":[\"s\"]},\"body\":{\"handle\":9,\"size\":5}}"), null)
                : (new JsonObject { ["data"] = Convert.ToBase64String("hello"u8.ToArray().AsSpan(0, Math.Min(5, call.Arguments!["length"]!.GetValue<int>()))) }, null));

        engine.Done.Message.ShouldBeNull();
        engine.Logs.ShouldBe(["200 s 5 hello he undefined"]);
        JsonNode.DeepEquals(asked, JsonNode.Parse("{\"url\":\"http://a/\",\"method\":\"POST\",\"headers\":{\"A\":[\"b\"]},\"body\":\"x\"}")).ShouldBeTrue();
    }

    [Fact]
    public async Task Http_Refused_ThrowsWithCodeAndMessage()
    {
        await using var engine = await EngineSide.Execute(
            "try { ctx.http('http://b/'); } catch (e) { ctx.log.info(e.code, e.message, e instanceof Error); }",
            e => e.Answer = _ => (null, new CallError("SF3003", "out of scope")));

        engine.Logs.ShouldBe(["SF3003 out of scope true"]);
    }

    [Fact]
    public async Task Tls_GivesTheFactsAsValues()
    {
        JsonNode? asked = null;
        await using var engine = await EngineSide.Execute(
            "var f = ctx.tls({ host: 'a', port: 443 }); ctx.log.info(f.versions[0].name, f.chain[0].names.join('+'), f.trusted, f.versions[0].cipher === null);",
            e => e.Answer = call => (Keep(call.Arguments, ref asked) is null ? null : JsonNode.Parse("""{"versions":[{"name":"Tls13","answer":"refused","cipher":null}],"chain":[{"names":["a","b"]}],"trusted":false}"""), null));

        engine.Logs.ShouldBe(["Tls13 a+b false true"]);
        asked!.ToJsonString().ShouldBe("""{"host":"a","port":443}""");
    }

    [Fact]
    public async Task Artifact_CrossesInPiecesThatAreWhole()
    {
        var pieces = new List<JsonObject>();
        await using var engine = await EngineSide.Execute(
            "var x = 'x'; while (x.length < 262143) { x += x; } var f = ctx.artifact('r.html', 'text/html'); f.write(''); f.write(x.substring(0, 262143) + '\ud83d\ude00' + 'end'); f.write('tail');",
            e => e.Answer = call =>
            {
                pieces.Add((JsonObject)call.Arguments!.DeepClone());
                return (null, null);
            });

        engine.Done.Message.ShouldBeNull();
        pieces.ShouldAllBe(p => (string)p["name"]! == "r.html" && (string)p["mediaType"]! == "text/html");
        pieces.Select(p => ((string)p["text"]!).Length).ShouldBe([0, 262143, 5, 4]);
        ((string)pieces[2]["text"]!).ShouldBe("\ud83d\ude00end");
    }

    [Fact]
    public async Task Tool_GivesHandles()
    {
        await using var engine = await EngineSide.Execute(
            "var r = ctx.tool('nmap', ['-sT', 'a b'], { timeout: 5 }); ctx.log.info(r.exitCode, r.stdout.size, r.stderr.size, r.files['o.xml'].size, typeof r.files.bad);",
            e => e.Answer = call => (JsonNode.Parse("{\"exitCode\":0,\"stdout\":{\"handle\":1,\"size\":3},\"stderr\":{\"handle\":2,\"size\":0},\"files\":{\"o.xml\":{\"handle\":3,\"size\":8},\"bad\":5}}"), null));

        engine.Done.Message.ShouldBeNull();
        engine.Logs.ShouldBe(["0 3 0 8 object"]);
    }

    [Fact]
    public async Task Secret_And_Resource_AreWhatTheEngineGives()
    {
        await using var engine = await EngineSide.Execute(
            "ctx.log.info(ctx.secret('k'), ctx.resource('res://w').size); try { ctx.secret('no'); } catch (e) { ctx.log.info(e.code); }",
            e => e.Answer = call => call.Arguments!["name"]?.GetValue<string>() == "no"
                ? (null, new CallError("SF3009", "no"))
                : (call.Method == "secret" ? "v" : JsonNode.Parse("{\"handle\":4,\"size\":12}"), null));

        engine.Logs.ShouldBe(["v 12", "SF3009"]);
    }

    [Fact]
    public async Task Resource_WithoutHandle_IsAScriptException()
    {
        await using var engine = await EngineSide.Execute("ctx.resource('res://w');", e => e.Answer = _ => (5, null));

        engine.Done.Outcome.ShouldBe(HostOutcome.ScriptError);
    }

    [Fact]
    public async Task Inputs_AreReadInPiecesAndCounted()
    {
        await using var engine = await EngineSide.Execute(
            "var sum = 0; var n = ctx.inputs.urls.each(function (r, i) { sum += r.n + i; }); ctx.log.info(ctx.inputs.urls.count, n, sum, typeof ctx.inputs.other);",
            e => e.Answer = call =>
            {
                var from = call.Arguments!["from"]!.GetValue<int>();
                return (JsonNode.Parse(from < 4 ? $"{{\"records\":[{{\"n\":{from}}},{{\"n\":{from + 1}}}],\"next\":{from + 2}}}" : "{\"records\":[],\"next\":null}"), null);
            },
            s => s with { Inputs = new Dictionary<string, int>(StringComparer.Ordinal) { ["urls"] = 4 } });

        engine.Done.Message.ShouldBeNull();
        engine.Logs.ShouldBe(["4 4 12 undefined"]);
    }

    [Theory]
    [InlineData("ctx.http('http://a/')")]
    [InlineData("ctx.tool('a', [])")]
    [InlineData("ctx.secret('a')")]
    [InlineData("ctx.resource('a')")]
    [InlineData("ctx.verdict('completed')")]
    [InlineData("ctx.parse.jsonLines('1', function () { })")]
    [InlineData("handle.text()")]
    [InlineData("handle.head(1)")]
    public async Task Member_InsideARecordCallback_IsRefused(string expression)
    {
        await using var engine = await EngineSide.Execute(
            $"var handle = ctx.resource('res://w'); ctx.parse.jsonLines('1', function () {{ try {{ {expression}; }} catch (e) {{ ctx.log.info(e.message); }} }}); ctx.log.info('after');",
            e => e.Answer = _ => (JsonNode.Parse("{\"handle\":4,\"size\":12}"), null));

        engine.Logs.First().ShouldContain("record callback");
        engine.Logs.Last().ShouldBe("after");
    }

    [Fact]
    public async Task AllowedMembers_InsideARecordCallback_Work()
    {
        await using var engine = await EngineSide.Execute(
            "ctx.parse.jsonLines('1', function (r) { ctx.emit('p', { r: r }); ctx.finding({}); ctx.log.info('l'); ctx.progress(1); ctx.cancelled(); });");

        engine.Done.Outcome.ShouldBe(HostOutcome.Completed);
        engine.Records.Count().ShouldBe(2);
    }

    [Fact]
    public async Task RecordCallback_Throws_EndsTheParserAndCanBeCaught()
    {
        await using var engine = await EngineSide.Execute(
            "try { ctx.parse.jsonLines('1\\n2', function (r) { throw new Error('at ' + r); }); } catch (e) { ctx.log.info(e.message); } ctx.parse.jsonLines('3', function (r) { ctx.log.info(r); });");

        engine.Logs.ShouldBe(["at 1", "3"]);
    }

    [Theory]
    [InlineData("h.text(3)", "abc")]
    [InlineData("h.text()", "abcdefghij")]
    [InlineData("h.head()", "abcdefghij")]
    [InlineData("h.head(-1) + h.text(0)", "")]
    [InlineData("h.size", "10")]
    public async Task Handle_GivesAtMostWhatIsAsked(string expression, string text)
    {
        await using var engine = new EngineSide();
        engine.ServeHandle("abcdefghij");
        await engine.Ready();
        await engine.Run(EngineSide.Start(
            $"exports.parse = function (ctx, raw) {{ var h = raw.stdout; ctx.log.info({expression}); }};",
            s => s with { Entry = PluginEntry.Parse, Raw = new RawInput(new HandleRef(1, 10), new HandleRef(1, 10), new Dictionary<string, HandleRef>(StringComparer.Ordinal), null) }));

        engine.Logs.ShouldBe([text]);
    }

    [Fact]
    public async Task Handle_EngineGivesNoData_IsAScriptException()
    {
        await using var engine = await EngineSide.Execute(
            "var h = ctx.resource('r'); try { h.text(); } catch (e) { ctx.log.info(e.message); }",
            e => e.Answer = call => call.Method == "resource" ? (JsonNode.Parse("{\"handle\":4,\"size\":12}"), null) : (new JsonObject(), null));

        engine.Logs.Single().ShouldContain("no data");
    }

    [Fact]
    public async Task NoValueReachable_IsAClrObject()
    {
        var source = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "HostilePlugins", "16-clr-walk.js"));
        await using var engine = new EngineSide();
        await engine.Ready();

        var done = await engine.Run(EngineSide.Start(source, s => s with { Inputs = new Dictionary<string, int>(StringComparer.Ordinal) { ["urls"] = 1 } }));

        done.Message.ShouldBeNull();
        done.Outcome.ShouldBe(HostOutcome.Completed);
    }

    private static JsonNode? Keep(JsonNode? value, ref JsonNode? kept) => kept = value;

    private static async Task<HostMessage?> NextBut<T>(EngineSide engine)
    {
        HostMessage? message;
        do
        {
            message = await engine.Next();
        }
        while (message is T);
        return message;
    }
}
