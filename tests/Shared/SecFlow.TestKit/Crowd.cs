using System.Globalization;

namespace SecFlow.TestKit;

/// <summary>
/// How long a promised time may take while other work shares the processors: as promised on a machine of its own, in proportion longer on a crowded one.
/// A promise is for the product; a test must not turn red because another test runs beside it.
/// </summary>
public static class Crowd
{
    /// <summary>Work that waits for each processor in the last minute, at least 1.</summary>
    public static double Factor => Math.Max(1, double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture) / Environment.ProcessorCount);

    /// <summary>The promise, stretched by <see cref="Factor"/>.</summary>
    public static TimeSpan Within(double seconds) => TimeSpan.FromSeconds(seconds) * Factor;
}
