using SecFlow.PluginHost.Scripting;

namespace SecFlow.PluginHost.Tests.Scripting;

public sealed class SourceCheckTests
{
    private const int Many = 20_000;

    public static TheoryData<string, string> Attacks => new()
    {
        { "parentheses", Repeat("(", Many) + "1" + Repeat(")", Many) },
        { "arrays", "var x = " + Repeat("[", Many) + Repeat("]", Many) },
        { "blocks", Repeat("{", Many) + Repeat("}", Many) },
        { "objects", "var x = " + Repeat("{a:", Many) + "1" + Repeat("}", Many) },
        { "functions", Repeat("(function(){", Many) + Repeat("})()", Many) },
        { "sum", "var x = 1" + Repeat("+1", Many) },
        { "sum over lines", "var x = 1" + Repeat("\n+1", Many) },
        { "unary", "var x = " + Repeat("!", Many) + "1" },
        { "typeof", "var x = " + Repeat("typeof ", Many) + "1" },
        { "ternary", "var x = " + Repeat("1?2:", Many) + "3" },
        { "assignment", "var " + Repeat("a=", Many) + "1" },
        { "else if", "if(a){}" + Repeat("else if(a){}", Many) },
        { "else if with semicolons", "if(a)b;" + Repeat("else if(a)b;", Many) },
        { "if if", Repeat("if(a)", Many) + "b;" },
        { "if if over lines", Repeat("if(a)\n", Many) + "b;" },
        { "do do", Repeat("do ", Many) + "x" },
        { "labels", string.Concat(Enumerable.Range(0, Many).Select(i => $"l{i}:")) + "x" },
        { "members", "a" + Repeat(".a", Many) },
        { "calls", "a" + Repeat("()", Many) },
        { "indexes", "a" + Repeat("[0]", Many) },
        { "new", Repeat("new ", Many) + "A" },
        { "functions added", "x = function(){}" + Repeat(" + function(){}", Many) },
        { "after a regex with a bracket", "var r = /[(]/;" + Repeat("(", Many) },
        { "after a regex behind a header", "if (a) /\"/.test(b);" + Repeat("(", Many) },
        { "after a quote in a comment", "/* ' */" + Repeat("(", Many) },
    };

    public static TheoryData<string, string> Harmless => new()
    {
        { "strings", "var x = '" + Repeat("(", Many) + "', y = \"" + Repeat("[\\\"", Many) + "\";" },
        { "comments", "// " + Repeat("(", Many) + "\n/* " + Repeat("{", Many) + " */" },
        { "regex", "var r = /" + Repeat("\\(", Many) + "[" + Repeat("/(", 100) + "]/.test(a);" },
        { "regex after return", "function f() { return /" + Repeat("\\(", Many) + "/; }" },
        { "many statements", Repeat("a = b + c * d;\n", Many) },
        { "many statements without semicolons", Repeat("a = b + c * d\n", Many) },
        { "many calls without semicolons", Repeat("a(b + c)\n", 3000) },
        { "many functions", Repeat("function f(a) { if (a) { return 1 + 1; } else { return 2; } }\n", 3000) },
        { "long array", "var x = [" + Repeat("1 + 1,", Many) + "1];" },
        { "long object", "var x = {" + Repeat("a: 1 + 1,", Many) + "b: 1};" },
        { "switch", "switch (a) {" + Repeat("case 1: b = 1; break;", Many) + "}" },
        { "minified", Repeat("!function(e,t){e.x=t?1:2}(a,b);", 5000) },
        { "division", Repeat("a = b / c / d;", Many) },
        { "unterminated", "var x = 'abc" },
        { "unterminated comment", "/* abc" },
        { "unterminated regex", "x = /abc" },
        { "too many closing", "}}})))" },
        { "empty", "" },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Check_DeepSource_IsRefused(string name, string source) =>
        Should.Throw<ScriptLimitException>(() => SourceCheck.Check(source, 10_000_000, 256), name).Limit.ShouldBe("nesting");

    [Theory]
    [MemberData(nameof(Harmless))]
    public void Check_FlatSource_Passes(string name, string source) =>
        Should.NotThrow(() => SourceCheck.Check(source, 10_000_000, 256), name);

    [Fact]
    public void Check_TooManyBytes_IsRefused() =>
        Should.Throw<ScriptLimitException>(() => SourceCheck.Check("\u20ac\u20ac", 5, 10)).Limit.ShouldBe("source");

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
