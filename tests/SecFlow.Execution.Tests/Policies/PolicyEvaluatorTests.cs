using System.Net;
using SecFlow.Data.Holds;
using SecFlow.Data.Plugins;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tests.Targets;

namespace SecFlow.Execution.Tests.Policies;

public sealed class PolicyEvaluatorTests
{
    private static readonly SandboxReport Strong = new(SandboxLevel.L2, [new SandboxLayer("control groups", false, "not delegated", "delegate them")]);
    private static readonly PolicySubject Plugin = new("scan.web-baseline", PluginState.Enabled, Intrusiveness.Safe, SandboxLevel.L2, new PluginPermissions(NetworkPermission.Targets, [], false, ["token"], ["res://wordlist/common"]));
    private readonly List<PolicyDecision> _decided = [];
    private readonly PolicyEvaluator _policy;

    public PolicyEvaluatorTests() => _policy = new PolicyEvaluator(TimeProvider.System, _decided.Add);

    [Fact]
    public void NodeStart_EverythingInOrder_IsAllowedAndCounted()
    {
        var decision = _policy.NodeStart(Plugin, [Scopes.Url("http://127.0.0.1:1/")], Strong);

        decision.Allowed.ShouldBeTrue();
        decision.Require();
        _decided.ShouldBe([decision]);
    }

    [Theory]
    [InlineData(PluginState.Discovered)]
    [InlineData(PluginState.Approved)]
    [InlineData(PluginState.Disabled)]
    [InlineData(PluginState.Quarantined)]
    public void NodeStart_PluginNotEnabled_IsRefused(PluginState state) => Refused(_policy.NodeStart(Plugin with { State = state }, [], Strong), Codes.PluginNotEnabled, "plugin.enabled");

    [Fact]
    public void NodeStart_NoSandbox_IsRefusedWithTheMachinesReason()
    {
        var none = new SandboxReport(SandboxLevel.L0, [new SandboxLayer("bubblewrap", false, "bubblewrap is not installed", "Run: apt-get install bubblewrap")]);

        var refusal = Refused(_policy.NodeStart(Plugin with { MinLevel = SandboxLevel.L1 }, [], none), Codes.SandboxUnavailable, "sandbox.available");

        refusal.Remedy.ShouldBe("Run: apt-get install bubblewrap");
    }

    [Fact]
    public void NodeStart_LevelTooLow_NamesBothLevels()
    {
        var refusal = Refused(_policy.NodeStart(Plugin with { MinLevel = SandboxLevel.L3 }, [], Strong), Codes.SandboxLevelTooLow, "sandbox.level");

        refusal.Message.ShouldContain("L3");
        refusal.Message.ShouldContain("L2");
        refusal.Remedy.ShouldBe("delegate them");
    }

    [Theory]
    [InlineData(-20, -10)]
    [InlineData(10, 20)]
    public void NodeStart_OutsideTheAuthorisation_IsRefused(int from, int until)
    {
        var now = TimeProvider.System.GetUtcNow();
        var target = Scopes.Url("http://127.0.0.1:1/") with { AuthorisedFrom = now.AddMinutes(from), AuthorisedUntil = now.AddMinutes(until) };

        Refused(_policy.NodeStart(Plugin, [Scopes.Url("http://127.0.0.2:1/"), target], Strong), Codes.AuthorisationLapsed, "target.authorisation");
    }

    [Theory]
    [InlineData(Intrusiveness.Safe, Intrusiveness.Passive, false)]
    [InlineData(Intrusiveness.Exploit, Intrusiveness.Intrusive, false)]
    [InlineData(Intrusiveness.Safe, Intrusiveness.Safe, true)]
    [InlineData(Intrusiveness.Passive, Intrusiveness.Exploit, true)]
    public void RunStart_Intrusiveness_IsComparedWithEachTarget(Intrusiveness plugin, Intrusiveness target, bool allowed)
    {
        var decision = _policy.RunStart([Plugin with { Intrusiveness = plugin }], [Scopes.Url("http://127.0.0.1:1/") with { MaxIntrusiveness = target }], Strong);

        decision.Allowed.ShouldBe(allowed);
        (decision.Refusal?.Code ?? Codes.IntrusivenessExceeded).ShouldBe(Codes.IntrusivenessExceeded);
    }

