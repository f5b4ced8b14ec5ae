using System.Globalization;
using Microsoft.AspNetCore.Components;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Schedules;

namespace SecFlow.Portal.Components.Schedules;

/// <summary>Seven days: what fires when, and when nothing works.</summary>
public sealed partial class WeekCalendar
{
    private const int MostTimes = 3;

    private static readonly CultureInfo _culture = CultureInfo.InvariantCulture;

    private IReadOnlyList<Day> _days = [];
    private IReadOnlyList<string> _leftOut = [];
    private (object? Schedules, object? Blackouts, TimeZoneInfo? Zone, DateOnly Today) _seen;
    private int _week;

    [Parameter]
    [EditorRequired]
    public IReadOnlyList<Schedule> Schedules { get; set; } = [];

    [Parameter]
    [EditorRequired]
    public IReadOnlyList<Blackout> Blackouts { get; set; } = [];

    /// <summary>Zone of the person who looks.</summary>
    [Parameter]
    public TimeZoneInfo Zone { get; set; } = TimeZoneInfo.Utc;

    [Inject]
    public TimeProvider Time { get; set; } = null!;

    private string Title => _week == 0 ? "The next seven days" : $"Seven days from {_days[0].Name}";

    // Its parent renders for each key that is typed in a form; what comes changes with the rows, the zone and the day.
    protected override void OnParametersSet()
    {
        var now = (Schedules, Blackouts, Zone, DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(Time.GetUtcNow(), Zone).DateTime));
        if (_days.Count == 0 || !_seen.Equals(now))
        {
            _seen = now;
            _days = Look();
        }
    }

    private void Turn(int by)
    {
        _week = by == 0 ? 0 : Math.Clamp(_week + by, 0, 52);
        _days = Look();
    }

    private List<Day> Look()
    {
        var now = Time.GetUtcNow();
        var first = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, Zone).DateTime).AddDays(7 * _week);
        var calendar = ScheduleCalendar.Of(Schedules, Blackouts, Begin(first), Begin(first.AddDays(7)), now);
        _leftOut = calendar.LeftOut;
        return [.. Enumerable.Range(0, 7).Select(i => Of(first.AddDays(i), calendar, now))];
    }

    private Day Of(DateOnly date, ScheduleCalendar calendar, DateTimeOffset now)
    {
        var (begin, end) = (Begin(date), Begin(date.AddDays(1)));
        double Part(DateTimeOffset at) => Math.Clamp((at - begin) / (end - begin), 0, 1);
        string Clock(DateTimeOffset at) => at >= end ? "24:00" : TimeZoneInfo.ConvertTime(at < begin ? begin : at, Zone).ToString("HH:mm", _culture);
        var firings = calendar.Firings.Where(f => f.At >= begin && f.At < end).ToList();
        return new Day(
            date.ToString("ddd d MMM", _culture),
            now >= begin && now < end,
            now >= begin && now < end ? Part(now) : null,
            [.. calendar.Blackouts.Where(b => b.From < end && b.Until > begin).Select(b => new Dark(Part(b.From), Part(b.Until), $"{Clock(b.From)}-{Clock(b.Until)}", Words(b.Blackout)))],
            [.. firings.Select(f => Part(f.At)).Distinct()],
            [.. firings.GroupBy(f => (f.Schedule.Id, f.In?.Id)).Select(group => new Line(group.Key.Item1, group.First().Schedule.Name, Times([.. group.Select(f => Clock(f.At))]), group.First().In?.Name))]);
    }

    private string Words(Blackout row) => row.ScheduleId is { } id ? $"{row.Name} ({Schedules.FirstOrDefault(s => s.Id == id)?.Name ?? "one schedule"})" : row.Name;

    private static string Times(IReadOnlyList<string> times) =>
        times.Count <= MostTimes ? string.Join(", ", times) : $"{times[0]}-{times[^1]}, {times.Count} times";

    // A midnight that the clock leaves out begins when the clock jumps.
    private DateTimeOffset Begin(DateOnly date) => ScheduleTime.Read(date.ToString("yyyy-MM-dd", _culture) + "T00:00", Zone.Id, "day", []) ?? new DateTimeOffset(date.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    private static string Percent(double part) => string.Create(_culture, $"{part * 100:0.##}%");

    private sealed record Day(string Name, bool Today, double? Now, IReadOnlyList<Dark> Blackouts, IReadOnlyList<double> Marks, IReadOnlyList<Line> Lines);

    private sealed record Dark(double From, double Until, string Times, string Words);

    private sealed record Line(Guid Id, string Name, string Times, string? Waits);
}
