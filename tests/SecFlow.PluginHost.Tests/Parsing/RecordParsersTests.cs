using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Tests.Parsing;

public sealed class RecordParsersTests
{
    [Theory]
    [InlineData("{\"a\":1}\n{\"a\":2}\n", "1:{\"a\":1} 2:{\"a\":2}", 2, 0)]
    [InlineData("\uFEFF{\"a\":1}\r\n\r\n\n[2]", "1:{\"a\":1} 4:[2]", 2, 0)]
    [InlineData("junk\n1\n{\"a\":\n\"x\"", "2:1 4:x", 2, 2)]
    [InlineData("", "", 0, 0)]
    public async Task JsonLines_GivesEachLineAndCountsTheBroken(string data, string seen, int records, int skipped)
    {
        await using var engine = await Parse("jsonLines", data, "function (r, line) { seen.push(line + ':' + (typeof r === 'object' ? JSON.stringify(r) : r)); }");

        engine.Logs.ShouldBe([$"{seen}|{records}|{skipped}"]);
    }

    [Fact]
    public async Task JsonLines_LineTooLongOrTooDeep_IsSkippedWithItsReason()
    {
        var data = "{\"a\":\"" + new string('x', 70_000) + "\"}\n" + new string('[', 500) + new string(']', 500) + "\n{\"ok\":1}";
        await using var engine = new EngineSide();
        engine.ServeHandle(data);
        await engine.Ready();

        await engine.Run(FromHandle(data.Length, "var n = 0, r = ctx.parse.jsonLines(raw.stdout, function () { n++; }); ctx.log.info(n, r);"));

        engine.Done.Message.ShouldBeNull();
        engine.Logs.Single().ShouldStartWith("1 {\"records\":1,\"skipped\":2,\"firstError\":\"line 1: longer");
    }

    [Fact]
    public async Task Parsers_LargeHandle_IsStreamed()
    {
        var data = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{{\"n\":{i},\"text\":\"{new string('y', 40)}\"}}\n"));
        await using var engine = new EngineSide();
        engine.ServeHandle(data);
        await engine.Ready();

        await engine.Run(FromHandle(data.Length, "var sum = 0; ctx.parse.jsonLines(raw.stdout, function (r) { sum += r.n; }); ctx.log.info(sum);"));

        engine.Logs.ShouldBe(["199990000"]);
        engine.Received.OfType<CallMessage>().Count().ShouldBeGreaterThan(3);
        engine.Received.OfType<CallMessage>().ShouldAllBe(c => c.Arguments!["length"]!.GetValue<int>() <= 262_144);
    }

    [Theory]
    [InlineData("[1,{\"a\":2},[3]]", "", "0:1 1:{\"a\":2} 2:[3]", 3)]
    [InlineData("{\"a\":1}", "", "0:{\"a\":1}", 1)]
    [InlineData(" 5 ", "", "0:5", 1)]
    [InlineData("[]", "", "", 0)]
    [InlineData("{\"x\":{\"list\":[9]},\"results\":[1,2],\"z\":[3]}", "results", "0:1 1:2", 2)]
    [InlineData("{\"a\":{\"b\":{\"c\":[1]}}}", "a.b.c", "0:1", 1)]
    [InlineData("{\"a\":{\"x\":1},\"c\":{\"b\":[1]}}", "a.b", "", 0)]
    [InlineData("{\"a\":5,\"b\":[1]}", "a.b", "", 0)]
    [InlineData("{\"a\":{\"b\":7}}", "a.b", "0:7", 1)]
    [InlineData("{\"other\":{\"results\":[1]},\"results\":[2]}", "results", "0:2", 1)]
    [InlineData("{\"a\":1}", "missing", "", 0)]
    [InlineData("\uFEFF[1]", "", "0:1", 1)]
    public async Task Json_GivesElementsAtThePath(string data, string path, string seen, int records)
    {
        await using var engine = await Parse("json", data, $"function (r, i) {{ seen.push(i + ':' + (typeof r === 'object' ? JSON.stringify(r) : r)); }}, {{ path: '{path}' }}");

        engine.Done.Message.ShouldBeNull();
        engine.Logs.ShouldBe([$"{seen}|{records}|0"]);
    }

    [Theory]
    [InlineData("[1,2")]
    [InlineData("[1,}")]
    [InlineData("")]
    [InlineData("{\"a\":")]
    public async Task Json_Broken_IsAScriptException(string data)
    {
        await using var engine = await Parse("json", data, "function () { }");

        engine.Done.Outcome.ShouldBe(HostOutcome.ScriptError);
    }

    [Fact]
    public async Task Json_LargeArrayOverManyPieces_GivesEveryElement()
    {
        var data = "{\"results\":[" + string.Join(',', Enumerable.Range(0, 30_000).Select(i => $"{{\"n\":{i},\"t\":\"\\u00e9{i}\"}}")) + "]}";
        await using var engine = new EngineSide();
        engine.ServeHandle(data);
        await engine.Ready();

        await engine.Run(FromHandle(data.Length, "var sum = 0; var r = ctx.parse.json(raw.stdout, function (r) { sum += r.n; }, { path: 'results' }); ctx.log.info(sum, r.records);"));

        engine.Done.Message.ShouldBeNull();
        engine.Logs.ShouldBe(["449985000 30000"]);
    }

