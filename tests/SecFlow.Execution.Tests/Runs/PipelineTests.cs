using System.Text.Json.Nodes;
using SecFlow.Data;
using SecFlow.Data.Blobs;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Tests.Workflows;
using SecFlow.Execution.Workflows;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Runs;

/// <summary>Who creates, patches and hides findings, and what the nodes after them see.</summary>
public sealed class PipelineTests
{
    private const string Chain = """
          - { id: scan, type: scan.test, outputs: { findings: found } }
          - { id: enrich, type: enrich.test, inputs: [found], outputs: { findings: enriched }, on_failure: continue }
          - { id: filter, type: filter.test, inputs: [enriched], outputs: { findings: kept }, on_failure: continue }
          - { id: report, type: report.test, inputs: [kept] }
        """;

    private static readonly InstalledPlugin Enrich = TestPlugins.Plugin("enrich.test", "1.0.0", [], [new("findings", "findings", true)], [new("findings", "findings", true)]);
    private static readonly InstalledPlugin Filter = TestPlugins.Plugin("filter.test", "1.0.0", [], [new("findings", "findings", true)], [new("findings", "findings", true)]);
    private static readonly InstalledPlugin Report = TestPlugins.Plugin("report.test", "1.0.0", [], [new("findings", "findings", true)], []);

    [DatabaseData]
    public async Task Enrich_patches_filter_hides_and_report_sees_both(DatabaseKind kind)
    {
        await using var engine = await EngineAsync(kind);
        engine.Scripts["scan"] = Finds(["r1", "r2"], Finding("r1", "a"), Finding("r1", "a"), Finding("r2", "b", "low"));
        engine.Scripts["enrich"] = ForEach(f => (string?)f["ruleId"] == "r1"
            ? new JsonObject { ["fingerprint"] = (string?)f["fingerprint"], ["cwe"] = new JsonArray(601), ["owasp"] = "A01:2021", ["references"] = new JsonArray("CWE-601") } : null);
        engine.Scripts["filter"] = ForEach(f => (string?)f["severity"] == "low" ? Hide(f, "below medium") : null);
        var seen = new List<JsonObject>();
        engine.Scripts["report"] = async (work, output, ct) =>
        {
            seen.AddRange(await ReadAsync(work));
            await output.ArtifactAsync("report.html", "text/html", "<p>one", ct);
            await output.ArtifactAsync("report.html", "text/html", " two</p>", ct);
            work.Run["assessments"]!.AsArray().Select(a => (string?)a!["verdict"]).ShouldBe(["completed"]);
            work.Run["nodes"]!.AsArray().Select(n => (string?)n!["id"]).ShouldBe(["scan", "enrich", "filter"]);
            return Done();
        };

        var detail = await engine.RunAsync(Chain);

        detail.Run.Status.ShouldBe(RunStatus.Succeeded, string.Join("; ", detail.Nodes.Select(n => $"{n.NodeId} {n.Status} {n.ErrorMessage}")));
        detail.Nodes.Select(n => (n.NodeId, n.Findings, n.RejectedRecords)).ShouldBe([("scan", 2, 0), ("enrich", 0, 0), ("filter", 0, 0), ("report", 0, 0)]);
        seen.Select(f => ((string?)f["ruleId"], f["cwe"]!.ToJsonString(), (string?)f["hidden"], (string?)f["plugin"])).ShouldBe([("r1", "[601]", null, "scan.test"), ("r2", "[79,80]", "below medium", "scan.test")]);
        seen.ShouldAllBe(f => (string?)f["fingerprint"] != null && (string?)f["title"] != null && (string?)f["target"] != null);

        var findings = engine.Get<FindingService>();
        var shown = await findings.ListAsync(engine.Analyst, new FindingQuery { RunId = detail.Run.Id }, default);
        var patched = shown.Rows.ShouldHaveSingleItem();
        (patched.RuleId, patched.Cwe, patched.Owasp, patched.Severity, patched.Title).ShouldBe(("r1", "601", "A01:2021", Severity.High, "Weakness r1"));
        JsonNode.Parse(patched.Record)!["references"]!.ToJsonString().ShouldBe("""["CWE-601"]""");
        var occurrence = (await findings.GetAsync(engine.Analyst, patched.Id, default)).Occurrences.ShouldHaveSingleItem();
        JsonNode.Parse(occurrence.Record)!["owasp"]!.GetValue<string>().ShouldBe("A01:2021");
        var hidden = await findings.ListAsync(engine.Analyst, new FindingQuery { RunId = detail.Run.Id, Hidden = true }, default);
        hidden.Rows.ShouldHaveSingleItem().RuleId.ShouldBe("r2");
        hidden.HiddenReasons.Values.ShouldBe(["below medium"]);
        (await engine.FindingsAsync()).Total.ShouldBe(2, "hidden in a run is not deleted");
        detail.Hidden.ShouldBe(1);

        var artifact = detail.Artifacts.ShouldHaveSingleItem();
        (artifact.Name, artifact.MediaType, artifact.Size).ShouldBe(("report.html", "text/html", 14L));
        await using var content = (await engine.Runs.OpenArtifactAsync(engine.Analyst, detail.Run.Id, artifact.Id, default)).Content;
        (await new StreamReader(content).ReadToEndAsync()).ShouldBe("<p>one two</p>");
    }

