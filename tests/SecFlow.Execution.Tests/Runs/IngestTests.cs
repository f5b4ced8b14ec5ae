using Microsoft.EntityFrameworkCore;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Runs;

/// <summary>Many runs that report at the same moment into one database, small; `./bench ingest-20` measures 20 x 10,000 with real plugins.</summary>
public sealed class IngestTests
{
    private const int Writers = 20;
    private const int Each = 300;

    [DatabaseData]
    public async Task Twenty_writers_at_once_lose_nothing_and_pages_go_on_being_read(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var writing = new Barrier();
        for (var i = 0; i < Writers; i++)
        {
            var writer = i;
            engine.Scripts[$"scan{writer}"] = async (_, output, ct) =>
            {
                await writing.ArriveAsync(Writers);
                for (var from = 0; from < Each; from += 100)
                {
                    await output.EmitAsync("findings", [.. Enumerable.Range(from, 100).Select(n => (System.Text.Json.Nodes.JsonNode?)Finding($"r{writer}", $"{writer}/{n}"))], ct);
                }

                await output.VerdictAsync(Verdict.Completed, "looked", null, [$"r{writer}"], ct);
                return Done();
            };
            await engine.StartAsync($"  - {{ id: scan{writer}, type: scan.test }}");
        }

        var leases = new List<RunLease>();
        while (await engine.Store.ClaimAsync(new RunClaim("engine-1", TimeSpan.FromMinutes(10), Writers), default) is { } lease)
        {
            leases.Add(lease);
        }

        leases.Count.ShouldBe(Writers);
        var all = Task.WhenAll(leases.Select(async lease =>
        {
            using var stop = new RunStop(TimeProvider.System);
            await engine.Get<RunExecutor>().ExecuteAsync(lease, stop);
        }));

        // What people look at meanwhile: it is answered, and never sees half a node.
        var pages = 0;
        while (!all.IsCompleted)
        {
            var page = await engine.FindingsAsync();
            (page.Total % Each).ShouldBe(0, "a node's findings appear together");
            (await engine.Runs.ListAsync(engine.Analyst, 0, 50, default)).Count.ShouldBe(Writers);
            pages++;
        }

        await all;
        pages.ShouldBeGreaterThan(1);
        (await engine.FindingsAsync()).Total.ShouldBe(Writers * Each);
        var runs = await engine.Runs.ListAsync(engine.Analyst, 0, 50, default);
        runs.ShouldAllBe(r => r.Status == RunStatus.Succeeded);
        await engine.Database.ReadAsync(async db =>
        {
            (await db.Occurrences.CountAsync()).ShouldBe(Writers * Each);
            (await db.StagedRecords.CountAsync()).ShouldBe(0);
            return 0;
        });
        (await engine.Get<AuditLog>().VerifyAsync()).Intact.ShouldBeTrue();
    }

    /// <summary>Lets nobody through before all have come.</summary>
    private sealed class Barrier
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _here;

        public Task ArriveAsync(int of)
        {
            if (Interlocked.Increment(ref _here) == of)
            {
                _all.SetResult();
            }

            return _all.Task.WaitAsync(TimeSpan.FromMinutes(2));
        }
    }
}
