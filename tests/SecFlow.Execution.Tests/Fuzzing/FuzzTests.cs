using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Fuzzing;

/// <summary>The fuzzer itself finds what is there to be found, and says how to find it again.</summary>
public sealed class FuzzTests
{
    private static readonly Mutator _mutator = new(7, ["{\"name\":\"value\",\"list\":[1,2,3]}"u8.ToArray()], ["name", "list", "null"]);

    [Fact]
    public async Task Run_ParserWithABug_IsRedAndTheInputCanBeMadeAgain()
    {
        var failure = await Should.ThrowAsync<FuzzFailureException>(() => Fuzz.RunAsync(7, _mutator, Buggy));

        var number = int.Parse(failure.Message.Split(' ')[1]);
        failure.Message.ShouldContain("seed 7");
        Should.Throw<IndexOutOfRangeException>(() => Buggy(new Mutator(7, ["{\"name\":\"value\",\"list\":[1,2,3]}"u8.ToArray()], ["name", "list", "null"]).Make(number)));
    }

    [Fact]
    public async Task Run_ParserThatHangs_IsRed()
    {
        using var forever = new CancellationTokenSource();
        var failure = await Should.ThrowAsync<FuzzFailureException>(() => Fuzz.RunAsync(
            7, _mutator, bytes => bytes.AsSpan().IndexOf((byte)0xED) >= 0 ? Task.Delay(Timeout.Infinite, forever.Token) : Task.CompletedTask, perInput: TimeSpan.FromSeconds(1)));

        failure.Message.ShouldContain("no end within 1 s");
        await forever.CancelAsync();
    }

    [Fact]
    public void Make_ManyInputs_AreDifferentAndBounded()
    {
        var inputs = Enumerable.Range(0, 1_000).Select(_mutator.Make).ToList();

        inputs.Select(Convert.ToBase64String).Distinct().Count().ShouldBeGreaterThan(900);
        inputs.ShouldAllBe(input => input.Length <= 128 * 1024);
    }

    /// <summary>Reads a list and believes that each bracket is closed.</summary>
    private static void Buggy(byte[] input)
    {
        var at = input.AsSpan().IndexOf((byte)'[');
        while (at >= 0 && input[at] != (byte)']')
        {
            at++;
        }
    }
}
