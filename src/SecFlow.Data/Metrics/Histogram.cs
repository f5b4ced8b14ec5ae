using System.Globalization;

namespace SecFlow.Data.Metrics;

/// <summary>
/// The one set of histogram bounds of durations in seconds, for <c>/metrics</c>, OTLP and the rollups: from a cached node (5 ms) to a long scan (a day).
/// A quantile is interpolated inside its bucket, so it is as exact as the bucket is narrow.
/// </summary>
public static class Histogram
{
    /// <summary>Upper bounds, inclusive, in seconds; what is above the last one has a bucket of its own.</summary>
    public static readonly IReadOnlyList<double> Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400, 86400];

    /// <summary>Buckets, the one above the last bound included.</summary>
    public static int Count => Bounds.Count + 1;

    /// <summary>Bucket of a value.</summary>
    public static int BucketOf(double seconds)
    {
        var bucket = 0;
        while (bucket < Bounds.Count && seconds > Bounds[bucket])
        {
            bucket++;
        }

        return bucket;
    }

    public static string Write(long[] buckets) => string.Join(',', buckets.Select(b => b.ToString(CultureInfo.InvariantCulture)));

    /// <summary>The buckets of a row; all zero for one without.</summary>
    public static long[] Read(string text)
    {
        var buckets = new long[Count];
        var parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < Math.Min(parts.Length, buckets.Length); i++)
        {
            buckets[i] = long.Parse(parts[i], CultureInfo.InvariantCulture);
        }

        return buckets;
    }

    /// <summary>The value below which <paramref name="share"/> (0..1) of the measurements lie, in seconds; null when there is none.</summary>
    /// <param name="buckets">As <see cref="Read"/> gives them.</param>
    /// <param name="share">0.5 = the median.</param>
    /// <param name="max">Largest value measured: bounds the last bucket that has any.</param>
    public static double? Quantile(IReadOnlyList<long> buckets, double share, double max)
    {
        var total = buckets.Sum();
        if (total == 0)
        {
            return null;
        }

        var wanted = share * total;
        long below = 0;
        for (var i = 0; i < buckets.Count; i++)
        {
            if (buckets[i] > 0 && below + buckets[i] >= wanted)
            {
                var from = i == 0 ? 0 : Bounds[i - 1];
                var to = Math.Min(i < Bounds.Count ? Bounds[i] : max, Math.Max(max, from));
                return from + ((to - from) * Math.Clamp((wanted - below) / buckets[i], 0, 1));
            }

            below += buckets[i];
        }

        return max;
    }
}
