using System.Diagnostics;
using System.Text.Json.Nodes;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Runs;

public sealed class RunExecutionTests
{
    private const string OneScan = "  - { id: scan, type: scan.test }";

    [DatabaseData]
    public async Task Run_that_finds_something_ends_with_findings_assessment_events_and_audit(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        engine.Scripts["scan"] = Finds(["r1", "r2"], Finding("r1", "a"), Finding("r1", "a#fragment"), Finding("r2", "b", "critical"));

        var detail = await engine.RunAsync(OneScan);

        detail.Run.Status.ShouldBe(RunStatus.Succeeded);
        detail.Run.TraceId!.Length.ShouldBe(32);
        var node = detail.Nodes.ShouldHaveSingleItem();
        (node.Status, node.Attempt, node.Findings, node.Signer).ShouldBe((NodeStatus.Succeeded, 1, 2, "test signer"));
        detail.Assessments.ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Completed);
        var page = await engine.FindingsAsync();
        page.Total.ShouldBe(2);
        page.Rows.Select(f => (f.RuleId, f.Severity, f.Status, f.Cwe, f.Target)).ShouldBe([("r1", Severity.High, FindingStatus.Open, "79 80", "http://127.0.0.1:8081/"), ("r2", Severity.Critical, FindingStatus.Open, "79 80", "http://127.0.0.1:8081/")]);
        page.Rows.ShouldAllBe(f => f.FirstRunId == detail.Run.Id && f.TargetId == engine.TargetId && f.TraceId == detail.Run.TraceId && f.Confidence == 50);

