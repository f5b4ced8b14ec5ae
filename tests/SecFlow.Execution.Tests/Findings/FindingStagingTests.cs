using System.Text.Json.Nodes;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Tests.Runs;
using SecFlow.Execution.Tests.Workflows;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Findings;

public sealed class FindingStagingTests
{
    private const string OneScan = "  - { id: scan, type: scan.test }";

    public static TheoryData<string, string> Bad() => new()
    {
        { "null", "JSON object" },
        { "[1]", "JSON object" },
        { "{}", "'ruleId' is missing" },
        { """{"ruleId":"r","title":"t","severity":"urgent","location":"x"}""", "not one of" },
        { """{"ruleId":"r","title":"","severity":"low","location":"x"}""", "title" },
        { """{"ruleId":"r","title":"t","severity":"low","location":"x","status":"fixed"}""", "'status' is not a field" },
        { """{"ruleId":"r","title":"t","severity":"low","location":"x","confidence":101}""", "confidence" },
        { """{"ruleId":"r","title":"t","severity":"low","location":"x","cve":["CVE-2024-0000"]}""", "placeholder" },
        { """{"ruleId":"r","title":"t","severity":"low","location":"x","cve":["CVE-1234-56789"]}""", "placeholder" },
        { """{"ruleId":"r","title":"t","severity":"low","location":"x","cve":["CVE-2024-XXXX"]}""", "does not match" },
        { """{"ruleId":"r","title":"t","severity":"low","location":"x","owasp":"A3"}""", "does not match" },
        { """{"ruleId":"r","title":"t","severity":"low","location":"x","confidence":9223372036854775808}""", "confidence" },
        { "{\"ruleId\":\"r\",\"title\":\"t\",\"severity\":\"low\",\"location\":\"x\",\"cve\":[\"CVE-\u0662\u0660\u0662\u0664-12345\"]}", "placeholder" },
        { """{"ruleId":"r","title":"t","severity":"low","location":"x","attack":["T1"]}""", "does not match" },
        { """{"ruleId":"r","title":"t","severity":"low","location":"x","target":"http://elsewhere/"}""", "not one of the node's targets" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void Bad_finding_is_refused_with_its_reason(string json, string reason) =>
        RecordCheck.Finding(JsonNode.Parse(json), []).Problem!.ShouldContain(reason is "not one of the node's targets" ? "the node has no target" : reason);

    [Theory]
    [InlineData("urls", """{"url":"http://a/","source":"x","outOfScope":true}""", null)]
    [InlineData("urls", """{"url":"http://a/","source":"x","outOfScope":1}""", "not a boolean")]
    [InlineData("hosts", """{"host":"a","source":"x"}""", null)]
    [InlineData("services", """{"host":"a","ip":"127.0.0.1","port":80,"protocol":"tcp"}""", null)]
    [InlineData("json", "[true]", null)]
    public void Record_of_each_type_is_held_to_its_schema(string type, string json, string? problem) =>
        (RecordCheck.Plain(type, JsonNode.Parse(json)).Problem ?? "").ShouldContain(problem ?? "");

    [Fact]
    public async Task Rejected_records_are_kept_with_their_reason_and_counted()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["scan"] = async (_, output, ct) =>
        {
            await output.EmitAsync("findings", [Finding("good"), new JsonObject { ["ruleId"] = "bad" }, JsonValue.Create(new string('x', 300_000))], ct);
            await output.EmitAsync("nowhere", [new JsonObject { ["a\0b"] = "c\0d" }], ct);
            await output.VerdictAsync(Verdict.Completed, "ok", null, [], ct);
            return Done();
        };
        var detail = await engine.RunAsync(OneScan);
        (detail.Nodes[0].Findings, detail.Nodes[0].RejectedRecords).ShouldBe((1, 3));
        await engine.Database.ReadAsync(async db =>
        {
            db.StagedRecords.Select(s => s.Rejection!).ToList().ShouldContain(r => r.Contains("'title' is missing"));
            db.StagedRecords.Count().ShouldBe(3);
            return await Task.FromResult(0);
        });
    }

    [Fact]
    public async Task Batch_that_passes_the_limit_is_kept_up_to_it()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["scan"] = async (_, output, ct) =>
        {
            ((FindingStaging)output).MostFindings = 3;
            await output.EmitAsync("findings", [.. Enumerable.Range(0, 5).Select(i => Finding("r" + i))], ct);
            return Done();
        };
        var detail = await engine.RunAsync(OneScan);
        (detail.Nodes[0].Status, detail.Nodes[0].ErrorCode, detail.Nodes[0].Findings).ShouldBe((NodeStatus.Failed, Codes.LimitRecords, 3));
        (await engine.FindingsAsync()).Rows.Select(f => f.RuleId).ShouldBe(["r0", "r1", "r2"]);
    }

