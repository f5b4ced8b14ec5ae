namespace SecFlow.Data.Runs;

/// <summary>A stored event of a run: what live pages and the event stream replay. Key (RunId, Seq).</summary>
public sealed class RunEvent
{
    public Guid RunId { get; set; }

    /// <summary>1, 2, 3, ... within the run.</summary>
    public long Seq { get; set; }

    public Guid TeamId { get; set; }

    public DateTimeOffset Time { get; set; }

    /// <summary><c>run.status</c>, <c>node.status</c>, <c>node.progress</c>, <c>log</c>, <c>finding</c>, <c>assessment</c>, <c>rejected</c>, <c>refused</c>.</summary>
    public string Type { get; set; } = "";

    public string? NodeId { get; set; }

    /// <summary>JSON object; shape by <see cref="Type"/>.</summary>
    public string Data { get; set; } = "{}";
}