        var events = await engine.Runs.EventsAsync(engine.Analyst, detail.Run.Id, 0, 1000, default);
        events.Select(e => e.Seq).ShouldBe(Enumerable.Range(1, events.Count).Select(i => (long)i));
        events.Count(e => e.Type == "finding").ShouldBe(2);
        events[^1].Type.ShouldBe("run.status");
        events[^1].Data.ShouldContain("Succeeded");
        var audit = await engine.Get<AuditLog>().VerifyAsync();
        audit.Intact.ShouldBeTrue(audit.Reason);
        await engine.Database.ReadAsync(async db =>
        {
            db.AuditEvents.Select(e => e.Action).ToList().ShouldBeSubsetOf(["create.team", "add.target", "save.workflow", "start.run", "finish.node", "finish.run"]);
            db.StagedRecords.Count().ShouldBe(0);
            return await Task.FromResult(0);
        });
    }

    [DatabaseData]
    public async Task Same_finding_again_is_one_finding_with_two_occurrences(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        engine.Scripts["scan"] = Finds(["r1"], Finding("r1", "a"));
        var workflow = await engine.SaveAsync(OneScan);
        for (var i = 0; i < 2; i++)
        {
            await engine.StartAsync(workflow);
            await engine.WorkAsync();
        }

        var finding = (await engine.FindingsAsync()).Rows.ShouldHaveSingleItem();
        var detail = await engine.Get<Execution.Findings.FindingService>().GetAsync(engine.Analyst, finding.Id, default);
        detail.Occurrences.Count.ShouldBe(2);
        finding.FirstRunId.ShouldNotBe(finding.LastRunId);
    }

    [DatabaseData]
    public async Task Finding_missed_twice_by_complete_assessments_is_fixed_and_reopened_when_it_returns(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var workflow = await engine.SaveAsync(OneScan);
        async Task<Finding> Next(PluginScript script)
        {
            engine.Scripts["scan"] = script;
            await engine.StartAsync(workflow);
            await engine.WorkAsync();
            return (await engine.FindingsAsync()).Rows.Single();
        }

        (await Next(Finds(["r1"], Finding("r1")))).Status.ShouldBe(FindingStatus.Open);
        (await Next(Finds(["r2"]))).MissedRuns.ShouldBe(0, "checks without its rule say nothing");
        (await Next((_, _, _) => Task.FromResult(Done()))).MissedRuns.ShouldBe(0, "not assessed says nothing");
        (await Next(Finds(["r1"]))).MissedRuns.ShouldBe(1);
        (await Next(Finds(["r1"], Finding("r1")))).MissedRuns.ShouldBe(0, "seen again begins anew");
        (await Next(Finds(["r1"]))).Status.ShouldBe(FindingStatus.Open);
        var last = await Next(Finds(["r1"]));
        last.Status.ShouldBe(FindingStatus.Fixed);
        (await Next(Finds(["r1"], Finding("r1")))).Status.ShouldBe(FindingStatus.Open);
        var changes = (await engine.Get<Execution.Findings.FindingService>().GetAsync(engine.Analyst, last.Id, default)).Changes;
        changes.Select(c => (c.From, c.To, c.Actor)).ShouldBe([("Fixed", "Open", "system"), ("Open", "Fixed", "system")], ignoreOrder: true);
    }

    [Fact]
    public async Task Decision_of_a_person_stays_when_it_is_seen_or_missed()
    {
        await using var engine = await CreateAsync();
        var findings = engine.Get<Execution.Findings.FindingService>();
        var workflow = await engine.SaveAsync(OneScan);
        engine.Scripts["scan"] = Finds(["r1"], Finding("r1"));
        await engine.StartAsync(workflow);
        await engine.WorkAsync();
        var finding = (await engine.FindingsAsync()).Rows.Single();
        await findings.SetStatusAsync(engine.Analyst, finding.Id, FindingStatus.AcceptedRisk, "known and accepted", default);
        foreach (var script in new[] { Finds(["r1"], Finding("r1")), Finds(["r1"]), Finds(["r1"]), Finds(["r1"]) })
        {
            engine.Scripts["scan"] = script;
            await engine.StartAsync(workflow);
            await engine.WorkAsync();
        }

        (await engine.FindingsAsync()).Rows.Single().Status.ShouldBe(FindingStatus.AcceptedRisk);
        (await Should.ThrowAsync<SecFlowException>(() => findings.SetStatusAsync(engine.Analyst, finding.Id, FindingStatus.Open, " ", default))).Code.ShouldBe(Codes.RequestInvalid);
    }

    [Fact]
    public async Task Target_without_a_verdict_is_not_assessed_and_the_run_is_partial()
    {
        await using var engine = await CreateAsync();
        var second = await engine.AddTargetAsync("other", "http://127.0.0.1:8082/");
        engine.Scripts["scan"] = async (_, output, ct) =>
        {
            await output.VerdictAsync(Verdict.Completed, "done", engine.TargetId.ToString(), ["r1"], ct);
            await output.VerdictAsync(Verdict.Completed, "done", "http://elsewhere/", ["r1"], ct);
            return Done();
        };
        var detail = await engine.RunAsync(OneScan, "", engine.TargetId, second);
        detail.Run.Status.ShouldBe(RunStatus.Partial);
        var missing = detail.Assessments.Single(a => a.TargetId == second);
        missing.Verdict.ShouldBe(Verdict.Partial);
        missing.Reason.ShouldStartWith("SF6006: not assessed");
    }

    [Fact]
    public async Task Unreachable_target_is_retried_with_growing_waits_and_then_partial()
    {
        await using var engine = await CreateAsync();
        var starts = new List<long>();
        engine.Scripts["scan"] = async (_, output, ct) =>
        {
            starts.Add(Stopwatch.GetTimestamp());
            await output.EmitAsync("findings", [Finding($"r{starts.Count}")], ct);
            await output.VerdictAsync(Verdict.Unreachable, "connection refused", null, [], ct);
            return Done();
        };
        var detail = await engine.RunAsync(OneScan, "retry: { max_attempts: 3, base_delay: 0.2, backoff_factor: 2 }");
        starts.Count.ShouldBe(3);
        (detail.Run.Status, detail.Nodes[0].Attempt).ShouldBe((RunStatus.Partial, 3));
        (await engine.FindingsAsync()).Rows.Select(f => f.RuleId).ShouldBe(["r3"], "only the last attempt counts");
        var events = await engine.Runs.EventsAsync(engine.Analyst, detail.Run.Id, 0, 1000, default);
        var waits = events.Where(e => e.Type == "node.status" && e.Data.Contains("Waiting")).Select(e => JsonNode.Parse(e.Data)!["waitSeconds"]!.GetValue<double>()).ToList();
        waits.Count.ShouldBe(2);
        waits[0].ShouldBe(0.2, 0.2 * RetryWait.Jitter);
        waits[1].ShouldBe(0.4, 0.4 * RetryWait.Jitter);
        for (var i = 0; i < waits.Count; i++)
        {
            // A timer may ring a few milliseconds early.
            Stopwatch.GetElapsedTime(starts[i], starts[i + 1]).TotalSeconds.ShouldBeGreaterThan(waits[i] - 0.03);
        }
    }

    [Theory]
    [InlineData(Codes.ScriptError, NodeStatus.Failed, RunStatus.Failed)]
    [InlineData(Codes.LimitStatements, NodeStatus.Failed, RunStatus.Failed)]
    [InlineData(Codes.LimitWall, NodeStatus.TimedOut, RunStatus.TimedOut)]
    [InlineData(Codes.Tampered, NodeStatus.Denied, RunStatus.Denied)]
    [InlineData(Codes.OutOfScope, NodeStatus.Denied, RunStatus.Denied)]
    [InlineData(Codes.SandboxUnavailable, NodeStatus.Denied, RunStatus.Denied)]
    [InlineData(Codes.ToolMissing, NodeStatus.Failed, RunStatus.Failed)]
    public async Task Error_of_the_plugin_becomes_the_status_of_node_and_run_and_stops_what_follows(string code, NodeStatus node, RunStatus run)
    {
        await using var engine = await CreateAsync();
        engine.Scripts["scan"] = (_, _, _) => Task.FromResult(Done(new Diagnostic(code, "it went wrong")));
        engine.Scripts["after"] = Finds([]);
        var detail = await engine.RunAsync(OneScan + "\n  - { id: after, type: scan.test }");
        detail.Run.Status.ShouldBe(run);
        detail.Run.ErrorCode.ShouldBe(code);
        detail.Nodes.Select(n => n.Status).ShouldBe([node, NodeStatus.Skipped]);
        detail.Nodes[0].ErrorMessage.ShouldBe("it went wrong");
        detail.Assessments.ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Failed);
    }

    [Fact]
    public async Task Refusal_of_trust_at_opening_denies_the_run()
    {
        await using var engine = await CreateAsync();
        engine.OpenFaults["scan"] = () => new SecFlowException(Codes.Tampered, "index.js differs");
        var detail = await engine.RunAsync(OneScan);
        (detail.Run.Status, detail.Nodes[0].Status, detail.Nodes[0].ErrorCode, detail.Nodes[0].Attempt).ShouldBe((RunStatus.Denied, NodeStatus.Denied, Codes.Tampered, 1));
    }

    [Fact]
    public async Task Trouble_of_the_engine_is_retried_and_then_interrupts()
    {
        await using var engine = await CreateAsync();
        var opened = 0;
        engine.OpenFaults["scan"] = () => ++opened < 3 ? new SecFlowException(Codes.HostStartFailed, "no process") : null;
        engine.Scripts["scan"] = Finds(["r1"], Finding("r1"));
        var detail = await engine.RunAsync(OneScan, "retry: { max_attempts: 3, base_delay: 0 }");
        (detail.Run.Status, detail.Nodes[0].Attempt).ShouldBe((RunStatus.Succeeded, 3));

        engine.OpenFaults["scan"] = () => new SecFlowException(Codes.HostStartFailed, "no process");
        (await engine.RunAsync(OneScan, "retry: { max_attempts: 3, base_delay: 0 }")).Run.Status.ShouldBe(RunStatus.Interrupted);
    }

    [Fact]
    public async Task On_failure_decides_what_follows()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["first"] = (_, _, _) => Task.FromResult(Done(new Diagnostic(Codes.ScriptError, "x")));
        engine.Scripts["second"] = Finds([]);
        engine.Scripts["third"] = Finds([]);
        const string nodes = "  - { id: first, type: discovery.test, outputs: [urls], on_failure: ACTION }\n  - { id: second, type: scan.test, inputs: [urls], outputs: { urls: more } }\n  - { id: third, type: scan.test }\n  - { id: fourth, type: scan.test, inputs: { urls: more } }";
        engine.Scripts["fourth"] = Finds([]);

        var skip = await engine.RunAsync(nodes.Replace("ACTION", "skip_dependents"));
        skip.Nodes.Select(n => n.Status).ShouldBe([NodeStatus.Failed, NodeStatus.Skipped, NodeStatus.Succeeded, NodeStatus.Skipped]);
        skip.Run.Status.ShouldBe(RunStatus.Partial);

        var go = await engine.RunAsync(nodes.Replace("ACTION", "continue"));
        go.Nodes.Select(n => n.Status).ShouldBe([NodeStatus.Failed, NodeStatus.Succeeded, NodeStatus.Succeeded, NodeStatus.Succeeded]);
        go.Run.Status.ShouldBe(RunStatus.Partial);
    }

    [Fact]
    public async Task Datasets_flow_and_conditions_look_at_them()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["find"] = async (_, output, ct) =>
        {
            await output.EmitAsync("urls", [new JsonObject { ["url"] = "http://127.0.0.1:8081/a", ["source"] = "test" }, new JsonObject { ["url"] = "ftp://x", ["source"] = "test" }, null], ct);
            await output.VerdictAsync(Verdict.Completed, "ok", null, [], ct);
            return Done();
        };
        var seen = new List<string>();
        engine.Scripts["scan"] = async (work, output, ct) =>
        {
            using var reader = new StreamReader(work.Inputs["urls"].OpenJsonLines());
            seen.Add($"{work.Inputs["urls"].Count}:{await reader.ReadToEndAsync(ct)}{work.Run["parameters"]!.ToJsonString()}");
            return await Finds([])(work, output, ct);
        };
        var detail = await engine.RunAsync(
            "  - { id: find, type: discovery.test, outputs: [urls] }\n  - { id: scan, type: scan.test, inputs: [urls], when: \"outputs.urls.count == 1 and parameters.depth > 1\" }\n  - { id: never, type: scan.test, when: \"outputs.urls.count > 1\" }",
            "parameters: { depth: { type: integer, default: 2 } }");
        detail.Nodes.Select(n => (n.Status, n.RejectedRecords)).ShouldBe([(NodeStatus.Succeeded, 2), (NodeStatus.Succeeded, 0), (NodeStatus.Skipped, 0)]);
        detail.Run.Status.ShouldBe(RunStatus.Succeeded);
        seen.ShouldHaveSingleItem().ShouldBe("1:{\"url\":\"http://127.0.0.1:8081/a\",\"source\":\"test\"}\n{\"depth\":2}");
    }

    [Fact]
    public async Task Cancel_stops_the_plugin_within_two_seconds()
    {
        await using var engine = await CreateAsync();
        var running = new TaskCompletionSource();
        var killed = false;
        engine.Scripts["scan"] = async (_, _, ct) =>
        {
            running.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, ct);
            }
            finally
            {
                killed = true;
            }

            return Done();
        };
        var run = await engine.StartAsync(OneScan);
        var work = engine.WorkAsync();
        await running.Task;
        var began = Stopwatch.GetTimestamp();
        await engine.Runs.CancelAsync(engine.Analyst, run.Id, default);
        await work;
        Stopwatch.GetElapsedTime(began).ShouldBeLessThan(Crowd.Within(2));
        killed.ShouldBeTrue();
        var detail = await engine.DetailAsync(run.Id);
        (detail.Run.Status, detail.Nodes[0].Status, detail.Run.CancelRequestedBy).ShouldBe((RunStatus.Cancelled, NodeStatus.Cancelled, "analyst"));
        await engine.Runs.CancelAsync(engine.Analyst, run.Id, default);
    }

    [Fact]
    public async Task Cancel_from_another_engine_reaches_the_run_through_its_lease()
    {
        await using var engine = await CreateAsync();
        await using var other = engine.Twin();
        var running = new TaskCompletionSource();
        engine.Scripts["scan"] = async (_, _, ct) =>
        {
            running.SetResult();
            await Task.Delay(Timeout.Infinite, ct);
            return Done();
        };
        var run = await engine.StartAsync(OneScan);
        var work = engine.WorkAsync();
        await running.Task;
        await other.Runs.CancelAsync(engine.Analyst, run.Id, default);
        await work.WaitAsync(Crowd.Within(2));
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Cancelled);
    }

    [Fact]
    public async Task Cancel_asked_for_while_no_engine_had_the_run_starts_no_node()
    {
        await using var engine = await CreateAsync();
        var begun = 0;
        engine.Scripts["scan"] = (_, _, _) =>
        {
            begun++;
            return Task.FromResult(Done());
        };
        var run = await engine.StartAsync(OneScan);
        (await engine.Store.ClaimAsync(new RunClaim("dead-engine", TimeSpan.FromMinutes(1), 4), default)).ShouldNotBeNull();
        await engine.Runs.CancelAsync(engine.Analyst, run.Id, default);
        await engine.Store.ExpireLeasesAsync(default);
        (await engine.WorkAsync()).ShouldBeTrue();
        begun.ShouldBe(0);
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Cancelled);
    }

    [Fact]
    public async Task Queued_run_is_cancelled_at_once_and_never_executed()
    {
        await using var engine = await CreateAsync();
        var run = await engine.StartAsync(OneScan);
        await engine.Runs.CancelAsync(engine.Analyst, run.Id, default);
        (await engine.WorkAsync()).ShouldBeFalse();
        (await engine.DetailAsync(run.Id)).Run.Status.ShouldBe(RunStatus.Cancelled);
    }
}
