using System.Text.Json.Nodes;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Workflows;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Runs;

public sealed class CascadesTests
{
    private const string Deep = "version: \"1.0\"\nname: Deep\nnodes:\n  - { id: scan, type: scan.test }\n";

    private static Task SaveDeepAsync(TestEngine engine, string more = "") => engine.Get<WorkflowService>().SaveAsync(engine.Analyst, Deep + more, default);

    private static string Cascade(string keys = "") => $"cascades: [{{ workflow: Deep, from: urls{keys} }}]";

    private const string Find = "  - { id: find, type: discovery.test, outputs: [urls] }";

    private static void Discovers(TestEngine engine, params string[] urls)
    {
        engine.Scripts["find"] = async (_, output, ct) =>
        {
            await output.EmitAsync("urls", [.. urls.Select(u => (JsonNode?)new JsonObject { ["url"] = u, ["source"] = "test" })], ct);
            await output.VerdictAsync(Verdict.Completed, "listed", null, [], ct);
            return Done();
        };
        engine.Scripts["scan"] = Finds(["r1"]);
    }

    private static async Task<IReadOnlyList<Run>> ChildrenAsync(TestEngine engine, Guid parent) =>
        [.. (await engine.Runs.ListAsync(engine.Analyst, 0, 100, default)).Where(r => r.ParentRunId == parent).OrderBy(r => r.Targets)];

    private static async Task<JsonNode> ToldAsync(TestEngine engine, Guid run) =>
        JsonNode.Parse((await engine.Runs.EventsAsync(engine.Analyst, run, 0, 1000, default)).Single(e => e.Type == "cascade").Data)!;

    private static Task<List<AuditEvent>> AuditAsync(TestEngine engine, string action) =>
        engine.Database.ReadAsync(db => Task.FromResult(db.AuditEvents.Where(e => e.Action == action).OrderBy(e => e.Seq).ToList()));

    [DatabaseData]
    public async Task Discovered_urls_start_one_run_for_each_approved_target_and_nothing_outside(DatabaseKind kind)
    {
        await using var engine = await CreateAsync(kind);
        await engine.AddTargetAsync("blog", "http://127.0.0.2:8081/");
        await engine.AddTargetAsync("quiet", "http://127.0.0.3:8081/");
        Discovers(engine, "http://127.0.0.1:8081/a", "http://127.0.0.1:8081/b", "http://127.0.0.2:8081/", "http://127.0.0.2:9999/other-port", "http://elsewhere.example/x");
        await SaveDeepAsync(engine);

        var parent = await engine.RunAsync(Find, Cascade());

        parent.Run.Status.ShouldBe(RunStatus.Succeeded, parent.Run.ErrorMessage);
        var children = await ChildrenAsync(engine, parent.Run.Id);
        children.Select(c => (c.WorkflowName, c.Trigger, c.CascadeDepth, c.ParentNodeId, c.StartedByName, c.Status)).ShouldBe([("Deep", RunTrigger.Cascade, 1, "find", "analyst", RunStatus.Queued), ("Deep", RunTrigger.Cascade, 1, "find", "analyst", RunStatus.Queued)]);
        children.Select(c => RunContext.ReadTargets(c.Targets).Single().Name).ShouldBe(["blog", "shop"], ignoreOrder: true);

        var told = await ToldAsync(engine, parent.Run.Id);
        told["started"]!.AsArray().Count.ShouldBe(2);
        (told["outOfScope"]!.GetValue<int>(), told["records"]!.GetValue<int>()).ShouldBe((2, 5));
        told["outside"]!.AsArray().Select(n => n!.GetValue<string>()).ShouldBe(["127.0.0.2", "elsewhere.example"], "a port that was not approved is outside as well");
        var audit = (await AuditAsync(engine, "start.cascade")).ShouldHaveSingleItem();
        (audit.ResourceId, audit.Outcome).ShouldBe((parent.Run.Id.ToString(), AuditOutcome.Allowed));
        System.Text.Encoding.UTF8.GetString(audit.Canonical).ShouldContain("elsewhere.example");
        (await engine.WorkAsync()).ShouldBeTrue();
        (await engine.WorkAsync()).ShouldBeTrue();
        (await engine.DetailAsync(children[0].Id)).Run.Status.ShouldBe(RunStatus.Succeeded);
        (await engine.Get<AuditLog>().VerifyAsync()).Intact.ShouldBeTrue();
    }

