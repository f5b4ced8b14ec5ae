using SecFlow.Cli.Plugins.Building;

namespace SecFlow.Cli.Tests.Plugins;

public sealed class SourceMapTests
{
    /// <summary>
    /// <code>
    /// a.ts  1: let x = 1;        script 1: "use strict";     (nothing of the author)
    ///       2:   throw x;        script 2: var x = 1;        AAAA,IAAI,CAAC
    ///                            script 3: throw x;          ;ACCE from b.ts
    /// </code>
    /// </summary>
    private const string Map = """{ "version": 3, "sources": ["a.ts", "b.ts"], "names": [], "mappings": ";AAAA,IAAI,CAAC;ACCE,MAAM,OCEAA" }""";

    [Theory]
    [InlineData(2, 1, "a.ts:1:1")]
    [InlineData(2, 4, "a.ts:1:1")]
    [InlineData(2, 5, "a.ts:1:5")]
    [InlineData(2, 6, "a.ts:1:6")]
    [InlineData(2, 99, "a.ts:1:6")]
    [InlineData(3, 1, "b.ts:2:8")]
    [InlineData(3, 7, "b.ts:2:14")]
    public void Find_Place_IsThatOfTheNearestSegmentBefore(int line, int column, string expected) => SourceMap.Read(Map.Replace(",OCEAA", "", StringComparison.Ordinal)).Find(line, column)!.ToString().ShouldBe(expected);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, 1)]
    [InlineData(4, 1)]
    public void Find_PlaceOfTheCompiler_IsNothing(int line, int column) => SourceMap.Read(Map.Replace(",OCEAA", "", StringComparison.Ordinal)).Find(line, column).ShouldBeNull();

    [Fact]
    public void Find_LargeAndNegativeNumbers_AreDecoded()
    {
        // gigB = 16384 + ..., checked against the definition: 'g' 32 (0, more), 'i' 34 (2, more), 'g' 32 (0, more), 'B' 1 -> 2 << 5 | 1 << 15 = 32832, halved 16416
        var map = SourceMap.Read("""{ "version": 3, "sources": ["a.ts"], "mappings": "AAgigBA;AADA;AADA" }""");
        map.Find(1, 1)!.Line.ShouldBe(16417);
        map.Find(2, 1)!.Line.ShouldBe(16416);
        map.Find(3, 1)!.Line.ShouldBe(16415);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{ "version": 2, "sources": [], "mappings": "" }""")]
    [InlineData("""{ "version": 3, "sources": [], "mappings": "AAAA" }""")]
    [InlineData("""{ "version": 3, "sources": ["a"], "mappings": "A!AA" }""")]
    [InlineData("""{ "version": 3, "sources": ["a"], "mappings": "AAAAAA" }""")]
    [InlineData("""{ "version": 3, "sources": ["a"], "mappings": "AAA" }""")]
    [InlineData("""{ "version": 3, "sources": ["a"], "mappings": "AADA" }""")]
    [InlineData("""{ "version": 3, "sources": ["a"], "mappings": "ggggggggggA" }""")]
    [InlineData("""{ "version": "3", "sources": 1, "mappings": {} }""")]
    [InlineData("""{ "version": 3, "sources": [{}], "mappings": "" }""")]
    public void Read_Damaged_IsAFormatException(string json) => Should.Throw<FormatException>(() => SourceMap.Read(json));

    [Fact]
    public void Read_AnyDamage_IsReadOrRefused_NeverAnotherException()
    {
        var random = new Random(4711);
        for (var i = 0; i < 5_000; i++)
        {
            var text = Map.ToCharArray();
            for (var j = random.Next(1, 6); j > 0; j--)
            {
                text[random.Next(text.Length)] = (char)random.Next(32, 127);
            }

            try
            {
                SourceMap.Read(new string(text)).Find(random.Next(-1, 5), random.Next(-1, 20));
            }
            catch (FormatException)
            {
                // refused
            }
        }
    }

    [Fact]
    public void Rewrite_Message_NamesTheSource_AndLeavesOtherPlacesAlone()
    {
        var places = new ScriptPlaces().Add(1, "(helpers)", null).Add(11, "index.js", SourceMap.Read("""{ "version": 3, "sources": ["index.ts"], "mappings": "AAEA" }"""));
        places.Rewrite("failed (scan.x/index.js:11:5) near other.js:1:1").ShouldBe("failed (index.ts:3:1) near other.js:1:1");
        places.Find("scan.x/index.js:2:7")!.ToString().ShouldBe("(helpers):2:7");
        places.Find("scan.x/index.js:12:7")!.ToString().ShouldBe("index.js:2:7");
        places.Find("nowhere").ShouldBeNull();
    }

    [Theory]
    [InlineData("a('fetch(1)'); // fetch(2)\n/fetch(3)/.test(x) /* fetch(4) */ + \"\\\"fetch(5)\" / 2 / fetch(6)", "fetch(6)")]
    [InlineData("x = /[/]fetch(1)/; y = (a) / fetch(2)", "fetch(2)")]
    [InlineData("'unterminated\nfetch(1)", "fetch(1)")]
    public void Code_OfAScript_HasNoWordsOfStringsCommentsAndExpressions(string script, string left)
    {
        var code = ScriptText.Code(script);
        code.Length.ShouldBe(script.Length);
        code.ShouldContain(left);
        code.Replace(left, "", StringComparison.Ordinal).ShouldNotContain("fetch");
    }
}
