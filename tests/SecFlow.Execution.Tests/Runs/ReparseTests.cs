using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs.Raw;
using SecFlow.Execution.Tests.Workflows;
using SecFlow.PluginProtocol;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Runs;

/// <summary>Reading again what a node kept: beside engines and other readings, when it fails, and of nodes that are not plain ones.</summary>
public sealed class ReparseTests
{
    private const string Scan = "  - { id: scan, type: scan.test, outputs: { findings: found } }";
    private static readonly TimeSpan _long = TimeSpan.FromMinutes(2);

    private static readonly InstalledPlugin _newer = TestPlugins.Plugin("scan.test", "1.1.0", [], [new("urls", "urls", false)], [new("findings", "findings", true), new("urls", "urls", false)]);

    /// <summary>In the run: asks for this address, so that it is kept, and finds r1. While it is read again: what the piece of C# says.</summary>
    private static PluginScript Keeps(Func<PluginWork, IPluginOutput, CancellationToken, Task> reads) => async (work, output, ct) =>
    {
        if (work.Tape is StoredTape)
        {
            await reads(work, output, ct);
            return Done();
        }

        await AskAsync(work, "http://127.0.0.1:8081/", 200, ct);
        return await Finds(["r1"], Finding("r1"))(work, output, ct);
    };

    /// <summary>A call of the plugin: kept in the run, answered from there when it is read again.</summary>
    private static async Task<ResultMessage> AskAsync(PluginWork work, string url, int status, CancellationToken ct)
    {
        await using var handles = new Handles();
        var call = new CallMessage(1, "http", new JsonObject { ["method"] = "GET", ["url"] = url });
        var answer = await work.Tape!.AnswerAsync(call, handles, (asked, _) => Task.FromResult<ResultMessage?>(new ResultMessage(asked.Id, new JsonObject { ["status"] = status }, null)), ct);
        await work.Tape.EndAsync(handles, null, ct);
        return answer!;
    }

    private static JsonObject[] Many(string rule, int count) => [.. Enumerable.Range(0, count).Select(i => Finding(rule, i.ToString(CultureInfo.InvariantCulture)))];

    private static ValueTask EmitAsync(IPluginOutput output, IEnumerable<JsonObject> findings, CancellationToken ct) => output.EmitAsync("findings", [.. findings], ct);

    private static Task<Reparse> ReadAsync(TestEngine engine, Guid run, CancellationToken ct = default) => engine.Get<ReparseService>().ReparseAsync(engine.Analyst, run, "scan", null, ct);

    private static Task<List<int>> StagedAsync(TestEngine engine) =>
        engine.Database.ReadAsync(db => db.StagedRecords.Where(s => s.Attempt < 0).GroupBy(s => s.Attempt).Select(g => g.Count()).ToListAsync());

    private static Task<List<AuditEvent>> AuditAsync(TestEngine engine) =>
        engine.Database.ReadAsync(db => db.AuditEvents.Where(e => e.Action == "reparse.node").OrderBy(e => e.Seq).ToListAsync());

    private static async Task<TestEngine> CreateAsync(DatabaseKind kind = DatabaseKind.Sqlite)
    {
        var engine = await TestEngine.CreateAsync(kind);
        engine.Plugins.Add(_newer);
        return engine;
    }