    [Fact]
    public async Task Nothing_approved_is_a_refusal_that_is_told_and_audited()
    {
        await using var engine = await CreateAsync();
        Discovers(engine, "http://elsewhere.example/x");
        await SaveDeepAsync(engine);
        var parent = await engine.RunAsync(Find, Cascade());
        (await ChildrenAsync(engine, parent.Run.Id)).ShouldBeEmpty();
        (await ToldAsync(engine, parent.Run.Id))["code"]!.GetValue<string>().ShouldBe(Codes.OutOfScope);
        var audit = (await AuditAsync(engine, "start.cascade")).Single();
        (audit.Outcome, audit.ReasonCode).ShouldBe((AuditOutcome.Denied, Codes.OutOfScope));
    }

    [Fact]
    public async Task Target_whose_authorisation_ended_is_refused_as_on_every_way()
    {
        await using var engine = await CreateAsync();
        var blog = await engine.AddTargetAsync("blog", "http://127.0.0.2:8081/");
        Discovers(engine, "http://127.0.0.1:8081/a", "http://127.0.0.2:8081/");
        await SaveDeepAsync(engine);
        await engine.EndAuthorisationAsync(blog);
        var parent = await engine.RunAsync(Find, Cascade());

        (await ChildrenAsync(engine, parent.Run.Id)).ShouldHaveSingleItem();
        var refused = (await ToldAsync(engine, parent.Run.Id))["refused"]!.AsArray().ShouldHaveSingleItem()!;
        (refused["target"]!.GetValue<string>(), refused["code"]!.GetValue<string>()).ShouldBe(("blog", Codes.AuthorisationLapsed));
        (await AuditAsync(engine, "start.run")).Count(e => e.Outcome == AuditOutcome.Denied && e.ReasonCode == Codes.AuthorisationLapsed).ShouldBe(1, "the same event as of any refused start");
    }

    [Fact]
    public async Task Caps_of_count_and_depth_hold_and_are_told()
    {
        await using var engine = await CreateAsync();
        await engine.AddTargetAsync("b", "http://127.0.0.2:8081/");
        await engine.AddTargetAsync("c", "http://127.0.0.3:8081/");
        Discovers(engine, "http://127.0.0.1:8081/", "http://127.0.0.2:8081/", "http://127.0.0.3:8081/");

        // A workflow that is continued by itself ends by its depth.
        await engine.Get<WorkflowService>().SaveAsync(engine.Analyst, $"version: \"1.0\"\nname: Deep\ncascades: [{{ workflow: Deep, from: urls, max_runs: 1, max_depth: 2 }}]\nnodes:\n{Find}\n", default);
        var workflow = await engine.SaveAsync(Find, "cascades: [{ workflow: Deep, from: urls, max_runs: 2, max_depth: 2 }]");
        var parent = await engine.StartAsync(workflow);
        var runs = 0;
        while (await engine.WorkAsync())
        {
            runs++;
        }

        runs.ShouldBe(1 + 2 + 2, "two below the first, one below each of them, none deeper");
        var told = await ToldAsync(engine, parent.Id);
        (told["code"]!.GetValue<string>(), told["left"]!.GetValue<int>(), told["leftNames"]!.AsArray().Single()!.GetValue<string>()).ShouldBe((Codes.CascadeCapped, 1, "shop"));
        var all = await engine.Runs.ListAsync(engine.Analyst, 0, 100, default);
        all.Select(r => r.CascadeDepth).Order().ShouldBe([0, 1, 1, 2, 2]);
        var deepest = all.First(r => r.CascadeDepth == 2);
        (await ToldAsync(engine, deepest.Id))["reason"]!.GetValue<string>().ShouldContain("max_depth is 2");
    }

