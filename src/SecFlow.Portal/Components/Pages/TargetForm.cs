using SecFlow.Data.Targets;
using SecFlow.Execution.Targets;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What a person types about a target, for a new one and for a change.</summary>
public sealed class TargetForm
{
    public string Name { get; set; } = "";

    public TargetKind Kind { get; set; }

    public string Value { get; set; } = "";

    public string Ports { get; set; } = "";

    public Intrusiveness Intrusiveness { get; set; } = Intrusiveness.Safe;

    public int Rate { get; set; } = 10;

    public string Tags { get; set; } = "";

    public string Owner { get; set; } = "";

    public string UserAgent { get; set; } = "";

    public string Windows { get; set; } = "";

    public string Reference { get; set; } = "";

    public DateOnly? From { get; set; }

    public DateOnly? Until { get; set; }

    public bool Authorised { get; set; }

    public bool PrivateAddress { get; set; }

    public static TargetForm Of(Target row) => new()
    {
        Name = row.Name,
        Kind = row.Kind,
        Value = row.Value,
        Ports = row.Ports,
        Intrusiveness = row.MaxIntrusiveness,
        Rate = row.RequestsPerSecond,
        Tags = row.Tags,
        Owner = row.Owner,
        UserAgent = row.UserAgent,
        Windows = row.Windows,
        Reference = row.AuthorisationReference,
        Until = row.AuthorisedUntil is { } until ? DateOnly.FromDateTime(until.UtcDateTime) : null,
        PrivateAddress = row.ApprovedAddress is not null,
    };

    /// <param name="before">The target that is changed: its exact end stays when the day does.</param>
    public NewTarget ToTarget(Target? before = null) => new(Name.Trim(), Kind, Value.Trim(), Reference.Trim(), End(before))
    {
        PrivateAddressApproved = PrivateAddress,
        MaxIntrusiveness = Intrusiveness,
        RequestsPerSecond = Rate,
        Tags = Tags,
        Ports = Ports,
        Owner = Owner,
        UserAgent = UserAgent,
        Windows = Windows,
        AuthorisedFrom = From is { } day ? new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) : null,
    };

    private DateTimeOffset? End(Target? before) => Until is not { } day ? null
        : before?.AuthorisedUntil is { } until && DateOnly.FromDateTime(until.UtcDateTime) == day ? until
        : new DateTimeOffset(day.ToDateTime(new TimeOnly(23, 59, 59)), TimeSpan.Zero);
}
