using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Tests;

public sealed class HostTests
{
    [Fact]
    public async Task Start_SaysReadyWithProtocolAndConfinement()
    {
        await using var engine = new EngineSide();

        var ready = await engine.Ready();

        ready.Protocol.ShouldBe(Frames.Version);
        ready.Confinement.ShouldBe(["test"]);
    }

    [Fact]
    public async Task Start_RequiredLayerMissing_Exits78WithoutReading()
    {
        await using var engine = new EngineSide(required: ["test", "seccomp"]);

        (await engine.Exit).ShouldBe(HostExitCodes.NotConfined);
    }

    [Fact]
    public async Task Start_RequiredLayerApplied_Works()
    {
        await using var engine = new EngineSide(required: ["test"], warmUp: true);
        await engine.Ready();

        (await engine.Run(EngineSide.Start("module.exports.execute = function () { };"))).Outcome.ShouldBe(HostOutcome.Completed);
    }

    [Fact]
    public async Task Close_BetweenStarts_EndsNormally()
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        engine.CloseInput();

        (await engine.Exit).ShouldBe(HostExitCodes.Normal);
    }

    [Fact]
    public async Task SecondStart_SeesNothingOfTheFirst()
    {
        await using var engine = new EngineSide();
        await engine.Ready();
        await engine.Run(EngineSide.Start("leak = 1; Array.prototype.leak = 2; module.exports.execute = function () { };"));

        await engine.Run(EngineSide.Start("module.exports.execute = function (ctx) { ctx.log.info(typeof leak, typeof [].leak); };"));

        engine.Logs.ShouldBe(["undefined undefined"]);
        engine.CloseInput();
        (await engine.Exit).ShouldBe(HostExitCodes.Normal);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0 })]
    [InlineData(new byte[] { 2, 0, 0, 0, (byte)'[', (byte)']' })]
    [InlineData(new byte[] { 255, 255, 255, 127 })]
    public async Task Engine_SendsGarbage_ExitsWithProtocol(byte[] garbage)
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        engine.SendBytes(garbage);

        (await engine.Exit).ShouldBe(HostExitCodes.Protocol);
    }

    [Fact]
    public async Task Engine_AnswersWhatWasNotAsked_ExitsWithProtocol()
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        await engine.Send(new ResultMessage(1, null, null));

        (await engine.Exit).ShouldBe(HostExitCodes.Protocol);
    }

    [Fact]
    public async Task Engine_SendsASecondStartTooEarly_ExitsWithProtocol()
    {
        await using var engine = new EngineSide();
        await engine.Ready();
        await engine.Send(EngineSide.Start("module.exports.execute = function (ctx) { ctx.secret('a'); };"));
        (await engine.Next()).ShouldBeOfType<CallMessage>();

        await engine.Send(EngineSide.Start(""));

        (await engine.Exit).ShouldBe(HostExitCodes.Protocol);
    }

    [Fact]
    public async Task Engine_SendsNegativeCredit_ExitsWithProtocol()
    {
        await using var engine = new EngineSide();
        await engine.Ready();

        await engine.Send(new CreditMessage(-1));

        (await engine.Exit).ShouldBe(HostExitCodes.Protocol);
    }

    [Fact]
    public async Task Engine_GoesAwayDuringACall_HostEnds()
    {
        await using var engine = new EngineSide();
        await engine.Ready();
        await engine.Send(EngineSide.Start("module.exports.execute = function (ctx) { try { ctx.secret('a'); } finally { while (true) { } } };"));
        (await engine.Next()).ShouldBeOfType<CallMessage>();

        engine.CloseInput();

        (await engine.Exit).ShouldBe(HostExitCodes.Normal);
    }

    [Fact]
    public async Task Engine_StopsReading_HostEnds()
    {
        await using var engine = new EngineSide();
        await engine.Ready();
        engine.CloseOutput();

        await engine.Send(EngineSide.Start("module.exports.execute = function (ctx) { for (var i = 0; i < 10; i++) { ctx.log.info('x'); } };"));

        (await engine.Exit).ShouldBe(HostExitCodes.Normal);
    }

    [Fact]
    public async Task EveryMessage_OfARealConversation_FitsTheSchema()
    {
        var schema = await NJsonSchema.JsonSchema.FromFileAsync(Path.Combine(AppContext.BaseDirectory, "plugin-protocol.schema.json"));
        await using var engine = await EngineSide.Execute(
            "ctx.log.warn('x'); ctx.progress(50, 'half'); ctx.finding({title: 'a'}); ctx.verdict('partial', 'why', {target: 't', checks: ['c']}); ctx.http('http://a/');");

        engine.Received.Count.ShouldBeGreaterThan(5);
        foreach (var json in engine.Received.Select(m => System.Text.Json.JsonSerializer.Serialize(m, ProtocolJson.Default.HostMessage)))
        {
            schema.Validate(json).ShouldBeEmpty(json);
        }
    }
}
