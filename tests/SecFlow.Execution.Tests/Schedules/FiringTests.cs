using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Tests.Runs;
using SecFlow.Execution.Tests.Runs.Crashes;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Schedules;

/// <summary>What is due is accepted once, all of it, whoever else fires at the same moment and whenever the engine dies.</summary>
public sealed class FiringTests
{
    private const string OneScan = "  - { id: scan, type: scan.test }";

    [DatabaseData]
    public async Task Burst_OfOneInstantOnTwoEngines_StartsEachScheduleOnce(DatabaseKind kind)
    {
        const int Count = 2 * ScheduleFiring.Batch + 50;
        await using var engine = await CreateAsync(kind);
        await using var twin = engine.Twin();
        await BurstAsync(engine.Database, engine.Analyst, await engine.SaveAsync(OneScan), engine.TargetId, Count);

        var started = await Task.WhenAll(new[] { engine, twin }.Select(e => Task.Run(() => FireAllAsync(e.Get<ScheduleFiring>()))));

        started.Sum().ShouldBe(Count);
        var state = await StateAsync(engine.Database);
        (state.Runs, state.Schedules, state.Starts, state.StillDue).ShouldBe((Count, Count, Count, 0));
        (await engine.Get<ScheduleFiring>().FireDueAsync(default)).ShouldBe(0, "nothing is due any more");
        (await engine.Get<AuditLog>().VerifyAsync()).Intact.ShouldBeTrue();
        (await engine.Runs.ListAsync(engine.Analyst, 0, 1, default))[0].Priority.ShouldBe(7, "the schedule's");
    }

    [DatabaseData]
    public async Task Burst_EngineKilledInTheMiddle_LosesAndDoublesNothing(DatabaseKind kind)
    {
        const int Count = ScheduleFiring.Batch + 50;
        await using var installation = await CrashInstallation.CreateAsync(kind);
        using var host = CrashEngine.Build(installation.Folder, installation.Database);
        var database = host.Services.GetRequiredService<Database>();
        await BurstAsync(database, CrashEngine.Admin(installation.Team), installation.Workflow, installation.Target, Count);

        await FiringCrash.DieAsync(installation, FiringCrash.InBatch);
        (await StateAsync(database)).ShouldBe(new FiringState(0, 0, 0, Count), "killed before the commit: everything is still due");
        await FiringCrash.DieAsync(installation, FiringCrash.AfterBatch);
        (await StateAsync(database)).ShouldBe(new FiringState(ScheduleFiring.Batch, ScheduleFiring.Batch, ScheduleFiring.Batch, Count - ScheduleFiring.Batch), "killed after the first commit");

        (await FireAllAsync(host.Services.GetRequiredService<ScheduleFiring>())).ShouldBe(Count - ScheduleFiring.Batch);

        (await StateAsync(database)).ShouldBe(new FiringState(Count, Count, Count, 0));
        (await host.Services.GetRequiredService<AuditLog>().VerifyAsync()).Intact.ShouldBeTrue();
    }

    [Fact]
    public async Task Firing_OverlapReplace_TellsTheOldRunToEndAndTheNewOneWaitsForIt()
    {
        await using var engine = await CreateAsync();
        var schedule = await DueAsync(engine, row => row.Overlap = OverlapPolicy.Replace);
        await engine.Get<ScheduleFiring>().FireDueAsync(default);
        var first = (await engine.Runs.ListAsync(engine.Analyst, 0, 10, default)).Single();
        (await engine.Store.ClaimAsync(new RunClaim("engine-1", TimeSpan.FromMinutes(5), 4), default))!.RunId.ShouldBe(first.Id);

        await AgainAsync(engine, schedule);

        var second = (await engine.Runs.ListAsync(engine.Analyst, 0, 10, default)).Single(r => r.Id != first.Id);
        second.AfterRunId.ShouldBe(first.Id);
        (await engine.Store.FindAsync(first.Id, default))!.CancelRequestedBy.ShouldStartWith("nightly (for");
        (await engine.Store.ClaimAsync(new RunClaim("engine-1", TimeSpan.FromMinutes(5), 4), default)).ShouldBeNull();
        (await engine.Database.ReadAsync(db => db.AuditEvents.CountAsync(e => e.Action == "cancel.run" && e.ActorKind == ActorKind.Schedule))).ShouldBe(1);
    }

    [Fact]
    public async Task Firing_OverlapSkip_StartsNothingAndSaysWhich()
    {
        await using var engine = await CreateAsync();
        var schedule = await DueAsync(engine, row => row.Overlap = OverlapPolicy.Skip);
        (await engine.Get<ScheduleFiring>().FireDueAsync(default)).ShouldBe(1);
        await AgainAsync(engine, schedule);

        (await engine.Runs.ListAsync(engine.Analyst, 0, 10, default)).ShouldHaveSingleItem();
        var row = (await engine.Get<ScheduleStore>().FindAsync(engine.Analyst.TeamId, schedule))!;
        row.LastRefusal!.ShouldContain(Codes.ScheduleOverlap);
        (await engine.Database.ReadAsync(db => db.AuditEvents.SingleAsync(e => e.Action == "skip.schedule"))).ReasonCode.ShouldBe(Codes.ScheduleOverlap);
    }

