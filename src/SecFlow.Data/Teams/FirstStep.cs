namespace SecFlow.Data.Teams;

/// <summary>The steps of a team's first five minutes, in their order, and what was decided about them.</summary>
public enum FirstStepKind
{
    ScanDemo,
    AlteredByte,
    OutOfScope,
    EndlessLoop,
    ScanOwn,
    Schedule,
    VerifyLog,

    /// <summary>The demo was removed: it never comes back by itself.</summary>
    RemoveDemo,

    /// <summary>A person put the list away; it stays reachable from the menu.</summary>
    Dismissed,
}

/// <summary>One step that a team took, the newest time of it. What it did stands in the audit log; this row only says where the team is.</summary>
public sealed class FirstStep
{
    public Guid TeamId { get; set; }

    public FirstStepKind Kind { get; set; }

    public DateTimeOffset At { get; set; }

    public string By { get; set; } = "";

    /// <summary>The run that the step started.</summary>
    public Guid? RunId { get; set; }

    /// <summary>Target of an own scan; schedule of the schedule.</summary>
    public Guid? SubjectId { get; set; }

    /// <summary>What came of it, for people; at most 1,000 characters.</summary>
    public string Detail { get; set; } = "";
}