    [Fact]
    public void RunStart_OneOfSeveralPluginsIsNotEnabled_IsRefused() =>
        Refused(_policy.RunStart([Plugin, Plugin with { PluginId = "scan.other", State = PluginState.Disabled }], [], Strong), Codes.PluginNotEnabled, "plugin.enabled").Message.ShouldContain("scan.other");

    [Fact]
    public async Task HttpCall_InScope_IsAllowed()
    {
        var scope = await Scopes.PinAsync(Scopes.Url("http://127.0.0.1:8081/"));

        _policy.TargetCall("ctx.http", Plugin, scope, new Uri("http://127.0.0.1:8081/x")).Allowed.ShouldBeTrue();
        Refused(_policy.TargetCall("ctx.http", Plugin, scope, new Uri("http://127.0.0.1:8082/x")), Codes.OutOfScope, "scope.targets");
    }

    [Theory]
    [InlineData(NetworkPermission.None)]
    [InlineData(NetworkPermission.Hosts)]
    public async Task HttpCall_NotDeclared_IsRefusedEvenInScope(NetworkPermission network)
    {
        var scope = await Scopes.PinAsync(Scopes.Url("http://127.0.0.1:8081/"));
        var plugin = Plugin with { Permissions = Plugin.Permissions with { Network = network } };

        Refused(_policy.TargetCall("ctx.http", plugin, scope, new Uri("http://127.0.0.1:8081/x")), Codes.PermissionNotDeclared, "permission.declared");
    }

    [Fact]
    public void HttpCall_WorkWithoutTargets_IsRefused() => Refused(_policy.TargetCall("ctx.http", Plugin, null, new Uri("http://127.0.0.1/")), Codes.OutOfScope, "scope.targets");

    [Theory]
    [InlineData("token", true, true, null)]
    [InlineData("token", true, false, Codes.SecretNotSet)]
    [InlineData("token", false, true, Codes.SecretNotSet)]
    [InlineData("TOKEN", true, true, Codes.PermissionNotDeclared)]
    public void SecretCall_DeclaredInstalledAndSet_IsAllowed(string name, bool installed, bool set, string? code) =>
        (_policy.SecretCall(Plugin, name, installed, set).Refusal?.Code).ShouldBe(code);

    [Fact]
    public void ToolCall_DeclaredTool_IsAllowed() => _policy.ToolCall(Plugin, "nmap", [new PluginTool("nmap", null, [], null, new Dictionary<string, string>())]).Allowed.ShouldBeTrue();

    [Fact]
    public void ToolCall_AnotherTool_IsRefused() =>
        Refused(_policy.ToolCall(Plugin, "bash", [new PluginTool("nmap", null, [], null, new Dictionary<string, string>())]), Codes.PermissionNotDeclared, "permission.declared").Message.ShouldContain("bash");

    [Theory]
    [InlineData(Intrusiveness.Safe, false, 5, null, ApprovalKind.One, null)]
    [InlineData(Intrusiveness.Exploit, false, 1, null, ApprovalKind.Solo, null)]
    [InlineData(Intrusiveness.Safe, true, 0, null, ApprovalKind.Solo, null)]
    [InlineData(Intrusiveness.Exploit, false, 2, null, ApprovalKind.First, null)]
    [InlineData(Intrusiveness.Safe, true, 2, null, ApprovalKind.First, null)]
    [InlineData(Intrusiveness.Exploit, false, 2, "bob", ApprovalKind.Two, null)]
    [InlineData(Intrusiveness.Exploit, true, 2, "Ada", ApprovalKind.Two, Codes.SecondPersonNeeded)]
    public void Approval_ByRiskAndPersons_CountsAsWhatItIs(Intrusiveness intrusiveness, bool newSigner, int administrators, string? first, ApprovalKind kind, string? code)
    {
        var (decision, found) = _policy.Approval(Plugin with { Intrusiveness = intrusiveness }, null, new ApprovalFacts("ada", first, newSigner, administrators, "needed for the audit"));

        found.ShouldBe(kind);
        decision.Refusal?.Code.ShouldBe(code);
        decision.Allowed.ShouldBe(code is null);
        _decided.ShouldHaveSingleItem().Point.ShouldBe(EnforcementPoint.Approval);
    }

    [Fact]
    public void Approval_WithoutReason_OrAgainstTrust_IsRefused()
    {
        Refused(_policy.Approval(Plugin, null, new ApprovalFacts("ada", null, true, 1, " ")).Decision, Codes.TypedReasonNeeded, "approval.reason").Message.ShouldContain("second person");
        Refused(_policy.Approval(Plugin, new Diagnostic(Codes.Unsigned, "nobody signed it"), new ApprovalFacts("ada", null, false, 1, "why")).Decision, Codes.Unsigned, "trust.package");
    }