    [DatabaseData]
    public async Task Readings_BesideAnEngineThatKeepsWriting_AllSucceedAndNoEventIsLostOrDouble(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var reading = 0;
        engine.Scripts["scan"] = Keeps((_, output, ct) => EmitAsync(output, [.. Many($"n{Interlocked.Increment(ref reading)}", 50), Finding("r1"), Finding("both")], ct).AsTask());
        var writes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        engine.Scripts["busy"] = async (_, output, ct) =>
        {
            for (var i = 0; i < 5000 && !enough.Task.IsCompleted; i++)
            {
                await output.LogAsync("info", $"line {i}", ct);
                await output.EmitAsync("urls", [new JsonObject { ["url"] = $"http://127.0.0.1:8081/{i}", ["source"] = "test" }], ct);
                writes.TrySetResult();
            }

            await output.VerdictAsync(Verdict.Completed, "written", null, [], ct);
            return Done();
        };
        var run = await engine.StartAsync(Scan + "\n  - { id: busy, type: discovery.test, outputs: [urls] }", "state: { checkpoint_interval: 0 }");
        var working = Task.Run(engine.WorkAsync);
        var read = new List<Reparse>();
        try
        {
            await writes.Task.WaitAsync(_long);
            for (var round = 0; round < 3; round++)
            {
                read.AddRange(await Task.WhenAll(Task.Run(() => ReadAsync(engine, run.Id)), Task.Run(() => ReadAsync(engine, run.Id))));
            }
        }
        finally
        {
            enough.SetResult();
            (await working.WaitAsync(_long)).ShouldBeTrue();
        }

        var detail = await engine.DetailAsync(run.Id);
        detail.Run.Status.ShouldBe(RunStatus.Succeeded, detail.Run.ErrorMessage);
        detail.Nodes.Select(n => (n.Status, n.Attempt)).ShouldBe([(NodeStatus.Succeeded, 1), (NodeStatus.Succeeded, 1)], "no write of the engine failed");
        read.Sum(r => r.Added).ShouldBe((6 * 50) + 1, "what both of two report is new once");
        read.ShouldAllBe(r => r.Added + r.Same == 52 && r.Changed == 0);
        (await engine.FindingsAsync()).Total.ShouldBe((6 * 50) + 2);
        var events = await engine.Database.ReadAsync(db => db.RunEvents.Where(e => e.RunId == run.Id).OrderBy(e => e.Seq).Select(e => new { e.Seq, e.Type }).ToListAsync());
        events.Select(e => (long)e.Seq).ShouldBe(Enumerable.Range(1, events.Count).Select(i => (long)i));
        ((long)detail.Run.LastEventSeq).ShouldBe(events.Count);
        events.Count(e => e.Type == "node.reparsed").ShouldBe(6);
        (await AuditAsync(engine)).Select(e => e.Outcome).ShouldBe(Enumerable.Repeat(AuditOutcome.Allowed, 6));
        (await engine.Get<AuditLog>().VerifyAsync()).Intact.ShouldBeTrue();
        (await StagedAsync(engine)).ShouldBeEmpty();
    }

    [DatabaseData]
    public async Task Merge_ThatWasComparedBeforeAnotherReading_IsRefusedAndChangesNothing(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        engine.Scripts["scan"] = Keeps((_, output, ct) => EmitAsync(output, [Finding("r1", severity: "low"), Finding("r2")], ct).AsTask());
        var detail = await engine.RunAsync(Scan);
        var first = await ReadAsync(engine, detail.Run.Id);
        (first.Added, first.Changed, first.Same, first.Gone, first.FromVersion, first.ToVersion).ShouldBe((1, 1, 0, 0, "1.0.0", "1.1.0"));

        var store = engine.Get<ReparseStore>();
        var node = (await engine.Store.NodesAsync(detail.Run.Id, default)).Single();
        await store.StageAsync(node, -7, [("ab", "high", "{}")], default);
        var entry = new AuditEntry(engine.Analyst, "reparse.node", "run", detail.Run.Id.ToString(), "late");
        var late = new Reparse { Id = Guid.NewGuid(), TeamId = node.TeamId, RunId = node.RunId, NodeRunId = node.Id };
        (await store.CommitAsync(new Reading(node, -7, 0, 1), late, entry, default)).ShouldBeFalse();

        (await store.ListAsync(detail.Run.Id, default)).ShouldHaveSingleItem().Id.ShouldBe(first.Id);
        (await AuditAsync(engine)).ShouldHaveSingleItem();
        var findings = await engine.FindingsAsync();
        findings.Rows.Select(f => (f.RuleId, f.Severity, f.PluginVersion)).ShouldBe([("r1", Severity.Low, "1.1.0"), ("r2", Severity.High, "1.1.0")], ignoreOrder: true);
        await store.RemoveAsync(node.Id, -7, default);
        (await StagedAsync(engine)).ShouldBeEmpty();
    }

