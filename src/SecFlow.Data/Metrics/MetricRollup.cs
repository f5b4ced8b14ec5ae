namespace SecFlow.Data.Metrics;

/// <summary>
/// What one instrument measured in one minute or hour, for the charts of the portal. One row per time, team, instrument, labels and engine; readers add the engines up.
/// Kept for a bounded time (<see cref="MetricStore.RemoveOldAsync"/>).
/// </summary>
public sealed class MetricRollup
{
    public long Id { get; set; }

    /// <summary>Width of the bucket in seconds: 60 or 3600.</summary>
    public int Seconds { get; set; }

    /// <summary>Begin of the bucket, a multiple of its width.</summary>
    public DateTimeOffset At { get; set; }

    /// <summary>Whose run it was; <see cref="Guid.Empty"/> = of the installation.</summary>
    public Guid TeamId { get; set; }

    /// <summary>Name as in contracts, such as <c>secflow.node.duration</c>.</summary>
    public string Instrument { get; set; } = "";

    /// <summary><c>name=value</c> in the order of the instrument, comma-separated; empty = none.</summary>
    public string Labels { get; set; } = "";

    /// <summary>The engine that measured.</summary>
    public string Instance { get; set; } = "";

    /// <summary>Measurements of a histogram; of a counter how often it was added to.</summary>
    public long Count { get; set; }

    /// <summary>Sum of what was added or recorded, in the instrument's unit; of a gauge the sum of the samples.</summary>
    public double Sum { get; set; }

    public double Max { get; set; }

    /// <summary>Measurements per bucket of <see cref="Histogram.Bounds"/>, comma-separated, not cumulated; empty for counters and gauges.</summary>
    public string Buckets { get; set; } = "";
}
