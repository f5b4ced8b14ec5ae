using System.Globalization;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Schedules;

namespace SecFlow.Portal.Components.Schedules;

/// <summary>What the form of a blackout holds; its window is the text of <see cref="BlackoutWindow"/>.</summary>
public sealed class BlackoutForm
{
    public const string EachWeek = "weekly";
    public const string Once = "once";

    private static readonly CultureInfo _culture = CultureInfo.InvariantCulture;

    /// <summary>What is changed; null for a new one.</summary>
    public Blackout? Row { get; init; }

    public string Name { get; set; } = "";

    /// <summary>Id of the schedule; empty = every run of the team.</summary>
    public string Schedule { get; set; } = "";

    /// <summary><see cref="EachWeek"/> or <see cref="Once"/>: a list of choices is bound to a text.</summary>
    public string Repeats { get; set; } = EachWeek;

    public bool Weekly => Repeats == EachWeek;

    public string Days { get; set; } = "Mon-Fri";

    public TimeOnly From { get; set; } = new(8, 30);

    public TimeOnly Until { get; set; } = new(17, 30);

    public DateTime? Begin { get; set; }

    public DateTime? End { get; set; }

    public string Zone { get; set; } = "UTC";

    public static BlackoutForm Of(Blackout row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var words = row.Window.Split(' ');
        var form = new BlackoutForm { Row = row, Name = row.Name, Schedule = row.ScheduleId?.ToString() ?? "", Zone = words[^1], Repeats = words.Length == 3 ? EachWeek : Once };
        if (form.Weekly && words[1].Split('-') is [var from, var until])
        {
            form.Days = words[0];
            form.From = Clock(from);
            form.Until = Clock(until);
        }
        else if (words[0].Split('/') is [var begin, var end])
        {
            form.Begin = Date(begin);
            form.End = Date(end);
        }

        return form;
    }

    public NewBlackout ToBlackout() => new(Name, Window, Guid.TryParse(Schedule, out var id) ? id : null);

    // Until midnight is the end of the day.
    private string Window => Weekly
        ? $"{Days.Replace(" ", "", StringComparison.Ordinal)} {From.ToString("HH:mm", _culture)}-{(Until == TimeOnly.MinValue ? "24:00" : Until.ToString("HH:mm", _culture))} {Zone.Trim()}"
        : $"{Text(Begin)}/{Text(End)} {Zone.Trim()}";

    private static string Text(DateTime? at) => at?.ToString("yyyy-MM-dd'T'HH:mm", _culture) ?? "?";

    private static TimeOnly Clock(string text) => TimeOnly.TryParseExact(text, "HH:mm", _culture, DateTimeStyles.None, out var time) ? time : TimeOnly.MinValue;

    private static DateTime? Date(string text) => DateTime.TryParseExact(text, "yyyy-MM-dd'T'HH:mm", _culture, DateTimeStyles.None, out var date) ? date : null;
}
