using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Schedules;

/// <summary>What every kind of rule has.</summary>
internal sealed record ScheduleTimes(string Zone, TimeZoneInfo TimeZone, DateTimeOffset? StartsAt, DateTimeOffset? EndsAt, Guid Key, int JitterSeconds)
{
    /// <summary>Longest jitter.</summary>
    public const int MostJitter = 86_400;

    public static TimeZoneInfo? FindZone(string zone, List<Diagnostic> problems)
    {
        if (!string.IsNullOrWhiteSpace(zone) && zone.Length <= 64 && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var info) && (zone == "UTC" || zone.Contains('/', StringComparison.Ordinal)))
        {
            return info;
        }

        var hint = Spelling.Hint(zone ?? "", TimeZoneInfo.GetSystemTimeZones().Select(known => known.Id));
        problems.Add(Wrong("zone", $"'{Short(zone)}' is not an IANA time zone of this machine; expected a name such as Europe/Berlin, America/New_York or UTC.{hint}"));
        return null;
    }

    public void Check(List<Diagnostic> problems)
    {
        if (JitterSeconds is < 0 or > MostJitter)
        {
            problems.Add(Wrong("jitterSeconds", $"A jitter of {JitterSeconds} s is out of range: expected 0 to {MostJitter}."));
        }

        if (StartsAt is { } start && EndsAt is { } end && end <= start)
        {
            problems.Add(Wrong("endsAt", $"The end ({end:u}) is not after the start ({start:u}). Choose a later end, or none."));
        }
    }

    public static string Short(string? text) => text is { Length: > 60 } ? text[..60] + "..." : text ?? "";

    public static Diagnostic Wrong(string path, string message) => new(Codes.ScheduleInvalid, message) { Path = path };
}
