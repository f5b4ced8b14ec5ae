using System.Text;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Tests.Targets;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Tests.Plugins;

/// <summary>The real plugin host in the real sandbox.</summary>
public sealed class PluginSessionTests
{
    [Fact]
    public async Task Run_SignedPlugin_EmitsLogsAndGivesItsVerdict()
    {
        await using var world = await PluginWorld.CreateAsync();
        var (outcome, output) = await RunAsync(world, """
            module.exports = { execute: function (ctx) {
              ctx.log.info('hello ' + ctx.config.name);
              for (var i = 0; i < 2500; i++) { ctx.finding({ ruleId: 'r' + i }); }
              ctx.verdict('completed', 'looked at everything', { checks: ['r1'] });
            } };
            """, new PluginWork { Config = new() { ["name"] = "you" } });
        outcome.Error.ShouldBeNull();
        output.Records.Count.ShouldBe(2500);
        output.Records[^1].Record!["ruleId"]!.GetValue<string>().ShouldBe("r2499");
        output.Logs.ShouldContain("info hello you");
        output.Verdicts.ShouldContain((Verdict.Completed, "looked at everything"));
        (await world.EventsAsync("open.plugin")).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Run_SecondWork_GetsAFreshInterpreter()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files(script: "var n = 0; module.exports = { execute: function (ctx) { n++; ctx.log.info('n=' + n); } };"));
        await using var session = await (await world.RunnerAsync()).OpenAsync(world.Request(row), CancellationToken.None);
        var output = new TestOutput();
        (await session.RunAsync(new PluginWork(), output, CancellationToken.None)).Error.ShouldBeNull();
        (await session.RunAsync(new PluginWork(), output, CancellationToken.None)).Error.ShouldBeNull();
        output.Logs.ShouldBe(["info n=1", "info n=1"]);
        session.Provenance.Signer.ShouldStartWith("key builtin");
        session.Provenance.TrustRule.ShouldBe("builtin");
    }

    [Fact]
    public async Task Run_AfterALimit_GetsANewProcess()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files(script: "module.exports = { execute: function (ctx) { if (ctx.config.loop) { while (true) {} } ctx.log.info('fine'); } };"));
        await using var session = await (await world.RunnerAsync()).OpenAsync(world.Request(row), CancellationToken.None);
        var output = new TestOutput();
        var limited = await session.RunAsync(new PluginWork { Config = new() { ["loop"] = true } }, output, CancellationToken.None);
        limited.Error!.Code.ShouldBeOneOf(Codes.LimitStatements, Codes.LimitScriptTime);
        limited.Violation.ShouldBeFalse();
        (await session.RunAsync(new PluginWork(), output, CancellationToken.None)).Error.ShouldBeNull();
        output.Logs.ShouldBe(["info fine"]);
    }

    [Theory]
    [InlineData("module.exports = { execute: function (ctx) { throw new Error('boom'); } };", Codes.ScriptError)]
    [InlineData("module.exports = { execute: function (ctx) { ", Codes.ScriptSyntax)]
    [InlineData("module.exports = {};", Codes.EntryMissing)]
    [InlineData("module.exports = { execute: function f(ctx) { return f(ctx) + 1; } };", Codes.LimitRecursion)]
    [InlineData("module.exports = { execute: function (ctx) { var s = 'xxxxxxxxxxxxxxxx', a = []; for (;;) { s = s + s; a.push(s + 'y'); if (s.length > 1e7) { s = 'x' + a.length; while (s.length < 1e6) { s += s; } } } } };", Codes.LimitMemory)]
    public async Task Run_PluginThatFails_EndsWithItsCode(string script, string code)
    {
        await using var world = await PluginWorld.CreateAsync();
        var (outcome, _) = await RunAsync(world, script, new PluginWork());
        outcome.Error!.Code.ShouldBe(code, outcome.Error.Message);
        outcome.Violation.ShouldBeFalse();
    }

    [Fact]
    public async Task Run_LongerThanItsTimeout_IsKilledInTime()
    {
        await using var world = await PluginWorld.CreateAsync();
        var script = "module.exports = { execute: function (ctx) { for (var i = 0; i < 100000000; i++) { ctx.log.debug('x'); } } };";
        var (outcome, _) = await RunAsync(world, script, new PluginWork { Timeout = TimeSpan.FromSeconds(1) });
        outcome.Error!.Code.ShouldBeOneOf(Codes.LimitWall, Codes.LimitStatements, Codes.LimitScriptTime);
        outcome.Wall.ShouldBeLessThan(TimeSpan.FromSeconds(1) + Crowd.Within(2));
    }

    [Fact]
    public async Task Run_Cancelled_ThrowsAndTheTreeIsDead()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files(script: "module.exports = { execute: function (ctx) { while (true) { ctx.log.debug('x'); } } };", manifest: "limits: { host: { statements: 500000000, callbackMilliseconds: 60000 } }\n"));
        await using var session = await (await world.RunnerAsync()).OpenAsync(world.Request(row), CancellationToken.None);
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Should.ThrowAsync<OperationCanceledException>(() => session.RunAsync(new PluginWork(), new TestOutput(), cancel.Token));
        clock.Elapsed.ShouldBeLessThan(Crowd.Within(4));
    }

    [Fact]
    public async Task Run_CallsThatAreNotGranted_AreRefusedAuditedAndCounted()
    {
        await using var world = await PluginWorld.CreateAsync();
        var (outcome, output) = await RunAsync(world, """
            module.exports = { execute: function (ctx) {
              var codes = {};
              for (var i = 0; i < 30; i++) { try { ctx.secret('a'); } catch (e) { codes[e.code] = 1; } }
              try { ctx.http({ url: 'http://127.0.0.1:1/' }); } catch (e) { codes[e.code] = 1; }
              ctx.log.info(Object.keys(codes).join(' '));
            } };
            """, new PluginWork());
        outcome.Error.ShouldBeNull();
        output.Logs.ShouldBe(["info SF3004"]);
        outcome.RefusedCalls.ShouldBe(31);
        (await world.EventsAsync("refuse.secret")).Count.ShouldBe(20);
        Encoding.UTF8.GetString((await world.EventsAsync("refuse.calls")).ShouldHaveSingleItem().Canonical).ShouldContain("\"calls\":30");
        (await world.EventsAsync("refuse.http")).ShouldHaveSingleItem().ReasonCode.ShouldBe(Codes.PermissionNotDeclared);
    }

    [Fact]
    public async Task Run_RequestsToApprovedTargets_AreSentSummedUpAndScoped()
    {
        await using var world = await PluginWorld.CreateAsync();
        await using var server = new HostileServer(_ => "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
        await using var broken = new HostileServer(_ => "no http at all\r\n\r\n");
        var scope = await Scopes.PinAsync(Scopes.Url(server.Url().AbsoluteUri), Scopes.Url(broken.Url().AbsoluteUri));
        var (outcome, output) = await RunAsync(
            world,
            """
            module.exports = { execute: function (ctx) {
              var r = ctx.http({ url: ctx.targets[0].url + 'a?b=1', headers: { 'X-B': 'c' } });
              ctx.log.info(r.status + ' ' + r.headers['x-a'].join(',') + ' ' + r.body.size + ' ' + r.body.text(100));
              function code(url) { try { ctx.http({ url: url }); return 'sent'; } catch (e) { return e.code; } }
              ctx.log.info([code(ctx.targets[1].url), code('http://127.0.0.1:1/'), code('http://user@127.0.0.1/'), code('http://127.0.0.1/\ud800'), code('file:///etc/passwd')].join(' '));
              ctx.finding({ ruleId: 'half \ud800', '\ud800': 1, '\ud801': 2, '\ufffd': 3 });
            } };
            """,
            new PluginWork { Scope = scope },
            "permissions: { network: targets }\n");
        outcome.Error.ShouldBeNull();
        output.Logs[0].ShouldBe("info 200 1,2 5 hello");
        output.Logs[1].ShouldStartWith($"info {Codes.TargetProtocol} {Codes.OutOfScope} {Codes.OutOfScope} SF");
        output.Records.ShouldHaveSingleItem();
        server.Requests.ShouldHaveSingleItem().ShouldStartWith("GET /a?b=1 HTTP/1.1");
        broken.Requests.ShouldHaveSingleItem();
        outcome.HttpRequests.ShouldBe(2);
        var use = Encoding.UTF8.GetString((await world.EventsAsync("use.broker")).Single().Canonical);
        use.ShouldContain("\"uses\":2");
        use.ShouldContain($"127.0.0.1:{broken.Port}");
        (await world.EventsAsync("refuse.http")).ShouldAllBe(e => e.ReasonCode == Codes.OutOfScope);
    }

    [Fact]
    public async Task Run_TlsOfTargets_IsScopedChecked_AndRefusalsAreAudited()
    {
        await using var world = await PluginWorld.CreateAsync();
        await using var broken = new HostileServer(_ => "HTTP/1.1 200 OK\r\n\r\n");
        var scope = await Scopes.PinAsync(Scopes.Url($"https://127.0.0.1:{broken.Port}/"));
        var (outcome, output) = await RunAsync(
            world,
            $$"""
            module.exports = { execute: function (ctx) {
              function code(request) { try { ctx.tls(request); return 'looked'; } catch (e) { return e.code; } }
              ctx.log.info([code({ host: '127.0.0.1', port: 1 }), code({ host: 'user@127.0.0.1' }), code({ host: '127.0.0.1', port: 0 }), code({ host: '127.0.0.1', more: 1 }), code({ host: '' }),
                code({ host: '127.0.0.1', port: {{broken.Port}}, timeoutMs: 5000 })].join(' '));
              try { ctx.artifact('a.html', 'text/html').write('x'); } catch (e) { ctx.log.info(e.code); }
            } };
            """,
            new PluginWork { Scope = scope },
            "permissions: { network: targets }\n");
        outcome.Error.ShouldBeNull();
        var codes = output.Logs[0].Split(' ');
        codes[1..6].ShouldBe([Codes.OutOfScope, Codes.RequestInvalid, Codes.RequestInvalid, Codes.RequestInvalid, Codes.RequestInvalid]);
        codes[6].ShouldBeOneOf(Codes.TargetProtocol, Codes.TargetTimeout);
        output.Logs[1].ShouldBe("info " + Codes.NotGranted);
        (await world.EventsAsync("refuse.tls")).ShouldHaveSingleItem().ReasonCode.ShouldBe(Codes.OutOfScope);
        Encoding.UTF8.GetString((await world.EventsAsync("use.broker")).Single().Canonical).ShouldContain($"127.0.0.1:{broken.Port}");
        outcome.HttpRequests.ShouldBe(0);
    }

    [Fact]
    public async Task Run_InputDataset_IsStreamedInOrder()
    {
        await using var world = await PluginWorld.CreateAsync();
        var lines = string.Concat(Enumerable.Range(0, 5000).Select(i => $"{{\"url\":\"http://h/{i}\"}}\n"));
        var inputs = new Dictionary<string, InputDataset>(StringComparer.Ordinal) { ["urls"] = new("urls", 5000, () => new MemoryStream(Encoding.UTF8.GetBytes(lines))) };
        var (outcome, output) = await RunAsync(
            world, "module.exports = { execute: function (ctx) { var n = 0, last; ctx.inputs.urls.each(function (r) { n++; last = r.url; }); ctx.log.info(n + ' ' + last + ' ' + ctx.inputs.urls.count); } };",
            new PluginWork { Inputs = inputs }, "inputs:\n  urls: { type: urls }\n");
        outcome.Error.ShouldBeNull();
        output.Logs.ShouldBe(["info 5000 http://h/4999 5000"]);
    }

    [Fact]
    public async Task Run_Parse_ReadsTheRecordedFileByHandle()
    {
        await using var world = await PluginWorld.CreateAsync();
        var file = Path.Combine(world.DataFolder, "recorded.txt");
        await File.WriteAllTextAsync(file, new string('a', 700_000) + "end");
        var (outcome, output) = await RunAsync(
            world, "module.exports = { execute: function () {}, parse: function (ctx, raw) { var t = raw.stdout.text(1000000); ctx.log.info(raw.stdout.size + ' ' + t.length + ' ' + t.slice(-3)); } };",
            new PluginWork { Entry = PluginEntry.Parse, RawFiles = new Dictionary<string, string>(StringComparer.Ordinal) { ["stdout"] = file } });
        outcome.Error.ShouldBeNull();
        output.Logs.ShouldBe(["info 700003 700003 end"]);
    }

    [Fact]
    public async Task Development_BareScript_RunsWithoutAnyGrant()
    {
        await using var world = await PluginWorld.CreateAsync();
        var development = new DevelopmentSession(await world.HostsAsync(), world.Tools, world.ToolRunner);
        var file = Path.Combine(world.DataFolder, "bare.js");
        await File.WriteAllTextAsync(file, "var x = 1;\nx + 1;");
        var fine = await development.ExecuteAsync(file, TimeSpan.FromSeconds(10), CancellationToken.None);
        (fine.Outcome, fine.Code, fine.Value).ShouldBe(("completed", null, "2"), fine.Message);
        await File.WriteAllTextAsync(file, "while (true) {}");
        var limited = await development.ExecuteAsync(file, TimeSpan.FromSeconds(10), CancellationToken.None);
        limited.Outcome.ShouldBe("limit");
        limited.Limit.ShouldNotBeNull();
        (await Should.ThrowAsync<SecFlowException>(() => development.ExecuteAsync(file + "x", TimeSpan.FromSeconds(1), CancellationToken.None))).Code.ShouldBe(Codes.OptionInvalid);
    }

    private static async Task<(PluginOutcome Outcome, TestOutput Output)> RunAsync(PluginWorld world, string script, PluginWork work, string manifest = "")
    {
        var row = await world.EnableAsync(PluginWorld.Files(script: script, manifest: manifest));
        row.State.ShouldBe(PluginState.Enabled);
        await using var session = await (await world.RunnerAsync()).OpenAsync(world.Request(row), CancellationToken.None);
        var output = new TestOutput();
        return (await session.RunAsync(work, output, CancellationToken.None), output);
    }
}
