using System.Collections.Concurrent;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>
/// When a target may be scanned, one rule per line or semicolon:
/// <code>
/// allow Mon-Fri 22:00-06:00 Europe/Berlin                     each of these days, from 22:00 to 06:00 of the next day
/// allow daily 00:00-24:00 UTC
/// deny Sat,Sun 00:00-24:00 Europe/Berlin                      every week
/// deny 2026-12-24T00:00/2026-12-27T00:00 Europe/Berlin        once
/// </code>
/// 1. A time inside any <c>deny</c> is refused. With <c>allow</c> rules, a time outside all of them is refused. No rule: any time.
/// 2. Times are of the wall clock of the named zone (IANA). Where the clock is set forward or back, a <c>deny</c> takes the longer reading and an <c>allow</c> the shorter one.
/// 3. A window holds its start and not its end.
/// </summary>
public sealed class TargetWindows
{
    /// <summary>Most rules of one target.</summary>
    public const int MostRules = 50;

    private const int MostSteps = 500;
    private static readonly TimeSpan _horizon = TimeSpan.FromDays(366);
    private static readonly ConcurrentDictionary<string, TargetWindows> _read = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<TargetWindow> _allow;
    private readonly IReadOnlyList<TargetWindow> _deny;

    private TargetWindows(IReadOnlyList<TargetWindow> rules)
    {
        (_allow, _deny) = ([.. rules.Where(rule => rule.Allows)], [.. rules.Where(rule => !rule.Allows)]);
        Rules = rules;
    }

    public static TargetWindows Always { get; } = new([]);

    internal IReadOnlyList<TargetWindow> Rules { get; }

    /// <summary>The rules in their one spelling, one per line.</summary>
    public string Text => string.Join('\n', Rules);

    /// <summary>Reads rules; problems (SF1401, path <c>windows</c>) are added, all at once, and what could be read is returned.</summary>
    public static TargetWindows Read(string? text, ICollection<Diagnostic> problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        var lines = (text ?? "").Split(['\n', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (lines.Length > MostRules)
        {
            problems.Add(TargetValidation.Problem("windows", $"There are {lines.Length} windows.", $"Give at most {MostRules}."));
            return Always;
        }

        var rules = new List<TargetWindow>();
        foreach (var (line, number) in lines.Select((line, at) => (line, at + 1)))
        {
            if (TargetWindow.Read(line, number, problems) is { } rule)
            {
                rules.Add(rule);
            }
        }

        return new TargetWindows(rules);
    }

    /// <summary>Stored rules. A rule that cannot be read any more (a zone that this machine does not know) makes every time refused: <see cref="Refusal"/> says so.</summary>
    public static TargetWindows Of(string stored)
    {
        if (string.IsNullOrEmpty(stored))
        {
            return Always;
        }

        if (_read.TryGetValue(stored, out var known))
        {
            return known;
        }

        var problems = new List<Diagnostic>();
        var windows = Read(stored, problems);
        if (problems.Count > 0)
        {
            return new TargetWindows([.. windows.Rules, TargetWindow.Unreadable]);
        }

        if (_read.Count > 1000)
        {
            _read.Clear();
        }

        return _read.GetOrAdd(stored, windows);
    }

    /// <summary>Why the target may not be scanned now, naming when it would pass; null = it may (SF3020).</summary>
    public Diagnostic? Refusal(string target, DateTimeOffset now)
    {
        var denied = _deny.FirstOrDefault(rule => rule.EndAfter(now) is not null);
        if (denied is null && (_allow.Count == 0 || _allow.Any(rule => rule.EndAfter(now) is not null)))
        {
            return null;
        }

        var why = denied is not null ? $"the window '{denied}' forbids it" : $"it is allowed only in {string.Join(" or ", _allow.Take(3).Select(rule => $"'{rule}'"))}{(_allow.Count > 3 ? $" and {_allow.Count - 3} more" : "")}";
        var remedy = NextPass(now) is { } next ? $"Start it at {next.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} or later, or have the windows of the target changed." : "No time within a year would pass: have the windows of the target changed.";
        return new Diagnostic(Codes.OutsideWindow, $"The target '{target}' may not be scanned at {now.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}: {why}. {remedy}") { Rule = "target.windows", Remedy = remedy };
    }

    /// <summary>The first time from <paramref name="now"/> that would pass; null when none within a year does.</summary>
    public DateTimeOffset? NextPass(DateTimeOffset now)
    {
        var at = now;
        for (var step = 0; step < MostSteps && at - now < _horizon; step++)
        {
            if (_deny.Select(rule => rule.EndAfter(at)).Max() is { } free)
            {
                at = free;
            }
            else if (_allow.Count == 0 || _allow.Any(rule => rule.EndAfter(at) is not null))
            {
                return at;
            }
            else if (_allow.Select(rule => rule.StartAfter(at)).Min() is { } opens)
            {
                at = opens;
            }
            else
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>True when these rules may pass at a time at which the others do not: anything but the same rules and further <c>deny</c> ones.</summary>
    public bool MayBeWiderThan(TargetWindows other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var (mine, others) = (Spelled(Rules), Spelled(other.Rules));
        var allowsGone = other._allow.Count > 0 && _allow.Count == 0;
        var newAllow = other._allow.Count > 0 && _allow.Any(rule => !others.Contains(rule.ToString()));
        return allowsGone || newAllow || other._deny.Any(rule => !mine.Contains(rule.ToString()));
    }

    private static HashSet<string> Spelled(IEnumerable<TargetWindow> rules) => rules.Select(rule => rule.ToString()).ToHashSet(StringComparer.Ordinal);
}
