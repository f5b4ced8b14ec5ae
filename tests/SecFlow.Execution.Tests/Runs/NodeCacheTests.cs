using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Runs;

public sealed class NodeCacheTests
{
    private const string Warm = "state: { cache_intermediate: true }";

    private const string Nodes = """
          - { id: find, type: discovery.test, outputs: [urls] }
          - { id: scan, type: scan.test, inputs: [urls], outputs: { findings: found, urls: more } }
        """;

    /// <summary>Counts how often each node really ran.</summary>
    private static Dictionary<string, int> Script(TestEngine engine)
    {
        var ran = new Dictionary<string, int>(StringComparer.Ordinal) { ["find"] = 0, ["scan"] = 0 };
        engine.Scripts["find"] = async (_, output, ct) =>
        {
            ran["find"]++;
            await output.EmitAsync("urls", [new System.Text.Json.Nodes.JsonObject { ["url"] = "http://127.0.0.1:8081/a", ["source"] = "test" }], ct);
            await output.VerdictAsync(Verdict.Completed, "listed", null, [], ct);
            return Done();
        };
        engine.Scripts["scan"] = async (work, output, ct) =>
        {
            ran["scan"]++;
            return await Finds(["r1", "r2"], Finding("r1", "a"), Finding("r2", "b", "low"))(work, output, ct);
        };
        return ran;
    }

    private static async Task<RunDetail> NextAsync(TestEngine engine, Guid workflow, params Guid[] targets)
    {
        var run = await engine.StartAsync(workflow, targets);
        (await engine.WorkAsync()).ShouldBeTrue();
        return await engine.DetailAsync(run.Id);
    }

    [DatabaseData]
    public async Task Unchanged_nodes_are_cached_with_their_datasets_assessments_and_findings(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var ran = Script(engine);
        var workflow = await engine.SaveAsync(Nodes, Warm);
        var first = await NextAsync(engine, workflow);
        var seen = (await engine.FindingsAsync()).Rows.Select(f => (f.Fingerprint, f.LastSeenAt)).ToList();

        var second = await NextAsync(engine, workflow);

        ran.ShouldBe(new Dictionary<string, int> { ["find"] = 1, ["scan"] = 1 });
        second.Run.Status.ShouldBe(RunStatus.Succeeded);
        second.Nodes.Select(n => (n.Status, n.CachedFromNodeRunId, n.Attempt, n.Findings)).ShouldBe(first.Nodes.Select(n => (NodeStatus.Cached, (Guid?)n.Id, 0, n.Findings)));
        second.Nodes.ShouldAllBe(n => n.Signer == "test signer" && n.CacheKey == null && n.StartedAt != null && n.EndedAt != null);
        second.Assessments.Count.ShouldBe(first.Assessments.Count);
        second.Assessments.ShouldAllBe(a => a.Verdict == Verdict.Completed && a.Reason.StartsWith($"cached, as run {first.Run.Id} assessed it at "));
        var datasets = await engine.Store.DatasetsAsync(second.Run.Id, default);
        datasets.Select(d => (d.Name, d.BlobDigest)).ShouldBe((await engine.Store.DatasetsAsync(first.Run.Id, default)).Select(d => (d.Name, d.BlobDigest)), ignoreOrder: true);

        var page = await engine.Get<FindingService>().ListAsync(engine.Analyst, new FindingQuery { Sort = "title", RunId = second.Run.Id }, default);
        page.Rows.Select(f => (f.Fingerprint, f.LastSeenAt)).ShouldBe(seen, "it occurs in this run, and was seen when it was seen");
        page.Rows.ShouldAllBe(f => f.FirstRunId == first.Run.Id && f.LastRunId == second.Run.Id && f.MissedRuns == 0);
        var events = await engine.Runs.EventsAsync(engine.Analyst, second.Run.Id, 0, 1000, default);
        events.Count(e => e.Type == "node.status" && e.Data.Contains("\"Cached\"") && e.Data.Contains(first.Run.Id.ToString())).ShouldBe(2);
        var audit = await engine.Database.ReadAsync(db => Task.FromResult(db.AuditEvents.Select(e => new { e.Action, e.ResourceId }).ToList()));
        audit.Count(e => e.Action == "finish.node" && e.ResourceId.StartsWith(second.Run.Id.ToString(), StringComparison.Ordinal)).ShouldBe(2);
        audit.Count(e => e.Action == "open.plugin").ShouldBe(2, "the decision that it may be used is audited");
        (await engine.Get<AuditLog>().VerifyAsync()).Intact.ShouldBeTrue();

        // Only what really ran is a source.
        (await NextAsync(engine, workflow)).Nodes.Select(n => n.CachedFromNodeRunId).ShouldBe(first.Nodes.Select(n => (Guid?)n.Id));
    }