    [DatabaseData]
    public async Task Hostile_texts_reach_the_database_harmless(Data.DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var finding = Finding("r1");
        finding["title"] = "a\0b ' \" ; DROP TABLE findings; -- \ud83d\ude00 \\u0000";
        finding["evidence"] = new JsonObject { ["response"] = new string('é', 20_000) };
        engine.Scripts["scan"] = async (work, output, ct) =>
        {
            await output.LogAsync("error", "log \0 \ud800 " + new string('y', 100_000), ct);
            await output.ProgressAsync(double.NaN, "p\0", ct);
            return await Finds([], finding)(work, output, ct);
        };
        (await engine.RunAsync(OneScan)).Run.Status.ShouldBe(RunStatus.Succeeded);
        var row = (await engine.FindingsAsync()).Rows.Single();
        row.Title.ShouldBe("a\uFFFDb ' \" ; DROP TABLE findings; -- \ud83d\ude00 \\u0000");
        JsonNode.Parse(row.Record)!["evidence"]!["response"]!.GetValue<string>().Length.ShouldBe(4096);
    }

    [Fact]
    public async Task Plugin_that_may_not_create_findings_has_them_rejected()
    {
        await using var engine = await CreateAsync();
        engine.Plugins.Add(TestPlugins.Plugin("report.test", "1.0.0", [], [], [new("findings", "findings", false)]));
        engine.Scripts["report"] = Finds([], Finding("r1"));
        var detail = await engine.RunAsync("  - { id: report, type: report.test }");
        (detail.Nodes[0].Findings, detail.Nodes[0].RejectedRecords, detail.Assessments.Count).ShouldBe((0, 1, 0));
        (await engine.FindingsAsync()).Total.ShouldBe(0);
    }