    [Fact]
    public async Task ThirdReading_WhileTwoGoOn_IsRefused_AndWhatTheyReadIsStagedInBatches()
    {
        await using var engine = await CreateAsync();
        var both = new CountdownEvent(2);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        engine.Scripts["scan"] = Keeps(async (_, output, ct) =>
        {
            await EmitAsync(output, Many("n", RunWriter.MaxBatch + 200), ct);
            both.Signal();
            await release.Task.WaitAsync(_long, ct);
        });
        var run = (await engine.RunAsync(Scan)).Run.Id;
        var going = Task.WhenAll(Task.Run(() => ReadAsync(engine, run)), Task.Run(() => ReadAsync(engine, run)));
        both.Wait(_long).ShouldBeTrue();

        (await StagedAsync(engine)).ShouldBe([RunWriter.MaxBatch, RunWriter.MaxBatch], "no more than one batch waits in memory");
        (await engine.FindingsAsync()).Total.ShouldBe(1, "nobody sees what is only staged");
        (await Should.ThrowAsync<SecFlowException>(() => ReadAsync(engine, run))).Code.ShouldBe(Codes.ReparseBusy);
        var refused = (await AuditAsync(engine)).ShouldHaveSingleItem();
        (refused.Outcome, refused.ReasonCode).ShouldBe((AuditOutcome.Failed, Codes.ReparseBusy));

        release.SetResult();
        var read = await going;
        read.Select(r => (r.Added, r.Same, r.Gone)).ShouldBe([(1200, 0, 1), (0, 1200, 1)], ignoreOrder: true);
        JsonNode.Parse(read.Single(r => r.Added > 0).Changes)!.AsArray().Count.ShouldBe(ReparseChanges.MostTold);
        both.Reset(1);
        (await ReadAsync(engine, run)).Same.ShouldBe(1200, "a place is free again");
    }

    [Fact]
    public async Task Reading_ThatFails_ChangesNothingAndItsEventSaysWhy_WhateverItFailedBy()
    {
        await using var engine = await CreateAsync();
        Func<Exception?> fails = () => null;
        engine.Scripts["scan"] = Keeps(async (_, output, ct) =>
        {
            await EmitAsync(output, Many("n", RunWriter.MaxBatch + 1), ct);
            if (fails() is { } exception)
            {
                throw exception;
            }
        });
        var run = (await engine.RunAsync(Scan)).Run.Id;
        (Exception Thrown, string Code, AuditOutcome Outcome)[] failures =
        [
            (new InvalidOperationException("a secret of the program"), Codes.Unexpected, AuditOutcome.Failed),
            (new ConflictException("It was stored already."), Codes.Conflict, AuditOutcome.Failed),
            (new IOException("no such device"), Codes.StorageFailed, AuditOutcome.Failed),
            (new Microsoft.Data.Sqlite.SqliteException("busy", 5), Codes.DatabaseLocked, AuditOutcome.Failed),
            (new SecFlowException(Codes.IntrusivenessExceeded, "no"), Codes.IntrusivenessExceeded, AuditOutcome.Denied),
        ];
        foreach (var (thrown, code, _) in failures)
        {
            fails = () => thrown;
            var told = await Should.ThrowAsync<SecFlowException>(() => ReadAsync(engine, run));
            told.Code.ShouldBe(code);
            told.Diagnostics[0].Message.ShouldNotContain("a secret of the program");
            (await StagedAsync(engine)).ShouldBeEmpty();
        }

        using var given = new CancellationTokenSource();
        fails = () =>
        {
            given.Cancel();
            return new OperationCanceledException(given.Token);
        };
        await Should.ThrowAsync<OperationCanceledException>(() => ReadAsync(engine, run, given.Token));

        (await AuditAsync(engine)).Select(e => (e.ReasonCode, e.Outcome)).ShouldBe(failures.Select(f => ((string?)f.Code, f.Outcome)), "who gives up is no failure");
        (await engine.FindingsAsync()).Rows.ShouldHaveSingleItem().RuleId.ShouldBe("r1");
        (await engine.Get<ReparseStore>().ListAsync(run, default)).ShouldBeEmpty();
        (await StagedAsync(engine)).ShouldBeEmpty();
        fails = () => null;
        (await ReadAsync(engine, run)).Added.ShouldBe(RunWriter.MaxBatch + 1, "every place is free again");
    }

    [DatabaseData]
    public async Task Staged_WhatAnEngineClearsAwayAtItsStart_IsToldAndTheCheckpointOfTheNodeLeavesIt(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        Func<Guid, Task> meanwhile = _ => Task.CompletedTask;
        var node = Guid.Empty;
        engine.Scripts["scan"] = Keeps(async (_, output, ct) =>
        {
            await EmitAsync(output, Many("n", RunWriter.MaxBatch), ct);
            await meanwhile(node);
        });
        var detail = await engine.RunAsync(Scan);
        node = detail.Nodes[0].Id;

        meanwhile = _ => engine.Store.RemoveMergedAsync(default);
        (await Should.ThrowAsync<SecFlowException>(() => ReadAsync(engine, detail.Run.Id))).Code.ShouldBe(Codes.Conflict);
        (await engine.FindingsAsync()).Total.ShouldBe(1);

        meanwhile = id => engine.Get<CheckpointStore>().RemoveMergedAsync(id, default);
        (await ReadAsync(engine, detail.Run.Id)).Added.ShouldBe(RunWriter.MaxBatch);
    }

