using System.Globalization;
using SecFlow.Data.Metrics;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Components.Runs;

/// <summary>A duration against its median, in words.</summary>
internal static class PaceWords
{
    public static string Factor(double seconds, double median) => median > 0 ? (seconds / median).ToString("0.0", CultureInfo.InvariantCulture) + "x" : "-";

    /// <summary>Such as "3.1x slower than its median"; null when there is no baseline yet or it is not slow.</summary>
    public static string? Of(Timing? timing) => timing is { Slow: true, MedianSeconds: { } median } ? $"{Factor(timing.Seconds, median)} slower than its median" : null;

    /// <summary>What it was compared with.</summary>
    public static string Compared(Timing timing) => timing.MedianSeconds is { } median
        ? $"median {Words.Duration(TimeSpan.FromSeconds(median))} of {Words.Count(timing.Samples, "comparable run")}"
        : $"no baseline yet: {timing.Samples} of {Pace.Least} comparable runs";
}
