namespace SecFlow.Benchmarks;

/// <summary>One thing that is measured.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Unit">Unit of its figures.</param>
/// <param name="Better">Which way is better.</param>
/// <param name="Target">Bound that is promised; null = for comparison only.</param>
/// <param name="What">One line for people.</param>
/// <param name="RunAsync">Measures.</param>
internal sealed record Benchmark(string Name, string Unit, Better Better, double? Target, string What, Func<Bench, CancellationToken, Task<Sampled>> RunAsync)
{
    /// <summary>Needs programs of others that are installed for the occasion; only with <c>--peers</c>.</summary>
    public bool Peer { get; init; }

    /// <summary>After that long it is given up.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromMinutes(3);
}
