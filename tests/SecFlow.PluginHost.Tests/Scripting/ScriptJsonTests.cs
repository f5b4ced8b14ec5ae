using System.Text.Json.Nodes;

namespace SecFlow.PluginHost.Tests.Scripting;

public sealed class ScriptJsonTests
{
    [Theory]
    [InlineData("{ a: undefined, f: function () { }, n: null, d: 1.5, b: true }", """{"n":null,"d":1.5,"b":true}""")]
    [InlineData("[undefined, function () { }, 1/0, NaN, -0, 1e21, 1e15]", "[null,null,null,null,0,1e+21,1000000000000000]")]
    [InlineData("'\\ud83d'", "\"\uFFFD\"")]
    [InlineData("'<&\\u00e9\"'", "\"<&\u00e9\\\"\"")]
    [InlineData("new Date(0)", "\"1970-01-01T00:00:00.000Z\"")]
    [InlineData("{ toJSON: function (k) { return 'k' + k; } }", "\"k\"")]
    [InlineData("new String('x')", "\"x\"")]
    [InlineData("[new Number(3), new Boolean(false)]", "[3,false]")]
    [InlineData("undefined", null)]
    [InlineData("{ a: [1, { b: 2 }] }, null, 2", "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ]\n}")]
    [InlineData("{ a: 1, b: { a: 2, c: 3 } }, ['a', 'b']", """{"a":1,"b":{"a":2}}""")]
    [InlineData("{ a: 1, b: 2 }, function (k, v) { return k === 'a' ? undefined : v; }", """{"b":2}""")]
    public async Task Stringify_FollowsTheStandard(string arguments, string? json)
    {
        await using var engine = await EngineSide.Execute($"ctx.log.info(String(JSON.stringify({arguments})));");

        engine.Done.Message.ShouldBeNull();
        engine.Logs.ShouldBe([json ?? "undefined"]);
    }

    [Theory]
    [InlineData("""'{"a":[1,-2.5e3,true,null,"x"],"a2":{}}'""", """{"a":[1,-2500,true,null,"x"],"a2":{}}""")]
    [InlineData("""'"\\ud83d\\ude00"'""", "\"\\uD83D\\uDE00\"")]
    [InlineData("""'["\\ud800 \\n\\t\\u0041\\\\"]'""", "[\"\uFFFD \\n\\tA\\\\\"]")]
    [InlineData("'5', function (k, v) { return v + 1; }", "6")]
    [InlineData("""'{"a":{"b":1},"c":2}', function (k, v) { return k === 'c' ? undefined : v; }""", """{"a":{"b":1}}""")]
    public async Task Parse_FollowsTheStandard(string arguments, string json)
    {
        await using var engine = await EngineSide.Execute($"ctx.log.info(JSON.stringify(JSON.parse({arguments})));");

        engine.Done.Message.ShouldBeNull();
        engine.Logs.ShouldBe([json]);
    }

    [Theory]
    [InlineData("JSON.parse('{')")]
    [InlineData("JSON.parse('')")]
    [InlineData("JSON.parse(\"{'a':1}\")")]
    [InlineData("JSON.parse('[1,]')")]
    [InlineData("JSON.parse(new Array(100).join('['))")]
    public async Task Parse_Broken_ThrowsSyntaxError(string expression)
    {
        await using var engine = await EngineSide.Execute($"try {{ {expression}; }} catch (e) {{ ctx.log.info(e instanceof SyntaxError); }}");

        engine.Logs.ShouldBe(["true"]);
    }

    [Fact]
    public async Task Records_ArriveAsTheyWere()
    {
        await using var engine = await EngineSide.Execute("ctx.emit('urls', { url: 'http://a/\\ud800', n: [1, { b: null }] });");

        JsonNode.DeepEquals(engine.Records.Single(), JsonNode.Parse("{\"url\":\"http://a/\ufffd\",\"n\":[1,{\"b\":null}]}")).ShouldBeTrue();
    }

    [Fact]
    public async Task PrototypePollution_DoesNotReachTheHost()
    {
        await using var engine = await EngineSide.Execute(
            "Object.prototype.evil = 1; Array.prototype.push = JSON.stringify = function () { return 'evil'; }; Object.defineProperty(Object.prototype, 'title', { set: function () { throw 1; } });" +
            "ctx.finding({ severity: 'low' }); ctx.parse.jsonLines('{\"title\":\"t\"}', function (r) { ctx.finding(r); });");

        engine.Done.Message.ShouldBeNull();
        engine.Records.Select(r => r!.ToJsonString()).ShouldBe(["{\"severity\":\"low\"}", "{\"title\":\"t\"}"]);
    }
}
