using Microsoft.EntityFrameworkCore;
using SecFlow.Data;
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
