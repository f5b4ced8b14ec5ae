using System.Net;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.Portal.Demo;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Demo;

/// <summary>One portal with the demo, whose shop does not answer: what may be asked of the first steps, and by whom.</summary>
public sealed class DemoFixture : IAsyncLifetime
{
    public SecFlowApplication App { get; private set; } = null!;

    public Team Demo { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        App = await SecFlowApplication.StartAsync(o => o with { Demo = true, DemoTarget = "http://127.0.0.1:9/" });
        Demo = await App.TeamAsync("demo");
        var other = await App.AddTeamAsync("other");
        await App.AddUserAsync("ana", Demo, TeamRole.Admin);
        await App.AddUserAsync("ben", Demo, TeamRole.Analyst);
        await App.AddUserAsync("oda", other, TeamRole.Admin);
    }

    public async Task DisposeAsync() => await App.DisposeAsync();
}

public sealed class FirstStepsTests(DemoFixture portal) : IClassFixture<DemoFixture>
{
    private static readonly OwnScan Fine = new() { Url = "http://127.0.0.1:9/own", Reference = "TICKET-1", Authorised = true, PrivateAddress = true };

    private static readonly Dictionary<string, Func<FirstSteps, Actor, Task>> Acts = new()
    {
        ["scan"] = (steps, actor) => steps.ScanDemoAsync(actor, default),
        ["alter"] = (steps, actor) => steps.TryAsync(actor, FirstStepKind.AlteredByte, default),
        ["stray"] = (steps, actor) => steps.TryAsync(actor, FirstStepKind.OutOfScope, default),
        ["loop"] = (steps, actor) => steps.TryAsync(actor, FirstStepKind.EndlessLoop, default),
        ["plan"] = (steps, actor) => steps.PlanAsync(actor, Fine, default),
        ["own"] = (steps, actor) => steps.ScanOwnAsync(actor, Fine, default),
        ["schedule"] = (steps, actor) => steps.ScheduleAsync(actor, default),
        ["verify"] = (steps, actor) => steps.VerifyAsync(actor, default),
        ["remove"] = (steps, actor) => steps.RemoveDemoAsync(actor, default),
        ["hide"] = (steps, actor) => steps.DismissAsync(actor, true, default),
    };

    public static TheoryData<string> ActNames => [.. Acts.Keys];

    private FirstSteps Steps => portal.App.Services.GetRequiredService<FirstSteps>();

    private Actor Admin => Actor.System(portal.Demo.Id, "ana");

    [Theory]
    [MemberData(nameof(ActNames))]
    public async Task Act_OfAnAnalyst_IsRefusedAuditedAndDoesNothing(string act)
    {
        var analyst = new Actor(ActorKind.User, "1", "analyst of " + act, portal.Demo.Id, TeamRole.Analyst);

        (await Should.ThrowAsync<SecFlowException>(() => Acts[act](Steps, analyst))).Code.ShouldBe(Codes.RoleMissing);

        await RefusedAsync(analyst, Codes.RoleMissing);
    }

    [Theory]
    [MemberData(nameof(ActNames))]
    public async Task Act_OfAnAdminOfAnotherTeam_IsRefusedAsIfThereWereNoDemo(string act)
    {
        var stranger = new Actor(ActorKind.User, "2", "stranger of " + act, (await portal.App.TeamAsync("other")).Id, TeamRole.Admin);

        (await Should.ThrowAsync<SecFlowException>(() => Acts[act](Steps, stranger))).Code.ShouldBe(Codes.NotFound);

        await RefusedAsync(stranger, Codes.TeamMismatch);
    }

