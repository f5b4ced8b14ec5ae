using System.Globalization;

namespace SecFlow.Execution.Schedules;

/// <summary>Common shapes of cron expressions in words; any other shape is shown as it is written.</summary>
internal static class CronWords
{
    private static readonly string[] _days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    private static readonly string[] _short = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    private static readonly string[] _months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

    public static string Of(string cron, string zone)
    {
        var f = cron.ToUpperInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var words = f.Length == 6 ? Shape(f) : null;
        return words is null ? $"cron {cron} {zone}" : $"{words} {zone}";
    }

    private static string? Shape(string[] f)
    {
        var (second, minute, hour, day, month, weekday) = (f[0], f[1], f[2], f[3], f[4], f[5]);
        var everyDay = day is "*" or "?" && weekday is "*" or "?";
        if (everyDay && month == "*" && hour == "*" && Step(minute) is { } minutes)
        {
            return minutes == 1 ? "every minute" : $"every {minutes} minutes";
        }

        if (Number(minute, 59) is not { } m || Number(second, 59) is not { } s)
        {
            return null;
        }

        if (everyDay && month == "*" && (hour == "*" || Step(hour) is not null))
        {
            var hours = hour == "*" ? 1 : Step(hour)!.Value;
            return $"{(hours == 1 ? "every hour" : $"every {hours} hours")} at minute {m}";
        }

        if (Number(hour, 23) is not { } h)
        {
            return null;
        }

        var time = s == 0 ? $"{h:00}:{m:00}" : $"{h:00}:{m:00}:{s:00}";
        if (everyDay && month == "*")
        {
            return $"every day at {time}";
        }

        if (day is "*" or "?" && month == "*" && Days(weekday) is { } days)
        {
            return $"every {days} at {time}";
        }

        if (weekday is "*" or "?" && month == "*" && (day == "L" || Number(day, 31) is not null))
        {
            return day == "L" ? $"on the last day of every month at {time}" : $"on day {Number(day, 31)} of every month at {time}";
        }

        return weekday is "*" or "?" && Number(day, 31) is { } d && Number(month, 12) is { } mo and > 0
            ? $"every {d} {_months[mo - 1]} at {time}"
            : null;
    }

    private static int? Number(string text, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n <= most ? n : null;

    // "*", "*/5", "0/5"
    private static int? Step(string text) => text == "*" ? 1
        : text.StartsWith("*/", StringComparison.Ordinal) || text.StartsWith("0/", StringComparison.Ordinal) ? Number(text[2..], 59) : null;

    // "MON", "2", "MON-FRI", "MON,WED"; Quartz counts 1 = Sunday.
    private static string? Days(string text)
    {
        if (text is "MON-FRI" or "2-6")
        {
            return "weekday";
        }

        var names = text.Split(',').Select(p => Array.IndexOf(_short, p) is >= 0 and var i ? _days[i] : Number(p, 7) is { } n and > 0 ? _days[n - 1] : null).ToList();
        return names.Contains(null) ? null
            : names.Count == 1 ? names[0]
            : string.Join(", ", names[..^1]) + " and " + names[^1];
    }
}
