namespace SecFlow.Data.Schedules;

/// <summary>A time in which no run of a team, or of one schedule, works: what runs is paused and goes on afterwards, what is queued waits.</summary>
public sealed class Blackout
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    /// <summary>Only runs of this schedule; null = every run of the team.</summary>
    public Guid? ScheduleId { get; set; }

    /// <summary>1..100.</summary>
    public string Name { get; set; } = "";

    /// <summary>When, in the spelling of a target's windows without its first word: <c>Mon-Fri 08:30-17:30 Europe/Berlin</c> or <c>2026-12-24T00:00/2026-12-27T00:00 UTC</c>.</summary>
    public string Window { get; set; } = "";

    /// <summary>Begin of the time that stands now, or comes next; null = none comes any more. The engine moves it on; whoever asks whether it stands asks the clock as well.</summary>
    public DateTimeOffset? StandsFrom { get; set; }

    /// <summary>End of that time, exclusive.</summary>
    public DateTimeOffset? StandsUntil { get; set; }

    public string CreatedBy { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Grows with each change.</summary>
    public int Revision { get; set; } = 1;

    public DateTimeOffset? ArchivedAt { get; set; }
}
