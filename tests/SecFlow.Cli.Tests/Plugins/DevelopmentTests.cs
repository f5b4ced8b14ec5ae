using System.Net;
using System.Text;

namespace SecFlow.Cli.Tests.Plugins;

// long: one case each for every command of the bench, over one fixture
/// <summary>The author's bench on plugins of plain ES5: the real host in the real sandbox.</summary>
public sealed class DevelopmentTests : IDisposable
{
    private const string Csp = "content-security-policy";
    private readonly CliFolder _folder = new();

    private string Plugin => _folder.At("scan.hello");

    [Fact]
    public async Task New_PlainScript_LintsAndPassesItsTests()
    {
        await NewAsync();

        (await CliRun.OfAsync("plugin", "lint", Plugin)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(0, r.Out), r => r.Out.ShouldBeEmpty());
        var test = await CliRun.OfAsync("plugin", "test", Plugin);

        test.Code.ShouldBe(0, test.Out);
        test.Out.ShouldContain("ok     fixture front-page");
        test.Error.ShouldContain("3 passed, 0 failed (Development");
        (await CliRun.OfAsync("plugin", "build", Plugin)).Code.ShouldBe(0, "there is nothing to compile, and the script is one that runs");
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("Scan.Hello")]
    [InlineData("scan.hello/../../x")]
    [InlineData("scan.hello\nversion: 9")]
    [InlineData("bogus.hello")]
    [InlineData("enrich.hello")]
    public async Task New_BadId_IsUsageAndWritesNothing(string id)
    {
        var run = await CliRun.OfAsync("plugin", "new", id, "--js", "--dir", Plugin);

        run.Code.ShouldBe(2);
        run.Error.ShouldContain("SF1601");
        Directory.Exists(Plugin).ShouldBeFalse();
    }

