using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Runs;

public sealed class NodeChunksTests
{
    private const string InTens = """
          - { id: find, type: discovery.test, outputs: [urls] }
          - { id: scan, type: scan.test, inputs: [urls], outputs: { findings: found, urls: more }, foreach: urls, chunk: 10 }
        """;

    /// <summary>A discovery of so many urls, and a scan that finds one weakness at each url that it is given.</summary>
    private static ConcurrentQueue<(int First, int Count)> Script(TestEngine engine, int urls)
    {
        var works = new ConcurrentQueue<(int, int)>();
        engine.Scripts["find"] = async (_, output, ct) =>
        {
            await output.EmitAsync("urls", [.. Enumerable.Range(0, urls).Select(i => (JsonNode?)new JsonObject { ["url"] = $"http://127.0.0.1:8081/{i}", ["source"] = "test" })], ct);
            await output.VerdictAsync(Verdict.Completed, "listed", null, [], ct);
            return Done();
        };
        engine.Scripts["scan"] = async (work, output, ct) =>
        {
            var numbers = await NumbersAsync(work, ct);
            works.Enqueue((numbers.FirstOrDefault(-1), numbers.Count));
            work.Inputs["urls"].Count.ShouldBe(numbers.Count);
            await ReportAsync(output, numbers, ct);
            return Done();
        };
        return works;
    }

    private static async Task<List<int>> NumbersAsync(PluginWork work, CancellationToken ct)
    {
        var numbers = new List<int>();
        using var reader = new StreamReader(work.Inputs["urls"].OpenJsonLines());
        while (await reader.ReadLineAsync(ct) is { } line)
        {
            numbers.Add(int.Parse(JsonNode.Parse(line)!["url"]!.GetValue<string>().Split('/')[^1]));
        }

        return numbers;
    }

    private static async Task ReportAsync(IPluginOutput output, List<int> numbers, CancellationToken ct)
    {
        await output.EmitAsync("findings", [.. numbers.Select(i => (JsonNode?)Finding("r1", $"{i}"))], ct);
        await output.EmitAsync("urls", [.. numbers.Select(i => (JsonNode?)new JsonObject { ["url"] = $"http://127.0.0.1:8081/{i}/deeper", ["source"] = "test" })], ct);
        await output.VerdictAsync(Verdict.Completed, "looked", null, [$"c{numbers.FirstOrDefault()}"], ct);
    }

    [DatabaseData]
    public async Task Foreach_feeds_the_input_in_chunks_and_joins_what_they_say(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var works = Script(engine, 25);

        var detail = await engine.RunAsync(InTens);

        detail.Run.Status.ShouldBe(RunStatus.Succeeded, detail.Run.ErrorMessage);
        works.ToList().ShouldBe([(0, 10), (10, 10), (20, 5)]);
        var node = detail.Nodes[1];
        (node.ChunksDone, node.ChunksTotal, node.ChunkState, node.Findings, node.HttpRequests, node.Progress).ShouldBe((3, 3, null, 25, 9, 100));
        detail.Assessments.Single(a => a.NodeRunId == node.Id).Checks.ShouldBe("""["c0","c10","c20"]""");
        (await engine.Store.DatasetsAsync(detail.Run.Id, default)).Where(d => d.NodeRunId == node.Id).Select(d => (d.Name, d.Count)).ShouldBe([("found", 25), ("more", 25)], ignoreOrder: true);
        (await engine.FindingsAsync()).Total.ShouldBe(25);
        (await engine.Runs.EventsAsync(engine.Analyst, detail.Run.Id, 0, 1000, default)).Count(e => e.Type == "node.chunk").ShouldBe(3);
    }

    [DatabaseData]
    public async Task Engine_that_dies_between_chunks_is_followed_by_one_that_begins_with_the_first_that_is_not_done(DatabaseKind kind)
    {
        await using var dying = await CreateAsync(kind);
        var before = Script(dying, 45);
        await using var next = dying.Twin();
        var after = new ConcurrentQueue<(int First, int Count)>();
        var usual = dying.Scripts["scan"];
        next.Scripts["scan"] = async (work, output, ct) =>
        {
            var numbers = await NumbersAsync(work, ct);
            after.Enqueue((numbers[0], numbers.Count));
            await ReportAsync(output, numbers, ct);
            return Done();
        };
        dying.Scripts["scan"] = async (work, output, ct) =>
        {
            var outcome = await usual(work, output, ct);
            if (before.Count == 3)
            {
                // Its records are durable and its lease runs out; another engine takes the run while this one still believes to have it.
                await output.EmitAsync("findings", [Finding("ghost", "ghost")], ct);
                await next.Store.ExpireLeasesAsync(default);
                (await next.WorkAsync()).ShouldBeTrue();
            }

            return outcome;
        };
        var run = await dying.StartAsync(InTens, "state: { checkpoint_interval: 0 }");
        (await dying.WorkAsync()).ShouldBeTrue();

        var detail = await next.DetailAsync(run.Id);
        detail.Run.Status.ShouldBe(RunStatus.Succeeded, detail.Run.ErrorMessage);
        before.ToList().ShouldBe([(0, 10), (10, 10), (20, 10)]);
        after.ToList().ShouldBe([(20, 10), (30, 10), (40, 5)], "two chunks were done and do not run again");
        var node = detail.Nodes[1];
        (node.Attempt, node.ChunksDone, node.ChunksTotal, node.Findings, node.HttpRequests).ShouldBe((2, 5, 5, 45, 15));
        var findings = await next.FindingsAsync();
        findings.Total.ShouldBe(45);
        findings.Rows.ShouldAllBe(f => f.RuleId == "r1");
        (await next.Store.DatasetsAsync(run.Id, default)).Where(d => d.NodeRunId == node.Id).Select(d => (d.Name, d.Count)).ShouldBe([("found", 45), ("more", 45)], ignoreOrder: true);
        detail.Assessments.Single(a => a.NodeRunId == node.Id).Checks.ShouldBe("""["c0","c10","c20","c30","c40"]""", "what the dead engine's chunks assessed was assessed");
        (await next.Get<AuditLog>().VerifyAsync()).Intact.ShouldBeTrue();
        (await next.Database.ReadAsync(db => Task.FromResult(db.StagedRecords.Count()))).ShouldBe(0);
    }

