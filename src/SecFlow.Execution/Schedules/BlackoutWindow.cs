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
/// 1. Where the clock jumps it takes the longer reading.
/// 2. Spans that touch are one: <c>Sat-Sun 00:00-24:00</c> goes on at midnight, <c>daily 00:00-24:00</c> has no end that is near.
/// 3. A stored window that this machine cannot read (a zone that it does not know) stands at every moment, a few minutes at a time, until it can be read: what nobody understands lets nothing run.
/// </summary>
public sealed class BlackoutWindow
{
    private const string Example = "Mon-Fri 08:30-17:30 Europe/Berlin, or 2026-12-24T00:00/2026-12-27T00:00 UTC";

    // Two weeks of whole days: the watch asks again before they are over.
    private const int MostSteps = 14;

    private static readonly TimeSpan _unreadableFor = TimeSpan.FromMinutes(5);

    private readonly TargetWindow _window;

    private BlackoutWindow(TargetWindow window) => _window = window;

    /// <summary>False for a stored window that this machine cannot read: it stands at every moment.</summary>
    public bool IsReadable => !ReferenceEquals(_window, TargetWindow.Unreadable);

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

    /// <summary>A stored window.</summary>
    public static BlackoutWindow Of(Blackout row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return Read(row.Window, []) ?? new BlackoutWindow(TargetWindow.Unreadable);
    }

    /// <summary>The time that stands at a moment (from that moment on), else the next one; null when none comes any more. Of one that goes on for longer than two weeks, the first two.</summary>
    public (DateTimeOffset From, DateTimeOffset Until)? StandingOrNext(DateTimeOffset at)
    {
        if (!IsReadable)
        {
            return (at, at + _unreadableFor);
        }

        if ((_window.EndAfter(at) is null ? _window.StartAfter(at) : at) is not { } from || _window.EndAfter(from) is not { } until)
        {
            return null;
        }

        for (var step = 1; step < MostSteps && _window.EndAfter(until) is { } further; step++)
        {
            until = further;
        }

        return (from, until);
    }

    /// <summary>Every time that touches a span, in order; for calendars.</summary>
    public IEnumerable<(DateTimeOffset From, DateTimeOffset Until)> Within(DateTimeOffset from, DateTimeOffset until)
    {
        if (!IsReadable)
        {
            yield return (from, until);
            yield break;
        }

        for (var at = from; StandingOrNext(at) is { } span && span.From < until; at = span.Until)
        {
            yield return span;
        }
    }
}
