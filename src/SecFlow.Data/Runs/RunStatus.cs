namespace SecFlow.Data.Runs;

public enum RunStatus
{
    Queued,
    Running,
    Paused,
    Succeeded,
    Partial,
    Failed,
    Denied,
    Cancelled,
    Interrupted,
    TimedOut,
}

public enum NodeStatus
{
    Pending,
    Running,
    Succeeded,
    Partial,
    Failed,
    Denied,
    Skipped,
    Cached,
    Cancelled,
    Interrupted,
    TimedOut,
}

/// <summary>What of a target a plugin really looked at.</summary>
public enum Verdict
{
    Completed,
    Partial,
    Unreachable,
    Misused,
    Failed,
}

public enum RunTrigger
{
    Manual,
    Schedule,
    Api,
    Cli,

    /// <summary>What another run discovered (<see cref="Run.ParentRunId"/>).</summary>
    Cascade,
}

public static class RunStatuses
{
    /// <summary>True when the run will not change any more.</summary>
    public static bool IsFinal(this RunStatus status) => status is not (RunStatus.Queued or RunStatus.Running or RunStatus.Paused);

    public static bool IsFinal(this NodeStatus status) => status is not (NodeStatus.Pending or NodeStatus.Running);
}
