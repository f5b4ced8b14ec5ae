using Microsoft.Extensions.Logging;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;

namespace SecFlow.Execution.Schedules;

/// <summary>
/// What concerns schedules and happens by the clock alone.
/// 1. Blackouts: the time of each is moved on before it is over (one that goes on has no gap) or when it is. What runs when one begins is paused, and goes on when none stands any more. Only what was paused here is resumed here: a person who paused a run, or took over its pause, decides.
/// 2. A schedule whose target is not authorised any more is stopped, and says so; a person lets it go on.
/// Each look is made of facts of the database alone, so that any engine may make it, twice as well as once.
/// </summary>
public sealed partial class ScheduleWatch(
    ScheduleStore schedules, BlackoutStore blackouts, TargetStore targets, RunControl control, TimeProvider time, ILogger<ScheduleWatch> logger)
{
    /// <summary>Name under which blackouts pause and resume.</summary>
    public const string Name = "blackout";

    private static readonly TimeSpan _ahead = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _lookEvery = TimeSpan.FromSeconds(30);

    /// <summary>A run that was refused to go on is asked for again only now and then: each refusal is an audit event.</summary>
    private static readonly TimeSpan _againAfter = TimeSpan.FromMinutes(10);

    private readonly Dictionary<Guid, DateTimeOffset> _refused = [];
    private DateTimeOffset _looked = DateTimeOffset.MinValue;

    /// <summary>Looks until it is cancelled; a look that fails is logged and made again.</summary>
    public Task WatchForeverAsync(TimeSpan every, CancellationToken ct) => Beat.ForeverAsync(every, LookAsync, e => LookFailed(logger, e), ct);

    /// <summary>Pauses what a blackout concerns, lets go on what none does any more.</summary>
    public async Task BlackoutsAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        foreach (var row in await blackouts.ListAllAsync(ct))
        {
            if (row.StandsUntil <= now + _ahead)
            {
                await MoveAsync(row, now, ct);
            }
        }

        foreach (var (run, blackout) in await blackouts.CaughtAsync(now, ct))
        {
            await ActAsync(run, () => control.PauseAsync(Actor.System(run.TeamId, Name), run.Id, BlackoutService.InWords(blackout), ct));
        }

        foreach (var run in await blackouts.ReleasedAsync(Name, now, ct))
        {
            await ActAsync(run, () => control.ResumeAsync(Actor.System(run.TeamId, Name), run.Id, ct));
        }
    }

    /// <summary>Stops each schedule that names, or takes by tag, a target whose authorisation has ended.</summary>
    public async Task AuthorisationsAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        foreach (var team in (await schedules.ListEnabledAsync(ct)).GroupBy(row => row.TeamId))
        {
            var rows = await targets.ListAsync(team.Key, archivedToo: true, ct);
            foreach (var schedule in team)
            {
                if (ScheduleHealth.Lapsed(schedule, rows, now) is { } why && await schedules.StopAsync(schedule.Id, Codes.ScheduleStopped, why, ct))
                {
                    Stopped(logger, schedule.Id, why);
                }
            }
        }
    }

    private async Task MoveAsync(Blackout row, DateTimeOffset now, CancellationToken ct)
    {
        var window = BlackoutWindow.Of(row);
        var span = window.StandingOrNext(now);
        var goesOn = row.StandsFrom <= now && row.StandsUntil > now && span?.From == now;
        var (from, until) = (goesOn ? row.StandsFrom : span?.From, span?.Until);
        if ((from, until) == (row.StandsFrom, row.StandsUntil))
        {
            return;
        }

        await blackouts.MoveAsync(row.Id, row.Revision, from, until, ct);
        if (!window.IsReadable && !goesOn)
        {
            NotRead(logger, row.Name, row.Id, row.Window);
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        await BlackoutsAsync(ct);
        var now = time.GetUtcNow();
        if (now - _looked >= _lookEvery || now < _looked)
        {
            _looked = now;
            await AuthorisationsAsync(ct);
        }
    }

    // One run that may not go on (its authorisation lapsed meanwhile) must not keep the others from it.
    private async Task ActAsync(Run run, Func<Task<bool>> act)
    {
        var now = time.GetUtcNow();
        if (_refused.TryGetValue(run.Id, out var asked) && now - asked < _againAfter && now >= asked)
        {
            return;
        }

        try
        {
            await act();
            _refused.Remove(run.Id);
        }
        catch (SecFlowException refused)
        {
            _refused[run.Id] = now;
            NotActed(logger, run.Id, refused.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Schedules and blackouts could not be looked at; it is tried again")]
    private static partial void LookFailed(ILogger logger, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The window '{Window}' of the blackout '{Blackout}' ({BlackoutId}) cannot be read here; it stands until it is changed or deleted")]
    private static partial void NotRead(ILogger logger, string blackout, Guid blackoutId, string window);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The schedule {ScheduleId} was stopped: {Reason}")]
    private static partial void Stopped(ILogger logger, Guid scheduleId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A blackout could not pause or resume the run {RunId}: {Reason}")]
    private static partial void NotActed(ILogger logger, Guid runId, string reason);
}