    [Fact]
    public async Task What_changed_runs_again_and_what_follows_from_it()
    {
        await using var engine = await CreateAsync();
        var ran = Script(engine);
        var workflow = await engine.SaveAsync(Nodes, Warm);
        await NextAsync(engine, workflow);
        var second = await engine.AddTargetAsync("other", "http://127.0.0.1:8082/");

        (await NextAsync(engine, workflow, engine.TargetId, second)).Nodes.ShouldAllBe(n => n.Status == NodeStatus.Succeeded, "other targets");
        engine.Facts = new ReuseFacts(new Dictionary<string, string> { ["nmap"] = "sha256:1 7.95" }, new Dictionary<string, string>());
        (await NextAsync(engine, workflow)).Nodes.ShouldAllBe(n => n.Status == NodeStatus.Succeeded, "another tool");
        (await NextAsync(engine, workflow)).Nodes.ShouldAllBe(n => n.Status == NodeStatus.Cached);
        ran.ShouldBe(new Dictionary<string, int> { ["find"] = 3, ["scan"] = 3 });

        // The same workflow by name with another binding is another version with other outputs.
        (await NextAsync(engine, await engine.SaveAsync(Nodes, Warm))).Nodes.ShouldAllBe(n => n.Status == NodeStatus.Succeeded, "another workflow");
        (await NextAsync(engine, await engine.SaveAsync(Nodes))).Nodes.ShouldAllBe(n => n.CacheKey == null, "without cache_intermediate nothing is a source");
    }

    [Fact]
    public async Task Outputs_that_came_over_the_network_are_used_for_an_hour()
    {
        var time = new TestTime();
        await using var engine = await CreateAsync(time: time);
        Script(engine);
        var workflow = await engine.SaveAsync(Nodes, Warm);
        await NextAsync(engine, workflow);
        time.Advance(NodeCache.NetworkAge - TimeSpan.FromMinutes(1));
        (await NextAsync(engine, workflow)).Nodes.ShouldAllBe(n => n.Status == NodeStatus.Cached);
        time.Advance(TimeSpan.FromMinutes(2));
        (await NextAsync(engine, workflow)).Nodes.ShouldAllBe(n => n.Status == NodeStatus.Succeeded, "what was cached meanwhile is no younger");
    }

    [Fact]
    public async Task Partial_node_and_missing_findings_are_no_source()
    {
        await using var engine = await CreateAsync();
        var ran = Script(engine);
        engine.Scripts["scan"] = async (_, output, ct) =>
        {
            ran["scan"]++;
            await output.VerdictAsync(Verdict.Partial, "half", null, [], ct);
            return Done();
        };
        var workflow = await engine.SaveAsync(Nodes, Warm);
        await NextAsync(engine, workflow);
        (await NextAsync(engine, workflow)).Nodes.Select(n => n.Status).ShouldBe([NodeStatus.Cached, NodeStatus.Partial]);

        Script(engine);
        await NextAsync(engine, workflow);
        await engine.Database.WriteAsync(write =>
        {
            write.Db.Occurrences.RemoveRange(write.Db.Occurrences.Take(1));
            return Task.CompletedTask;
        });
        (await NextAsync(engine, workflow)).Nodes.Select(n => n.Status).ShouldBe([NodeStatus.Cached, NodeStatus.Succeeded]);
    }

    [Fact]
    public async Task Plugin_that_is_not_trusted_any_more_is_not_believed_from_the_cache_either()
    {
        await using var engine = await CreateAsync();
        Script(engine);
        var workflow = await engine.SaveAsync(Nodes, Warm);
        await NextAsync(engine, workflow);
        engine.OpenFaults["scan"] = () => new SecFlowException(Codes.Revoked, "It was revoked.");
        (await NextAsync(engine, workflow)).Nodes.Select(n => (n.Status, n.ErrorCode)).ShouldBe([(NodeStatus.Cached, null), (NodeStatus.Denied, Codes.Revoked)]);
        engine.OpenFaults.Clear();
        engine.Decide = _ => new Diagnostic(Codes.PluginNotEnabled, "It is disabled.");
        (await NextAsync(engine, workflow)).Nodes[0].Status.ShouldBe(NodeStatus.Denied);
    }
}
