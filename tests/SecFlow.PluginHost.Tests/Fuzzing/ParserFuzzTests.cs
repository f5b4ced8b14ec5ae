using System.Text;
using System.Text.Json.Nodes;
using SecFlow.PluginProtocol;
using SecFlow.TestKit;

namespace SecFlow.PluginHost.Tests.Fuzzing;

/// <summary>Answers of targets and reports of tools through <c>ctx.parse</c>, in a real session: records, or a script exception that a plugin can catch; the session goes on.</summary>
public sealed class ParserFuzzTests
{
    private const int Seed = 20261122;
    private const int Batch = 250;

    [Theory]
    [InlineData("json", "{ path: 'results' }", """{"version":1,"results":[{"id":1,"name":"a"},{"id":2,"tags":["x",{"y":null}]}],"end":true}""", "\"results\":|[|]|{|}|\\ud800|\\u0000|true|null|,")]
    [InlineData("jsonLines", "undefined", "{\"a\":1}\n{\"b\":[1,2,{\"c\":\"d\"}]}\n{\"e\":\"f\"}\n", "\n|\r\n|{\"a\":|[|]|\\ud800|\u2028|\uFEFF")]
    [InlineData("xml", "{ element: 'item' }", "<?xml version=\"1.0\"?><root a=\"1\"><item id=\"1\"><n>x &amp; y</n></item><item id=\"2\"><![CDATA[z]]></item><!-- c --></root>", "<!DOCTYPE a [<!ENTITY b \"c\">]>|&b;|<item>|</item>|<![CDATA[|]]>|<?pi ?>|&#0;|&#xD800;|xmlns:a='b'|<a:b>|<!--|--")]
    [InlineData("csv", "{ header: true }", "id,name,\"long name\"\r\n1,a,\"b \"\"c\"\" d\"\r\n2,,\"multi\nline\"\r\n", "\"|\"\"|,|\r|\n|\r\n|__proto__|constructor|toString")]
    public async Task Parse_Mutated_GivesRecordsOrAScriptException(string parser, string options, string sample, string words)
    {
        var mutator = new Mutator(Seed, [Encoding.UTF8.GetBytes(sample)], words.Split('|'));
        var (records, refused) = (0, 0);
        for (var from = 0; from < Fuzz.Inputs / 4; from += Batch)
        {
            var inputs = Enumerable.Range(from, Batch).Select(mutator.Make).ToList();
            await using var engine = new EngineSide { Answer = call => Serve(call, inputs) };
            await engine.Ready();

            var done = await engine.Run(EngineSide.Start(
                $$"""
                exports.parse = function (ctx, raw) {
                  var records = 0, refused = 0;
                  for (var i = 0; i < {{Batch}}; i++) {
                    try { ctx.parse.{{parser}}(raw.files['f' + i], function (r) { records++; }, {{options}}); } catch (e) { refused++; }
                  }
                  ctx.log.info(records + ' ' + refused);
                };
                """,
                start => start with
                {
                    Entry = PluginEntry.Parse,
                    Raw = new RawInput(new HandleRef(0, 0), new HandleRef(0, 0), inputs.Select((input, i) => (i, input)).ToDictionary(f => $"f{f.i}", f => new HandleRef(f.i + 1, f.input.Length), StringComparer.Ordinal), null),
                }));

            done.Outcome.ShouldBe(HostOutcome.Completed, $"inputs {from} to {from + Batch - 1} of seed {Seed}: {done.Limit} {done.Message}");
            var counts = engine.Logs.Single().Split(' ').Select(int.Parse).ToList();
            (records, refused) = (records + counts[0], refused + counts[1]);
        }

        records.ShouldBeGreaterThan(0);
        (parser is "jsonLines" or "csv" || refused > 0).ShouldBeTrue("some mutations are broken");
    }

    private static (JsonNode? Value, CallError? Error) Serve(CallMessage call, List<byte[]> inputs)
    {
        var data = inputs[call.Arguments!["handle"]!.GetValue<int>() - 1];
        var offset = call.Arguments["offset"]!.GetValue<int>();
        var length = Math.Min(call.Arguments["length"]!.GetValue<int>(), data.Length - offset);
        return (new JsonObject { ["data"] = Convert.ToBase64String(data, offset, length) }, null);
    }
}
