namespace SecFlow.Benchmarks;

/// <summary>Figures of few, noisy repetitions.</summary>
internal static class Statistics
{
    public static double Median(IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToList();
        var middle = sorted.Count / 2;
        return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>Milliseconds of each repetition; the first, which compiles and fills caches, is thrown away unless there is only one.</summary>
    public static async Task<IReadOnlyList<double>> RepeatAsync(int times, Func<Task<double>> once, bool warmUp = true)
    {
        if (warmUp && times > 1)
        {
            await once();
        }

        var samples = new List<double>(times);
        for (var i = 0; i < times; i++)
        {
            samples.Add(await once());
        }

        return samples;
    }
}
