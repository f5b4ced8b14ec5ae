using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Tests.Context;

/// <summary>plugins-js/sdk/secflow.d.ts says what the host really has: each member is there, and none more.</summary>
public sealed partial class TypesTests
{
    [Fact]
    public async Task Context_OfTheTypes_IsTheContextOfTheHost()
    {
        var types = await TypesAsync();
        await using var engine = await RunAsync(
            """
            function names(o) { return Object.getOwnPropertyNames(o).sort(); }
            ctx.finding({ ctx: names(ctx), log: names(ctx.log), parse: names(ctx.parse), input: names(ctx.inputs.urls) });
            var r = ctx.http({ url: 'http://x/' });
            ctx.finding({ response: names(r), handle: names(r.body).concat(names(Object.getPrototypeOf(r.body)).filter(function (n) { return typeof r.body[n] === 'function' && !Object.prototype.hasOwnProperty.call(Object.prototype, n); })).sort() });
            """);
        var members = engine.Records.Select(r => r!.AsObject()).SelectMany(o => o).ToDictionary(p => p.Key, p => p.Value!.AsArray().Select(n => (string)n!).ToList(), StringComparer.Ordinal);

        members["ctx"].ShouldBe(Members(types, "Context<Config = any>"));
        members["log"].ShouldBe(Inner(types, "log"));
        members["parse"].ShouldBe(Inner(types, "parse"));
        members["input"].ShouldBe(Members(types, "Input"));
        members["response"].ShouldBe(Members(types, "HttpResponse"));
        members["handle"].Distinct(StringComparer.Ordinal).ShouldBe(Members(types, "Handle"));
    }

    [Fact]
    public async Task RawOutput_OfTheTypes_IsThatOfTheHost()
    {
        await using var engine = new EngineSide();
        await engine.Ready();
        await engine.Run(EngineSide.Start(
            "module.exports = { execute: function () {}, parse: function (ctx, raw) { ctx.finding({ raw: Object.getOwnPropertyNames(raw).sort() }); } };",
            s => s with { Entry = PluginEntry.Parse }));
        engine.Records.Single()!["raw"]!.AsArray().Select(n => (string)n!).ShouldBe(Members(await TypesAsync(), "RawOutput"));
    }

    [Fact]
    public async Task Finding_OfTheTypes_IsThatOfTheSchema()
    {
        var schema = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Root, "docs", "schemas", "findings.schema.json")))!;
        var types = await TypesAsync();
        var known = schema["properties"]!.AsObject().Select(p => p.Key).Order(StringComparer.Ordinal).ToList();
        Members(types, "Finding").Except(known, StringComparer.Ordinal).ShouldBeEmpty();
        known.Except(Members(types, "Finding"), StringComparer.Ordinal).ShouldBeEmpty("every field of the schema has its type");
        Member().Matches(Body(types, "interface Finding")).Where(m => !m.Groups["optional"].Success).Select(m => m.Groups["name"].Value).Order(StringComparer.Ordinal)
            .ShouldBe(schema["required"]!.AsArray().Select(n => (string)n!).Order(StringComparer.Ordinal));
    }

    private static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder!.FullName, "SecFlow.sln")))
            {
                folder = folder.Parent;
            }

            return folder.FullName;
        }
    }

    private static Task<string> TypesAsync() => File.ReadAllTextAsync(Path.Combine(Root, "plugins-js", "sdk", "secflow.d.ts"));

    private static Task<EngineSide> RunAsync(string body) => EngineSide.Execute(
        body,
        engine => engine.Answer = _ => (JsonNode.Parse("""{"status":200,"url":"http://x/","headers":{},"headerList":[],"body":{"handle":1,"size":0},"truncated":false,"elapsedMs":1,"redirects":[],"tls":null}"""), null),
        start => start with { Inputs = new Dictionary<string, int>(StringComparer.Ordinal) { ["urls"] = 0 } });

    private static List<string> Members(string types, string name) => [.. Member().Matches(Body(types, "interface " + name)).Select(m => m.Groups["name"].Value).Order(StringComparer.Ordinal)];

    private static List<string> Inner(string types, string member) => [.. Member().Matches(Body(types, "readonly " + member + ":")).Select(m => m.Groups["name"].Value).Order(StringComparer.Ordinal)];

    /// <summary>What stands between the braces after a text, without what is nested deeper and without comments.</summary>
    private static string Body(string types, string after)
    {
        var at = types.IndexOf(after, StringComparison.Ordinal);
        at.ShouldBeGreaterThan(0, after);
        var text = Comment().Replace(types[(types.IndexOf('{', at) + 1)..], "");
        var depth = 0;
        var body = new System.Text.StringBuilder();
        foreach (var c in text)
        {
            depth += c is '{' or '(' ? 1 : c is '}' or ')' ? -1 : 0;
            if (depth < 0)
            {
                break;
            }

            body.Append(depth == 0 ? c : c is '(' or '{' && depth == 1 ? c : ' ');
        }

        return body.ToString();
    }

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline, 1000)]
    private static partial Regex Comment();

    // at the beginning of a line: name, name?, name(, readonly name
    [GeneratedRegex(@"^\s*(readonly )?(?<name>[A-Za-z]+)(?<optional>\?)?\s*[:(]", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Member();
}
