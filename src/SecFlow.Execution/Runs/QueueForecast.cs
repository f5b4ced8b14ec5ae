using SecFlow.Data.Runs;

namespace SecFlow.Execution.Runs;

/// <summary>Why a run waits.</summary>
public enum WaitingFor
{
    /// <summary>Nothing but its turn: the next slot that looks takes it.</summary>
    Slot,

    /// <summary>Runs that come before it.</summary>
    Turn,

    /// <summary>As many runs of the team are at work as may be.</summary>
    TeamLimit,

    /// <summary>As many runs with one of its plugins are at work as may be.</summary>
    PluginLimit,

    /// <summary>Another run has to end first.</summary>
    Run,

    /// <summary>A blackout has to end first.</summary>
    Blackout,

    /// <summary>The work of the team, or of everybody, is held.</summary>
    Hold,
}

/// <summary>A run's place in the queue.</summary>
/// <param name="Run">Its row.</param>
/// <param name="Position">1 = next; runs of other teams are counted.</param>
/// <param name="For">Why it waits.</param>
/// <param name="Reason">The same in a sentence.</param>
/// <param name="StartsAt">Estimate from how long runs of the same workflows took; null when nobody knows.</param>
public sealed record QueuePlace(Run Run, int Position, WaitingFor For, string Reason, DateTimeOffset? StartsAt);

/// <summary>
/// Who is next, and why not yet: <see cref="QueueTurn"/> played forward from a snapshot. Pure.
/// 1. Runs that may be claimed come first, in the order of their turns; those that a limit, a hold or another run keeps back come after them by priority and age: nobody knows when that ends.
/// 2. An estimate is made only while the duration of everything before is known. It is a median of history, not a promise.
/// </summary>
public static class QueueForecast
{
    /// <param name="snapshot">The queue at one moment.</param>
    /// <param name="runsPerTeam">Runs of a team at the same time, where no limit says otherwise.</param>
    /// <param name="slots">Worker slots that are known of.</param>
    public static IReadOnlyList<QueuePlace> Of(QueueSnapshot snapshot, int runsPerTeam, int slots)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var atWork = snapshot.AtWork.GroupBy(r => r.TeamId).ToDictionary(g => g.Key, g => g.Count());
        var kept = snapshot.Waiting.ToDictionary(r => r.Run.Id, r => KeptBack(snapshot, r, atWork, runsPerTeam));
        var order = Turns([.. snapshot.Waiting.Where(r => kept[r.Run.Id] is null).Select(r => r.Run)], atWork, snapshot.Served, snapshot.Now);
        slots = Math.Max(slots, snapshot.AtWork.Count);
        var starts = Starts(snapshot, order, slots);
        var places = new List<QueuePlace>(snapshot.Waiting.Count);
        for (var i = 0; i < order.Count; i++)
        {
            var busy = snapshot.AtWork.Count >= slots;
            var (why, words) = i switch
            {
                0 when !busy => (WaitingFor.Slot, "Next: a worker slot is about to take it."),
                0 => (WaitingFor.Slot, $"Next: it begins when one of {Count(slots, "worker slot")} is free."),
                _ => (WaitingFor.Turn, $"{Count(i, "run")} before it; {snapshot.AtWork.Count} of {Count(slots, "worker slot")} at work."),
            };
            places.Add(new QueuePlace(order[i], i + 1, why, words, starts[i]));
        }

        foreach (var run in snapshot.Waiting.Select(r => r.Run).Where(r => kept[r.Id] is not null).OrderByDescending(r => r.Priority).ThenBy(r => r.QueuedAt).ThenBy(r => r.Id))
        {
            var (why, words) = kept[run.Id]!.Value;
            places.Add(new QueuePlace(run, places.Count + 1, why, words, null));
        }

