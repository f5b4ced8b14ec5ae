using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Schedules;

/// <summary>
/// Schedules fire: their runs are accepted by the same checks as a person's, with the schedule as actor on behalf of its owner. It may what its owner may at that moment.
/// A refusal (authorisation lapsed, workflow gone, plugin not installed) starts nothing, stands on the schedule and in the audit log; one because an authorisation ended stops the schedule.
/// 1. What is due is found by <see cref="Schedule.NextFireAt"/> and accepted in batches of <see cref="Batch"/> in one transaction each: a thousand schedules of one instant are four commits, not thousands.
/// 2. What a batch needs is looked up once (<see cref="StartFacts"/>), before its transaction; <see cref="FiringRules"/> decides inside of it.
/// 3. A schedule that was changed between the two is left for the next round. One whose row cannot be understood is stopped and says why: it must not hold up the others.
/// 4. Worker slots are woken after the last batch, so that work does not delay acceptance.
/// </summary>
public sealed partial class ScheduleFiring(
    FiringStore firings, ScheduleStore schedules, RunStore runs, TargetStore targets, RunAcceptance acceptance, RunGate gate, Access access, RunQueue queue, ActiveRuns working, RunSignals signals, SecFlowMeter meter, TimeProvider time, ILogger<ScheduleFiring> logger) : IDisposable
{
    /// <summary>Schedules of one transaction: long enough that its commit does not count, short enough that other writers do not wait.</summary>
    public const int Batch = 250;

    // More than one round fires at most as many rounds as schedules could be added meanwhile.
    private const int MostRounds = 1000;

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Fires everything that is due; returns how many runs were accepted. One call at a time in this process.</summary>
    public async Task<int> FireDueAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            var (started, before) = (0, (IReadOnlyList<Guid>)[]);
            for (var round = 0; round < MostRounds; round++)
            {
                var now = time.GetUtcNow();
                var due = await firings.DueAsync(now, Batch, ct);

                // Only what another engine has, or what cannot be decided now, is due again: the next tick looks at it.
                if (due.Count == 0 || (round > 0 && due.Select(s => s.Id).SequenceEqual(before)))
                {
                    break;
                }

                before = [.. due.Select(s => s.Id)];
                started += (await FireAsync(await PlanAsync(due, now, ct), ct)).Count;
            }

            if (started > 0)
            {
                await queue.WakeSlotsAsync(CancellationToken.None);
            }

            return started;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Fires one schedule for one instant, whatever its rule says; null when it started nothing. The same instant gives the same run.</summary>
    public async Task<Run?> FireAsync(Guid scheduleId, DateTimeOffset due, CancellationToken ct)
    {
        if (await schedules.FindForFiringAsync(scheduleId, ct) is not { } schedule)
        {
            return null;
        }

        var firing = await PrepareAsync(schedule, due, new StartFacts(), ct);
        await FireAsync([new FiringPlan(schedule, new DueFirings([due], 0, 0, due), [firing], time.GetUtcNow()) { ByHand = true }], ct);
        await queue.WakeSlotsAsync(CancellationToken.None);
        return await runs.FindByKeyAsync(schedule.TeamId, firing.Key, ct);
    }

    /// <summary>Fires what is due until it is cancelled, for what a trigger missed; a sweep that fails is logged and tried again.</summary>
    public Task SweepForeverAsync(TimeSpan every, CancellationToken ct) => Beat.ForeverAsync(every, FireDueAsync, e => SweepFailed(logger, e), ct);

    public void Dispose() => _turn.Dispose();

    private async Task<IReadOnlyList<Run>> FireAsync(IReadOnlyList<FiringPlan> plans, CancellationToken ct)
    {
        var bySchedule = plans.ToDictionary(p => p.Schedule.Id);
        var lateness = new List<TimeSpan>();
        var result = await firings.DecideAsync(
            plans.ToDictionary(p => p.Schedule.Id, p => (IReadOnlyList<string>)[.. p.Firings.Select(f => f.Key)]),
            state => bySchedule[state.Schedule.Id].Decide(state),
            wait: false,
            ct);
        var committed = time.GetUtcNow();
        foreach (var run in result.Started)
        {
            var due = bySchedule[run.ScheduleId!.Value].DueOf(run);
            SecFlowMeter.MeasureFor(run.TeamId);
            meter.ScheduleLateness(committed - due, run.WorkflowName);
            lateness.Add(committed - due);
        }

        foreach (var run in result.Stopping)
        {
            working.Cancel(run);
        }

        foreach (var team in plans.Select(p => p.Schedule.TeamId).Distinct())
        {
            signals.NotifyAll(team);
        }

        if (result.Started.Count > 0)
        {
            Fired(logger, result.Started.Count, lateness.Max().TotalMilliseconds);
        }

        return result.Started;
    }

    private async Task<IReadOnlyList<FiringPlan>> PlanAsync(IReadOnlyList<Schedule> due, DateTimeOffset now, CancellationToken ct)
    {
        var facts = new StartFacts();
        foreach (var team in due.GroupBy(s => s.TeamId))
        {
            await facts.TargetsAsync(targets, team.Key, [.. team.SelectMany(TargetsOf).Distinct()], ct);
        }

        var plans = new List<FiringPlan>(due.Count);
        foreach (var schedule in due)
        {
            try
            {
                var toFire = ScheduleRule.Of(schedule).Due(ScheduleRule.DecidedUntil(schedule), now, schedule.Misfire);
                var made = new List<PlannedFiring>(toFire.Fire.Count);
                foreach (var at in toFire.Fire)
                {
                    made.Add(await PrepareAsync(schedule, at, facts, ct));
                }

                plans.Add(new FiringPlan(schedule, toFire, made, now));
            }
            catch (SecFlowException wrong)
            {
                // The rule itself cannot be read: a zone that this machine does not know.
                plans.Add(new FiringPlan(schedule, new DueFirings([], 0, 0, now), [], now) { Unreadable = wrong.Diagnostics[0] });
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException && !ct.IsCancellationRequested)
            {
                Unreadable(logger, schedule.Id, e);
                plans.Add(new FiringPlan(schedule, new DueFirings([], 0, 0, now), [], now) { Unreadable = new Diagnostic(Codes.ScheduleInvalid, "What is stored of this schedule cannot be read. Save it anew.") });
            }
        }

        return plans;
    }

    private async Task<PlannedFiring> PrepareAsync(Schedule schedule, DateTimeOffset due, StartFacts facts, CancellationToken ct)
    {
        var key = EngineKeys.OfFiring(schedule.Id, due);
        var owner = await facts.OnceAsync(("authority", schedule.TeamId, schedule.OwnerKind, schedule.OwnerId), () => gate.AuthorityAsync(schedule.TeamId, schedule.OwnerKind, schedule.OwnerId, ct));
        var actor = owner.Of(ActorKind.Schedule, schedule.Id.ToString(), $"{schedule.Name} (for {schedule.Owner})", schedule.TeamId);
        var request = new StartRun(schedule.WorkflowId, [.. TargetsOf(schedule)], RunTrigger.Schedule)
        {
            ScheduleId = schedule.Id,
            TargetTags = schedule.TargetTags.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            Parameters = JsonNode.Parse(schedule.Parameters) as JsonObject ?? [],
            Priority = schedule.Priority,
            IdempotencyKey = key,
        };
        try
        {
            await access.RequireAsync(actor, Permission.StartRuns, null, $"workflow/{request.WorkflowId}", ct);
        }
        catch (SecFlowException refused)
        {
            // Whoever lacks the role is recorded where access is judged.
            return new PlannedFiring(due, key, actor, null, refused.Diagnostics, []);
        }

        try
        {
            return new PlannedFiring(due, key, actor, await acceptance.PrepareAsync(actor, request, facts, ct), [], []);
        }
        catch (SecFlowException refused)
        {
            var refusal = RunAcceptance.RefusalOf(refused);
            var audit = refusal is not null
                ? await acceptance.DeniedAsync(actor, schedule.WorkflowId, refusal, facts, ct)
                : FiringPlan.Event(schedule, actor, "refuse.schedule", refused.Code, PlannedFiring.Words(refused.Diagnostics), due);
            return new PlannedFiring(due, key, actor, null, refused.Diagnostics, [audit]) { AuthorisationEnded = refusal?.Code == Codes.AuthorisationLapsed && await EndedAsync(request, actor, facts, ct) };
        }
    }

    // An authorisation that has not begun yet is no reason to stop: it will come.
    private async Task<bool> EndedAsync(StartRun request, Actor actor, StartFacts facts, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var chosen = await gate.ChooseAsync(actor.TeamId, request, facts, ct);
        return (await facts.TargetsAsync(targets, actor.TeamId, chosen, ct)).Values.Any(t => t.ArchivedAt is not null || t.AuthorisedUntil <= now);
    }

    private static IEnumerable<Guid> TargetsOf(Schedule schedule) => schedule.TargetIds.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Guid.Parse);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is due could not be fired; the next sweep tries again")]
    private static partial void SweepFailed(ILogger logger, Exception error);

    [LoggerMessage(Level = LogLevel.Information, Message = "Schedules started {Count} runs, the last one {LateMs:0} ms after it was due")]
    private static partial void Fired(ILogger logger, int count, double lateMs);

    [LoggerMessage(Level = LogLevel.Error, Message = "What is stored of the schedule {ScheduleId} cannot be read; it is stopped")]
    private static partial void Unreadable(ILogger logger, Guid scheduleId, Exception error);
}
