using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Tests.Runs;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests.Workflows;

/// <summary>The rows of the table: key -> what it must change. One engine serves all of them, each with workflows of its own.</summary>
public sealed partial class RecipeEffects : IAsyncLifetime
{
    private readonly Dictionary<string, List<PluginWork>> _works = new(StringComparer.Ordinal);
    private TestEngine _engine = null!;
    private int _names;

    public RecipeEffects() => All = new Dictionary<string, Func<Task>>(StringComparer.Ordinal)
    {
        ["version"] = VersionAsync,
        ["name"] = NameAsync,
        ["description"] = NameAsync,
        ["parameters"] = ParametersAsync,
        ["inputs"] = SubWorkflowAsync,
        ["nodes"] = NodesAsync,
        ["cascades"] = CascadeAsync,
        ["retry"] = RetryAsync,
        ["state"] = ResumeAsync,
        ["parameters.NAME.type"] = ParametersAsync,
        ["parameters.NAME.required"] = ParametersAsync,
        ["parameters.NAME.default"] = ParametersAsync,
        ["nodes[].id"] = NodesAsync,
        ["nodes[].type"] = NodesAsync,
        ["nodes[].workflow"] = SubWorkflowAsync,
        ["nodes[].version"] = SubWorkflowVersionAsync,
        ["nodes[].config"] = ParametersAsync,
        ["nodes[].parameters"] = SubWorkflowAsync,
        ["nodes[].inputs"] = NodesAsync,
        ["nodes[].outputs"] = NodesAsync,
        ["nodes[].timeout"] = NodesAsync,
        ["nodes[].retry"] = RetryAsync,
        ["nodes[].when"] = WhenAsync,
        ["nodes[].on_failure"] = OnFailureAsync,
        ["nodes[].foreach"] = ForEachAsync,
        ["nodes[].chunk"] = ForEachAsync,
        ["retry.max_attempts"] = RetryAsync,
        ["retry.backoff_factor"] = BackoffAsync,
        ["retry.base_delay"] = BackoffAsync,
        ["state.checkpoint_interval"] = CheckpointIntervalAsync,
        ["state.resume_on_failure"] = ResumeAsync,
        ["state.cache_intermediate"] = CacheAsync,
        ["cascades[].workflow"] = CascadeAsync,
        ["cascades[].from"] = CascadeAsync,
        ["cascades[].when"] = CascadeWhenAsync,
        ["cascades[].parameters"] = CascadeAsync,
        ["cascades[].min_severity"] = CascadeSeverityAsync,
        ["cascades[].max_runs"] = CascadeCapsAsync,
        ["cascades[].max_depth"] = CascadeDepthAsync,
    };

    public IReadOnlyDictionary<string, Func<Task>> All { get; }

    public async Task InitializeAsync() => _engine = await TestEngine.CreateAsync();

    public async Task DisposeAsync() => await _engine.DisposeAsync();

    private async Task VersionAsync()
    {
        (await SaveAsync("- { id: v1, type: scan.test }")).ShouldNotBe(Guid.Empty);
        (await Should.ThrowAsync<SecFlowException>(() => _engine.Get<WorkflowService>().SaveAsync(_engine.Analyst, "version: \"2.0\"\nname: x\nnodes:\n- { id: v2, type: scan.test }\n", default)))
            .Diagnostics.ShouldHaveSingleItem().Message.ShouldContain("2.0");
    }

    private async Task NameAsync()
    {
        Script("named");
        var name = Name();
        var first = await SaveAsync("- { id: named, type: scan.test }", "description: looks at names", name);
        var second = await SaveAsync("- { id: named, type: scan.test, timeout: 9 }", "description: looks at names", name);

        second.ShouldBe(first);
        var (workflow, version) = await _engine.Get<WorkflowService>().GetAsync(_engine.Analyst, first, default);
        (workflow.Name, workflow.Description, version.Version).ShouldBe((name, "looks at names", 2));
        (await RunAsync(first)).Run.WorkflowName.ShouldBe(name);
    }

    private async Task ParametersAsync()
    {
        Script("typed");
        var workflow = await SaveAsync(
            "- { id: typed, type: scan.test, config: { threads: \"${parameters.threads}\", path: \"/${parameters.path}/\", off: \"${parameters.none}\" } }",
            "parameters: { threads: { type: integer, required: true }, path: { type: string, default: api }, none: { type: number } }");
        Task<Run> StartAsync(JsonObject given) => _engine.Runs.StartAsync(_engine.Analyst, new StartRun(workflow, [_engine.TargetId], RunTrigger.Manual) { Parameters = given }, default);

        (await Should.ThrowAsync<SecFlowException>(() => StartAsync([]))).Diagnostics.ShouldHaveSingleItem().Message.ShouldContain("'threads'");
        (await Should.ThrowAsync<SecFlowException>(() => StartAsync(new JsonObject { ["threads"] = "many" }))).Diagnostics.ShouldHaveSingleItem().Message.ShouldContain("expected integer");
        var run = await StartAsync(new JsonObject { ["threads"] = "12" });
        await _engine.WorkAsync();

        run.Parameters.ShouldBe("""{"threads":12,"path":"api"}""");
        var work = _works["typed"].ShouldHaveSingleItem();
        work.Config.ToJsonString().ShouldBe("""{"threads":12,"path":"/api/"}""");
        work.Run["parameters"]!.ToJsonString().ShouldBe(run.Parameters);
        _works.Remove("typed");
    }