        return places;
    }

    private static (WaitingFor For, string Reason)? KeptBack(QueueSnapshot snapshot, QueuedRun waiting, Dictionary<Guid, int> atWork, int runsPerTeam)
    {
        var run = waiting.Run;
        if (snapshot.Holds.FirstOrDefault(h => h.TeamId == run.TeamId || h.OfInstallation) is { } hold)
        {
            return (WaitingFor.Hold, $"The work of {(hold.OfInstallation ? "every team" : "the team")} is held by {hold.BegunBy}: {hold.Reason}");
        }

        if (snapshot.Blackouts.Where(b => b.TeamId == run.TeamId && (b.ScheduleId is null || b.ScheduleId == run.ScheduleId)).MaxBy(b => b.StandsUntil) is { } blackout)
        {
            return (WaitingFor.Blackout, $"The blackout '{blackout.Name}' stands until {blackout.StandsUntil:u}.");
        }

        if (run.AfterRunId is { } before && snapshot.NotEnded.Contains(before))
        {
            return (WaitingFor.Run, $"The run {before.ToString()[..8]} of the same schedule has to end first.");
        }

        var most = QueueLimit.OfTeam(snapshot.Limits, run.TeamId, runsPerTeam);
        if (atWork.GetValueOrDefault(run.TeamId) >= most)
        {
            return (WaitingFor.TeamLimit, $"{atWork.GetValueOrDefault(run.TeamId)} of at most {Count(most, "run")} of the team at work.");
        }

        var full = snapshot.Limits.FirstOrDefault(l => l.PluginId.Length > 0 && waiting.Plugins.Contains(l.PluginId, StringComparer.Ordinal)
            && (l.TeamId == run.TeamId || l.TeamId == Guid.Empty) && l.CountIn(snapshot.BusyPlugins) >= l.MostRuns);
        return full is null ? null : (WaitingFor.PluginLimit, $"{full.CountIn(snapshot.BusyPlugins)} of at most {Count(full.MostRuns, "run")} with {full.PluginId} {(full.TeamId == Guid.Empty ? "in all teams" : "of the team")} at work.");
    }

    // Each run that is taken makes its team the one that was served last.
    private static List<Run> Turns(List<Run> runs, Dictionary<Guid, int> atWork, IReadOnlyDictionary<Guid, DateTimeOffset?> served, DateTimeOffset now)
    {
        var teams = runs.GroupBy(r => r.TeamId).ToDictionary(g => g.Key, g => new Queue<Run>(g.OrderByDescending(r => r.Priority).ThenBy(r => r.QueuedAt).ThenBy(r => r.Id)));
        var last = teams.Keys.ToDictionary(t => t, t => served.GetValueOrDefault(t));
        var (order, taken) = (new List<Run>(runs.Count), teams.Keys.ToDictionary(t => t, t => atWork.GetValueOrDefault(t)));
        while (order.Count < runs.Count)
        {
            var next = teams.Where(t => t.Value.Count > 0)
                .Select(t => new QueueTurn(WaitingRun.Of(t.Value.Peek()), taken[t.Key], last[t.Key])).Order(QueueTurn.Order).First();
            order.Add(teams[next.Run.TeamId].Dequeue());
            last[next.Run.TeamId] = now.AddTicks(order.Count);
            taken[next.Run.TeamId]++;
        }

        return order;
    }

    private static List<DateTimeOffset?> Starts(QueueSnapshot snapshot, List<Run> order, int slots)
    {
        var free = new PriorityQueue<DateTimeOffset, DateTimeOffset>();
        for (var i = snapshot.AtWork.Count; i < slots; i++)
        {
            free.Enqueue(snapshot.Now, snapshot.Now);
        }

        var known = true;
        foreach (var run in snapshot.AtWork.Where(r => !r.Frozen))
        {
            known &= snapshot.Durations.TryGetValue((run.TeamId, run.Workflow), out var took);
            var end = run.StartedAt + took;

            // One that takes longer than usual may end at any moment.
            end = end < snapshot.Now ? snapshot.Now : end;
            free.Enqueue(end, end);
        }

        var starts = new List<DateTimeOffset?>(order.Count);
        foreach (var run in order)
        {
            if (!free.TryDequeue(out var at, out _))
            {
                // Every slot has a frozen run.
                return [.. starts, .. Enumerable.Repeat((DateTimeOffset?)null, order.Count - starts.Count)];
            }

            starts.Add(known ? at : null);
            known &= snapshot.Durations.TryGetValue((run.TeamId, run.WorkflowName), out var takes);
            free.Enqueue(at + takes, at + takes);
        }

        return starts;
    }

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}
