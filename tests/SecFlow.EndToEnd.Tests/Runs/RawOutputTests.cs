using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Holds;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Data.Teams;
using SecFlow.DemoTarget;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Holds;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs.Raw;

namespace SecFlow.EndToEnd.Tests.Runs;

/// <summary>What a node kept, and another version of its plugin that reads it again: signed, approved, in the real sandbox.</summary>
public sealed class RawOutputTests
{
    private const string Node = "only";

    /// <summary>Finds what the lists say in the answer of the front page, which it asks for with this header.</summary>
    private static string Script(string header, string more, params (string Rule, string Severity)[] findings) => $$"""
        module.exports = {
          execute: function (ctx) {
            var target = ctx.targets[0];
            var answer = ctx.http({ url: target.url, headers: { 'X-Version': '{{header}}' } });
            var body = answer.body.text(100000);
            {{string.Join("\n    ", findings.Select(f => $$"""ctx.finding({ ruleId: '{{f.Rule}}', title: 'Rule {{f.Rule}}', severity: '{{f.Severity}}', location: target.url, evidence: { match: body.substr(0, 20) } });"""))}}
            {{more}}
            ctx.verdict('completed', 'status ' + answer.status + ', ' + body.length + ' characters', { target: target.id, checks: ['a', 'b', 'c'] });
          }
        };
        """;

    [Fact]
    public async Task Reparse_WithANewerVersion_MergesWithoutSendingAndKeepsWhatPeopleDecided()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        var old = await portal.Plugins.InstallAsync("scan.test-raw", Script("1", "", ("a", "low"), ("b", "low"), ("d", "info")));
        var workflow = await portal.SaveWorkflowAsync("Raw", "scan.test-raw@1.0.0");
        Guid run;
        await using (var shop = await WeakShop.StartAsync([], 1))
        {
            var detail = await portal.RunAsync(workflow, (await portal.AddTargetAsync(shop.Url)).Id);
            detail.Run.Status.ShouldBe(RunStatus.Succeeded, detail.Nodes[0].ErrorMessage);
            run = detail.Run.Id;
        }

        // The target is gone from here on: whoever asks it fails.
        var service = portal.Get<ReparseService>();
        var kept = (await service.OutputsAsync(portal.Actor, run, default)).ShouldHaveSingleItem();
        (kept.Kind, kept.Name, kept.Truncated).ShouldBe((RawOutputKind.Calls, "calls.jsonl", false));
        var before = (await portal.FindingsAsync(run)).ToDictionary(f => f.RuleId);
        before.Keys.Order(StringComparer.Ordinal).ShouldBe(["a", "b", "d"]);
        await portal.Get<FindingService>().SetStatusAsync(portal.Actor, before["a"].Id, FindingStatus.AcceptedRisk, "known and accepted", default);

        var same = await service.ReparseAsync(portal.Actor, run, Node, "1.0.0", default);
        (same.Added, same.Changed, same.Same, same.Gone).ShouldBe((0, 0, 3, 0));

        await portal.Plugins.InstallAsync(
            "scan.test-raw", Script("2", "var missing; try { ctx.http({ url: target.url + 'other' }); } catch (e) { missing = e.code; }", ("a", "high"), ("c", "medium"), ("d", "info")), version: "1.1.0");
        await ByApiAsync(portal, run);
        var read = (await service.ListAsync(portal.Actor, run, default))[0];
        (read.FromVersion, read.ToVersion, read.Added, read.Changed, read.Same, read.Gone, read.Rejected).ShouldBe(("1.0.0", "1.1.0", 1, 1, 1, 1, 0));
        read.FromDigest.ShouldBe(old.Digest);
        var changes = JsonNode.Parse(read.Changes)!.AsArray().Select(c => $"{c!["change"]} {c["title"]} {c["was"]?["severity"]}").Order(StringComparer.Ordinal);
        changes.ShouldBe(["added Rule c ", "changed Rule a low", "gone Rule b "]);
        var notes = JsonSerializer.Deserialize<List<string>>(read.Notes)!;
        notes.ShouldContain(n => n.Contains("worded differently"), "another header, the same address");
        notes.ShouldContain(n => n.Contains("/other"));
        notes.ShouldContain(n => n.Contains("completed, status 200"));