    private async Task NodesAsync()
    {
        Script("list", "urls", 3);
        Script("look");
        var detail = await RunAsync(await SaveAsync("""
            - { id: look, type: scan.test, inputs: [found], timeout: 7m }
            - { id: list, type: discovery.test, outputs: { urls: found } }
            """));

        detail.Nodes.OrderBy(n => n.Ordinal).Select(n => (n.NodeId, n.PluginId, n.Status)).ShouldBe([("list", "discovery.test", NodeStatus.Succeeded), ("look", "scan.test", NodeStatus.Succeeded)]);
        (await _engine.Store.DatasetsAsync(detail.Run.Id, default)).ShouldContain(d => d.Name == "found" && d.Count == 3);
        var work = _works["look"][^1];
        (work.Inputs["urls"].Count, work.Timeout).ShouldBe((3, TimeSpan.FromMinutes(7)));
        _works["list"][^1].Timeout.ShouldBe(TimeSpan.FromMinutes(5));
    }

    private async Task WhenAsync()
    {
        Script("some", "urls", 2);
        Script("more");
        Script("fewer");
        var detail = await RunAsync(await SaveAsync("""
            - { id: some, type: discovery.test, outputs: [urls] }
            - { id: more, type: scan.test, when: "outputs.urls.count > 2" }
            - { id: fewer, type: scan.test, when: "outputs.urls.count <= 2" }
            """));

        Statuses(detail).ShouldBe([("some", NodeStatus.Succeeded), ("more", NodeStatus.Skipped), ("fewer", NodeStatus.Succeeded)]);
        detail.Nodes.Single(n => n.NodeId == "more").ErrorMessage.ShouldBe("Skipped: its condition does not hold: outputs.urls.count > 2");
        detail.Run.Status.ShouldBe(RunStatus.Succeeded);
    }

    private async Task OnFailureAsync()
    {
        Fail("bad");
        Script("needs");
        Script("other");
        foreach (var (word, run, needs, other) in new[]
        {
            ("stop", RunStatus.Failed, NodeStatus.Skipped, NodeStatus.Skipped),
            ("continue", RunStatus.Partial, NodeStatus.Succeeded, NodeStatus.Succeeded),
            ("skip_dependents", RunStatus.Partial, NodeStatus.Skipped, NodeStatus.Succeeded),
        })
        {
            var detail = await RunAsync(await SaveAsync($$"""
                - { id: bad, type: discovery.test, outputs: [urls], on_failure: {{word}} }
                - { id: needs, type: scan.test, inputs: [urls] }
                - { id: other, type: scan.test }
                """));
            (detail.Run.Status, detail.Nodes.Single(n => n.NodeId == "needs").Status, detail.Nodes.Single(n => n.NodeId == "other").Status).ShouldBe((run, needs, other), word);
        }
    }

    private async Task RetryAsync()
    {
        Fail("own", Codes.TargetUnreachable);
        Fail("shared", Codes.TargetUnreachable);
        var detail = await RunAsync(await SaveAsync("""
            - { id: own, type: scan.test, retry: { max_attempts: 3 }, on_failure: continue }
            - { id: shared, type: scan.test }
            """, "retry: { max_attempts: 2, base_delay: 0 }"));

        detail.Nodes.OrderBy(n => n.Ordinal).Select(n => (n.NodeId, n.Attempt, n.Status)).ShouldBe([("own", 3, NodeStatus.Failed), ("shared", 2, NodeStatus.Failed)]);
    }

    private async Task BackoffAsync()
    {
        Fail("again", Codes.TargetUnreachable);
        var run = (await RunAsync(await SaveAsync("- { id: again, type: scan.test }", "retry: { max_attempts: 3, base_delay: 0.05, backoff_factor: 4 }"))).Run;

        var waits = (await _engine.Runs.EventsAsync(_engine.Analyst, run.Id, 0, 1000, default))
            .Where(e => e.Type == "node.status" && e.Data.Contains("Waiting", StringComparison.Ordinal)).Select(e => JsonNode.Parse(e.Data)!["waitSeconds"]!.GetValue<double>()).ToList();
        waits.Count.ShouldBe(2);
        waits[0].ShouldBe(0.05, 0.05 * RetryWait.Jitter);
        waits[1].ShouldBe(0.2, 0.2 * RetryWait.Jitter);
    }