    [Fact]
    public async Task Firing_AuthorisationEnded_StopsTheScheduleAndSaysSo()
    {
        await using var engine = await CreateAsync();
        var schedule = await DueAsync(engine, _ => { });
        await engine.EndAuthorisationAsync(engine.TargetId);

        (await engine.Get<ScheduleFiring>().FireDueAsync(default)).ShouldBe(0);

        var row = (await engine.Get<ScheduleStore>().FindAsync(engine.Analyst.TeamId, schedule))!;
        (row.NextFireAt, row.IsActive).ShouldBe((null, false));
        row.StoppedReason!.ShouldContain("authorisation");
        var events = await engine.Database.ReadAsync(db => db.AuditEvents.Where(e => e.Action == "stop.schedule" || e.Action == "start.run").OrderBy(e => e.Seq).Select(e => new { e.Action, e.ReasonCode }).ToListAsync());
        events.Select(e => (e.Action, e.ReasonCode)).ShouldBe([("start.run", Codes.AuthorisationLapsed), ("stop.schedule", Codes.ScheduleStopped)]);
    }

    [Fact]
    public async Task Firing_RowThatCannotBeRead_IsStoppedAndDoesNotHoldUpOthers()
    {
        await using var engine = await CreateAsync();
        var broken = await DueAsync(engine, row => row.Zone = "Nowhere/Atlantis");
        await DueAsync(engine, _ => { });

        (await engine.Get<ScheduleFiring>().FireDueAsync(default)).ShouldBe(1);

        (await engine.Get<ScheduleStore>().FindAsync(engine.Analyst.TeamId, broken))!.StoppedReason!.ShouldContain("Nowhere/Atlantis");
    }

    [Fact]
    public async Task Firing_MissedForLong_FollowsTheMisfirePolicy()
    {
        await using var engine = await CreateAsync();
        var now = engine.Database.Time.GetUtcNow();
        foreach (var (misfire, expected) in new[] { (MisfirePolicy.Once, 1), (MisfirePolicy.Skip, 0), (MisfirePolicy.All, 3) })
        {
            var id = await DueAsync(engine, row =>
            {
                (row.Kind, row.RunAt, row.IntervalSeconds, row.Misfire) = (ScheduleKind.Interval, null, 3600, misfire);
                (row.CreatedAt, row.StartsAt, row.DecidedUntil, row.NextFireAt) = (now.AddHours(-4), now.AddHours(-3).AddMinutes(10), now.AddHours(-3), now.AddHours(-3).AddMinutes(10));
            });
            (await engine.Get<ScheduleFiring>().FireDueAsync(default)).ShouldBe(expected, misfire.ToString());
            var row = (await engine.Get<ScheduleStore>().FindAsync(engine.Analyst.TeamId, id))!;
            row.NextFireAt!.Value.ShouldBeGreaterThan(now);
        }
    }

    private static async Task<Guid> DueAsync(TestEngine engine, Action<Schedule> change)
    {
        var id = Guid.NewGuid();
        await BurstAsync(engine.Database, engine.Analyst, await engine.SaveAsync(OneScan), engine.TargetId, 1, row =>
        {
            (row.Id, row.Name) = (id, "nightly");
            change(row);
        });
        return id;
    }

    private static async Task AgainAsync(TestEngine engine, Guid schedule)
    {
        var due = engine.Database.Time.GetUtcNow();
        await engine.Database.WriteAsync(async write =>
        {
            var row = await write.Db.Schedules.SingleAsync(s => s.Id == schedule);
            (row.RunAt, row.NextFireAt, row.LastFiredAt, row.DecidedUntil) = (due, due, due.AddMinutes(-1), due.AddMinutes(-1));
        });
        await engine.Get<ScheduleFiring>().FireDueAsync(default);
    }

    // A schedule that another engine has locked is due again a moment later.
    private static async Task<int> FireAllAsync(ScheduleFiring firing)
    {
        var started = 0;
        for (var i = 0; i < 20; i++)
        {
            started += await firing.FireDueAsync(default);
        }

        return started;
    }

    private static Task BurstAsync(Database database, Actor actor, Guid workflow, Guid target, int count, Action<Schedule>? change = null)
    {
        var due = database.Time.GetUtcNow().AddSeconds(-1);
        return database.WriteAsync(write =>
        {
            for (var i = 0; i < count; i++)
            {
                var row = new Schedule
                {
                    Id = Guid.NewGuid(),
                    TeamId = actor.TeamId,
                    WorkflowId = workflow,
                    Name = $"burst {i}",
                    Kind = ScheduleKind.Once,
                    RunAt = due,
                    TargetIds = target.ToString(),
                    Priority = 7,
                    Owner = actor.Name,
                    OwnerKind = actor.Kind,
                    OwnerId = actor.Id,
                    CreatedAt = due.AddHours(-1),
                    DecidedUntil = due.AddHours(-1),
                    NextFireAt = due,
                };
                change?.Invoke(row);
                write.Db.Schedules.Add(row);
            }

            return Task.CompletedTask;
        });
    }

    private static Task<FiringState> StateAsync(Database database) => database.ReadAsync(async db => new FiringState(
        await db.Runs.CountAsync(r => r.ScheduleId != null),
        await db.Runs.Where(r => r.ScheduleId != null).Select(r => r.ScheduleId).Distinct().CountAsync(),
        await db.AuditEvents.CountAsync(e => e.Action == "start.run"),
        await db.Schedules.CountAsync(s => s.NextFireAt != null)));

    private sealed record FiringState(int Runs, int Schedules, int Starts, int StillDue);
}