    [DatabaseData]
    public async Task Engine_that_dies_after_starting_them_starts_none_twice(DatabaseKind kind)
    {
        await using var dying = await CreateAsync(kind);
        Discovers(dying, "http://127.0.0.1:8081/");
        await SaveDeepAsync(dying);
        var run = await dying.StartAsync(Find, Cascade());
        (await dying.WorkAsync()).ShouldBeTrue();
        await using var first = dying.Twin("engine-1b");

        // What a killed engine leaves: the child is accepted, the parent not ended.
        await dying.Database.WriteAsync(write =>
        {
            var row = write.Db.Runs.Single(r => r.Id == run.Id);
            (row.Status, row.EndedAt) = (RunStatus.Queued, null);
            return Task.CompletedTask;
        });
        var before = await ChildrenAsync(dying, run.Id);
        while (await first.WorkAsync())
        {
        }

        (await ChildrenAsync(dying, run.Id)).Select(c => c.Id).ShouldBe(before.Select(c => c.Id));
        before.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Failed_run_condition_that_does_not_hold_and_severity_below_start_nothing()
    {
        await using var engine = await CreateAsync();
        Discovers(engine, "http://127.0.0.1:8081/");
        await SaveDeepAsync(engine);
        var no = await engine.RunAsync(Find, Cascade(", when: \"outputs.urls.count > 5\""));
        (await ToldAsync(engine, no.Run.Id))["reason"]!.GetValue<string>().ShouldContain("condition does not hold");

        engine.Scripts["scan"] = Finds(["r1"], Finding("r1", severity: "medium"));
        var low = await engine.RunAsync("  - { id: scan, type: scan.test, outputs: { findings: found, urls: more } }", "cascades: [{ workflow: Deep, from: found, min_severity: high }]");
        (await ToldAsync(engine, low.Run.Id))["records"]!.GetValue<int>().ShouldBe(0);
        var high = await engine.RunAsync("  - { id: scan, type: scan.test, outputs: { findings: found, urls: more } }", "cascades: [{ workflow: Deep, from: found, min_severity: medium }]");
        (await ChildrenAsync(engine, high.Run.Id)).ShouldHaveSingleItem();
        while (await engine.WorkAsync())
        {
        }

        engine.Scripts["find"] = (_, _, _) => Task.FromResult(Done(new Diagnostic(Codes.ScriptError, "It failed.")));
        var failed = await engine.RunAsync(Find, Cascade());
        failed.Run.Status.ShouldBe(RunStatus.Failed);
        (await ChildrenAsync(engine, failed.Run.Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_lost_the_role_takes_the_cascade_along()
    {
        await using var engine = await CreateAsync();
        Discovers(engine, "http://127.0.0.1:8081/");
        await SaveDeepAsync(engine);
        var user = await engine.AddUserAsync("ann", TeamRole.Analyst);
        var workflow = await engine.SaveAsync(Find, Cascade());
        var ann = new Actor(ActorKind.User, user.Id.ToString(), "ann", engine.Analyst.TeamId, TeamRole.Analyst);
        var run = await engine.Runs.StartAsync(ann, new StartRun(workflow, [engine.TargetId], RunTrigger.Manual), default);
        (await engine.WorkAsync()).ShouldBeTrue();
        var child = (await ChildrenAsync(engine, run.Id)).ShouldHaveSingleItem();
        await engine.Get<TeamStore>().SetMemberAsync(Actor.System(engine.Analyst.TeamId), user.Id, TeamRole.Viewer);
        (await engine.WorkAsync()).ShouldBeTrue();
        (await engine.DetailAsync(child.Id)).Run.Status.ShouldBe(RunStatus.Denied);
    }

    [Theory]
    [InlineData("hosts", """{"host":"shop.example","source":"t"}""", "host")]
    [InlineData("hosts", """{"host":"10.1.2.3","source":"t"}""", "net")]
    [InlineData("hosts", """{"host":"other.example","ip":"10.1.2.3","source":"t"}""", "net")]
    [InlineData("hosts", """{"host":"10.2.2.3","source":"t"}""", null)]
    [InlineData("services", """{"host":"shop.example","ip":"203.0.113.5","port":8443,"protocol":"tcp"}""", null)]
    [InlineData("services", """{"host":"shop.example","ip":"203.0.113.5","port":443,"protocol":"tcp"}""", "host")]
    [InlineData("findings", """{"severity":"high","location":"shop.example:443"}""", "host")]
    [InlineData("findings", """{"severity":"high","location":"src/app.js"}""", null)]
    [InlineData("findings", """{"severity":"high","location":"shop.example:443","hidden":"known"}""", null)]
    [InlineData("urls", """{"url":"https://SHOP.example./x","source":"t"}""", "host")]
    [InlineData("urls", """{"url":"ftp://shop.example/x","source":"t"}""", null)]
    public void Record_names_the_target_that_covers_its_place(string type, string line, string? expected)
    {
        var places = new CascadePlaces(
        [
            new Target { Id = Guid.NewGuid(), Name = "host", Kind = TargetKind.Host, Value = "shop.example", Ports = "443" },
            new Target { Id = Guid.NewGuid(), Name = "net", Kind = TargetKind.Cidr, Value = "10.1.0.0/16" },
            new Target { Id = Guid.NewGuid(), Name = "folder", Kind = TargetKind.Folder, Value = "/srv/app" },
        ]);
        places.Add(type, line, null);
        places.Met.Values.Select(t => t.Name).ShouldBe(expected is null ? [] : [expected]);
    }

    [Fact]
    public void Places_beyond_the_bound_are_counted()
    {
        var places = new CascadePlaces([]);
        for (var i = 0; i < CascadePlaces.MostPlaces + 5; i++)
        {
            places.Add("hosts", $"{{\"host\":\"h{i}.example\"}}", null);
        }

        (places.Outside.Count, places.NotLookedAt).ShouldBe((CascadePlaces.MostPlaces, 5));
    }
}
