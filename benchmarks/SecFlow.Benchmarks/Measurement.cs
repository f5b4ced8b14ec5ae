namespace SecFlow.Benchmarks;

/// <summary>Which way is better.</summary>
public enum Better
{
    Lower,
    Higher,
}

/// <summary>What a benchmark compares itself with, measured in the same run.</summary>
/// <param name="Name">What it is, for people.</param>
/// <param name="Value">In the unit of the benchmark.</param>
public sealed record Reference(string Name, double Value);

/// <summary>What one benchmark measured.</summary>
/// <param name="Samples">One figure per repetition, in the unit of the benchmark; the value is their median. Empty when it was skipped.</param>
public sealed record Sampled(IReadOnlyList<double> Samples)
{
    public Reference? Reference { get; init; }

    /// <summary>One synced write of 4 KiB on the same disk just before, ms; null when nothing durable was measured.</summary>
    public double? SyncedWriteMs { get; init; }

    /// <summary>What stands beside the figure, for people.</summary>
    public string? Note { get; init; }

    /// <summary>Why nothing was measured.</summary>
    public static Sampled Skipped(string reason) => new([]) { Note = "skipped: " + reason };
}

/// <summary>One line of the output.</summary>
/// <param name="Name">Name of the benchmark.</param>
/// <param name="Value">Median; null when it was skipped.</param>
/// <param name="Unit">Unit of <paramref name="Value"/>, <paramref name="ReferenceValue"/> and <paramref name="Target"/>.</param>
/// <param name="Reference">What it is compared with.</param>
/// <param name="ReferenceValue">The same measured there, in the same run.</param>
/// <param name="Ratio"><paramref name="Value"/> / <paramref name="ReferenceValue"/>.</param>
/// <param name="Target">Upper or lower bound; null where nothing is promised.</param>
/// <param name="Met">Whether the target is met; null without a target or a value.</param>
/// <param name="Min">Smallest repetition.</param>
/// <param name="Max">Largest repetition.</param>
/// <param name="Runs">Repetitions.</param>
/// <param name="SyncedWriteMs">One synced 4 KiB write on this disk in this run, ms.</param>
/// <param name="BusyBefore">How busy the processors were before it began, percent.</param>
/// <param name="Note">What stands beside the figure.</param>
public sealed record Measurement(
    string Name, double? Value, string Unit, string? Reference, double? ReferenceValue, double? Ratio, double? Target, bool? Met,
    double? Min, double? Max, int Runs, double? SyncedWriteMs, int BusyBefore, string? Note)
{
    internal static Measurement Of(Benchmark benchmark, Sampled sampled, int busyBefore)
    {
        double? value = sampled.Samples.Count == 0 ? null : Statistics.Median(sampled.Samples);
        var reference = value is null ? null : sampled.Reference;
        return new Measurement(
            benchmark.Name,
            Round(value),
            benchmark.Unit,
            reference?.Name,
            Round(reference?.Value),
            reference is { Value: > 0 } ? Round(value / reference.Value) : null,
            benchmark.Target,
            value is null || benchmark.Target is null ? null : benchmark.Better == Better.Lower ? value < benchmark.Target : value >= benchmark.Target,
            value is null ? null : Round(sampled.Samples.Min()),
            value is null ? null : Round(sampled.Samples.Max()),
            sampled.Samples.Count,
            Round(sampled.SyncedWriteMs),
            busyBefore,
            sampled.Note);
    }

    /// <summary>Four significant digits say more than the noise allows.</summary>
    private static double? Round(double? value)
    {
        if (value is null or 0 || !double.IsFinite(value.Value))
        {
            return value is { } v && double.IsFinite(v) ? v : null;
        }

        var digits = 3 - (int)Math.Floor(Math.Log10(Math.Abs(value.Value)));
        return digits >= 0 ? Math.Round(value.Value, Math.Min(digits, 15)) : Math.Round(value.Value);
    }
}
