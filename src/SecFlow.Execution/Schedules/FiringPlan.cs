using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Schedules;

/// <summary>One firing, judged before its transaction: a run that may be stored, or why not.</summary>
/// <param name="Due">When it was to fire.</param>
/// <param name="Key">Its idempotency key.</param>
/// <param name="Actor">The schedule, on behalf of its owner.</param>
/// <param name="Made">The run; null when it was refused.</param>
/// <param name="Problems">Why it was refused.</param>
/// <param name="Audit">Events of the refusal that are still to be written.</param>
internal sealed record PlannedFiring(DateTimeOffset Due, string Key, Actor Actor, NewRun? Made, IReadOnlyList<Diagnostic> Problems, IReadOnlyList<AuditEntry> Audit)
{
    /// <summary>The refusal will not pass by itself: the schedule is stopped.</summary>
    public bool AuthorisationEnded { get; init; }

    public static string Words(IReadOnlyList<Diagnostic> problems) => Short(string.Join(" ", problems.Take(5).Select(d => d.ToString())));

    public static string Short(string words) => words.Length > 1000 ? words[..1000] : words;
}

/// <summary>
/// The firings of one schedule, from the look before the transaction to what changes in it. Pure: the same plan and the same state give the same change.
/// 1. A schedule that may not start (any more) says so also when its firing overlaps: the overlap will pass by itself.
/// 2. A row that was changed between the two (its revision or its next time is another) is left as it is.
/// </summary>
/// <param name="Schedule">Its row at the look.</param>
/// <param name="Due">What is due.</param>
/// <param name="Firings">The same, judged.</param>
/// <param name="At">The moment of the look: a time that comes between it and the transaction is still to be fired, so this is what counts as the last firing.</param>
internal sealed record FiringPlan(Schedule Schedule, DueFirings Due, IReadOnlyList<PlannedFiring> Firings, DateTimeOffset At)
{
    /// <summary>Why the stored rule cannot be read.</summary>
    public Diagnostic? Unreadable { get; init; }

    /// <summary>Not the rule's time: what is due next stays.</summary>
    public bool ByHand { get; init; }

    public DateTimeOffset DueOf(Run run) => Firings.First(f => f.Key == run.IdempotencyKey).Due;

    public FiringChange Decide(FiringState state)
    {
        var (row, change) = (state.Schedule, new FiringChange());
        if (row.Revision != Schedule.Revision || row.NextFireAt != Schedule.NextFireAt || row.DecidedUntil != Schedule.DecidedUntil)
        {
            return change;
        }

        if (Unreadable is { } unreadable)
        {
            row.LastRefusal = PlannedFiring.Words([unreadable]);
            Stop(row, change, unreadable.Code, unreadable.Message, state.Now);
            return change;
        }

        var active = state.Active.Select(r => new ActiveRun(r.Id, r.Status, r.QueuedAt)).ToList();
        if (Due.LeftOut > 0 && Schedule.Misfire != MisfirePolicy.All)
        {
            change.Audit.Add(Event(row, Actor.System(row.TeamId), "miss.schedule", Codes.ScheduleMissed, $"{Due.LeftOut} times passed while nothing could fire.", Due.Until));
        }

        if (Due.Missed > 0 && Firings.Count == 0)
        {
            row.LastRefusal = $"{Due.LeftOut} times passed while nothing could fire, and this schedule does not make them up. {Codes.ScheduleMissed}";
        }

        foreach (var firing in Firings.Where(f => !state.Fired.Contains(f.Key)))
        {
            row.LastFiredAt = At;
            Decide(firing, row, active, change, state.Now);
        }

        if (!ByHand)
        {
            row.DecidedUntil = Due.Until > row.DecidedUntil ? Due.Until : row.DecidedUntil;
            row.NextFireAt = ScheduleRule.NextOf(row);
        }

        return change;
    }

    /// <summary>A person starts it now, whatever its rule says: only the overlap policy decides. Its rule and its times stay as they are.</summary>
    public static (FiringDecision Decision, FiringChange Change) StartNow(FiringState state, NewRun made, Actor actor)
    {
        var change = new FiringChange();
        var decision = FiringRules.Overlaps(state.Schedule.Overlap, false, [.. state.Active.Select(r => new ActiveRun(r.Id, r.Status, r.QueuedAt))]);
        if (decision.Starts)
        {
            Accept(made, decision, actor, state.Schedule, change);
        }

        return (decision, change);
    }

    /// <summary>An event about a firing that started nothing.</summary>
    public static AuditEntry Event(Schedule schedule, Actor actor, string action, string code, string words, DateTimeOffset due) =>
        new(actor, action, "schedule", schedule.Id.ToString(), schedule.Name)
        {
            Outcome = AuditOutcome.Denied,
            ReasonCode = code,
            OnBehalfOf = schedule.Owner,
            Details = new JsonObject { ["reason"] = words, ["due"] = due.ToString("O") },
        };

    private static void Decide(PlannedFiring firing, Schedule row, List<ActiveRun> active, FiringChange change, DateTimeOffset now)
    {
        var decision = FiringRules.Decide(row, firing.Due, now, active);
        if (!decision.Starts && (firing.Made is not null || decision.Code == Codes.ScheduleNotActive))
        {
            row.LastRefusal = PlannedFiring.Short($"{decision.Reason} {decision.Code}");
            change.Audit.Add(Event(row, firing.Actor, "skip.schedule", decision.Code ?? Codes.ScheduleNotActive, decision.Reason ?? "", firing.Due));
            return;
        }

        if (firing.Made is not { } made)
        {
            row.LastRefusal = PlannedFiring.Words(firing.Problems);
            change.Audit.AddRange(firing.Audit);
            if (firing.AuthorisationEnded)
            {
                Stop(row, change, Codes.ScheduleStopped, firing.Problems[0].Message, now);
            }

            return;
        }

        Accept(made, decision, firing.Actor, row, change);
        active.Add(new ActiveRun(made.Run.Id, RunStatus.Queued, now));
        row.LastRefusal = null;
    }

    private static void Accept(NewRun made, FiringDecision decision, Actor actor, Schedule row, FiringChange change)
    {
        foreach (var before in decision.Cancel)
        {
            change.Cancel.Add((before, new AuditEntry(actor, "cancel.run", "run", before.ToString(), row.Name) { OnBehalfOf = actor.Kind == ActorKind.Schedule ? row.Owner : null, Details = new JsonObject { ["reason"] = decision.Reason } }));
        }

        made.Run.AfterRunId = decision.AfterRunId;
        change.Start.Add(made);
        row.LastRunId = made.Run.Id;
    }

    private static void Stop(Schedule row, FiringChange change, string code, string words, DateTimeOffset now)
    {
        (row.StoppedReason, row.StoppedAt, row.NextFireAt) = (PlannedFiring.Short(words), now, null);
        change.Audit.Add(Event(row, Actor.System(row.TeamId), "stop.schedule", code, words, now));
    }
}