    [Fact]
    public async Task Chunk_that_fails_is_where_the_next_attempt_begins_and_after_the_last_one_what_came_before_is_kept()
    {
        await using var engine = await CreateAsync();
        var works = Script(engine, 30);
        var usual = engine.Scripts["scan"];
        var failures = 1;
        engine.Scripts["scan"] = async (work, output, ct) =>
        {
            var outcome = await usual(work, output, ct);
            return works.Last().First == 10 && failures-- > 0 ? Done(new Diagnostic(Codes.TargetProtocol, "The tool ended with 1.")) : outcome;
        };
        const string Retry = "retry: { max_attempts: 2, base_delay: 0 }";
        var detail = await engine.RunAsync(InTens, Retry);
        detail.Run.Status.ShouldBe(RunStatus.Succeeded, detail.Run.ErrorMessage);
        works.ToList().ShouldBe([(0, 10), (10, 10), (10, 10), (20, 10)]);
        (detail.Nodes[1].Attempt, detail.Nodes[1].Findings).ShouldBe((2, 30));

        works.Clear();
        failures = 2;
        detail = await engine.RunAsync(InTens, Retry);
        (detail.Nodes[1].Status, detail.Nodes[1].ChunksDone, detail.Nodes[1].ChunksTotal, detail.Nodes[1].Findings).ShouldBe((NodeStatus.Failed, 1, 3, 20));
        works.ToList().ShouldBe([(0, 10), (10, 10), (10, 10)]);
        detail.Assessments.Single(a => a.NodeRunId == detail.Nodes[1].Id).Verdict.ShouldBe(Verdict.Partial);
    }

    [Fact]
    public async Task Verdict_that_asks_for_another_attempt_begins_with_the_first_chunk()
    {
        await using var engine = await CreateAsync();
        var works = Script(engine, 20);
        var usual = engine.Scripts["scan"];
        engine.Scripts["scan"] = async (work, output, ct) =>
        {
            var outcome = await usual(work, output, ct);
            if (works.Count == 1)
            {
                await output.VerdictAsync(Verdict.Unreachable, "no answer", null, [], ct);
            }

            return outcome;
        };
        var detail = await engine.RunAsync(InTens, "retry: { max_attempts: 2, base_delay: 0 }");
        detail.Run.Status.ShouldBe(RunStatus.Succeeded, detail.Run.ErrorMessage);
        works.ToList().ShouldBe([(0, 10), (10, 10), (0, 10), (10, 10)]);
        (await engine.FindingsAsync()).Total.ShouldBe(20);
    }

    [Fact]
    public async Task Empty_input_is_one_empty_chunk_and_too_many_chunks_are_an_error_that_names_the_size()
    {
        await using var engine = await CreateAsync();
        var works = Script(engine, 0);
        (await engine.RunAsync(InTens)).Run.Status.ShouldBe(RunStatus.Succeeded);
        works.ToList().ShouldBe([(-1, 0)]);

        var error = await Should.ThrowAsync<SecFlowException>(() => ChunkedInput.OfAsync("urls", new InputDataset("urls", 1_000_000, () => Stream.Null), 50, default));
        error.Code.ShouldBe(Codes.TooManyChunks);
        error.Message.ShouldContain("Set `chunk` to 100 or more");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(100)]
    public async Task Chunks_together_are_the_input(int chunk)
    {
        var text = string.Concat(Enumerable.Range(0, 50).Select(i => $"{{\"n\":\"{new string('x', i * 37)}\"}}\n"));
        var parts = new[] { text[..(text.IndexOf('\n') + 1)], text[(text.IndexOf('\n') + 1)..] };
        var input = new InputDataset("json", 50, () => new MemoryStream(Encoding.UTF8.GetBytes(text)))
        {
            OpenAt = from => new JoinedStream([.. parts.Select<string, Func<Stream>>(p => () => new MemoryStream(Encoding.UTF8.GetBytes(p)))], from),
        };
        var chunks = await ChunkedInput.OfAsync("in", input, chunk, default);
        var read = new StringBuilder();
        for (var i = 1; i <= chunks.Count; i++)
        {
            using var reader = new StreamReader(chunks.Chunk(i).OpenJsonLines());
            var lines = await reader.ReadToEndAsync();
            lines.Count(c => c == '\n').ShouldBe(chunks.Chunk(i).Count);
            read.Append(lines);
        }

        read.ToString().ShouldBe(text);
    }
}
