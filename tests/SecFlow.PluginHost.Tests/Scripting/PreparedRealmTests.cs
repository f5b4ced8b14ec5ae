using SecFlow.PluginHost.Conversation;
using SecFlow.PluginHost.Scripting;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Tests.Scripting;

public sealed class PreparedRealmTests
{
    private static readonly HostLimits Narrow = EngineSide.Limits with { Statements = 1_000, Recursion = 30, JsonDepth = 5, SourceBytes = 400 };

    [Theory]
    [InlineData("for (var i = 0; i < 2000; i++) { }", "statements")]
    [InlineData("function f(n) { return n === 0 ? 0 : f(n - 1); } f(40);", "recursion")]
    [InlineData("JSON.parse('[[[[[[1]]]]]]');", "nesting")]
    public void Work_HasItsOwnLimits_NotThoseOfTheWorkBefore(string body, string limit)
    {
        var prepared = new PreparedRealm();
        prepared.Prepare();
        Run(prepared, body, EngineSide.Limits).Limit.ShouldBeNull();

        prepared.Prepare();
        Run(prepared, body, Narrow).Limit.ShouldBe(limit);

        prepared.Prepare();
        Run(prepared, body, EngineSide.Limits).Limit.ShouldBeNull();
    }

    [Fact]
    public void Source_IsHeldToItsOwnLimit()
    {
        var prepared = new PreparedRealm();
        prepared.Prepare();

        Run(prepared, new string(' ', Narrow.SourceBytes), Narrow).Limit.ShouldBe("source");
    }

    [Fact]
    public void Work_HasItsOwnTime()
    {
        var prepared = new PreparedRealm();
        prepared.Prepare();

        Run(prepared, "for (;;) { }", EngineSide.Limits with { CallbackMilliseconds = 50, Statements = int.MaxValue }).Limit.ShouldBe("time");
    }

    [Fact]
    public void Take_GivesEachRealmOnce()
    {
        var prepared = new PreparedRealm();
        prepared.Prepare();
        var first = prepared.Take();

        prepared.Take().ShouldNotBeSameAs(first);
        prepared.Prepare();
        prepared.Take().ShouldNotBeSameAs(first);
    }

    [Fact]
    public void Prepare_Twice_KeepsTheOneThatWaits()
    {
        var prepared = new PreparedRealm();
        prepared.Prepare();
        var before = GC.GetAllocatedBytesForCurrentThread();

        prepared.Prepare();

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(10_000);
    }

    [Fact]
    public void Realm_WithoutLimits_RefusesPluginCode() =>
        Should.Throw<InvalidOperationException>(() => new PreparedRealm().Take().Load("1", "x.js"));

    private static DoneMessage Run(PreparedRealm prepared, string body, HostLimits limits)
    {
        var options = new HostOptions { Confine = () => [], Exit = _ => { } };
        var start = EngineSide.Start("module.exports.execute = function () { " + body + " };", s => s with { Limits = limits });
        return new ScriptSession(new EngineLink(Stream.Null, Stream.Null, _ => { }), start, prepared, options).Run();
    }
}
