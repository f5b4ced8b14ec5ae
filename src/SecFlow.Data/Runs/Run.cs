namespace SecFlow.Data.Runs;

/// <summary>One execution of one workflow version. Everything that is needed to reproduce it is pinned here and in its node runs.</summary>
public sealed class Run
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid WorkflowId { get; set; }

    public Guid WorkflowVersionId { get; set; }

    public string WorkflowName { get; set; } = "";

    public int WorkflowVersionNumber { get; set; }

    public RunStatus Status { get; set; }

    public RunTrigger Trigger { get; set; }

    /// <summary>Id and name of who or what started it.</summary>
    public string StartedById { get; set; } = "";

    public string StartedByName { get; set; } = "";

    public Guid? ScheduleId { get; set; }

    /// <summary>Not claimed before this run has ended (a schedule whose firings wait for each other, or replace each other); null = waits for none.</summary>
    public Guid? AfterRunId { get; set; }

    /// <summary>Run whose discoveries started this one (a cascade); null = not a cascade.</summary>
    public Guid? ParentRunId { get; set; }

    /// <summary>Node of the parent run whose output this run's targets come from; null = the parent's end.</summary>
    public string? ParentNodeId { get; set; }

    /// <summary>How many cascades lie above this run; 0 = started by a person, a schedule or a client.</summary>
    public int CascadeDepth { get; set; }

    /// <summary>0 (lowest) .. 9; default 5.</summary>
    public int Priority { get; set; } = 5;

    /// <summary>JSON object of recipe parameters.</summary>
    public string Parameters { get; set; } = "{}";

    /// <summary>JSON array of the saved workflows that its recipe contains, each with the version that it was when the run was accepted: <c>{name, asked, versionId, version}</c>.</summary>
    public string SubWorkflows { get; set; } = "[]";

    /// <summary>JSON array: the approved targets as they were when the run was accepted (the scope snapshot).</summary>
    public string Targets { get; set; } = "[]";

    /// <summary>Tags by which targets were chosen when the run was accepted, space-separated; empty = by name alone.</summary>
    public string TargetTags { get; set; } = "";

    /// <summary>SHA-256 of <see cref="Targets"/>.</summary>
    public string ScopeRevision { get; set; } = "";

    /// <summary>Revision of the trust policy in force when the run was accepted.</summary>
    public string PolicyRevision { get; set; } = "";

    /// <summary>Sandbox level of the machine that executed it (<c>L3</c>, <c>L2</c>, ...).</summary>
    public string? SandboxLevel { get; set; }

    /// <summary>Fencing token: grows with each claim; every engine write of the run is conditioned on it.</summary>
    public long LeaseEpoch { get; set; }

    /// <summary>Instance that holds the lease.</summary>
    public string? LeaseOwner { get; set; }

    /// <summary>Changes with each renewal; null = nobody holds it.</summary>
    public DateTimeOffset? LeaseUntil { get; set; }

    public DateTimeOffset QueuedAt { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    public DateTimeOffset? CancelRequestedAt { get; set; }

    public string? CancelRequestedBy { get; set; }

    /// <summary>Since when the run is to stand still; null = it is not.</summary>
    public DateTimeOffset? PauseRequestedAt { get; set; }

    /// <summary>Who asked for it: name of a person, a token, or of what paused it by itself.</summary>
    public string? PauseRequestedBy { get; set; }

    /// <summary>Why, in words that its page shows; may be empty.</summary>
    public string? PauseReason { get; set; }

    /// <summary>Since when it stands still; null = it does not. What it stood still before is in <see cref="PausedSeconds"/>.</summary>
    public DateTimeOffset? PausedAt { get; set; }

    /// <summary>How long it stood still between its start and its end, seconds, without a pause that goes on.</summary>
    public double PausedSeconds { get; set; }

    /// <summary>The run that this one repeats.</summary>
    public Guid? RetryOf { get; set; }

    /// <summary>Node from which it repeats it: what was done before is taken over. Null = everything.</summary>
    public string? RetryFrom { get; set; }

    /// <summary>True when it repeats the whole of <see cref="RetryOf"/> with the same pins.</summary>
    public bool Rerun { get; set; }

    public string? ErrorCode { get; set; }

    public string? ErrorMessage { get; set; }

    public string? TraceId { get; set; }

    /// <summary>Client's idempotency key, unique in the team.</summary>
    public string? IdempotencyKey { get; set; }

    /// <summary>SHA-256 of what was asked for with <see cref="IdempotencyKey"/>: the same key with something else is a mistake of the client.</summary>
    public string? RequestDigest { get; set; }

    /// <summary>Sequence of the newest <see cref="RunEvent"/>.</summary>
    public long LastEventSeq { get; set; }
}
