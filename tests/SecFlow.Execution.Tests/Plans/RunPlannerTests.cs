using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plans;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests.Plans;

/// <summary>What a plan shows and where it ends, with real plugins in the real sandbox.</summary>
public sealed class RunPlannerTests
{
    private const string Scan = "intrusiveness: safe\noutputs: { findings: { type: findings, required: false }, urls: { type: urls, required: false } }\npermissions: { network: targets }\n";
    private const string Reader = "intrusiveness: intrusive\ninputs: { urls: { type: urls, required: true } }\npermissions: { network: targets }\n";

    private static readonly (string Id, string Manifest, string Script) _asks = ("scan.asks", Scan, """
        var first = ctx.http({ url: ctx.targets[0].url + 'first' });
        ctx.emit('urls', { url: ctx.targets[0].url + 'known', source: 'test' });
        ctx.emit('urls', { nonsense: true });
        if (first.status === 200 && first.body.size === 0 && first.body.text() === '') { ctx.http({ method: 'POST', url: ctx.targets[0].url + 'second', body: 'x' }); }
        ctx.finding({ ruleId: 'r', title: 'never stored', severity: 'high', location: ctx.targets[0].url });
        ctx.verdict('completed', 'never believed', { target: ctx.targets[0].id, checks: ['r'] });
        """);

    private static readonly (string Id, string Manifest, string Script) _reads = ("scan.reads", Reader, "var all = []; ctx.inputs.urls.each(function (u) { all.push(u.url); }); all.forEach(function (u) { ctx.http({ url: u }); });");
    private static readonly (string Id, string Manifest, string Script) _loops = ("scan.loops", Scan, "while (true) { try { ctx.http({ url: ctx.targets[0].url }); } catch (e) { } }");
    private static readonly (string Id, string Manifest, string Script) _spins = ("scan.spins", Scan, "while (true) { }");
    private static readonly (string Id, string Manifest, string Script) _strays = ("scan.strays", Scan, "for (var i = 0; i < 3; i++) { try { ctx.http({ url: 'http://elsewhere.example/' + i }); } catch (e) { if (e.code !== 'SF3003') { throw e; } } }");

    [Fact]
    public async Task Plan_SendsAndStoresNothing_AndIsOneAuditEvent()
    {
        await using var stage = await PlanStage.StartAsync(_asks, _reads);
        var before = await stage.Get<AuditLog>().ListAsync(new AuditQuery(stage.Admin.TeamId) { Installation = true, Take = 200 });

        var plan = await stage.PlanAsync("  - { id: ask, type: scan.asks, outputs: [urls] }\n  - { id: read, type: scan.reads, inputs: [urls], when: \"outputs.urls.count > 0\" }");

        plan.Allowed.ShouldBeTrue();
        plan.Refusals.ShouldBeEmpty();
        var url = stage.Target.Value;
        var ask = plan.Nodes[0];
        ask.Http.First.ShouldBe([new PlannedRequest("GET", url + "first", CallBasis.Known), new PlannedRequest("POST", url + "second", CallBasis.Answers)]);
        (ask.Followed, ask.Runs, ask.Signer, ask.TrustRule).ShouldBe((Followed.Whole, PlannedStart.Yes, ask.Plugin.Row.Signer, "builtin"));
        ask.Expected.ShouldBe(new ExpectedDuration(ask.Timeout, 0), "without an earlier run the limit is the upper bound");
        ask.Network!.Plan.Allowed.ShouldHaveSingleItem().FromPort.ShouldBe(stage.Server.Port);

        // What the node before is known to pass on, and no more: the record that fits no schema is not.
        var read = plan.Nodes[1];
        read.Http.First.ShouldBe([new PlannedRequest("GET", url + "known", CallBasis.EarlierOutputs)], $"{read.Followed} {read.FollowedWhy}");
        read.Inputs.ShouldBe(["urls"]);
        read.Runs.ShouldBe(PlannedStart.Depends);

        stage.Server.Requests.ShouldBeEmpty();
        (await stage.Get<RunService>().ListAsync(stage.Admin, 0, 10, default)).ShouldBeEmpty();
        (await stage.Get<WorkflowService>().ListAsync(stage.Admin, default)).ShouldBeEmpty();
        (await stage.Get<TargetService>().ListAsync(stage.Admin, default)).Count.ShouldBe(1);
        var after = await stage.Get<AuditLog>().ListAsync(new AuditQuery(stage.Admin.TeamId) { Installation = true, Take = 200 });
        var added = after.Events.Where(e => before.Events.All(b => b.Seq != e.Seq)).ShouldHaveSingleItem();
        (added.Action, added.Outcome, added.ReasonCode).ShouldBe(("plan.run", AuditOutcome.Allowed, null));
    }