    [Fact]
    public async Task Worst_verdict_counts_and_checks_are_joined()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["scan"] = async (_, output, ct) =>
        {
            await output.VerdictAsync(Verdict.Completed, "first", null, ["a"], ct);
            await output.VerdictAsync(Verdict.Partial, "second", "shop", ["b"], ct);
            await output.VerdictAsync(Verdict.Completed, "third", null, ["a", "c"], ct);
            return Done();
        };
        var detail = await engine.RunAsync(OneScan);
        var assessment = detail.Assessments.ShouldHaveSingleItem();
        (assessment.Verdict, assessment.Reason, assessment.Checks).ShouldBe((Verdict.Partial, "second", """["a","b","c"]"""));
        detail.Run.Status.ShouldBe(RunStatus.Partial);
    }

    [Fact]
    public async Task Talk_beyond_the_cap_is_counted_and_statuses_are_kept()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["scan"] = async (work, output, ct) =>
        {
            for (var i = 0; i < 21_000; i++)
            {
                await output.LogAsync("info", "line", ct);
            }

            return await Finds([])(work, output, ct);
        };
        var detail = await engine.RunAsync(OneScan);
        detail.Run.Status.ShouldBe(RunStatus.Succeeded);
        detail.Run.LastEventSeq.ShouldBeInRange(20_000, 20_010);
        var last = await engine.Runs.EventsAsync(engine.Analyst, detail.Run.Id, 19_990, 1000, default);
        last.ShouldContain(e => e.Data.Contains("notStored"));
        last[^1].Data.ShouldContain("Succeeded");
    }

    [DatabaseData]
    public async Task Findings_are_paged_filtered_and_sorted_by_the_database(Data.DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        var severities = new[] { "critical", "high", "medium", "low", "info" };
        engine.Scripts["scan"] = Finds([], [.. Enumerable.Range(0, 25).Select(i => Finding($"rule-{i:00}", $"p{i}", severities[i % 5]))]);
        var run = await engine.RunAsync(OneScan);
        var service = engine.Get<FindingService>();
        async Task<FindingPage> List(FindingQuery query) => await service.ListAsync(engine.Analyst, query, default);

        var page = await List(new FindingQuery { Skip = 5, Take = 10 });
        (page.Total, page.Rows.Count).ShouldBe((25, 10));
        page.Rows.Take(5).ShouldAllBe(f => f.Severity == Severity.High);
        (await List(new FindingQuery { Sort = "-severity", Take = 1 })).Rows[0].Severity.ShouldBe(Severity.Info);
        (await List(new FindingQuery { Sort = "title", Take = 1 })).Rows[0].RuleId.ShouldBe("rule-00");
        (await List(new FindingQuery { Sort = "-title", Take = 1 })).Rows[0].RuleId.ShouldBe("rule-24");
        (await List(new FindingQuery { Severities = [Severity.Critical], Statuses = [FindingStatus.Open], RunId = run.Run.Id, TargetId = engine.TargetId, PluginId = "scan.test" })).Total.ShouldBe(5);
        (await List(new FindingQuery { Text = "RULE-1" })).Total.ShouldBe(10);
        (await List(new FindingQuery { Text = "%" })).Total.ShouldBe(0);
        (await List(new FindingQuery { RunId = Guid.NewGuid() })).Total.ShouldBe(0);
        (await service.CountAsync(engine.Analyst, default)).OpenBySeverity.ShouldAllBe(p => p.Value == 5);
        (await Should.ThrowAsync<SecFlowException>(() => List(new FindingQuery { Sort = "risk; drop" }))).Code.ShouldBe(Codes.RequestInvalid);
        (await Should.ThrowAsync<SecFlowException>(() => List(new FindingQuery { Take = 201 }))).Code.ShouldBe(Codes.RequestInvalid);
        var stranger = engine.Analyst with { TeamId = Guid.NewGuid() };
        (await service.ListAsync(stranger, new FindingQuery(), default)).Total.ShouldBe(0);
        (await Should.ThrowAsync<SecFlowException>(() => service.GetAsync(stranger, page.Rows[0].Id, default))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => service.SetStatusAsync(stranger, page.Rows[0].Id, FindingStatus.Fixed, "mine", default))).Code.ShouldBe(Codes.NotFound);
    }

    [Fact]
    public async Task Records_OutsideTheScope_AreMarked_AndFindingsElsewhereAreRefusedAndAudited()
    {
        await using var engine = await CreateAsync();
        engine.Scripts["scan"] = async (_, output, ct) =>
        {
            await output.EmitAsync(
                "urls",
                [
                    new JsonObject { ["url"] = "http://127.0.0.1:8081/in", ["source"] = "x", ["outOfScope"] = true },
                    new JsonObject { ["url"] = "http://127.1:8081/also", ["source"] = "x" },
                    new JsonObject { ["url"] = "http://127.0.0.1:8082/port", ["source"] = "x" },
                    new JsonObject { ["url"] = "http://elsewhere.example/", ["source"] = "x", ["outOfScope"] = false },
                ],
                ct);
            var elsewhere = Enumerable.Range(0, 25).Select(n => (JsonNode?)new JsonObject { ["ruleId"] = "r" + n, ["title"] = "t", ["severity"] = "low", ["location"] = "http://elsewhere.example/" + n });
            await output.EmitAsync("findings", [Finding("here"), .. elsewhere], ct);
            await output.VerdictAsync(Verdict.Completed, "ok", null, [], ct);
            return Done();
        };

        var detail = await engine.RunAsync("  - { id: scan, type: scan.test, outputs: [findings, urls] }");

        var node = detail.Nodes[0];
        (node.Status, node.Findings, node.RejectedRecords).ShouldBe((NodeStatus.Succeeded, 1, 25));
        var dataset = (await engine.Store.DatasetsAsync(detail.Run.Id, default)).Single(d => d.Name == "urls");
        await using var stream = await engine.Get<SecFlow.Data.Blobs.BlobStore>().OpenVerifiedAsync(dataset.BlobDigest, default);
        using var reader = new StreamReader(stream);
        var marks = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (bool?)JsonNode.Parse(line)!["outOfScope"] ?? false);
        marks.ShouldBe([false, false, true, true]);
        var events = await engine.Database.ReadAsync(db => Task.FromResult(db.AuditEvents.Where(e => e.ResourceKind == "node").OrderBy(e => e.Seq).ToList()));
        events.Count(e => e.Action == "refuse.record" && e.ReasonCode == Codes.OutOfScope).ShouldBe(20);
        System.Text.Encoding.UTF8.GetString(events.Single(e => e.Action == "refuse.calls").Canonical).ShouldContain("\"calls\":25");
        System.Text.Encoding.UTF8.GetString(events.Single(e => e.Action == "mark.out-of-scope").Canonical).ShouldContain("\"urls\":2");
    }
}
