using System.Security.Cryptography;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Schedules;

/// <summary>What is to be fired now.</summary>
/// <param name="Fire">Instants to fire, oldest first; those that are late stand before those that are not.</param>
/// <param name="Missed">How many times passed for more than <see cref="ScheduleRule.Grace"/> without a firing (counted up to <see cref="ScheduleRule.MostMadeUp"/> or somewhat more).</param>
/// <param name="LeftOut">How many of the due times are in no firing of their own.</param>
/// <param name="Until">Every time up to here is decided by this answer: the new <see cref="Schedule.DecidedUntil"/>.</param>
public sealed record DueFirings(IReadOnlyList<DateTimeOffset> Fire, int Missed, int LeftOut, DateTimeOffset Until);

/// <summary>
/// When a schedule fires.
/// 1. Instants are UTC and hold the jitter already: what is shown, stored as next time and used as key of a firing is one and the same instant.
/// 2. <see cref="Next"/> and <see cref="Due"/> are pure: the same row and the same moment give the same answer on every machine.
/// 3. An instant is late when it passed more than <see cref="Grace"/> ago. Late ones are made up by the misfire policy; those that are not late always fire.
/// </summary>
public abstract class ScheduleRule
{
    /// <summary>Most late times that are made up one by one; of more the newest.</summary>
    public const int MostMadeUp = 100;

    /// <summary>A firing that is later than this was missed.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan _firstLook = TimeSpan.FromHours(1);

    private readonly Guid _key;
    private readonly int _jitter;

    private protected ScheduleRule(ScheduleTimes times)
    {
        (Zone, StartsAt, EndsAt, _key, _jitter) = (times.Zone, times.StartsAt, times.EndsAt, times.Key, Math.Max(0, times.JitterSeconds));
        TimeZone = times.TimeZone;
    }

    /// <summary>IANA name.</summary>
    public string Zone { get; }

    public TimeZoneInfo TimeZone { get; }

    public DateTimeOffset? StartsAt { get; }

    public DateTimeOffset? EndsAt { get; }

    /// <summary>The rule in words, such as "every Monday at 06:00 Europe/Berlin".</summary>
    public abstract string Words { get; }

    /// <summary>The rule of a stored schedule. Throws SF1301 when this machine cannot read it (a time zone that it does not know).</summary>
    public static ScheduleRule Of(Schedule row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return Read(ScheduleSpec.Of(row), row.Id, row.CreatedAt);
    }

    /// <summary>Throws SF1301 with every problem of the rule, by path.</summary>
    /// <param name="spec">What a person wrote.</param>
    /// <param name="key">Spreads the jitter: the schedule's id.</param>
    /// <param name="anchor">Where an interval without a start is counted from.</param>
    public static ScheduleRule Read(ScheduleSpec spec, Guid key, DateTimeOffset anchor)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var problems = new List<Diagnostic>();
        var rule = TryRead(spec, key, anchor, problems);
        return problems.Count == 0 && rule is not null ? rule : throw new SecFlowException(problems);
    }

    internal static ScheduleRule? TryRead(ScheduleSpec spec, Guid key, DateTimeOffset anchor, List<Diagnostic> problems)
    {
        var before = problems.Count;
        var zone = ScheduleTimes.FindZone(spec.Zone, problems);
        var times = new ScheduleTimes(spec.Zone, zone ?? TimeZoneInfo.Utc, spec.StartsAt, spec.EndsAt, key, spec.JitterSeconds);
        ScheduleRule? rule = spec.Kind switch
        {
            ScheduleKind.Interval => IntervalRule.Read(spec, times, anchor, problems),
            ScheduleKind.Once => OnceRule.Read(spec, times, problems),
            _ => CronRule.Read(spec.Cron, times, problems),
        };
        times.Check(problems);
        return problems.Count == before ? rule : null;
    }

    /// <summary>The next fire times after a moment, UTC, jitter included; fewer than asked when the rule ends.</summary>
    public IReadOnlyList<DateTimeOffset> Next(DateTimeOffset after, int count)
    {
        var times = new List<DateTimeOffset>(count);
        foreach (var at in After(after))
        {
            if (times.Count == count)
            {
                break;
            }

            times.Add(at);
        }

        return times;
    }

    /// <summary>The next fire time of a stored schedule; null when it does not fire by itself (any more).</summary>
    public static DateTimeOffset? NextOf(Schedule row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return row.IsActive && Of(row).Next(DecidedUntil(row), 1) is [var next, ..] ? next : null;
    }

    /// <summary>Up to which moment the times of a stored schedule are decided.</summary>
    public static DateTimeOffset DecidedUntil(Schedule row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var least = row.LastFiredAt ?? row.CreatedAt;
        return row.DecidedUntil > least ? row.DecidedUntil : least;
    }

    /// <summary>What is to be fired now.</summary>
    /// <param name="after">Every time up to here is decided.</param>
    /// <param name="now">The moment of the question.</param>
    /// <param name="misfire">What becomes of times that are late.</param>
    public DueFirings Due(DateTimeOffset after, DateTimeOffset now, MisfirePolicy misfire)
    {
        var due = Newest(after, now);
        var until = due.Count > 0 ? due[^1] : after;
        var late = due.Count(at => now - at > Grace);
        IReadOnlyList<DateTimeOffset> fire = misfire switch
        {
            _ when late == 0 => due,
            MisfirePolicy.Skip => [.. due.Skip(late)],
            MisfirePolicy.All => [.. due.Skip(Math.Max(0, late - MostMadeUp))],

            // One run for all of them: that of the newest time.
            _ => [due[^1]],
        };
        return new DueFirings(fire, late, due.Count - fire.Count, until);
    }

    /// <summary>The rule's own times after a moment, without jitter, start and end, in order.</summary>
    private protected abstract IEnumerable<DateTimeOffset> Plain(DateTimeOffset after);

    // The times of a long outage are not counted one by one: from the newest back, in windows that double.
    private List<DateTimeOffset> Newest(DateTimeOffset after, DateTimeOffset now)
    {
        for (var look = _firstLook; ; look *= 2)
        {
            var from = now - after > look ? now - look : after;
            var due = After(from).TakeWhile(at => at <= now).ToList();
            if (from == after || due.Count > MostMadeUp)
            {
                return due;
            }
        }
    }

    internal IEnumerable<DateTimeOffset> After(DateTimeOffset after)
    {
        var jitter = TimeSpan.FromSeconds(_jitter);
        var from = after - DateTimeOffset.MinValue > jitter ? after - jitter : after;
        if (StartsAt is { } start && from < start)
        {
            // A time at the start itself counts.
            from = start - TimeSpan.FromTicks(1);
        }

        // None at or after the end, put off or not.
        return Plain(from).TakeWhile(BeforeEnd).Select(Put).TakeWhile(BeforeEnd).Where(at => at > after);
    }

    private bool BeforeEnd(DateTimeOffset at) => EndsAt is not { } end || at < end;

    // Whole seconds, from the key and the time alone.
    private DateTimeOffset Put(DateTimeOffset at)
    {
        if (_jitter == 0)
        {
            return at.ToUniversalTime();
        }

        Span<byte> seed = stackalloc byte[24];
        _key.TryWriteBytes(seed);
        BitConverter.TryWriteBytes(seed[16..], at.UtcTicks);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(seed, hash);
        return at.ToUniversalTime().AddSeconds(BitConverter.ToUInt32(hash) % (uint)(_jitter + 1));
    }
}
