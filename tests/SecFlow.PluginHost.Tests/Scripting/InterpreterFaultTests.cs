using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Tests.Scripting;

/// <summary>What the interpreter answers with an exception of .NET is an answer to the script like any other: it can be caught, and it is no fault of the machine.</summary>
public sealed class InterpreterFaultTests
{
    [Theory]
    [InlineData("(1e300).toString(2)")]
    [InlineData("(1e21).toString(36)")]
    [InlineData("parseFloat('1' + '0'.repeat(100000))")]
    [InlineData("var d = new Date(NaN); d.setMonth(1e308)")]
    [InlineData("new RegExp('(')")]
    public async Task Native_ThatFails_CanBeCaught(string expression)
    {
        await using var engine = await EngineSide.Execute($"try {{ {expression}; }} catch (e) {{ ctx.log.info(e instanceof Error); }}");

        engine.Done.Outcome.ShouldBe(HostOutcome.Completed, engine.Done.Message);
        engine.Logs.ShouldBe(["true"]);
    }

    [Theory]
    [InlineData("new Date(100000, 0, 1).toString(); new Date(-1, 0, 1)")]
    [InlineData("throw ctx")]
    [InlineData("throw Object.freeze({ a: 1 })")]
    [InlineData("throw { message: { toString: function () { while (true) { } } } }")]
    [InlineData("throw Object.create(null)")]
    [InlineData("throw { toString: function () { return {}; }, valueOf: function () { return {}; } }")]
    [InlineData("Object.defineProperty(Object.prototype, 'name', { get: function () { throw 1; } }); throw {}")]
    public async Task Constructor_OrThrownValue_ThatTheInterpreterCannotTake_IsTheScriptsError(string statement)
    {
        await using var engine = await EngineSide.Execute(statement);

        engine.Done.Outcome.ShouldBe(HostOutcome.ScriptError, engine.Done.Message);
        engine.Done.Message.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task Thrown_MessageThatIsNoText_BecomesOneAndCanBeCaughtFarAway()
    {
        await using var engine = await EngineSide.Execute("function f() { throw { message: 5, code: 'x' }; } try { f(); } catch (e) { ctx.log.info(e.message + e.code); }");

        engine.Logs.ShouldBe(["5x"]);
    }

    [Theory]
    [InlineData("JSON.parse(new Array(100).join('['))")]
    [InlineData("ctx.parse.json('['.repeat(100), function () { })")]
    [InlineData("ctx.parse.xml('<a>'.repeat(100), function () { })")]
    [InlineData("var o = {}; o.o = o; JSON.stringify(o)")]
    public async Task Data_NestedTooDeep_IsTheLimitAndCanBeCaught(string expression)
    {
        await using var loose = await EngineSide.Execute(expression);
        await using var caught = await EngineSide.Execute($"try {{ {expression}; }} catch (e) {{ ctx.log.info(e.code); }}");

        loose.Done.Limit.ShouldBe("nesting");
        caught.Done.Outcome.ShouldBe(HostOutcome.Completed);
        caught.Logs.ShouldBe(["nesting"]);
    }

    [Fact]
    public async Task Regex_ThatNeedsAllMemory_IsTheMemoryLimit()
    {
        await using var engine = await EngineSide.Execute("throw new SyntaxError(\"Exception of type 'System.OutOfMemoryException' was thrown.\")");

        engine.Done.Limit.ShouldBe("memory");
    }

    [Theory]
    [InlineData("[3, 1, 2].sort().join()", "1,2,3")]
    [InlineData("[10, 9, 1].sort().join()", "1,10,9")]
    [InlineData("[10, 9, 1].sort(function (a, b) { return a - b; }).join()", "1,9,10")]
    [InlineData("['b', undefined, 'a', , 'c'].sort().length + ':' + [undefined, 'b', 'a'].sort().join()", "5:a,b,")]
    [InlineData("(function () { var a = [1, 2, 3, 4, 5, 6, 7].sort(function () { return 1; }); return a.length; })()", "7")]
    [InlineData("[{ k: 1, n: 'a' }, { k: 0, n: 'b' }, { k: 1, n: 'c' }, { k: 0, n: 'd' }].sort(function (a, b) { return a.k - b.k; }).map(function (x) { return x.n; }).join('')", "bdac")]
    [InlineData("(function () { var a = []; a[4000000000] = 'x'; a[5] = 'a'; a.sort(); return a[0] + a[1] + a.length; })()", "ax4000000001")]
    [InlineData("(function () { var o = { length: 2, 0: 'b', 1: 'a' }; Array.prototype.sort.call(o); return o[0] + o[1]; })()", "ab")]
    [InlineData("(function () { try { [1].sort(5); } catch (e) { return e instanceof TypeError; } })()", "true")]
    [InlineData("(function () { try { [1, 2].sort(function () { throw new RangeError('x'); }); } catch (e) { return e.message; } })()", "x")]
    public async Task Sort_IsStableAndTotal(string expression, string expected)
    {
        await using var engine = await EngineSide.Execute($"ctx.log.info(String({expression}));");

        engine.Done.Outcome.ShouldBe(HostOutcome.Completed, engine.Done.Message);
        engine.Logs.ShouldBe([expected]);
    }
}
