namespace SecFlow.PluginProtocol.Tests;

public sealed class FramesFuzzTests
{
    private const int Mutations = 10_000;

    [Fact]
    public async Task Read_MutatedFrames_GivesMessagesOrABreachAndEnds()
    {
        var seed = new MemoryStream();
        foreach (var message in Samples.Host)
        {
            Frames.Write(seed, message);
        }

        foreach (var message in Samples.Engine)
        {
            await Frames.WriteAsync(seed, message, CancellationToken.None);
        }

        var original = seed.ToArray();
        var random = new Random(20260101);
        for (var i = 0; i < Mutations; i++)
        {
            var bytes = Mutate(original, random);
            await ReadAllHost(bytes, i);
            ReadAllEngine(bytes, i);
        }
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var n = random.Next(1, 6); n > 0; n--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, bytes.Skip(random.Next(bytes.Count)).Take(random.Next(1, 40)).ToArray()); break;
                default: bytes.RemoveRange(0, Math.Min(at, 200)); break;
            }

            if (bytes.Count == 0)
            {
                break;
            }
        }

        return [.. bytes];
    }

    private static async Task ReadAllHost(byte[] bytes, int mutation)
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
        catch (Exception e)
        {
            throw new InvalidOperationException($"Mutation {mutation}: {e.GetType().Name}", e);
        }
    }

    private static void ReadAllEngine(byte[] bytes, int mutation)
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
        catch (Exception e)
        {
            throw new InvalidOperationException($"Mutation {mutation}: {e.GetType().Name}", e);
        }
    }
}
