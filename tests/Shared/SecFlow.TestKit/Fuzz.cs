using System.Diagnostics;

namespace SecFlow.TestKit;

/// <summary>An input that a parser could not cope with. The message says how to make it again.</summary>
public sealed class FuzzFailureException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Feeds mutated inputs to something that must refuse them properly: no exception but those that its caller catches, no hang.</summary>
public static class Fuzz
{
    /// <summary>Inputs of each kind in the test suite.</summary>
    public const int Inputs = 10_000;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    /// <summary>Runs <paramref name="act"/> on the inputs 0..<paramref name="count"/>-1 of a mutator; throws <see cref="FuzzFailureException"/> for the first that throws or takes longer than <paramref name="perInput"/> (20 s).</summary>
    public static async Task RunAsync(int seed, Mutator mutator, Func<byte[], Task> act, int count = Inputs, TimeSpan? perInput = null)
    {
        var (number, since) = (-1, Stopwatch.GetTimestamp());
        var work = Task.Run(async () =>
        {
            for (var i = 0; i < count; i++)
            {
                var input = mutator.Make(i);
                Volatile.Write(ref since, Stopwatch.GetTimestamp());
                Volatile.Write(ref number, i);
                try
                {
                    await act(input);
                }
                catch (Exception e)
                {
                    throw new FuzzFailureException(Describe(seed, i, input, $"{e.GetType().Name}: {e.Message}"), e);
                }
            }
        });
        var limit = perInput ?? _patience;
        while (!work.IsCompleted)
        {
            await Task.WhenAny(work, Task.Delay(100));
            if (!work.IsCompleted && Stopwatch.GetElapsedTime(Volatile.Read(ref since)) > limit)
            {
                var stuck = Volatile.Read(ref number);
                throw new FuzzFailureException(Describe(seed, stuck, mutator.Make(Math.Max(stuck, 0)), $"no end within {limit.TotalSeconds:0.#} s"));
            }
        }

        await work;
    }

    public static Task RunAsync(int seed, Mutator mutator, Action<byte[]> act, int count = Inputs, TimeSpan? perInput = null) => RunAsync(
        seed,
        mutator,
        input =>
        {
            act(input);
            return Task.CompletedTask;
        },
        count,
        perInput);

    private static string Describe(int seed, int number, byte[] input, string what) =>
        $"Input {number} of seed {seed} ({input.Length} bytes): {what}. It is made again by new Mutator({seed}, ...).Make({number}); it starts with (base64) {Convert.ToBase64String(input, 0, Math.Min(input.Length, 1500))}";
}
