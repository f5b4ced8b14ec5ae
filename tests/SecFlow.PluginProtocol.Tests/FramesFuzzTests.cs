using SecFlow.TestKit;

namespace SecFlow.PluginProtocol.Tests;

public sealed class FramesFuzzTests
{
    private const int Seed = 20260101;

    private static readonly string[] _words =
        ["\"type\":", "\"start\"", "\"result\"", "\"credit\"", "\"cancel\"", "\"ready\"", "\"emit\"", "\"verdict\"", "\"log\"", "\"progress\"", "\"call\"", "\"alive\"", "\"done\"", "\"records\":", "\"checks\":", "\"port\":", "\"id\":", "\"value\":", "\"error\":", "\"limits\":",
         "null", "{}", "[]", "\"\"", "\\u0000", "\\ud800", "\"$type\":", "\"Completed\""];

    [Fact]
    public async Task Read_MutatedStreams_GivesMessagesOrABreachAndEnds()
    {
        var whole = new MemoryStream();
        await WriteAsync(whole);
        var mutator = new Mutator(Seed, [whole.ToArray()], _words) { Headers = [([(byte)'}'], 4)] };
        await Fuzz.RunAsync(Seed, mutator, async bytes =>
        {
            await ReadAllHost(bytes);
            ReadAllEngine(bytes);
        });
    }

    /// <summary>The length fits: what is wrong is inside.</summary>
    [Fact]
    public async Task Read_MutatedBodies_GivesMessagesOrABreachAndEnds()
    {
        var frames = new List<byte[]>();
        foreach (var message in Samples.Host)
        {
            var frame = new MemoryStream();
            Frames.Write(frame, message);
            frames.Add(frame.ToArray()[4..]);
        }

        foreach (var message in Samples.Engine)
        {
            var frame = new MemoryStream();
            await Frames.WriteAsync(frame, message, CancellationToken.None);
            frames.Add(frame.ToArray()[4..]);
        }

        await Fuzz.RunAsync(Seed, new Mutator(Seed, frames, _words), async body =>
        {
            byte[] bytes = [.. BitConverter.GetBytes(body.Length), .. body];
            await ReadAllHost(bytes);
            ReadAllEngine(bytes);
        });
    }

    private static async Task WriteAsync(MemoryStream stream)
    {
        foreach (var message in Samples.Host)
        {
            Frames.Write(stream, message);
        }

        foreach (var message in Samples.Engine)
        {
            await Frames.WriteAsync(stream, message, CancellationToken.None);
        }
    }

    private static async Task ReadAllHost(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        try
        {
            while (await Frames.ReadHostMessageAsync(stream, CancellationToken.None) is not null)
            {
            }
        }
        catch (ProtocolException)
        {
            // The one right way to refuse.
        }
    }

    private static void ReadAllEngine(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        try
        {
            while (Frames.ReadEngineMessage(stream) is not null)
            {
            }
        }
        catch (ProtocolException)
        {
            // The one right way to refuse.
        }
    }
}
