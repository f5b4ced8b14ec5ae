using System.Globalization;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>One rule of <see cref="TargetWindows"/>: days of each week from a time to a time, or once from a date to a date, in a zone.</summary>
internal sealed partial class TargetWindow
{
    internal const string Example = "allow Mon-Fri 22:00-06:00 Europe/Berlin, or deny 2026-12-24T00:00/2026-12-27T00:00 UTC";
    private const int WholeDay = 24 * 60;
    private static readonly string[] _days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    private readonly TimeZoneInfo _zone;
    private readonly string _text;

    /// <summary>Monday first; null for a rule that holds once.</summary>
    private readonly bool[]? _on;
    private readonly int _fromMinute;
    private readonly int _untilMinute;
    private readonly DateTime _from;
    private readonly DateTime _until;

    private TargetWindow(bool allows, TimeZoneInfo zone, string text, bool[]? on, int fromMinute, int untilMinute, DateTime from, DateTime until)
    {
        Allows = allows;
        (_zone, _text, _on, _fromMinute, _untilMinute, _from, _until) = (zone, text, on, fromMinute, untilMinute, from, until);
    }

    /// <summary>Stands for a stored rule that cannot be read: always forbids.</summary>
    public static TargetWindow Unreadable { get; } = new(false, TimeZoneInfo.Utc, "a stored rule that this machine cannot read (is its time zone known here?)", null, 0, 0, DateTime.MinValue.AddYears(1), DateTime.MaxValue.AddYears(-1));

    public bool Allows { get; }

    /// <summary>The rule's one spelling.</summary>
    public override string ToString() => _text;