        var after = (await portal.FindingsAsync(run)).ToDictionary(f => f.RuleId);
        after.Keys.Order(StringComparer.Ordinal).ShouldBe(["a", "b", "c", "d"]);
        (after["a"].Id, after["a"].Status, after["a"].Severity, after["a"].PluginVersion).ShouldBe((before["a"].Id, FindingStatus.AcceptedRisk, Severity.High, "1.1.0"));
        (after["b"].Status, after["b"].Severity, after["b"].PluginVersion).ShouldBe((FindingStatus.Open, Severity.Low, "1.0.0"));
        (after["c"].Status, after["c"].LastSeenAt, after["c"].FirstRunId).ShouldBe((FindingStatus.Open, after["a"].LastSeenAt, run));
        after["a"].LastSeenAt.ShouldBe(before["a"].LastSeenAt, "nobody has looked at the target again");

        var detailNow = await portal.Runs.GetAsync(portal.Actor, run, default);
        (detailNow.Nodes[0].PluginVersion, detailNow.Nodes[0].Findings).ShouldBe(("1.0.0", 3), "the run's own record stays");
        (await service.ListAsync(portal.Actor, run, default)).Select(r => r.ToVersion).ShouldBe(["1.1.0", "1.0.0"]);
        (await portal.Runs.EventsAsync(portal.Actor, run, 0, 1000, default)).Count(e => e.Type == "node.reparsed").ShouldBe(2);
        var events = await portal.AuditAsync("reparse.node");
        events.Count.ShouldBe(2);
        events.ShouldAllBe(e => e.Outcome == AuditOutcome.Allowed && e.ResourceId == run.ToString());
        await RefusalsAsync(portal, service, run);
        await DoorsAsync(portal, run, kept.Id);
    }

    /// <summary>The newest version, asked for by a program: what changed is the answer.</summary>
    private static async Task ByApiAsync(RunningPortal portal, Guid run)
    {
        using var http = new HttpClient { BaseAddress = portal.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await portal.AddTokenAsync(TeamRole.Analyst));
        using var answer = await http.PostAsJsonAsync($"api/v1/runs/{run}/nodes/{Node}/reparse", new { });
        var read = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, read.ToJsonString());
        read.Select(member => member.Key).ShouldBe(
            ["id", "node", "plugin", "fromVersion", "fromDigest", "toVersion", "toDigest", "signer", "by", "at", "added", "changed", "same", "gone", "rejected", "changes", "notes"]);
        ((string)read["node"]!, (string)read["plugin"]!, (string)read["fromVersion"]!, (string)read["toVersion"]!).ShouldBe((Node, "scan.test-raw", "1.0.0", "1.1.0"));
        ((int)read["added"]!, (int)read["changed"]!, (int)read["same"]!, (int)read["gone"]!, (int)read["rejected"]!).ShouldBe((1, 1, 1, 1, 0));
        var changed = read["changes"]!.AsArray().Select(c => c!.AsObject()).Single(c => (string)c["change"]! == "changed");
        ((string)changed["title"]!, (string)changed["severity"]!, (string)changed["was"]!["severity"]!).ShouldBe(("Rule a", "high", "low"));
        ((string)changed["fingerprint"]!).Length.ShouldBe(64);
        read["notes"]!.AsArray().ShouldAllBe(note => note!.GetValueKind() == JsonValueKind.String);
    }

    /// <summary>The same gates as a node: role, life of the version, kill switch; each refusal is an event and changes nothing.</summary>
    private static async Task RefusalsAsync(RunningPortal portal, ReparseService service, Guid run)
    {
        async Task<SecFlowException> RefusedAsync(string node, string? version, Actor? actor = null) =>
            await Should.ThrowAsync<SecFlowException>(() => service.ReparseAsync(actor ?? portal.Actor, run, node, version, default));

        (await RefusedAsync(Node, "9.9.9")).Code.ShouldBe(Codes.NotFound);
        (await RefusedAsync("nobody", null)).Code.ShouldBe(Codes.NotFound);
        (await RefusedAsync(Node, null, portal.Actor with { Role = TeamRole.Viewer })).Code.ShouldBe(Codes.RoleMissing);

        await portal.Plugins.InstallAsync("scan.test-raw", "module.exports = { execute: function (ctx) { throw new Error('no'); } };", version: "1.2.0");
        (await RefusedAsync(Node, "1.2.0")).Code.ShouldBe(Codes.ReparseFailed);

        var holds = portal.Get<HoldService>();
        await holds.DrainAsync(portal.Actor, HoldReach.Team, "a test", default);
        (await RefusedAsync(Node, "1.1.0")).Code.ShouldBe(Codes.WorkHeld);
        await holds.ResumeAsync(portal.Actor, HoldReach.Team, "the test is over", default);

        var registry = portal.Get<PluginRegistry>();
        foreach (var version in (await registry.ListAsync(default)).Where(p => p.Row.PluginId == "scan.test-raw").ToList())
        {
            await registry.ChangeStateAsync(Actor.System(name: "administrator of the tests"), version.Row.Id, PluginState.Disabled, "a test", default);
        }

        (await RefusedAsync(Node, "1.1.0")).Code.ShouldBe(Codes.NotFound);
        (await service.VersionsAsync(portal.Actor, run, Node, default)).ShouldBeEmpty();
        (await portal.FindingsAsync(run)).Count.ShouldBe(4);
        (await portal.AuditAsync("reparse.node")).Where(e => e.Outcome != AuditOutcome.Allowed).Select(e => e.ReasonCode).Order(StringComparer.Ordinal).ShouldBe([Codes.NotFound, Codes.NotFound, Codes.ReparseFailed, Codes.WorkHeld]);
    }

    /// <summary>API, page and command line are the same service: a download is plain text and an event, and a viewer gets none.</summary>
    private static async Task DoorsAsync(RunningPortal portal, Guid run, Guid output)
    {
        using var http = new HttpClient { BaseAddress = portal.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await portal.AddTokenAsync(TeamRole.Analyst));
        var listed = (await http.GetFromJsonAsync<JsonElement>($"api/v1/runs/{run}/raw")).GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        (listed.GetProperty("name").GetString(), listed.GetProperty("node").GetString()).ShouldBe(("calls.jsonl", Node));
        using var file = await http.GetAsync($"api/v1/runs/{run}/raw/{output}");
        file.Content.Headers.ContentType!.MediaType.ShouldBe("text/plain");
        file.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
        file.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        var lines = (await file.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
        lines.Select(l => (string)l["method"]!).ShouldBe(["work", "http"]);
        ((string)lines[1]["answer"]!["body"]!["text"]!).ShouldContain("<");
        (await portal.AuditAsync("read.raw")).ShouldHaveSingleItem().ResourceId.ShouldBe(run.ToString());

        (await http.GetFromJsonAsync<JsonElement>($"api/v1/runs/{run}/reparses")).GetProperty("items").GetArrayLength().ShouldBe(2);
        using var refused = await http.PostAsJsonAsync($"api/v1/runs/{run}/nodes/{Node}/reparse", new { version = "1.1.0" });
        (refused.StatusCode, (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString()).ShouldBe((HttpStatusCode.NotFound, Codes.NotFound), "no version is enabled any more");

        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await portal.AddTokenAsync(TeamRole.Viewer, "runs:read"));
        (await http.GetAsync($"api/v1/runs/{run}/raw")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await http.GetAsync($"api/v1/runs/{run}/raw/{output}")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var anonymous = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = portal.Url };
        (await anonymous.GetAsync($"runs/{run}/raw/{output}")).StatusCode.ShouldNotBe(HttpStatusCode.OK);
    }
}
