using SecFlow.Data.Holds;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Runs;

namespace SecFlow.Execution.Tests.Runs;

/// <summary>Places, reasons and estimates, from a snapshot alone.</summary>
public sealed class QueueForecastTests
{
    private static readonly DateTimeOffset _now = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid _team = Guid.NewGuid();
    private static readonly Guid _other = Guid.NewGuid();

    [Fact]
    public void Places_TwoTeams_TakeTurnsAndBeginWhenSlotsAreFree()
    {
        var waiting = new[] { Waits(_team, 1), Waits(_team, 2), Waits(_other, 3) };
        var places = QueueForecast.Of(Snapshot(waiting) with { AtWork = [new(_team, "Scan", _now.AddMinutes(-1))] }, 4, 2);

        places.Select(p => p.Run.Id).ShouldBe([waiting[2].Run.Id, waiting[0].Run.Id, waiting[1].Run.Id], "the other team has nothing at work");
        places.Select(p => p.StartsAt).ShouldBe([_now, _now.AddMinutes(4), _now.AddMinutes(5)], "runs take five minutes; one slot is free, the other in four minutes");
        places.Select(p => p.For).ShouldBe([WaitingFor.Slot, WaitingFor.Turn, WaitingFor.Turn]);
        places[2].Reason.ShouldBe("2 runs before it; 1 of 2 worker slots at work.");
    }

    [Fact]
    public void Places_UnknownDuration_EndsTheEstimates()
    {
        var waiting = new[] { Waits(_team, 1, "New"), Waits(_team, 2) };
        QueueForecast.Of(Snapshot(waiting), 4, 1).Select(p => p.StartsAt).ShouldBe([_now, null]);
    }

    [Fact]
    public void Places_RunThatIsFrozen_HasItsSlotAndNobodyKnowsForHowLong()
    {
        var waiting = new[] { Waits(_team, 1), Waits(_team, 2) };
        var snapshot = Snapshot(waiting) with { AtWork = [new(_team, "Scan", _now.AddMinutes(-1)) { Frozen = true }] };

        var one = QueueForecast.Of(snapshot, 4, 1);
        one.Select(p => p.Reason).ShouldBe(["Next: it begins when one of 1 worker slot is free.", "1 run before it; 1 of 1 worker slot at work."]);
        one.Select(p => p.StartsAt).ShouldBe([null, null]);
        QueueForecast.Of(snapshot, 4, 2).Select(p => p.StartsAt).ShouldBe([_now, _now.AddMinutes(5)], "the other slot is free");
        QueueForecast.Of(snapshot, 1, 2).ShouldAllBe(p => p.For == WaitingFor.TeamLimit);
    }

    [Fact]
    public void Places_EachReason_IsSaidAndComesAfterWhatMayBegin()
    {
        var (free, limited, after) = (Waits(_team, 5), Waits(_team, 1, plugins: "scan.slow"), Waits(_team, 2));
        after.Run.AfterRunId = Guid.NewGuid();
        var held = Waits(_other, 3);
        var dark = Waits(_team, 4);
        dark.Run.ScheduleId = Guid.NewGuid();
        var snapshot = Snapshot(free, limited, after, held, dark) with
        {
            NotEnded = new HashSet<Guid> { after.Run.AfterRunId.Value },
            Holds = [new Hold { TeamId = _other, Reason = "an intruder", BegunBy = "ana" }],
            Limits = [new QueueLimit { TeamId = _team, PluginId = "scan.slow", MostRuns = 2 }],
            BusyPlugins = new Dictionary<(Guid, string), int> { [(_team, "scan.slow")] = 2, [(_other, "scan.slow")] = 7 },
            Blackouts = [new Blackout { TeamId = _team, ScheduleId = dark.Run.ScheduleId, Name = "office hours", StandsUntil = _now.AddHours(5) }],
        };

        var places = QueueForecast.Of(snapshot, 4, 2);

        places.Select(p => (p.Run.Id, p.Position, p.For)).ShouldBe(
        [
            (free.Run.Id, 1, WaitingFor.Slot), (limited.Run.Id, 2, WaitingFor.PluginLimit), (after.Run.Id, 3, WaitingFor.Run), (held.Run.Id, 4, WaitingFor.Hold), (dark.Run.Id, 5, WaitingFor.Blackout),
        ]);
        places[1].Reason.ShouldBe("2 of at most 2 runs with scan.slow of the team at work.");
        places[3].Reason.ShouldBe("The work of the team is held by ana: an intruder");
        places[4].Reason.ShouldBe("The blackout 'office hours' stands until 2026-03-02 17:00:00Z.");
        places.Skip(1).ShouldAllBe(p => p.StartsAt == null);
    }

    private static QueuedRun Waits(Guid team, int minute, string workflow = "Scan", params string[] plugins) =>
        new(new Run { Id = Guid.NewGuid(), TeamId = team, WorkflowName = workflow, QueuedAt = _now.AddHours(-1).AddMinutes(minute), Status = RunStatus.Queued }, plugins);

    private static QueueSnapshot Snapshot(params QueuedRun[] waiting) => new(
        _now, waiting, [], new Dictionary<(Guid, string), int>(), [], new Dictionary<Guid, DateTimeOffset?>(), [],
        new Dictionary<(Guid, string), TimeSpan> { [(_team, "Scan")] = TimeSpan.FromMinutes(5), [(_other, "Scan")] = TimeSpan.FromMinutes(5) }, new HashSet<Guid>(), []);
}