    public static TargetWindow? Read(string line, int number, ICollection<Diagnostic> problems)
    {
        TargetWindow? Wrong(string message, string remedy)
        {
            problems.Add(TargetValidation.Problem("windows", $"Window {number}: {message}", remedy) with { Line = number });
            return null;
        }

        if (line.Length > 200 || Pattern().Match(line) is not { Success: true } parts)
        {
            return Wrong($"'{TargetValidation.Show(line)}' is not a window.", $"Write {Example}.");
        }

        var (effect, when, name) = (parts.Groups["effect"].Value.ToLowerInvariant(), parts.Groups["when"].Value, parts.Groups["zone"].Value);
        if (effect is not ("allow" or "deny"))
        {
            return Wrong($"'{TargetValidation.Show(effect)}' is not allow or deny.{Spelling.Hint(effect, ["allow", "deny"])}", $"Write {Example}.");
        }

        // Windows names ("W. Europe Standard Time") are read by .NET as well; only IANA's are one spelling everywhere.
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) || !zone.HasIanaId)
        {
            return Wrong($"'{TargetValidation.Show(name)}' is not a time zone.{Spelling.Hint(name, TimeZoneInfo.GetSystemTimeZones().Select(known => known.Id))}", "Use an IANA name such as Europe/Berlin or UTC.");
        }

        var once = Once().Match(when);
        if (once.Success)
        {
            return Date(once.Groups["from"].Value) is { } from && Date(once.Groups["until"].Value) is { } until && from < until
                ? new TargetWindow(effect == "allow", zone, $"{effect} {from:yyyy-MM-ddTHH:mm}/{until:yyyy-MM-ddTHH:mm} {zone.Id}", null, 0, 0, from, until)
                : Wrong($"'{TargetValidation.Show(when)}' does not run from a date to a later one.", "Write dates as 2026-12-24T00:00/2026-12-27T00:00.");
        }

        var weekly = Weekly().Match(when);
        if (!weekly.Success || Days(weekly.Groups["days"].Value) is not { } on)
        {
            return Wrong($"'{TargetValidation.Show(when)}' is neither days with times nor two dates.", $"Write {Example}; days are {string.Join(' ', _days)} or daily.");
        }

        return Minute(weekly.Groups["from"].Value) is { } start && start < WholeDay && Minute(weekly.Groups["until"].Value) is { } end && start != end
            ? new TargetWindow(effect == "allow", zone, $"{effect} {Spelled(on)} {Clock(start)}-{Clock(end)} {zone.Id}", on, start, end, default, default)
            : Wrong($"'{TargetValidation.Show(when)}' has no two different times from 00:00 to 24:00.", "Write 22:00-06:00, or 00:00-24:00 for a whole day.");
    }

    /// <summary>When the window that holds <paramref name="at"/> ends; null when none holds it.</summary>
    public DateTimeOffset? EndAfter(DateTimeOffset at) => Around(at, -2, 1).Where(span => span.From <= at && at < span.Until).Select(span => (DateTimeOffset?)span.Until).Max();

    /// <summary>The next start of the window after <paramref name="at"/>; null when there is none.</summary>
    public DateTimeOffset? StartAfter(DateTimeOffset at) => Around(at, -1, 9).Where(span => span.From > at && span.From < span.Until).Select(span => (DateTimeOffset?)span.From).Min();

    private IEnumerable<(DateTimeOffset From, DateTimeOffset Until)> Around(DateTimeOffset at, int first, int last)
    {
        if (_on is null)
        {
            yield return (Instant(_from, early: !Allows), Instant(_until, early: Allows));
            yield break;
        }

        var today = TimeZoneInfo.ConvertTime(at, _zone).Date;
        for (var offset = first; offset <= last; offset++)
        {
            var day = today.AddDays(offset);
            if (_on[((int)day.DayOfWeek + 6) % 7])
            {
                var until = _untilMinute > _fromMinute ? day.AddMinutes(_untilMinute) : day.AddDays(1).AddMinutes(_untilMinute);
                yield return (Instant(day.AddMinutes(_fromMinute), early: !Allows), Instant(until, early: Allows));
            }
        }
    }

    /// <summary>A time of the wall clock that does not exist is read as the moment at which the clock was set forward; one that exists twice as the earlier or the later.</summary>
    private DateTimeOffset Instant(DateTime wall, bool early)
    {
        var time = wall;
        for (var minutes = 0; _zone.IsInvalidTime(time) && minutes < WholeDay; minutes++)
        {
            time = time.AddMinutes(1);
        }

        if (_zone.IsAmbiguousTime(time))
        {
            var offsets = _zone.GetAmbiguousTimeOffsets(time);
            return new DateTimeOffset(time, early ? offsets.Max() : offsets.Min()).ToUniversalTime();
        }

        return new DateTimeOffset(time, _zone.GetUtcOffset(time)).ToUniversalTime();
    }

    private static DateTime? Date(string text) =>
        DateTime.TryParseExact(text, "yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date.Year is > 2000 and < 2200 ? date : null;

    private static int? Minute(string text)
    {
        var (hours, minutes) = (int.Parse(text.AsSpan(0, 2), CultureInfo.InvariantCulture), int.Parse(text.AsSpan(3, 2), CultureInfo.InvariantCulture));
        var minute = (hours * 60) + minutes;
        return minutes < 60 && minute <= WholeDay ? minute : null;
    }

    private static string Clock(int minute) => $"{minute / 60:00}:{minute % 60:00}";

    private static bool[]? Days(string text)
    {
        if (text.Equals("daily", StringComparison.OrdinalIgnoreCase))
        {
            return [.. Enumerable.Repeat(true, 7)];
        }

        var on = new bool[7];
        foreach (var part in text.Split(','))
        {
            var ends = part.Split('-');
            var (first, last) = (Day(ends[0]), Day(ends[^1]));
            if (first < 0 || last < 0 || ends.Length > 2)
            {
                return null;
            }

            for (var day = first; ; day = (day + 1) % 7)
            {
                on[day] = true;
                if (day == last)
                {
                    break;
                }
            }
        }

        return on;
    }

    private static int Day(string text) => Array.FindIndex(_days, day => day.Equals(text, StringComparison.OrdinalIgnoreCase));

    private static string Spelled(bool[] on)
    {
        var spans = new List<string>();
        for (var day = 0; day < 7; day++)
        {
            if (on[day])
            {
                var first = day;
                while (day < 6 && on[day + 1])
                {
                    day++;
                }

                spans.Add(day == first ? _days[first] : $"{_days[first]}-{_days[day]}");
            }
        }

        return on.All(set => set) ? "daily" : string.Join(',', spans);
    }

    [GeneratedRegex(@"^(?<effect>\S+)\s+(?<when>\S+(\s+[0-9:]+-[0-9:]+)?)\s+(?<zone>[A-Za-z][A-Za-z0-9_+/-]*)\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Pattern();

    [GeneratedRegex(@"^(?<from>[0-9T:-]+)/(?<until>[0-9T:-]+)\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Once();

    [GeneratedRegex(@"^(?<days>[A-Za-z,-]+)\s+(?<from>[0-9]{2}:[0-9]{2})-(?<until>[0-9]{2}:[0-9]{2})\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Weekly();
}
