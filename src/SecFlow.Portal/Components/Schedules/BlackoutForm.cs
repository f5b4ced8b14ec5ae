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

    /// <summary><c>2026-12-24T00:00</c>, as browsers give it; empty = not chosen yet.</summary>
    public string Begin { get; set; } = "";

    public string End { get; set; } = "";

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
            (form.Begin, form.End) = (begin, end);
        }

        return form;
    }

    public NewBlackout ToBlackout() => new(Name, Window, Guid.TryParse(Schedule, out var id) ? id : null);

    // Until midnight is the end of the day.
    private string Window => Weekly
        ? $"{Days.Replace(" ", "", StringComparison.Ordinal)} {From.ToString("HH:mm", _culture)}-{(Until == TimeOnly.MinValue ? "24:00" : Until.ToString("HH:mm", _culture))} {Zone.Trim()}"
        : $"{Chosen(Begin)}/{Chosen(End)} {Zone.Trim()}";

    /// <summary>What a browser says of a date and a time, to the minute.</summary>
    public static string Minute(object? value) => value is string { Length: >= 16 } text ? text[..16] : "";

    private static string Chosen(string at) => at.Length == 0 ? "?" : at;

    private static TimeOnly Clock(string text) => TimeOnly.TryParseExact(text, "HH:mm", _culture, DateTimeStyles.None, out var time) ? time : TimeOnly.MinValue;
}
