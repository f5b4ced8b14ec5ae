using SecFlow.Data.Audit;

namespace SecFlow.Data.Schedules;

/// <summary>What kind of rule says when a schedule fires.</summary>
public enum ScheduleKind
{
    /// <summary>A cron expression, read on the wall clock of a zone.</summary>
    Cron,

    /// <summary>Every so many seconds of elapsed time, counted from an anchor; daylight saving does not touch it.</summary>
    Interval,

    /// <summary>One time only.</summary>
    Once,
}

/// <summary>What becomes of times that passed while nothing could fire.</summary>
public enum MisfirePolicy
{
    /// <summary>One run makes up for all of them.</summary>
    Once,

    /// <summary>They are left out; the next time is the rule's next one.</summary>
    Skip,

    /// <summary>Each is made up, in order, one after the other.</summary>
    All,
}

/// <summary>What becomes of a firing while a run of the same schedule has not ended.</summary>
public enum OverlapPolicy
{
    /// <summary>It starts nothing, and says so.</summary>
    Skip,

    /// <summary>Its run waits for the one before it.</summary>
    Queue,

    /// <summary>The runs before it are cancelled; its run begins when they have ended.</summary>
    Replace,
}

/// <summary>Starts a workflow by itself: by a cron expression in an IANA time zone, at an interval, or once.</summary>
public sealed class Schedule
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid WorkflowId { get; set; }

    public string Name { get; set; } = "";

    public ScheduleKind Kind { get; set; }

    /// <summary>Quartz cron expression (seconds first); empty for other kinds.</summary>
    public string Cron { get; set; } = "";

    /// <summary>60 s or more; null unless the kind is Interval.</summary>
    public int? IntervalSeconds { get; set; }

    /// <summary>The one time; null unless the kind is Once.</summary>
    public DateTimeOffset? RunAt { get; set; }

    /// <summary>IANA zone, such as <c>Europe/Berlin</c>.</summary>
    public string Zone { get; set; } = "UTC";

    /// <summary>Ids of the targets, comma-separated.</summary>
    public string TargetIds { get; set; } = "";

    /// <summary>Tags, space-separated: targets with any of them when it fires, beside those of <see cref="TargetIds"/>.</summary>
    public string TargetTags { get; set; } = "";

    /// <summary>JSON object of recipe parameters.</summary>
    public string Parameters { get; set; } = "{}";

    public MisfirePolicy Misfire { get; set; }

    public OverlapPolicy Overlap { get; set; }

    /// <summary>Each firing is put off by 0 to this many seconds, the same for the same schedule and time; spreads schedules that are due at one moment.</summary>
    public int JitterSeconds { get; set; }

    /// <summary>No firing before; also the anchor of an interval. Null = from its creation on.</summary>
    public DateTimeOffset? StartsAt { get; set; }

    /// <summary>No firing at or after; null = without end.</summary>
    public DateTimeOffset? EndsAt { get; set; }

    /// <summary>Priority of its runs, 0 (lowest) .. 9.</summary>
    public int Priority { get; set; } = 5;

    public bool Enabled { get; set; } = true;

    /// <summary>Why the engine stopped it (the authorisation of a target ended); null = it was not. A stopped schedule does not fire until a person lets it go on.</summary>
    public string? StoppedReason { get; set; }

    public DateTimeOffset? StoppedAt { get; set; }

    public string Owner { get; set; } = "";

    /// <summary>Who the owner is: the schedule may start only what its owner may start at that moment.</summary>
    public ActorKind OwnerKind { get; set; }

    public string OwnerId { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? LastFiredAt { get; set; }

    /// <summary>
    /// Every time of the rule up to here is decided: fired, skipped, or not to be made up. Moves in the transaction that accepts the runs; set to now when the schedule is added, changed, enabled or let go on,
    /// so that no time of a rule that was not in force is made up.
    /// </summary>
    public DateTimeOffset DecidedUntil { get; set; }

    /// <summary>The rule's first time after <see cref="DecidedUntil"/>, jitter included; null when there is none, or the schedule is disabled or stopped. What is due is found by it.</summary>
    public DateTimeOffset? NextFireAt { get; set; }

    /// <summary>The run of the last firing that started one.</summary>
    public Guid? LastRunId { get; set; }

    /// <summary>Why the last firing started no run; null when it did.</summary>
    public string? LastRefusal { get; set; }

    /// <summary>Grows with each change by a person.</summary>
    public int Revision { get; set; } = 1;

    public DateTimeOffset? ArchivedAt { get; set; }

    /// <summary>True while it fires by itself.</summary>
    public bool IsActive => Enabled && StoppedReason is null && ArchivedAt is null;
}