    private async Task ResumeAsync()
    {
        foreach (var (resume, expected) in new[] { (false, RunStatus.Interrupted), (true, RunStatus.Queued) })
        {
            // An engine that is stopped takes nothing more.
            await using var engine = await TestEngine.CreateAsync();
            var running = new TaskCompletionSource();
            engine.Scripts["long"] = async (_, _, ct) =>
            {
                running.TrySetResult();
                await Task.Delay(Timeout.Infinite, ct);
                return TestEngine.Done();
            };
            var run = await engine.StartAsync("  - { id: long, type: scan.test }", $"state: {{ resume_on_failure: {(resume ? "true" : "false")} }}");
            var work = engine.WorkAsync();
            await running.Task.WaitAsync(TimeSpan.FromMinutes(1));
            await engine.Get<ActiveRuns>().StopAllAsync();
            await work;
            (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(expected);
        }
    }

    private async Task SubWorkflowAsync()
    {
        var inner = Name();
        await SaveAsync("""
            - { id: scan, type: scan.test, inputs: [seeds], outputs: { findings: weak }, config: { threads: "${parameters.threads}" }, when: "outputs.seeds.count > 1" }
            - { id: after, type: scan.test }
            """, "parameters: { threads: { type: integer, default: 1 } }\ninputs: { seeds: urls }", inner);
        Script("seed", "urls", 2);
        Script("web.scan");
        Fail("web.after");
        Script("last");
        var workflow = await SaveAsync($$"""
            - { id: seed, type: discovery.test, outputs: { urls: found } }
            - { id: web, workflow: {{inner}}, inputs: [found], parameters: { threads: "${parameters.speed}" }, on_failure: continue }
            - { id: last, type: scan.test, when: "outputs.web.weak.count == 0" }
            """, "parameters: { speed: { type: integer, default: 8 } }");

        var detail = await RunAsync(workflow);

        Statuses(detail).ShouldBe([("seed", NodeStatus.Succeeded), ("web.scan", NodeStatus.Succeeded), ("web.after", NodeStatus.Failed), ("last", NodeStatus.Succeeded)]);
        var work = _works["web.scan"][^1];
        (work.Inputs["urls"].Count, work.Config.ToJsonString(), work.Run["parameters"]!.ToJsonString()).ShouldBe((2, """{"threads":8}""", """{"threads":8}"""));
        detail.Run.Status.ShouldBe(RunStatus.Partial);
    }

    private async Task SubWorkflowVersionAsync()
    {
        var inner = Name();
        await SaveAsync("- { id: one, type: scan.test }", name: inner);
        var newest = await SaveAsync($"- {{ id: web, workflow: {inner} }}");
        Script("web.one");
        Script("web.two");
        var accepted = await _engine.StartAsync(newest);
        await SaveAsync("- { id: two, type: scan.test }", name: inner);
        var first = await SaveAsync($"- {{ id: web, workflow: {inner}, version: 1 }}");

        // What was accepted keeps the version that was the newest then.
        await _engine.WorkAsync();
        Statuses(await _engine.DetailAsync(accepted.Id)).ShouldBe([("web.one", NodeStatus.Succeeded)]);
        Statuses(await RunAsync(newest)).ShouldBe([("web.two", NodeStatus.Succeeded)]);
        Statuses(await RunAsync(first)).ShouldBe([("web.one", NodeStatus.Succeeded)]);
    }

    private static IEnumerable<(string Node, NodeStatus Status)> Statuses(RunDetail detail) => detail.Nodes.OrderBy(n => n.Ordinal).Select(n => (n.NodeId, n.Status));

    private string Name() => $"Effect {++_names}";

    private async Task<Guid> SaveAsync(string nodes, string more = "", string? name = null) => (await _engine.Get<WorkflowService>().SaveAsync(
        _engine.Analyst, $"version: \"1.0\"\nname: {name ?? Name()}\n{more}\nnodes:\n{nodes}\n", default)).WorkflowId;

    private async Task<RunDetail> RunAsync(Guid workflow)
    {
        var run = await _engine.StartAsync(workflow);
        while (await _engine.WorkAsync())
        {
            // Also what it starts itself.
        }

        return await _engine.DetailAsync(run.Id);
    }

    // A node that notes its work, makes records and assesses everything.
    private void Script(string node, string? port = null, int records = 0)
    {
        var works = _works[node] = [];
        _engine.Scripts[node] = async (work, output, ct) =>
        {
            works.Add(work);
            if (port is not null)
            {
                await output.EmitAsync(port, [.. Enumerable.Range(0, records).Select(i => (JsonNode?)new JsonObject { ["url"] = $"http://127.0.0.1:8081/{i}", ["source"] = "test" })], ct);
            }

            await output.VerdictAsync(Verdict.Completed, "looked", null, [], ct);
            return TestEngine.Done();
        };
    }

    private void Fail(string node, string code = Codes.ScriptError) => _engine.Scripts[node] = (_, _, _) => Task.FromResult(TestEngine.Done(new Diagnostic(code, "it failed")));
}
