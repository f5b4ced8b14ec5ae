using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Quartz;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Runs;

/// <summary>Trouble of the engine itself: it ends again and again, its database hangs, it stops in the middle of a write.</summary>
public sealed class EngineTroubleTests
{
    private const string TwoScans = "  - { id: first, type: scan.test }\n  - { id: second, type: scan.test }";

    [DatabaseData]
    public async Task Run_that_ends_its_engine_each_time_is_interrupted(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var run = await engine.StartAsync(TwoScans);
        await DieAsync(engine, 5);
        (await engine.WorkAsync()).ShouldBeTrue();
        var detail = await engine.DetailAsync(run.Id);
        (detail.Run.Status, detail.Run.ErrorCode).ShouldBe((RunStatus.Interrupted, Codes.EngineStopped));
        detail.Run.ErrorMessage!.ShouldContain("5 times in a row");
        detail.Nodes.ShouldAllBe(n => n.Status == NodeStatus.Interrupted);
    }

    [DatabaseData]
    public async Task Run_that_was_given_back_or_came_further_is_not(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        engine.Scripts["first"] = Finds(["r1"]);
        engine.Scripts["second"] = Finds(["r2"]);
        var run = await engine.StartAsync(TwoScans);
        await DieAsync(engine, 4);
        var lease = (await engine.Store.ClaimAsync(new RunClaim("other", TimeSpan.FromSeconds(30), 4), default))!;
        await engine.Get<RunWriter>().ReleaseAsync(lease, [new("run.status", null, """{"status":"Queued"}""")], default);
        await DieAsync(engine, 4);
        (await engine.WorkAsync()).ShouldBeTrue();
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Succeeded);
    }

    [Fact]
    public async Task Removal_of_merged_records_that_fails_does_not_fail_the_node()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["first"] = Finds(["r1"], Finding("r1"));
        engine.Scripts["second"] = Finds(["r2"], Finding("r2"));
        var run = await engine.StartAsync(TwoScans);
        await engine.Database.WriteAsync(async w => { await w.Db.Database.ExecuteSqlRawAsync("CREATE TRIGGER stubborn BEFORE DELETE ON staged_records BEGIN SELECT RAISE(ABORT, 'no'); END"); });
        (await engine.WorkAsync()).ShouldBeTrue();
        var detail = await engine.DetailAsync(run.Id);
        detail.Run.Status.ShouldBe(RunStatus.Succeeded, detail.Run.ErrorMessage);
        (await engine.FindingsAsync()).Total.ShouldBe(2);

        await engine.Database.WriteAsync(async w => { await w.Db.Database.ExecuteSqlRawAsync("DROP TRIGGER stubborn"); });
        (await engine.Database.ReadAsync(db => db.StagedRecords.CountAsync())).ShouldBe(2);
        await engine.Store.RemoveMergedAsync(default);
        (await engine.Database.ReadAsync(db => db.StagedRecords.CountAsync())).ShouldBe(0);
    }

    [Fact]
    public async Task Lease_whose_renewal_hangs_is_given_up_in_time()
    {
        await using var engine = await CreateAsync(leaseFor: TimeSpan.FromSeconds(3));
        var running = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        engine.Scripts["first"] = async (_, _, ct) =>
        {
            running.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, ct);
                return Done();
            }
            finally
            {
                stopped.SetResult();
            }
        };
        engine.Scripts["second"] = Finds(["r2"]);
        var run = await engine.StartAsync(TwoScans);
        var work = engine.WorkAsync();
        await running.Task;

        // Somebody holds the one writer of the file and does not let go.
        var hang = new TaskCompletionSource();
        var writing = engine.Database.WriteAsync(_ => hang.Task);
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(30));
        hang.SetResult();
        await writing;
        await work;
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Running, "it writes nothing any more; another engine goes on when the lease has run out");
    }

    [Fact]
    public async Task Stop_takes_the_right_to_write_from_a_run_that_does_not_end()
    {
        await using var engine = await CreateAsync();
        var running = new TaskCompletionSource();
        var end = new TaskCompletionSource();
        engine.Scripts["first"] = async (_, output, _) =>
        {
            running.SetResult();
            await end.Task;
            await output.EmitAsync("findings", [Finding("late")], default);
            return Done();
        };
        engine.Scripts["second"] = Finds(["r2"]);
        var run = await engine.StartAsync(TwoScans);
        var work = engine.WorkAsync();
        await running.Task;
        var active = engine.Get<ActiveRuns>();
        var stopping = active.StopAllAsync();
        await Task.Delay(200);
        stopping.IsCompleted.ShouldBeFalse("a stop waits for what still runs");
        active.GiveUp();
        var before = (await engine.DetailAsync(run.Id)).Run.LastEventSeq;
        end.SetResult();
        await stopping.WaitAsync(TimeSpan.FromSeconds(30));
        await work;
        var after = await engine.DetailAsync(run.Id);
        (after.Run.Status, after.Run.LastEventSeq).ShouldBe((RunStatus.Running, before));
        (await engine.FindingsAsync()).Total.ShouldBe(0);
        (await engine.WorkAsync()).ShouldBeFalse("an engine that stops claims nothing");
    }

    [DatabaseData]
    public async Task Retry_AttemptsThatTheEngineEnded_DoNotUseUpTheTries(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var scripted = 0;
        engine.Scripts["first"] = async (_, output, ct) =>
        {
            await output.VerdictAsync(++scripted == 1 ? Verdict.Unreachable : Verdict.Completed, "said", null, ["r1"], ct);
            return Done();
        };
        engine.Scripts["second"] = Finds(["r2"]);
        var run = await engine.StartAsync(TwoScans, "retry: { max_attempts: 2, base_delay: 0.05, backoff_factor: 10 }");
        await DieAsync(engine, 3);

        (await engine.WorkAsync()).ShouldBeTrue();

        var detail = await engine.DetailAsync(run.Id);
        (detail.Run.Status, detail.Nodes[0].Attempt, scripted).ShouldBe((RunStatus.Succeeded, 5, 2), "the first try was still worth a second one");
        var told = await StatusesAsync(engine, run.Id, "first");
        told.Where(d => (string?)d["status"] == "Waiting").ShouldHaveSingleItem()["waitSeconds"]!.GetValue<double>().ShouldBe(0.05, 0.05 * RetryWait.Jitter, "the wait of a first try");
        told.Where(d => d["try"] is not null).Select(d => ((int)d["attempt"]!, (int)d["try"]!, (int)d["of"]!)).ShouldBe([(4, 1, 2), (4, 1, 2), (5, 2, 2)]);
    }

    [Fact]
    public async Task Retry_TriesOfAnEarlierEngine_AreCounted()
    {
        await using var engine = await CreateAsync();
        var run = await engine.StartAsync(TwoScans, "retry: { max_attempts: 2, base_delay: 0 }");
        var lease = (await engine.Store.ClaimAsync(new RunClaim("dies", TimeSpan.FromSeconds(30), 4), default))!;
        var (node, writer) = ((await engine.Store.NodesAsync(run.Id, default))[0], engine.Get<RunWriter>());
        foreach (var attempt in new[] { 1, 2 })
        {
            await writer.ChangeNodeAsync(lease, node.Id, (n, now) => (n.Status, n.Attempt, n.StartedAt) = (NodeStatus.Running, attempt, now), [], null, default);
            if (attempt == 1)
            {
                await writer.EndAttemptAsync(lease, node.Id, NodeStatus.Failed, Codes.TargetUnreachable, "down", [], default);
            }
        }

        await engine.Store.ExpireLeasesAsync(default);
        var scripted = 0;
        engine.Scripts["first"] = (_, _, _) =>
        {
            scripted++;
            return Task.FromResult(Done(new Diagnostic(Codes.TargetUnreachable, "down")));
        };

        (await engine.WorkAsync()).ShouldBeTrue();

        var detail = await engine.DetailAsync(run.Id);
        (detail.Nodes[0].Status, detail.Nodes[0].Attempt, scripted).ShouldBe((NodeStatus.Failed, 3, 1), "the second and last try");
    }

    [Fact]
    public async Task Journal_FailureThatIsDroppedInTheSameMoment_DoesNotEndItsPump()
    {
        await using var engine = await CreateAsync();
        var run = await engine.StartAsync(TwoScans);
        var lease = (await engine.Store.ClaimAsync(new RunClaim("engine-1", TimeSpan.FromMinutes(5), 4), default))!;
        var journal = new RunJournal(lease with { Epoch = lease.Epoch + 1 }, engine.Get<RunWriter>(), engine.Get<RunSignals>(), TimeProvider.System, 0);
        await using (journal)
        {
            // Every write fails for want of the lease, and each failure is dropped as soon as it can be seen.
            var began = TimeProvider.System.GetTimestamp();
            for (var seen = 0; seen < 5;)
            {
                TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromMinutes(1), "the pump goes on");
                journal.Add("log", "first", new() { ["text"] = "lost" });
                for (var spins = 0; spins < 20_000 && !journal.HasFailed; spins++)
                {
                    Thread.SpinWait(20);
                }

                seen += journal.HasFailed ? 1 : 0;
                journal.DropRecords();
            }

            await engine.Database.WriteAsync(write => write.Db.Runs.Where(r => r.Id == run.Id).ExecuteUpdateAsync(set => set.SetProperty(r => r.LeaseEpoch, lease.Epoch + 1)));
            journal.DropRecords();
            journal.Add("log", "first", new() { ["text"] = "kept" });
            await UntilAsync(async () =>
            {
                journal.DropRecords();
                return (await engine.Store.EventsAsync(run.Id, 0, 1000, default)).Any(e => e.Data.Contains("kept", StringComparison.Ordinal));
            });
        }
    }

    [Fact]
    public async Task Stop_BetweenTheEndOfARunAndItsSlotBeingLeft_ChangesNothing()
    {
        var active = new ActiveRuns();
        var slot = active.Begin(1).ShouldNotBeNull();
        var lease = new RunLease(Guid.NewGuid(), Guid.NewGuid(), 1, "engine-1");
        var stop = new RunStop(TimeProvider.System);
        slot.Enter(lease, stop);
        stop.Dispose();

        active.Cancel(lease.RunId).ShouldBeTrue();
        active.CancelAll(Guid.Empty);
        var left = active.StopAllAsync();
        active.GiveUp();

        left.IsCompleted.ShouldBeFalse("the slot is not left");
        slot.Dispose();
        await left.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Watch_TroubleRightAfterAStepOfTheClock_SetsTheTriggersAnewWhenItHasPassed()
    {
        await using var engine = await CreateAsync();
        var run = await engine.StartAsync(TwoScans);
        var scheduler = await engine.Get<ISchedulerFactory>().GetScheduler();
        var trigger = new TriggerKey(run.Id.ToString(), RunQueue.Group);
        await scheduler.UnscheduleJob(trigger);
        var time = new TestTime();
        var watch = new EngineWatch(engine.Database, new EngineOptions { DataFolder = Path.GetTempPath(), InstanceId = "engine-1" }, new EngineTroubles(), engine.Get<LeaseWatch>(), engine.Get<RunQueue>(), engine.Get<AuditLog>(), time, NullLogger<EngineWatch>.Instance);
        time.Advance(TimeSpan.FromHours(2));
        await engine.Database.WriteAsync(async w => { await w.Db.Database.ExecuteSqlRawAsync("ALTER TABLE runs RENAME TO runs_away"); });
        await Should.ThrowAsync<Exception>(() => watch.LookAsync(default));
        await engine.Database.WriteAsync(async w => { await w.Db.Database.ExecuteSqlRawAsync("ALTER TABLE runs_away RENAME TO runs"); });
        (await scheduler.GetTrigger(trigger)).ShouldBeNull();

        await watch.LookAsync(default);

        (await scheduler.GetTrigger(trigger)).ShouldNotBeNull();
    }

    private static async Task<List<JsonObject>> StatusesAsync(TestEngine engine, Guid run, string node) =>
        [.. (await engine.Store.EventsAsync(run, 0, 1000, default)).Where(e => e.Type == "node.status" && e.NodeId == node).Select(e => (JsonObject)JsonNode.Parse(e.Data)!)];

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var i = 0; !await condition(); i++)
        {
            i.ShouldBeLessThan(1200, "waited for a minute");
            await Task.Delay(50);
        }
    }

    /// <summary>An engine claims the run, begins its node and ends.</summary>
    private static async Task DieAsync(TestEngine engine, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var lease = (await engine.Store.ClaimAsync(new RunClaim("dies", TimeSpan.FromSeconds(30), 4), default))!;
            var node = (await engine.Store.NodesAsync(lease.RunId, default))[0];
            await engine.Get<RunWriter>().ChangeNodeAsync(
                lease, node.Id, (n, now) => (n.Status, n.Attempt, n.StartedAt) = (NodeStatus.Running, n.Attempt + 1, now), [new("node.status", node.NodeId, """{"status":"Running"}""")], null, default);
            await engine.Store.ExpireLeasesAsync(default);
        }
    }
}