    [Fact]
    public void Submission_OfWhatTrustNeverAccepts_IsRefused()
    {
        Refused(_policy.Submission(Plugin, new Diagnostic(Codes.Tampered, "other bytes")), Codes.Tampered, "trust.package");
        _policy.Submission(Plugin, new Diagnostic(Codes.Untrusted, "no rule")).Allowed.ShouldBeTrue("the review may end in a rule");
        _policy.Submission(Plugin, null).Allowed.ShouldBeTrue();
    }

    [Fact]
    public void Scheduling_IsRefusedOnlyWhenEveryFiringWouldBe()
    {
        var now = TimeProvider.System.GetUtcNow();
        var target = Scopes.Url("http://127.0.0.1:1/") with { AuthorisedFrom = now.AddDays(2) };

        _policy.Scheduling([Plugin], [target], Strong, [now, now.AddDays(3)]).Allowed.ShouldBeTrue();
        Refused(_policy.Scheduling([Plugin], [target], Strong, [now, now.AddDays(1)]), Codes.AuthorisationLapsed, "target.authorisation");
    }

    [Theory]
    [InlineData(HoldKind.Stop, false)]
    [InlineData(HoldKind.Drain, true)]
    public void Hold_RefusesStarts_AndNodesOnlyWhenItStops(HoldKind kind, bool nodes)
    {
        var hold = new Hold { Kind = kind, Reason = "maintenance", BegunBy = "ada", BegunAt = TimeProvider.System.GetUtcNow() };

        Refused(_policy.RunStart([Plugin], [], Strong, hold), Codes.WorkHeld, "hold.standing").Message.ShouldContain("maintenance");
        _policy.NodeStart(Plugin, [], Strong, hold).Allowed.ShouldBe(nodes);
    }

    [Fact]
    public async Task TargetCall_OfDeclaredHosts_ReachesExactlyThose()
    {
        var plugin = Plugin with { Permissions = Plugin.Permissions with { Network = NetworkPermission.Hosts, Hosts = ["api.example.org:443", "127.0.0.1:8081", "169.254.169.254:80", "meta.example.org:80", "inner.example.org:80", "127.0.0.1:9999"] } };
        var scope = await TargetScope.PinHostsAsync(plugin.Permissions.Hosts, TimeProvider.System, new Lazy<IReadOnlySet<int>>(() => new HashSet<int> { 9999 }), () => new HashSet<IPAddress>(), (name, _) => Task.FromResult<IPAddress[]>(name switch
        {
            "api.example.org" => [IPAddress.Parse("93.184.215.14")],
            "meta.example.org" => [IPAddress.Parse("169.254.169.254")],
            _ => [IPAddress.Parse("10.0.0.1")],
        }), default);
        PolicyDecision Ask(string url) => _policy.TargetCall("ctx.http", plugin, scope, new Uri(url));

        Ask("https://api.example.org/x").Allowed.ShouldBeTrue();
        Ask("http://127.0.0.1:8081/").Allowed.ShouldBeTrue("the address itself is declared");
        Refused(Ask("http://api.example.org/x"), Codes.PermissionNotDeclared, "permission.declared").Remedy!.ShouldContain("api.example.org:80");
        Refused(Ask("https://other.example.org/"), Codes.PermissionNotDeclared, "permission.declared");
        Refused(Ask("http://169.254.169.254/"), Codes.AddressForbidden, "scope.address");
        Refused(Ask("http://meta.example.org/"), Codes.AddressForbidden, "scope.address");
        Refused(Ask("http://inner.example.org/"), Codes.AddressForbidden, "scope.address");
        Refused(Ask("http://127.0.0.1:9999/"), Codes.AddressForbidden, "scope.own-port");
        Refused(_policy.TargetCall("ctx.http", Plugin, scope, new Uri("https://api.example.org/")), Codes.PermissionNotDeclared, "permission.declared");
    }

    private static Diagnostic Refused(PolicyDecision decision, string code, string rule)
    {
        decision.Allowed.ShouldBeFalse();
        decision.Rule.ShouldBe(rule);
        decision.Refusal!.Code.ShouldBe(code);
        decision.Refusal.Remedy.ShouldNotBeNullOrWhiteSpace();
        return decision.Refusal;
    }
}
