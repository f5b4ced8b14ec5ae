namespace SecFlow.Data.Metrics;

/// <summary>What comparable runs took: their median, the median of the distances from it, and how many they were.</summary>
/// <param name="MedianSeconds">Median.</param>
/// <param name="DeviationSeconds">Median absolute deviation, as it is (not scaled to a normal distribution).</param>
/// <param name="Samples">How many.</param>
public sealed record Pace(double MedianSeconds, double DeviationSeconds, int Samples)
{
    /// <summary>How many comparable ones are looked at, newest first.</summary>
    public const int Window = 20;

    /// <summary>With fewer nothing is said: the deviation of a handful is chance.</summary>
    public const int Least = 8;

    private const double Deviations = 3;
    private const double Share = 0.2;

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
        return new Pace(median, Median([.. last.Select(s => Math.Abs(s - median))]), last.Length);
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