    [DatabaseData]
    public async Task Failed_enrich_and_filter_leave_findings_as_they_were_and_the_report_still_sees_them(DatabaseKind kind)
    {
        await using var engine = await EngineAsync(kind);
        engine.Scripts["scan"] = Finds(["r1"], Finding("r1", "a"));
        engine.Scripts["enrich"] = Failing(f => new JsonObject { ["fingerprint"] = (string?)f["fingerprint"], ["description"] = "never to be seen" });
        engine.Scripts["filter"] = Failing(f => Hide(f, "never to be hidden"));
        var seen = new List<JsonObject>();
        engine.Scripts["report"] = async (work, _, _) =>
        {
            seen.AddRange(await ReadAsync(work));
            return Done();
        };

        var detail = await engine.RunAsync(Chain);

        detail.Nodes.Select(n => n.Status).ShouldBe([NodeStatus.Succeeded, NodeStatus.Failed, NodeStatus.Failed, NodeStatus.Succeeded]);
        seen.ShouldHaveSingleItem()["hidden"].ShouldBeNull();
        var finding = (await engine.Get<FindingService>().ListAsync(engine.Analyst, new FindingQuery { RunId = detail.Run.Id }, default)).Rows.ShouldHaveSingleItem();
        finding.Description.ShouldBe("");
        detail.Hidden.ShouldBe(0);
        await engine.Database.ReadAsync(async db =>
        {
            db.StagedRecords.Count(s => s.Rejection == null).ShouldBe(0);
            return await Task.FromResult(0);
        });
    }

