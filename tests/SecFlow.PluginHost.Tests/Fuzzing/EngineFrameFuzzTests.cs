using SecFlow.PluginHost.Conversation;
using SecFlow.PluginProtocol;
using SecFlow.TestKit;

namespace SecFlow.PluginHost.Tests.Fuzzing;

/// <summary>The host reading an engine that writes nonsense: it ends, or says that the engine broke the protocol.</summary>
public sealed class EngineFrameFuzzTests
{
    private const int Seed = 20261122;

    [Fact]
    public async Task Link_MutatedFrames_EndsOrBreaks()
    {
        var stream = new MemoryStream();
        await Frames.WriteAsync(stream, EngineSide.Start("module.exports = {};"), CancellationToken.None);
        await Frames.WriteAsync(stream, new CreditMessage(5), CancellationToken.None);
        await Frames.WriteAsync(stream, new CancelMessage(), CancellationToken.None);
        await Frames.WriteAsync(stream, new ResultMessage(1, null, new CallError("SF1", "x")), CancellationToken.None);
        var mutator = new Mutator(Seed, [stream.ToArray()], ["\"type\":", "\"start\"", "\"result\"", "\"credit\"", "\"records\":", "null", "{}", "[]", "\"limits\":", "\"inputs\":", "-1"]) { Headers = [([(byte)'}'], 4)] };
        var broken = 0;

        // each breach is told there
        var errors = Console.Error;
        Console.SetError(TextWriter.Null);
        await Fuzz.RunAsync(Seed, mutator, bytes =>
        {
            var link = new EngineLink(new MemoryStream(bytes), Stream.Null, _ => { });
            link.StartReading();
            while (link.NextStart() is not null)
            {
                link.Finish(new DoneMessage(HostOutcome.Completed, null, null, null, null, 0, 0, null));
            }

            broken += link.Broken ? 1 : 0;
        });
        Console.SetError(errors);
        broken.ShouldBeGreaterThan(Fuzz.Inputs / 2);
    }
}