    public static TheoryData<string, OwnScan> Hostile => new()
    {
        { "user name", new OwnScan { Url = "http://admin:secret@127.0.0.1:9/", Reference = "TICKET-1", Authorised = true, PrivateAddress = true } },
        { "private address", new OwnScan { Url = "http://10.0.0.1/", Reference = "TICKET-1", Authorised = true } },
        { "loopback in disguise", new OwnScan { Url = "http://2130706433/", Reference = "TICKET-1", Authorised = true } },
        { "metadata", new OwnScan { Url = "http://169.254.169.254/latest/", Reference = "TICKET-1", Authorised = true } },
        { "no tick", new OwnScan { Url = "http://127.0.0.1:9/", Reference = "TICKET-1", PrivateAddress = true } },
        { "no reference", new OwnScan { Url = "http://127.0.0.1:9/", Reference = " ", Authorised = true, PrivateAddress = true } },
        { "long reference", new OwnScan { Url = "http://127.0.0.1:9/", Reference = new string('x', 201), Authorised = true, PrivateAddress = true } },
        { "long url", new OwnScan { Url = "http://127.0.0.1:9/" + new string('x', 3000), Reference = "TICKET-1", Authorised = true, PrivateAddress = true } },
        { "other scheme", new OwnScan { Url = "javascript:alert(1)", Reference = "TICKET-1", Authorised = true } },
        { "file", new OwnScan { Url = "file:///etc/passwd", Reference = "TICKET-1", Authorised = true } },
        { "two lines", new OwnScan { Url = "http://127.0.0.1:9/\r\nHost: x", Reference = "TICKET-1", Authorised = true, PrivateAddress = true } },
        { "nothing", new OwnScan { Authorised = true } },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task Own_HostileInput_IsRefusedByPlanAndRunAndStoresNothing(string what, OwnScan scan)
    {
        (await Should.ThrowAsync<SecFlowException>(() => Steps.PlanAsync(Admin, scan, default), what)).Code.ShouldBe(Codes.TargetInvalid);
        (await Should.ThrowAsync<SecFlowException>(() => Steps.ScanOwnAsync(Admin, scan, default), what)).Code.ShouldBe(Codes.TargetInvalid);

        (await portal.App.Services.GetRequiredService<TargetService>().ListAsync(Admin, default)).ShouldNotContain(t => t.AuthorisationReference == scan.Reference && t.Value == scan.Url);
    }

    [Fact]
    public async Task Own_ThePortalItself_IsRefusedUnlessItIsMeant()
    {
        var scan = new OwnScan { Url = new UriBuilder(portal.App.Url) { Host = "127.0.0.1" }.Uri.ToString(), Reference = "TICKET-1", Authorised = true };
        (await Should.ThrowAsync<SecFlowException>(() => Steps.PlanAsync(Admin, scan, default))).Code.ShouldBe(Codes.TargetInvalid);

        // no other target reaches it: the plan of a neighbour says so with the rule of the run
        var neighbour = await Steps.PlanAsync(Admin, new OwnScan { Url = $"http://127.0.0.1:{portal.App.Url.Port - 1}/", Reference = "TICKET-1", Authorised = true, PrivateAddress = true }, default);
        neighbour.Allowed.ShouldBeTrue();
        neighbour.Outside.ShouldContain(o => o.What.Contains(":" + portal.App.Url.Port, StringComparison.Ordinal) && o.Refusal.Code == Codes.OutOfScope);
        neighbour.Outside.ShouldContain(o => o.What.Contains("169.254.169.254", StringComparison.Ordinal) && o.Refusal.Code == Codes.OutOfScope);
    }

    [Fact]
    public async Task Plan_OfAFineTarget_SaysWhatWouldRunAndStoresNothing()
    {
        var plan = await Steps.PlanAsync(Admin, new OwnScan { Url = "http://127.0.0.1:9/plan", Reference = "TICKET-1", Authorised = true, PrivateAddress = true }, default);

        plan.Allowed.ShouldBeTrue();
        plan.Targets.ShouldHaveSingleItem().Addresses.Select(a => a.Address).ShouldBe([IPAddress.Loopback]);
        var node = plan.Nodes.ShouldHaveSingleItem();
        node.Plugin.Manifest.Id.ShouldBe("scan.web-baseline");
        node.Plugin.Row.Signer.ShouldNotBeNull().ShouldContain("builtin");
        node.Limits.Statements.ShouldBe(5_000_000);
        (await portal.App.Services.GetRequiredService<TargetService>().ListAsync(Admin, default)).ShouldNotContain(t => t.Value.EndsWith("/plan", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pages_NamesThatAreMarkup_AreText()
    {
        const string Evil = "<script>alert(1)</script><img src=x onerror=alert(2)>";
        await Steps.ScanOwnAsync(Admin, new OwnScan { Url = "http://127.0.0.1:9/evil", Reference = Evil, Authorised = true, PrivateAddress = true }, default);
        await portal.App.Services.GetRequiredService<TargetService>().AddAsync(Admin, new NewTarget(Evil, TargetKind.Url, "http://127.0.0.1:9/named", Evil, null) { PrivateAddressApproved = true }, default);
        using var browser = await portal.App.SignInAsync("ana");

        foreach (var path in new[] { "/", "/first-steps", "/targets", "/audit", "/runs" })
        {
            var html = (await browser.GetAsync(path)).Html;
            html.ShouldNotContain("<script>alert", Case.Insensitive, path);
            html.ShouldNotContain("<img src=x", Case.Insensitive, path);
        }
    }

    [Theory]
    [InlineData("ana", true)]
    [InlineData("ben", false)]
    [InlineData("oda", false)]
    public async Task Overview_ShowsTheStepsToAdminsOfTheDemoTeamOnly(string user, bool shown)
    {
        using var browser = await portal.App.SignInAsync(user);

        (await browser.GetAsync("/")).Html.Contains("Try to break it", StringComparison.Ordinal).ShouldBe(shown);
        var own = await browser.GetAsync("/first-steps");
        own.Html.ShouldContain(shown ? "Verify the log" : "Not for this team");
        own.Html.ShouldNotContain("note-box error");
    }

    [Fact]
    public async Task Alter_FlipsOneBitOfTheCopyAndTouchesNothingElse()
    {
        var plugins = Path.Combine(portal.App.DataFolder, "plugins");
        Dictionary<string, byte[]> Read() => Directory.EnumerateFiles(plugins, "*", SearchOption.AllDirectories).ToDictionary(f => Path.GetRelativePath(plugins, f), File.ReadAllBytes, StringComparer.Ordinal);
        var before = Read();

        await portal.App.Services.GetRequiredService<DemoPlugins>().AlterAsync(default);
        await portal.App.Services.GetRequiredService<DemoPlugins>().AlterAsync(default);

        var after = Read();
        var changed = before.Where(f => !f.Value.AsSpan().SequenceEqual(after[f.Key])).ToList().ShouldHaveSingleItem();
        changed.Key.ShouldStartWith("scan.demo-altered");
        changed.Value.Zip(after[changed.Key]).Sum(pair => int.PopCount(pair.First ^ pair.Second)).ShouldBe(1);
    }

    [Theory]
    [InlineData("ana", HttpStatusCode.OK)]
    [InlineData("ben", HttpStatusCode.Forbidden)]
    public async Task Checkpoint_Downloaded_IsAFileForAdminsOnly(string user, HttpStatusCode expected)
    {
        await portal.App.Audit.CheckpointAsync();
        using var browser = await portal.App.SignInAsync(user);

        var answer = await browser.GetAsync("/audit/checkpoint");

        answer.Status.ShouldBe(expected);
        (answer.Response.Content.Headers.ContentDisposition?.DispositionType == "attachment").ShouldBe(expected == HttpStatusCode.OK);
        answer.Html.StartsWith("secflow/audit\n", StringComparison.Ordinal).ShouldBe(expected == HttpStatusCode.OK);
        using var nobody = portal.App.Client();
        (await nobody.GetAsync(new Uri("/audit/checkpoint", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.Redirect);
    }

    [Fact]
    public async Task RunStart_TargetThatAllowsLess_IsRefusedAndAudited()
    {
        var target = await portal.App.Services.GetRequiredService<TargetService>().AddAsync(
            Admin, new NewTarget("gentle", TargetKind.Url, "http://127.0.0.1:9/gentle", "TICKET-1", null) { PrivateAddressApproved = true, MaxIntrusiveness = Intrusiveness.Passive }, default);
        var workflow = (await portal.App.Services.GetRequiredService<WorkflowService>().ListAsync(Admin, default)).First(w => w.Name == DemoSetup.WorkflowName);
        var runs = portal.App.Services.GetRequiredService<RunService>();

        (await Should.ThrowAsync<SecFlowException>(() => runs.StartAsync(Admin, new StartRun(workflow.Id, [target.Id], RunTrigger.Manual), default))).Code.ShouldBe(Codes.IntrusivenessExceeded);

        (await EventsAsync()).ShouldContain(e => e.Action == "start.run" && e.Outcome == AuditOutcome.Denied && e.ReasonCode == Codes.IntrusivenessExceeded);
        (await runs.ListAsync(Admin, 0, 200, default)).ShouldNotContain(r => r.Targets.Contains("gentle", StringComparison.Ordinal));
    }

    private async Task RefusedAsync(Actor actor, string code) =>
        (await portal.App.Audit.ListAsync(new AuditQuery(actor.TeamId) { Actor = actor.Name, Take = 10 })).Events.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            e => e.Action.ShouldBe("refuse.access"),
            e => e.ReasonCode.ShouldBe(code),
            e => e.Outcome.ShouldBe(AuditOutcome.Denied));

    private async Task<IReadOnlyList<AuditEvent>> EventsAsync() => (await portal.App.Audit.ListAsync(new AuditQuery(portal.Demo.Id) { Installation = true, Take = 500 })).Events;
}