    [Fact]
    public async Task Wrong_category_field_or_fingerprint_is_rejected_with_a_code_counted_and_kept()
    {
        await using var engine = await EngineAsync(DatabaseKind.Sqlite);
        engine.Scripts["scan"] = Finds(["r1"], Finding("r1", "a"));
        engine.Scripts["enrich"] = async (work, output, ct) =>
        {
            var fingerprint = (string)(await ReadAsync(work))[0]["fingerprint"]!;
            await output.EmitAsync(
                "findings",
                [
                    Finding("r9"), new JsonObject { ["fingerprint"] = fingerprint, ["severity"] = "info" }, new JsonObject { ["fingerprint"] = new string('0', 64), ["owasp"] = "A01" },
                    new JsonObject { ["fingerprint"] = fingerprint, ["hidden"] = "no filter" }, new JsonObject { ["fingerprint"] = fingerprint, ["cve"] = new JsonArray("CVE-2024-0000") },
                    new JsonObject { ["fingerprint"] = fingerprint, ["owasp"] = "A02:2021" }, new JsonObject { ["fingerprint"] = fingerprint, ["owasp"] = "A03:2021" },
                ],
                ct);
            (await Should.ThrowAsync<SecFlowException>(async () => await output.ArtifactAsync("a.html", "text/html", "x", ct))).Code.ShouldBe(Codes.NotGranted);
            return Done();
        };
        engine.Scripts["filter"] = ForEach(f => new JsonObject { ["fingerprint"] = (string?)f["fingerprint"], ["owasp"] = "A09:2021" });
        engine.Scripts["report"] = async (_, output, ct) =>
        {
            await output.EmitAsync("findings", [Finding("r7")], ct);
            return Done();
        };

        var detail = await engine.RunAsync(Chain);

        detail.Nodes.Select(n => n.RejectedRecords).ShouldBe([0, 6, 1, 1]);
        (await engine.FindingsAsync()).Rows.ShouldHaveSingleItem().Owasp.ShouldBe("A02:2021");
        await engine.Database.ReadAsync(async db =>
        {
            var kept = db.StagedRecords.Where(s => s.Rejection != null).Select(s => s.Rejection!).ToList();
            kept.Count.ShouldBe(8);
            kept.Count(r => r.StartsWith(Codes.OutputInvalid, StringComparison.Ordinal)).ShouldBe(7, "a report has no such port at all");
            kept.ShouldContain(r => r.Contains("'severity' is not a field"));
            return await Task.FromResult(0);
        });
    }

    [Fact]
    public async Task Several_datasets_on_one_input_are_read_one_after_the_other()
    {
        await using var engine = await EngineAsync(DatabaseKind.Sqlite);
        engine.Scripts["one"] = Finds(["r1"], Finding("r1", "a"));
        engine.Scripts["two"] = Finds(["r2"], Finding("r2", "b"));
        var rules = new List<string?>();
        engine.Scripts["report"] = async (work, _, _) =>
        {
            work.Inputs["findings"].Count.ShouldBe(2);
            rules.AddRange((await ReadAsync(work)).Select(f => (string?)f["ruleId"]));
            return Done();
        };

        var detail = await engine.RunAsync("""
              - { id: one, type: scan.test, outputs: { findings: first } }
              - { id: two, type: scan.test, outputs: { findings: second } }
              - { id: report, type: report.test, inputs: { findings: [first, second] } }
            """);

        detail.Run.Status.ShouldBe(RunStatus.Succeeded);
        rules.ShouldBe(["r1", "r2"]);
    }

    [Fact]
    public async Task Same_dataset_twice_on_one_input_is_an_error()
    {
        await using var engine = await EngineAsync(DatabaseKind.Sqlite);
        (await Should.ThrowAsync<SecFlowException>(() => engine.SaveAsync("""
              - { id: one, type: scan.test, outputs: { findings: first } }
              - { id: report, type: report.test, inputs: { findings: [first, first] } }
            """))).Code.ShouldBe(Codes.RecipeDuplicate);
    }

    [Fact]
    public async Task Artifacts_of_a_failed_report_are_not_kept_and_limits_hold()
    {
        await using var engine = await EngineAsync(DatabaseKind.Sqlite);
        engine.Scripts["scan"] = Finds(["r1"], Finding("r1", "a"));
        engine.Scripts["enrich"] = engine.Scripts["filter"] = ForEach(_ => null);
        engine.Scripts["report"] = async (_, output, ct) =>
        {
            await output.ArtifactAsync("half.html", "text/html", "half", ct);
            foreach (var (name, type, code) in new[]
            {
                ("../x", "text/html", Codes.RequestInvalid), ("x.html", "image/svg+xml", Codes.RequestInvalid), ("half.html", "text/plain", Codes.RequestInvalid),
            })
            {
                (await Should.ThrowAsync<SecFlowException>(async () => await output.ArtifactAsync(name, type, "x", ct))).Code.ShouldBe(code);
            }

            var piece = new string('x', 1024 * 1024);
            (await Should.ThrowAsync<SecFlowException>(async () =>
            {
                for (var i = 0; i <= 16; i++)
                {
                    await output.ArtifactAsync("big.txt", "text/plain", piece, ct);
                }
            })).Code.ShouldBe(Codes.LimitOutput);
            return Done(new Diagnostic(Codes.ScriptError, "broken"));
        };

        var detail = await engine.RunAsync(Chain);

        detail.Nodes[^1].Status.ShouldBe(NodeStatus.Failed);
        detail.Artifacts.ShouldBeEmpty();
        (await engine.FindingsAsync()).Total.ShouldBe(1);
    }

