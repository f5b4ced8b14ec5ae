using System.Globalization;

namespace SecFlow.Portal.Components.Marks;

/// <summary>Times, durations and counts as people say them. What is not known is "-", never 0.</summary>
public static class Words
{
    private static readonly CultureInfo _culture = CultureInfo.InvariantCulture;

    public static string Exact(DateTimeOffset time) => time.UtcDateTime.ToString("d MMM yyyy, HH:mm:ss 'UTC'", _culture);

    public static string Relative(DateTimeOffset time, DateTimeOffset now)
    {
        var span = now - time;
        var ago = span >= TimeSpan.Zero;
        var size = span.Duration();
        if (size < TimeSpan.FromSeconds(45))
        {
            return ago ? "just now" : "in a moment";
        }

        var words = size switch
        {
            { TotalMinutes: < 59.5 } => Count((int)Math.Round(size.TotalMinutes), "minute"),
            { TotalHours: < 23.5 } => Count((int)Math.Round(size.TotalHours), "hour"),
            { TotalDays: < 45 } => Count((int)Math.Round(size.TotalDays), "day"),
            _ => null,
        };
        return words is null ? time.UtcDateTime.ToString("d MMM yyyy", _culture) : ago ? words + " ago" : "in " + words;
    }

    public static string Duration(TimeSpan? duration) => duration switch
    {
        null => "-",
        { TotalSeconds: < 1 } d => $"{Math.Max(1, (int)d.TotalMilliseconds)} ms",
        { TotalSeconds: < 60 } d => d.TotalSeconds.ToString("0.0", _culture) + " s",
        { TotalHours: < 1 } d => $"{(int)d.TotalMinutes} min{(d.Seconds == 0 ? "" : $" {d.Seconds} s")}",
        { } d => $"{(int)d.TotalHours} h{(d.Minutes == 0 ? "" : $" {d.Minutes} min")}",
    };

    public static string Duration(DateTimeOffset? from, DateTimeOffset? to) => from is { } a && to is { } b ? Duration(b - a) : "-";

    public static string Count(long number, string noun) => $"{number.ToString("N0", _culture)} {noun}{(number == 1 ? "" : "s")}";

    public static string Bytes(long bytes) => bytes switch
    {
        <= 0 => "-",
        < 1024 * 1024 => $"{bytes / 1024.0:0} KiB",
        < 1024L * 1024 * 1024 => (bytes / 1048576.0).ToString("0.0", _culture) + " MiB",
        _ => (bytes / 1073741824.0).ToString("0.0", _culture) + " GiB",
    };

    /// <summary>Start of a digest, enough to tell two apart; the whole one belongs in a title.</summary>
    public static string Short(string? digest)
    {
        if (string.IsNullOrEmpty(digest))
        {
            return "-";
        }

        var hex = digest.StartsWith("sha256:", StringComparison.Ordinal) ? digest[7..] : digest;
        return hex.Length <= 12 ? hex : hex[..12];
    }
}
