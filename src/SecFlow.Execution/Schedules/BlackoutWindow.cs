using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Schedules;

/// <summary>
/// When a blackout stands. One spelling with the windows of targets (<see cref="TargetWindows"/>), without the first word:
/// <code>
/// Mon-Fri 08:30-17:30 Europe/Berlin                  each week
/// 2026-12-24T00:00/2026-12-27T00:00 Europe/Berlin    once
/// </code>
/// Where the clock jumps it takes the longer reading.
/// </summary>
public sealed class BlackoutWindow
{
    private const string Example = "Mon-Fri 08:30-17:30 Europe/Berlin, or 2026-12-24T00:00/2026-12-27T00:00 UTC";

    private readonly TargetWindow _window;

    private BlackoutWindow(TargetWindow window) => _window = window;

    /// <summary>The one spelling of the window.</summary>
    public string Text => _window.ToString()["deny ".Length..];

    /// <summary>Reads a window; problems (SF1305, path <c>window</c>) are added.</summary>
    public static BlackoutWindow? Read(string? text, ICollection<Diagnostic> problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        var found = new List<Diagnostic>();
        var window = TargetWindow.Read("deny " + (text ?? "").Trim(), 1, found);
        foreach (var problem in found)
        {
            var words = problem.Message.Replace("Window 1: ", "", StringComparison.Ordinal).Replace("'deny ", "'", StringComparison.Ordinal).Replace(TargetWindow.Example, Example, StringComparison.Ordinal);
            problems.Add(new Diagnostic(Codes.BlackoutInvalid, words.Contains("is not a window", StringComparison.Ordinal) ? $"'{TargetValidation.Show(text ?? "")}' is not a time of a blackout. Write {Example}." : words) { Path = "window" });
        }

        return window is null ? null : new BlackoutWindow(window);
    }

    /// <summary>A stored window; null when this machine cannot read it any more.</summary>
    public static BlackoutWindow? Of(Blackout row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return Read(row.Window, []);
    }

    /// <summary>The time that stands at a moment, else the next one; null when none comes any more.</summary>
    public (DateTimeOffset From, DateTimeOffset Until)? StandingOrNext(DateTimeOffset at)
    {
        if (_window.EndAfter(at) is { } end)
        {
            return (at, end);
        }

        return _window.StartAfter(at) is { } start && _window.EndAfter(start) is { } until ? (start, until) : null;
    }

    /// <summary>Every time that touches a span, in order; for calendars.</summary>
    public IEnumerable<(DateTimeOffset From, DateTimeOffset Until)> Within(DateTimeOffset from, DateTimeOffset until)
    {
        for (var at = from; StandingOrNext(at) is { } span && span.From < until; at = span.Until)
        {
            yield return span;
        }
    }
}