    [Fact]
    public async Task ScriptWithoutEnd_HitsItsLimit_AndTheNextNodeIsPlanned()
    {
        await using var stage = await PlanStage.StartAsync(_loops, _spins, _asks);

        var plan = await stage.PlanAsync("  - { id: loop, type: scan.loops }\n  - { id: spin, type: scan.spins }\n  - { id: ask, type: scan.asks }", PlanBounds.Default with { Node = TimeSpan.FromMinutes(1), Whole = TimeSpan.FromMinutes(2), Calls = 100, Shown = 3 });

        var (loop, spin) = (plan.Nodes[0], plan.Nodes[1]);
        (loop.Followed, loop.Http.Count, loop.Http.First.Count).ShouldBe((Followed.Cut, 100, 3));
        loop.FollowedWhy.ShouldNotBeNull().ShouldContain("100 calls");
        spin.Followed.ShouldBe(Followed.Failed);
        spin.FollowedWhy.ShouldNotBeNull().ShouldMatch($"^({Codes.LimitStatements}|{Codes.LimitScriptTime})");
        (plan.Nodes[2].Followed, plan.Nodes[2].Http.Count).ShouldBe((Followed.Whole, 2));
        stage.Server.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Time_OfThePlan_IsSharedByItsNodes()
    {
        await using var stage = await PlanStage.StartAsync(_loops, _asks);

        var plan = await stage.PlanAsync("  - { id: loop, type: scan.loops }\n  - { id: ask, type: scan.asks }", PlanBounds.Default with { Whole = TimeSpan.FromSeconds(1), Calls = int.MaxValue });

        plan.Nodes[0].Followed.ShouldBe(Followed.Cut);
        (plan.Nodes[1].Followed, plan.Nodes[1].Http.Count).ShouldBe((Followed.Not, 0));
        plan.Nodes[1].FollowedWhy.ShouldNotBeNull().ShouldContain("used up");
    }

    [Fact]
    public async Task Refusals_HaveCodeRuleAndRemedy_AndAreThoseOfARun()
    {
        await using var stage = await PlanStage.StartAsync(_asks, _reads, _strays);
        var gentle = await stage.AddTargetAsync("gentle", "http://127.0.0.1:9/", Intrusiveness.Safe);
        var recipe = PlanStage.Recipe("  - { id: ask, type: scan.asks, outputs: [urls] }\n  - { id: stray, type: scan.strays }\n  - { id: read, type: scan.reads, inputs: [urls] }");

        var plan = await stage.Planner.PlanAsync(stage.Admin, new PlanRequest { Recipe = recipe, TargetIds = [gentle.Id] }, null, default);

        plan.Allowed.ShouldBeFalse();
        plan.Refusals.Select(r => (r.Refusal.Code, r.Count)).ShouldBe([(Codes.OutOfScope, 3), (Codes.IntrusivenessExceeded, 1)]);
        plan.Refusals.ShouldAllBe(r => r.Refusal.Rule != null && r.Refusal.Remedy != null);
        (plan.Nodes[2].Followed, plan.Nodes[2].Refusal!.Code).ShouldBe((Followed.Not, Codes.IntrusivenessExceeded));
        var workflow = await stage.Get<WorkflowService>().SaveAsync(stage.Admin, recipe, default);
        var refused = await Should.ThrowAsync<SecFlowException>(() => stage.Get<RunService>().StartAsync(stage.Admin, new StartRun(workflow.WorkflowId, [gentle.Id], RunTrigger.Manual), default));
        refused.Diagnostics[0].ShouldBe(plan.Nodes[2].Refusal);
    }

    [Fact]
    public async Task Tools_AreShownWithTheirExactArguments_AndNoneIsStarted()
    {
        const string Manifest = "intrusiveness: safe\ntools: [{ name: cat, versionArgs: [--version] }, { name: no-such-tool, minVersion: 9.9.0, install: { debian: apt-get install no-such-tool } }]\npermissions: { network: targets, secrets: [key] }\n";
        await using var stage = await PlanStage.StartAsync(("scan.tooled", Manifest, """
            var r = ctx.tool('cat', ['--', "it's ${IFS}", '/in/words.txt', ctx.targets[0].value], { inputs: { 'words.txt': 'a' }, stdin: 'b', files: ['report.xml'] });
            if (r.exitCode === 0 && !r.timedOut && !r.truncated && r.files['report.xml'].size === 0 && r.stdout.text() === '' && r.stderr.size === 0) { ctx.tool('cat', [r.toolVersion]); }
            ctx.tool('no-such-tool', ['-x']);
            ['sh', 'cat'].forEach(function (tool) { try { ctx.tool(tool, ['a\nb']); } catch (e) { ctx.log.info(e.code); } });
            try { ctx.secret('key'); } catch (e) { ctx.log.info(e.code); }
            """));

        var node = (await stage.PlanAsync("  - { id: tooled, type: scan.tooled }")).Nodes[0];

        node.FollowedWhy.ShouldBeNull();
        var (cat, missing) = (node.Tools[0], node.Tools[1]);
        cat.State.Path.ShouldBe("/usr/bin/cat");
        missing.State.Problem!.Code.ShouldBe(Codes.ToolMissing);
        missing.State.Problem.Remedy.ShouldNotBeNull().ShouldContain("apt-get install no-such-tool");
        node.ToolCalls.First.Select(c => (c.Tool, string.Join('|', c.Arguments), c.Basis)).ShouldBe(
        [
            ("cat", "--|it's ${IFS}|/in/words.txt|" + stage.Target.Value, CallBasis.Known),
            ("cat", cat.State.Version, CallBasis.Answers),
            ("no-such-tool", "-x", CallBasis.Answers),
        ]);
        (string.Join('|', node.ToolCalls.First[0].Inputs), node.ToolCalls.First[0].Stdin).ShouldBe(("words.txt", true));
        node.Refusals.Select(r => r.Refusal.Code).Take(3).ShouldBe([Codes.ToolMissing, Codes.PermissionNotDeclared, Codes.ToolArgument]);
        node.Limits.Tool.ShouldBe(Execution.Tools.ToolLimits.Default);
    }

    [Fact]
    public async Task Targets_ThatDoNotResolveOrHaveEnded_AreSaid()
    {
        await using var stage = await PlanStage.StartAsync(_asks);
        var gone = await stage.AddTargetAsync("gone", "http://nowhere.invalid/");
        await stage.Get<TargetService>().ArchiveAsync(stage.Admin, stage.Target.Id, default);

        var plan = await stage.Planner.PlanAsync(stage.Admin, new PlanRequest { Recipe = PlanStage.Recipe("  - { id: ask, type: scan.asks }"), TargetIds = [gone.Id, stage.Target.Id] }, null, default);

        (plan.Targets[0].Resolves, plan.Targets[0].Refusal).ShouldBe((false, null), "not refused: not assessed");
        plan.Targets[1].Refusal!.Code.ShouldBe(Codes.AuthorisationLapsed);
        plan.Nodes[0].Refusal!.Code.ShouldBe(Codes.AuthorisationLapsed);
    }

    [Fact]
    public async Task Duration_IsTheMedianOfEarlierRuns()
    {
        await using var stage = await PlanStage.StartAsync(_asks);
        const string Node = "  - { id: ask, type: scan.asks }";
        var took = new List<TimeSpan>();
        for (var i = 0; i < 3; i++)
        {
            var node = (await stage.RunAsync(Node)).Nodes.Single();
            took.Add(node.EndedAt!.Value - node.StartedAt!.Value);
        }

        var plan = await stage.PlanAsync(Node);

        plan.Nodes[0].Expected.ShouldBe(new ExpectedDuration(took.Order().ElementAt(1), 3));
        plan.Expected.BasedOn.ShouldBe(3);
        (await stage.PlanAsync("  - { id: other, type: scan.asks }")).Nodes[0].Expected.BasedOn.ShouldBe(0, "another node is not comparable");
    }

    [Fact]
    public async Task Condition_OfParametersAlone_IsDecided()
    {
        await using var stage = await PlanStage.StartAsync(_asks);
        const string Node = "  - { id: ask, type: scan.asks, when: \"parameters.deep == true\" }";
        const string Parameters = "parameters: { deep: { type: boolean, default: false } }";

        var off = (await stage.PlanAsync(Node, more: Parameters)).Nodes[0];

        (off.Runs, off.Followed, off.Http.Count).ShouldBe((PlannedStart.No, Followed.Not, 0));
        var on = await stage.Planner.PlanAsync(stage.Admin, new PlanRequest { Recipe = PlanStage.Recipe(Node, Parameters), TargetIds = [stage.Target.Id], Parameters = new() { ["deep"] = true } }, null, default);
        (on.Nodes[0].Runs, on.Nodes[0].Http.Count).ShouldBe((PlannedStart.Yes, 2));
    }

    [Fact]
    public async Task Request_ThatIsWrongOrNotAllowed_IsThrown()
    {
        await using var stage = await PlanStage.StartAsync(_asks);
        var recipe = PlanStage.Recipe("  - { id: ask, type: scan.asks }");
        Task<RunPlan> Of(Actor actor, PlanRequest request) => stage.Planner.PlanAsync(actor, request, null, default);

        (await Should.ThrowAsync<SecFlowException>(() => Of(stage.Admin, new PlanRequest { Recipe = recipe }))).Code.ShouldBe(Codes.RequestInvalid);
        (await Should.ThrowAsync<SecFlowException>(() => Of(stage.Admin, new PlanRequest { Recipe = recipe, TargetIds = [Guid.NewGuid()] }))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => Of(stage.Admin, new PlanRequest { WorkflowId = Guid.NewGuid(), TargetIds = [stage.Target.Id] }))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => Of(stage.Admin, new PlanRequest { Recipe = "nodes: 1", TargetIds = [stage.Target.Id] }))).Category.ShouldBe(DiagnosticCategory.Input);
        (await Should.ThrowAsync<SecFlowException>(() => Of(stage.Admin, new PlanRequest { Recipe = recipe, NewTarget = new NewTarget("x", TargetKind.Url, "ftp://x/", "TEST-1", null) }))).Code.ShouldBe(Codes.TargetInvalid);
        (await Should.ThrowAsync<SecFlowException>(() => Of(stage.Admin with { Role = TeamRole.Viewer }, new PlanRequest { Recipe = recipe, TargetIds = [stage.Target.Id] }))).Code.ShouldBe(Codes.RoleMissing);
        (await Should.ThrowAsync<SecFlowException>(() => Of(stage.Admin with { Role = TeamRole.Analyst }, new PlanRequest { Recipe = recipe, NewTarget = new NewTarget("x", TargetKind.Url, "http://127.0.0.1:9/", "TEST-1", null) { PrivateAddressApproved = true } }))).Code.ShouldBe(Codes.RoleMissing);
    }
}