    [DatabaseData]
    public async Task Foreach_node_is_read_again_as_one_with_what_each_of_its_chunks_kept(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        engine.Scripts["find"] = async (_, output, ct) =>
        {
            await output.EmitAsync("urls", [.. Enumerable.Range(0, 25).Select(i => (JsonNode?)new JsonObject { ["url"] = $"http://127.0.0.1:8081/{i}", ["source"] = "test" })], ct);
            await output.VerdictAsync(Verdict.Completed, "listed", null, [], ct);
            return Done();
        };
        var works = new ConcurrentQueue<int>();
        engine.Scripts["scan"] = async (work, output, ct) =>
        {
            works.Enqueue(work.Inputs["urls"].Count);
            using var lines = new StreamReader(work.Inputs["urls"].OpenJsonLines());
            for (var first = true; await lines.ReadLineAsync(ct) is { } line; first = false)
            {
                var url = (string)JsonNode.Parse(line)!["url"]!;
                var found = Finding("r1", url.Split('/')[^1], work.Tape is StoredTape ? "low" : "high");

                // One call for each chunk, about its first url: 0, 10 and 20.
                if (work.Tape is StoredTape ? url.EndsWith('0') : first)
                {
                    var answer = await AskAsync(work, url, 200 + int.Parse(url.Split('/')[^1], CultureInfo.InvariantCulture), ct);
                    found["title"] = $"Status {answer.Value!["status"]}";
                }

                await output.EmitAsync("findings", [found], ct);
            }

            await output.VerdictAsync(Verdict.Completed, "looked", null, ["r1"], ct);
            return Done();
        };
        var run = (await engine.RunAsync("""
              - { id: find, type: discovery.test, outputs: [urls] }
              - { id: scan, type: scan.test, inputs: [urls], outputs: { findings: found }, foreach: urls, chunk: 10 }
            """)).Run;
        run.Status.ShouldBe(RunStatus.Succeeded, run.ErrorMessage);
        (await engine.Get<ReparseService>().OutputsAsync(engine.Analyst, run.Id, default)).Select(o => o.Name).ShouldBe(["calls-2.jsonl", "calls-3.jsonl", "calls.jsonl"], ignoreOrder: true);

        var read = await ReadAsync(engine, run.Id);

        works.ToList().ShouldBe([10, 10, 5, 25]);
        (read.Added, read.Changed, read.Same, read.Gone).ShouldBe((0, 25, 0, 0));
        JsonNode.Parse(read.Notes)!.AsArray().Select(n => (string)n!).ShouldNotContain(n => n.Contains("Not everything") || n.Contains("not made"));
        (await engine.FindingsAsync()).Rows.Where(f => f.Title.StartsWith("Status", StringComparison.Ordinal)).Select(f => (f.Title, f.Severity)).ShouldBe(
            [("Status 200", Severity.Low), ("Status 210", Severity.Low), ("Status 220", Severity.Low)], ignoreOrder: true);
    }

    [DatabaseData]
    public async Task Cached_node_is_refused_with_the_run_whose_node_can_be_read(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        engine.Scripts["scan"] = Keeps((_, output, ct) => EmitAsync(output, [Finding("r1"), Finding("r2")], ct).AsTask());
        var workflow = await engine.SaveAsync(Scan, "state: { cache_intermediate: true }");
        var runs = new List<Guid>();
        foreach (var _ in Enumerable.Range(0, 2))
        {
            runs.Add((await engine.StartAsync(workflow)).Id);
            (await engine.WorkAsync()).ShouldBeTrue();
        }

        (await engine.DetailAsync(runs[1])).Nodes[0].Status.ShouldBe(NodeStatus.Cached);
        var refused = await Should.ThrowAsync<SecFlowException>(() => ReadAsync(engine, runs[1]));
        refused.Code.ShouldBe(Codes.RawOutputMissing);
        refused.Diagnostics[0].Message.ShouldContain(runs[0].ToString());
        (await ReadAsync(engine, runs[0])).Added.ShouldBe(1);
    }
}
