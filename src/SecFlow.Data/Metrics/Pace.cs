namespace SecFlow.Data.Metrics;

/// <summary>
/// What comparable runs took: their median, how far from it they usually are, and how many they were.
/// The deviation is the median absolute deviation as an estimate of a standard deviation: times 1.4826 (its share under a normal distribution), and widened by 1 + 4/n, because of few values it comes out too small.
/// Unwidened, noise of 20 % is flagged in 1 to 4 of 100 runs; so it stays below 1 in 100, from the tenth run on.
/// </summary>
/// <param name="MedianSeconds">Median.</param>
/// <param name="DeviationSeconds">Estimated from the median absolute deviation.</param>
/// <param name="Samples">How many.</param>
public sealed record Pace(double MedianSeconds, double DeviationSeconds, int Samples)
{
    /// <summary>How many comparable ones are looked at, newest first.</summary>
    public const int Window = 20;

    /// <summary>With fewer nothing is said: the deviation of a handful is chance.</summary>
    public const int Least = 10;

    private const double Deviations = 3;
    private const double Share = 0.2;
    private const double Normal = 1.4826;
    private const double Widening = 4;

    /// <summary>Null when there are fewer than <see cref="Least"/>.</summary>
    /// <param name="seconds">What they took, newest first; what is beyond <see cref="Window"/> plays no part.</param>
    public static Pace? Of(IReadOnlyList<double> seconds)
    {
        var last = seconds.Take(Window).ToArray();
        if (last.Length < Least)
        {
            return null;
        }

        var median = Median(last);
        return new Pace(median, Median([.. last.Select(s => Math.Abs(s - median))]) * Normal * (1 + (Widening / last.Length)), last.Length);
    }

    /// <summary>More than three deviations and more than 20 % above the median.</summary>
    public bool IsSlow(double seconds) => seconds - MedianSeconds > Deviations * DeviationSeconds && seconds - MedianSeconds > Share * MedianSeconds;

    /// <summary>Middle of the sorted values; of an even number the mean of the two in the middle.</summary>
    public static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