    [Fact]
    public async Task Artifact_of_another_team_or_changed_on_disk_is_not_given()
    {
        await using var engine = await EngineAsync(DatabaseKind.Sqlite);
        engine.Scripts["scan"] = Finds(["r1"]);
        engine.Scripts["enrich"] = engine.Scripts["filter"] = ForEach(_ => null);
        engine.Scripts["report"] = async (_, output, ct) =>
        {
            await output.ArtifactAsync("report.html", "text/html", "whole", ct);
            return Done();
        };
        var detail = await engine.RunAsync(Chain);
        var artifact = detail.Artifacts.ShouldHaveSingleItem();
        var stranger = new SecFlow.Data.Audit.Actor(SecFlow.Data.Audit.ActorKind.User, Guid.NewGuid().ToString(), "stranger", Guid.NewGuid(), SecFlow.Data.Teams.TeamRole.Admin);

        await Should.ThrowAsync<SecFlowException>(() => engine.Runs.OpenArtifactAsync(stranger, detail.Run.Id, artifact.Id, default));
        (await Should.ThrowAsync<SecFlowException>(() => engine.Runs.OpenArtifactAsync(engine.Analyst, detail.Run.Id, Guid.NewGuid(), default))).Code.ShouldBe(Codes.NotFound);
        string path;
        await using (var blob = (FileStream)engine.Get<BlobStore>().OpenRead(artifact.BlobDigest))
        {
            path = blob.Name;
        }

        await File.WriteAllTextAsync(path, "other");
        (await Should.ThrowAsync<SecFlowException>(() => engine.Runs.OpenArtifactAsync(engine.Analyst, detail.Run.Id, artifact.Id, default))).Code.ShouldBe(Codes.StorageFailed);
    }

    private static async Task<TestEngine> EngineAsync(DatabaseKind kind)
    {
        var engine = await CreateAsync(kind);
        engine.Plugins.AddRange([Enrich, Filter, Report]);
        return engine;
    }

    private static JsonObject Hide(JsonObject finding, string why) => new() { ["fingerprint"] = (string?)finding["fingerprint"], ["hidden"] = why };

    private static PluginScript ForEach(Func<JsonObject, JsonObject?> mark) => async (work, output, ct) =>
    {
        var marks = (await ReadAsync(work)).Select(mark).OfType<JsonObject>().ToList();
        if (marks.Count > 0)
        {
            await output.EmitAsync("findings", marks, ct);
        }

        return Done();
    };

    private static PluginScript Failing(Func<JsonObject, JsonObject?> mark) => async (work, output, ct) =>
    {
        await ForEach(mark)(work, output, ct);
        return Done(new Diagnostic(Codes.ScriptError, "broken in the middle"));
    };

    private static async Task<List<JsonObject>> ReadAsync(SecFlow.Execution.Plugins.PluginWork work)
    {
        using var lines = new StreamReader(work.Inputs["findings"].OpenJsonLines());
        var all = new List<JsonObject>();
        while (await lines.ReadLineAsync() is { } line)
        {
            all.Add((JsonObject)JsonNode.Parse(line)!);
        }

        return all;
    }
}
