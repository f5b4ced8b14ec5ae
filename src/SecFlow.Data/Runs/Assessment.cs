namespace SecFlow.Data.Runs;

/// <summary>What one node really looked at of one target.</summary>
public sealed class Assessment
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid RunId { get; set; }

    public Guid NodeRunId { get; set; }

    public Guid TargetId { get; set; }

    /// <summary>The target's value as it was then.</summary>
    public string Target { get; set; } = "";

    public string PluginId { get; set; } = "";

    public Verdict Verdict { get; set; }

    public string Reason { get; set; } = "";

    /// <summary>JSON array of rule ids (or one configuration digest) that were assessed.</summary>
    public string Checks { get; set; } = "[]";
}