    [Fact]
    public async Task New_ExistingFolderOrBadTitle_IsUsage()
    {
        _folder.Write("taken", "mine");
        (await CliRun.OfAsync("plugin", "new", "scan.hello", "--dir", _folder.At("taken"))).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(2), r => r.Error.ShouldContain("nothing is overwritten"));
        (await CliRun.OfAsync("plugin", "new", "scan.hello", "--dir", Plugin, "--title", "a\nb")).Code.ShouldBe(2);
        (await CliRun.OfAsync("plugin", "new", "scan.hello", "--dir", Plugin, "--title", new string('x', 101))).Code.ShouldBe(2);
        File.ReadAllText(_folder.At("taken")).ShouldBe("mine");
    }

    [Fact]
    public async Task New_TitleWithQuotesAndColons_IsTheManifestsTitle()
    {
        await NewAsync("--title", "Say: \"hello\" # {now}");
        (await CliRun.OfAsync("plugin", "pack", Plugin, "-o", _folder.At("x.zip"))).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(0, r.Error));
    }

    [Fact]
    public async Task Lint_NamesEveryProblemAtOnce_WithItsPlace()
    {
        await NewAsync();
        File.AppendAllText(Path.Combine(Plugin, "plugin.yaml"), "colour: blue\n");
        File.WriteAllText(Path.Combine(Plugin, "config.schema.json"), "{\n  \"type\": \n}");
        File.Delete(Path.Combine(Plugin, "README.md"));
        File.AppendAllText(Path.Combine(Plugin, "index.js"), "// setTimeout(x) in words\nfunction later() { setTimeout(later, 1); }\nvar t = 'fetch()', process = { exit: 1 }; process.exit;\n");
        File.WriteAllText(Path.Combine(Plugin, "fixtures/front-page/fixture.json"), File.ReadAllText(Path.Combine(Plugin, "fixtures/front-page/fixture.json")).Replace("\"content-type\": [\"text/html\"]", "\"set-cookie\": [\"sid=4711; HttpOnly\"]", StringComparison.Ordinal));

        var run = await CliRun.OfAsync("plugin", "lint", Plugin);

        run.Code.ShouldBe(1);
        run.Out.ShouldContain("plugin.yaml:11:1: SF1101");
        run.Out.ShouldContain("config.schema.json:3:1: SF1201");
        run.Out.ShouldContain("README.md:1:1: SF1201");
        run.Out.ShouldContain("index.js:45:20: SF6001: `setTimeout`");
        run.Out.ShouldContain("fixtures/front-page/fixture.json:1:1: SF1201: It holds credentials");
        run.Out.ShouldNotContain("`fetch`");
        run.Out.ShouldNotContain("`process`");
        run.Error.ShouldContain("5 problem(s)");
    }

    [Fact]
    public async Task Lint_ScriptThatIsNoPlugin_NamesThePlace()
    {
        await NewAsync();
        File.WriteAllText(Path.Combine(Plugin, "index.js"), "var a = 1;\nlet b = (c) => c;\n");
        (await CliRun.OfAsync("plugin", "lint", Plugin)).Out.ShouldContain("index.js:2:");
        File.WriteAllText(Path.Combine(Plugin, "index.js"), "module.exports = { run: 1 };\n");
        (await CliRun.OfAsync("plugin", "build", Plugin)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(1), r => r.Out.ShouldContain("SF6003"));
    }

    [Fact]
    public async Task Test_MismatchAndUnrecordedCall_AreNamed_AndUpdateWritesOnlyWhatIsWhole()
    {
        await NewAsync();
        Change("low", "high");
        var differs = await CliRun.OfAsync("plugin", "test", Plugin);
        differs.Code.ShouldBe(1);
        differs.Out.ShouldContain("findings[0].severity: expected \"low\", found \"high\"");

        (await CliRun.OfAsync("plugin", "test", Plugin, "--update")).Code.ShouldBe(0);
        (await CliRun.OfAsync("plugin", "test", Plugin)).Code.ShouldBe(0);

        Change("answer = ctx.http({ url: target.url });", "answer = ctx.http({ url: target.url }); ctx.http({ method: 'HEAD', url: target.url + 'admin' });");
        var before = File.ReadAllText(Path.Combine(Plugin, "fixtures/front-page/expected.json"));
        var missing = await CliRun.OfAsync("plugin", "test", Plugin, "--update");
        missing.Code.ShouldBe(1);
        missing.Out.ShouldContain("not recorded: HEAD http://127.0.0.1:8000/admin");
        File.ReadAllText(Path.Combine(Plugin, "fixtures/front-page/expected.json")).ShouldBe(before);
    }

    [Fact]
    public async Task Test_RecordThatTheEngineWouldReject_Fails_AndAFailingUnitTestIsNamed()
    {
        await NewAsync();
        Change("severity: 'low'", "severity: 'dreadful'");
        File.AppendAllText(Path.Combine(Plugin, "index.test.js"), "\ntest('wrong', function () { equal(1, 2, 'one'); });\n");
        var run = await CliRun.OfAsync("plugin", "test", Plugin);
        run.Code.ShouldBe(1);
        run.Out.ShouldContain("findings[0]: the engine would reject this record: 'severity'");
        run.Out.ShouldContain("FAILED test wrong");
        run.Out.ShouldContain("one: expected 2, found 1");
    }

    [Fact]
    public async Task Test_UnitTestThatThrowsAtTheTop_PointsAtItsOwnFile()
    {
        await NewAsync();
        File.WriteAllText(Path.Combine(Plugin, "index.test.js"), "test('fine', function () {});\n\nnothing.here();\n");
        (await CliRun.OfAsync("plugin", "test", Plugin)).Out.ShouldContain("index.test.js:3:");
    }

    [Fact]
    public async Task Test_RecordedToolOutput_RunsParse()
    {
        await NewAsync();
        File.WriteAllText(Path.Combine(Plugin, "index.js"), "module.exports = { execute: function () {}, parse: function (ctx, raw) { ctx.parse.jsonLines(raw.stdout, function (r) { ctx.finding({ ruleId: r.id, title: r.id, severity: 'low', location: 'x' }); }); } };");
        File.Delete(Path.Combine(Plugin, "index.test.js"));
        Directory.Delete(Path.Combine(Plugin, "fixtures/front-page"), recursive: true);
        Directory.CreateDirectory(Path.Combine(Plugin, "fixtures/report"));
        File.WriteAllText(Path.Combine(Plugin, "fixtures/report/fixture.json"), "{}");
        File.WriteAllText(Path.Combine(Plugin, "fixtures/report/stdout"), "{\"id\":\"one\"}\n{\"id\":\"two\"}\n");
        (await CliRun.OfAsync("plugin", "test", Plugin)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(1), r => r.Out.ShouldContain("there is no expected.json"));
        (await CliRun.OfAsync("plugin", "test", Plugin, "--update")).Code.ShouldBe(0);
        File.ReadAllText(Path.Combine(Plugin, "fixtures/report/expected.json")).ShouldContain("\"ruleId\": \"two\"");
    }

    [Theory]
    [InlineData("{", "fixture.json:1:2")]
    [InlineData("[]", "expected a JSON object")]
    [InlineData("{\"target\": \"no url\"}", "has not the form of a recording")]
    [InlineData("{\"calls\": [{}]}", "a call without 'call'")]
    [InlineData("{\"surprise\": 1}", "'surprise' is not known")]
    public async Task Test_BrokenFixture_IsNamed(string text, string expected)
    {
        await NewAsync();
        File.WriteAllText(Path.Combine(Plugin, "fixtures/front-page/fixture.json"), text);
        (await CliRun.OfAsync("plugin", "test", Plugin)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(1), r => r.Out.ShouldContain(expected));
    }

    [Fact]
    public async Task Folder_WithLinksNothingOrHugeFiles_IsRefused()
    {
        (await CliRun.OfAsync("plugin", "lint", _folder.Path)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(2), r => r.Error.ShouldContain("has no plugin.yaml"));
        await NewAsync();
        File.Delete(Path.Combine(Plugin, "README.md"));
        File.CreateSymbolicLink(Path.Combine(Plugin, "README.md"), "/etc/hostname");
        using (var huge = File.Create(Path.Combine(Plugin, "config.schema.json")))
        {
            huge.SetLength(17 * 1024 * 1024);
        }

        var lint = await CliRun.OfAsync("plugin", "lint", Plugin);
        lint.Code.ShouldBe(1);
        lint.Out.ShouldContain("'README.md' is a link");
        lint.Out.ShouldContain("SF1202");
        (await CliRun.OfAsync("plugin", "pack", Plugin, "-o", _folder.At("x.zip"))).Code.ShouldBe(1);
    }

    [Fact]
    public async Task DevAndRecord_AgainstLoopback_FindRecordWithoutCredentialsAndReplay()
    {
        await using var site = new TestSite();
        await NewAsync();
        Change("ctx.http({ url: target.url })", "ctx.http({ url: target.url, headers: { Authorization: 'Bearer 4711', Cookie: 'sid=4711' } })");

        var dev = await CliRun.OfAsync("plugin", "dev", Plugin, "--target", site.Url, "--once", "--format", "json");
        dev.Code.ShouldBe(0, dev.Error);
        dev.Out.ShouldContain("\"stamp\": \"Development\"");
        dev.Out.ShouldContain($"The header {Csp} is missing");

        var record = await CliRun.OfAsync("plugin", "record", Plugin, "--target", site.Url, "--fixture", "live");
        record.Code.ShouldBe(0, record.Error);
        var fixture = File.ReadAllText(Path.Combine(Plugin, "fixtures/live/fixture.json"));
        fixture.ShouldNotContain("4711");
        fixture.ShouldContain("sid=redacted; Path=/; HttpOnly");
        fixture.ShouldContain("hello from the site");
        (await CliRun.OfAsync("plugin", "test", Plugin)).ShouldSatisfyAllConditions(r => r.Out.ShouldContain("ok     fixture live"));
        (await CliRun.OfAsync("plugin", "record", Plugin, "--target", site.Url, "--fixture", "live")).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(2), r => r.Error.ShouldContain("--update"));
        (await CliRun.OfAsync("plugin", "lint", Plugin)).Code.ShouldBe(0);
    }

    [Fact]
    public async Task Dev_ScriptError_PointsAtTheLine_AndADeadTargetIsNotAssessed()
    {
        await NewAsync();
        (await CliRun.OfAsync("plugin", "dev", Plugin, "--target", "http://127.0.0.1:9/", "--once")).Code.ShouldBe(5);
        Change("var header = (", "ctx.nothing.here(); var header = (");
        var run = await CliRun.OfAsync("plugin", "dev", Plugin, "--target", "http://127.0.0.1:9/", "--once");
        run.Code.ShouldBe(4);
        run.Error.ShouldContain("index.js:11:");
        run.Error.ShouldContain("SF6001");
    }

    [Fact]
    public async Task Dev_WatchesAndRunsAgain_UntilItIsStopped()
    {
        await using var site = new TestSite();
        await NewAsync();
        using var stop = new CancellationTokenSource();
        await using var output = new SharedText();
        await using var error = new SharedText();
        var dev = CliApp.RunAsync(["plugin", "dev", Plugin, "--target", site.Url], output, error, stop.Token);
        await UntilAsync(() => error.ToString().Contains("waiting for changes", StringComparison.Ordinal));
        Change("severity: 'low'", "severity: 'critical'");
        await UntilAsync(() => output.ToString().Contains("critical", StringComparison.Ordinal));
        await stop.CancelAsync();
        (await dev).ShouldBe(4);
        error.ToString().ShouldContain("secflow: stopped");
    }

    [Theory]
    [InlineData("http://example.com/", 3, "SF3008")]
    [InlineData("http://10.0.0.1/", 3, "SF3008")]
    [InlineData("http://127.0.0.1.example.com/", 3, "SF3008")]
    [InlineData("ftp://127.0.0.1/", 2, "SF1601")]
    [InlineData("http://me:pw@127.0.0.1/", 2, "SF1601")]
    [InlineData("nonsense", 2, "SF1601")]
    public async Task Dev_TargetElsewhere_IsRefused(string target, int code, string expected)
    {
        await NewAsync();
        (await CliRun.OfAsync("plugin", "dev", Plugin, "--target", target, "--once")).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(code), r => r.Error.ShouldContain(expected));
    }

    [Theory]
    [InlineData("../../etc")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("UPPER")]
    [InlineData("")]
    public async Task Record_BadFixtureName_IsUsage(string name)
    {
        await NewAsync();
        (await CliRun.OfAsync("plugin", "record", Plugin, "--target", "http://127.0.0.1:9/", "--fixture", name)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(2), r => r.Error.ShouldContain("--fixture"));
    }

    [Fact]
    public async Task Dev_SettingOutsideOfTheSchema_IsNamed()
    {
        await NewAsync();
        (await CliRun.OfAsync("plugin", "dev", Plugin, "--target", "http://127.0.0.1:9/", "--once", "--set", "headr=x")).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(1), r => r.Error.ShouldContain("Did you mean 'header'"));
    }

    public void Dispose() => _folder.Dispose();

    private async Task NewAsync(params string[] more)
    {
        var run = await CliRun.OfAsync(["plugin", "new", "scan.hello", "--js", "--dir", Plugin, .. more]);
        run.Code.ShouldBe(0, run.Error);
    }

    private void Change(string before, string after)
    {
        var file = Path.Combine(Plugin, "index.js");
        var text = File.ReadAllText(file);
        text.ShouldContain(before);
        File.WriteAllText(file, text.Replace(before, after, StringComparison.Ordinal));
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!holds())
        {
            await Task.Delay(100, patience.Token);
        }
    }

    /// <summary>Text that one thread writes while another reads it.</summary>
    private sealed class SharedText : TextWriter
    {
        private readonly StringBuilder _text = new();
        private readonly Lock _gate = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value)
        {
            lock (_gate)
            {
                _text.Append(value);
            }
        }

        public override string ToString()
        {
            lock (_gate)
            {
                return _text.ToString();
            }
        }
    }

    /// <summary>A web site on loopback that sets a session cookie.</summary>
    private sealed class TestSite : IAsyncDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly Task _serving;

        public TestSite()
        {
            using (var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                Url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
            }

            _listener.Prefixes.Add(Url);
            _listener.Start();
            _serving = ServeAsync();
        }

        public string Url { get; }

        public async ValueTask DisposeAsync()
        {
            _listener.Close();
            await _serving;
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    var context = await _listener.GetContextAsync();
                    context.Response.Headers.Add("Set-Cookie", "sid=4711; Path=/; HttpOnly");
                    await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes("hello from the site"));
                    context.Response.Close();
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                // closed at the end of the test
            }
        }
    }
}
