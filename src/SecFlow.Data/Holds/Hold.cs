namespace SecFlow.Data.Holds;

/// <summary>How much a hold stops.</summary>
public enum HoldKind
{
    /// <summary>Running runs go on to their end; nothing new starts.</summary>
    Drain,

    /// <summary>Running runs are ended at once; nothing new starts.</summary>
    Stop,
}

/// <summary>The work of a team, or of the whole installation, is held: no run is accepted or claimed while it stands. Rows are kept: they are the history.</summary>
public sealed class Hold
{
    public Guid Id { get; set; }

    /// <summary>Whose work; <see cref="Guid.Empty"/> = everybody's.</summary>
    public Guid TeamId { get; set; }

    public HoldKind Kind { get; set; }

    /// <summary>1..500 characters, as the person wrote it.</summary>
    public string Reason { get; set; } = "";

    public string BegunBy { get; set; } = "";

    public DateTimeOffset BegunAt { get; set; }

    /// <summary>Runs that were running when it began and were told to end.</summary>
    public int StoppedRuns { get; set; }

    public string? EndedBy { get; set; }

    /// <summary>Null while it stands.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>Why work goes on; null while it stands.</summary>
    public string? EndReason { get; set; }

    public bool OfInstallation => TeamId == Guid.Empty;
}
