namespace SecFlow.Data.Metrics;

/// <summary>
/// How long a run, or one node of it, took, and what comparable ones before it took: written with the end of the run, never changed.
/// Comparable are runs of the same workflow with as many targets; of a node those with the same node id and plugin.
/// </summary>
public sealed class Timing
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid RunId { get; set; }

    public Guid WorkflowId { get; set; }

    /// <summary>The recipe's node id; empty = the whole run.</summary>
    public string NodeId { get; set; } = "";

    /// <summary>Plugin of the node; empty = the whole run.</summary>
    public string PluginId { get; set; } = "";

    /// <summary>How many targets the run had.</summary>
    public int Targets { get; set; }

    /// <summary>From start to end, without pauses.</summary>
    public double Seconds { get; set; }

    /// <summary>Median of the comparable ones before it; null until there are enough of them (<see cref="Pace.Least"/>).</summary>
    public double? MedianSeconds { get; set; }

    /// <summary>How far from it they usually are (<see cref="Pace.DeviationSeconds"/>).</summary>
    public double? DeviationSeconds { get; set; }

    /// <summary>How many were compared with, at most <see cref="Pace.Window"/>.</summary>
    public int Samples { get; set; }

    /// <summary>More than three deviations and 20 % above the median.</summary>
    public bool Slow { get; set; }

    public DateTimeOffset EndedAt { get; set; }
}