    [Theory]
    [InlineData("one huge element", "[\"xxxx")]
    [InlineData("one huge element after another", "[1,\"xxxx")]
    public async Task Json_ElementTooLarge_IsAScriptException(string why, string start)
    {
        var data = start + new string('x', 300_000) + "\"]";
        await using var engine = new EngineSide();
        engine.ServeHandle(data);
        await engine.Ready();

        await engine.Run(FromHandle(data.Length, "ctx.parse.json(raw.stdout, function () { });"));

        engine.Done.Message!.ShouldContain("larger than", Case.Sensitive, why);
    }

    [Fact]
    public async Task Xml_GivesChildrenOfTheRootOrNamedElements()
    {
        const string Data = "<?xml version='1.0'?><!DOCTYPE nmaprun><r v='1'><!-- c --><host ip='1.2.3.4' n:x='y' xmlns:n='u'><port id='80'>open<![CDATA[ & ]]></port><port id='81'/></host><other/>text</r>";
        await using var engine = new EngineSide();
        await engine.Ready();
        await engine.Run(EngineSide.Start(
            $$"""
            module.exports.execute = function (ctx) {
              var data = {{System.Text.Json.JsonSerializer.Serialize(Data)}};
              ctx.parse.xml(data, function (e) { ctx.log.info(e.name, e.attributes, e.children.length); });
              ctx.parse.xml(data, function (e) { ctx.log.info(e.attributes.id, e.text); }, { element: 'port' });
              ctx.log.info(ctx.parse.xml(data, function () { }, { element: 'none' }).records);
            };
            """));

        engine.Done.Message.ShouldBeNull();
        engine.Logs.ShouldBe(["host {\"ip\":\"1.2.3.4\",\"x\":\"y\",\"n\":\"u\"} 2", "other {} 0", "80 open &", "81 ", "0"]);
    }

    [Theory]
    [InlineData("<r><a></r>")]
    [InlineData("not xml")]
    [InlineData("<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><r><a>&x;</a></r>")]
    [InlineData("<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><r><a>&b;</a></r>")]
    public async Task Xml_BrokenOrWithEntities_IsAScriptException(string data)
    {
        await using var engine = await Parse("xml", data, "function () { }");

        engine.Done.Outcome.ShouldBe(HostOutcome.ScriptError);
    }

    [Theory]
    [InlineData(500, "deeper")]
    [InlineData(60, null)]
    public async Task Xml_Depth_IsBounded(int depth, string? error)
    {
        var data = "<r>" + string.Concat(Enumerable.Repeat("<a>", depth)) + string.Concat(Enumerable.Repeat("</a>", depth)) + "</r>";
        await using var inRecord = await Parse("xml", data, "function () { }");
        await using var outside = await Parse("xml", data, "function () { }, { element: 'none' }");

        foreach (var message in new[] { inRecord.Done.Message, outside.Done.Message })
        {
            (message?.Contains("deeper", StringComparison.Ordinal)).ShouldBe(error is null ? null : true);
        }
    }

    [Fact]
    public async Task Xml_RecordTooLarge_IsAScriptException()
    {
        await using var engine = await Parse("xml", "<r><a>" + new string('x', 70_000) + "</a></r>", "function () { }");

        engine.Done.Message!.ShouldContain("larger than");
    }

    [Theory]
    [InlineData("a,b\r\n1,2\r\n", "", "2:{\"a\":\"1\",\"b\":\"2\"}")]
    [InlineData("a,b\n1\n1,2,3", "", "2:{\"a\":\"1\",\"b\":\"\"} 3:{\"a\":\"1\",\"b\":\"2\"}")]
    [InlineData("a\n\"x,\"\"y\"\"\nz\"\n\n", "", "2:{\"a\":\"x,\\\"y\\\"\\nz\"}")]
    [InlineData("1;2\n", ", { header: false, delimiter: ';' }", "1:[\"1\",\"2\"]")]
    [InlineData("a\"b,\"\"\n", ", { header: false }", "1:[\"a\\\"b\",\"\"]")]
    [InlineData(",\n", ", { header: false }", "1:[\"\",\"\"]")]
    [InlineData("\uFEFFa\n1", "", "2:{\"a\":\"1\"}")]
    [InlineData("", "", "")]
    public async Task Csv_FollowsRfc4180(string data, string options, string seen)
    {
        await using var engine = await Parse("csv", data, "function (r, row) { seen.push(row + ':' + JSON.stringify(r)); }" + options);

        engine.Done.Message.ShouldBeNull();
        engine.Logs.Single().Split('|')[0].ShouldBe(seen);
    }

    [Fact]
    public async Task Csv_RowTooLong_IsSkippedAndCounted()
    {
        await using var engine = await Parse("csv", "a\n" + new string('x', 70_000) + "\n2", "function (r) { seen.push(r.a); }");

        engine.Logs.ShouldBe(["2|1|1"]);
    }

    private static async Task<EngineSide> Parse(string parser, string data, string arguments) => await EngineSide.Execute(
        $"var seen = [], r = ctx.parse.{parser}({System.Text.Json.JsonSerializer.Serialize(data)}, {arguments}); ctx.log.info(seen.join(' ') + '|' + r.records + '|' + r.skipped);",
        change: s => s with { Limits = s.Limits with { LogLineBytes = 4096 } });

    private static StartMessage FromHandle(int characters, string body) => EngineSide.Start(
        $"exports.parse = function (ctx, raw) {{ {body} }};",
        s => s with
        {
            Entry = PluginEntry.Parse,
            Raw = new RawInput(new HandleRef(1, characters), new HandleRef(2, 0), new Dictionary<string, HandleRef>(StringComparer.Ordinal), null),
        });
}
