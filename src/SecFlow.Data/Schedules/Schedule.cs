using SecFlow.Data.Audit;

namespace SecFlow.Data.Schedules;

/// <summary>Starts a workflow by a cron expression in an IANA time zone.</summary>
public sealed class Schedule
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid WorkflowId { get; set; }

    public string Name { get; set; } = "";

    /// <summary>Quartz cron expression (seconds first).</summary>
    public string Cron { get; set; } = "";

    /// <summary>IANA zone, such as <c>Europe/Berlin</c>.</summary>
    public string Zone { get; set; } = "UTC";

    /// <summary>Ids of the targets, comma-separated.</summary>
    public string TargetIds { get; set; } = "";

    /// <summary>Tags, space-separated: targets with any of them when it fires, beside those of <see cref="TargetIds"/>.</summary>
    public string TargetTags { get; set; } = "";

    /// <summary>JSON object of recipe parameters.</summary>
    public string Parameters { get; set; } = "{}";

    public bool Enabled { get; set; } = true;

    public string Owner { get; set; } = "";

    /// <summary>Who the owner is: the schedule may start only what its owner may start at that moment.</summary>
    public ActorKind OwnerKind { get; set; }

    public string OwnerId { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? LastFiredAt { get; set; }

    /// <summary>Next fire time as Quartz computed it; shown, and used to notice a schedule that should have fired.</summary>
    public DateTimeOffset? NextFireAt { get; set; }

    /// <summary>Why the last firing started no run; null when it did.</summary>
    public string? LastRefusal { get; set; }

    public DateTimeOffset? ArchivedAt { get; set; }
}
