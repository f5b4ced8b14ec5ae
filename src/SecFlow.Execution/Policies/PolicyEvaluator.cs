using SecFlow.Data.Holds;
using SecFlow.Data.Plugins;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Resources;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Sandboxing.Network;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Policies;

/// <summary>Where a decision is made (contracts 5).</summary>
public enum EnforcementPoint
{
    /// <summary>Asked for a preview; nothing begins.</summary>
    Plan,

    /// <summary>A plugin is submitted for review.</summary>
    Submission,

    /// <summary>Its permissions are approved.</summary>
    Approval,

    /// <summary>A workflow or schedule is saved.</summary>
    Scheduling,

    /// <summary>A run is accepted, or claimed to go on.</summary>
    RunStart,

    /// <summary>A node, or another attempt of it, begins.</summary>
    NodeStart,

    /// <summary>A plugin asks the broker for something.</summary>
    BrokerCall,

    /// <summary>What a plugin says becomes a record.</summary>
    Ingestion,
}

/// <summary>Allowed by a rule, or refused by one with code and remedy. <see cref="Refusal"/> is null exactly when it is allowed.</summary>
public sealed record PolicyDecision(EnforcementPoint Point, string Rule, Diagnostic? Refusal)
{
    public bool Allowed => Refusal is null;

    /// <summary>Returns when allowed, throws the refusal otherwise.</summary>
    public void Require()
    {
        if (Refusal is { } refusal)
        {
            throw new SecFlowException(refusal);
        }
    }
}

/// <summary>What of a plugin the policy looks at.</summary>
public sealed record PolicySubject(string PluginId, PluginState State, Intrusiveness Intrusiveness, SandboxLevel MinLevel, PluginPermissions Permissions)
{
    /// <summary>Why it is in its state, for people.</summary>
    public string StateReason { get; init; } = "";

    public static PolicySubject Of(PluginVersion row, PluginManifest manifest) => new(manifest.Id, row.State, manifest.Intrusiveness, manifest.MinLevel, manifest.Permissions) { StateReason = row.StateReason };
}

/// <summary>What an approval is judged by.</summary>
/// <param name="Approver">Person who approves now.</param>
/// <param name="First">Person who approved first; null when nobody has.</param>
/// <param name="SignerIsNew">No version of this signer was ever approved here.</param>
/// <param name="Administrators">How many people may approve.</param>
/// <param name="Reason">What the approver typed.</param>
public sealed record ApprovalFacts(string Approver, string? First, bool SignerIsNew, int Administrators, string Reason);

/// <summary>
/// The one place that answers allowed or refused. Nothing is cached: each question is answered at the time it is asked.
/// 1. The first rule that is broken decides; the order is the same for everyone: hold, state, sandbox, authorisation, intrusiveness, permission, scope.
/// 2. Whatever is not declared is refused.
/// 3. Every decision is counted (<c>secflow.policy.decisions</c>). Auditing it is the caller's duty, in the transaction of what it decides.
/// </summary>
public sealed class PolicyEvaluator(TimeProvider time, Action<PolicyDecision>? decided = null)
{
    /// <summary>What run start would answer about one plugin, for a preview.</summary>
    public PolicyDecision Plan(PolicySubject plugin, IReadOnlyList<ScopedTarget> targets, SandboxReport? sandbox, Hold? hold = null) =>
        Decide(EnforcementPoint.Plan, HoldRefusal(hold) ?? StartRefusal(plugin, targets, sandbox, time.GetUtcNow()), "run.start");

    /// <summary>Whether a plugin may be submitted for review: whatever Trust never accepts needs no review.</summary>
    /// <param name="plugin">The version.</param>
    /// <param name="trust">What Trust answers about its bytes; null = verified.</param>
    public PolicyDecision Submission(PolicySubject plugin, Diagnostic? trust) =>
        Decide(EnforcementPoint.Submission, trust is { Code: not (Codes.Unsigned or Codes.Untrusted) } ? WithRule(trust, "trust.package", $"Install {plugin.PluginId} again from its publisher.") : null, "submission.trust");

    /// <summary>Why an approval takes two persons; null when one is enough.</summary>
    public static string? WhyTwoPersons(PolicySubject plugin, bool signerIsNew) =>
        plugin.Intrusiveness == Intrusiveness.Exploit ? "it exploits weaknesses" : signerIsNew ? "its signer is new here" : null;

    /// <summary>Whether this approval counts, and as what. One that <c>exploit</c>s, and one of a new signer, take two persons; while there is one administrator, a typed reason.</summary>
    public (PolicyDecision Decision, ApprovalKind Kind) Approval(PolicySubject plugin, Diagnostic? trust, ApprovalFacts facts)
    {
        var why = WhyTwoPersons(plugin, facts.SignerIsNew);
        var kind = why is null ? ApprovalKind.One : facts.Administrators <= 1 ? ApprovalKind.Solo : facts.First is null ? ApprovalKind.First : ApprovalKind.Two;
        var refusal = trust is not null ? WithRule(trust, "trust.package", "Have the trust policy accept its signer, or install it from one that it accepts.")
            : string.IsNullOrWhiteSpace(facts.Reason) ? Refuse(Codes.TypedReasonNeeded, "approval.reason", $"The approval of {plugin.PluginId} has no reason{(kind == ApprovalKind.Solo ? $", which stands for the second person that it takes ({why}) while there is one administrator" : "")}.", "Type why it may do what it asks for.")
            : kind == ApprovalKind.Two && string.Equals(facts.First, facts.Approver, StringComparison.OrdinalIgnoreCase) ? Refuse(Codes.SecondPersonNeeded, "approval.second-person", $"Plugin {plugin.PluginId} needs the approval of a second person ({why}); {facts.Approver} has approved it already.", "Ask another administrator to approve it.")
            : null;
        return (Decide(EnforcementPoint.Approval, refusal, kind switch { ApprovalKind.Solo => "approval.solo", ApprovalKind.One => "approval.one", _ => "approval.second-person" }), kind);
    }

    /// <summary>Whether a schedule, or without targets a workflow, of these plugins may be saved: what could only be refused later is refused at once.</summary>
    /// <param name="plugins">The plugins of its nodes.</param>
    /// <param name="targets">What it would look at.</param>
    /// <param name="sandbox">What confines plugins here; null when another machine executes.</param>
    /// <param name="firings">When it would run next, at least one time; refused is what would be refused at every one of them.</param>
    public PolicyDecision Scheduling(IReadOnlyList<PolicySubject> plugins, IReadOnlyList<ScopedTarget> targets, SandboxReport? sandbox, IReadOnlyList<DateTimeOffset> firings)
    {
        var answers = firings.Select(at => plugins.Select(plugin => StartRefusal(plugin, targets, sandbox, at)).FirstOrDefault(refusal => refusal is not null)).ToList();
        return Decide(EnforcementPoint.Scheduling, answers.TrueForAll(answer => answer is not null) ? answers[0] : null, "run.start");
    }

    /// <summary>Whether a run of these plugins against these targets may begin, or go on after its engine ended.</summary>
    /// <param name="plugins">The plugins of its nodes, in their order.</param>
    /// <param name="targets">What it is to look at.</param>
    /// <param name="sandbox">What confines plugins here; null when another machine executes the run, whose level is judged there, at each node.</param>
    /// <param name="hold">The hold that stands for the team; null = none.</param>
    public PolicyDecision RunStart(IReadOnlyList<PolicySubject> plugins, IReadOnlyList<ScopedTarget> targets, SandboxReport? sandbox, Hold? hold = null) =>
        Decide(EnforcementPoint.RunStart, HoldRefusal(hold) ?? plugins.Select(plugin => StartRefusal(plugin, targets, sandbox, time.GetUtcNow())).FirstOrDefault(refusal => refusal is not null), "run.start");

    /// <summary>Whether this node may begin now. Asked again at each node and attempt: an authorisation may have ended since the run began. A drain lets it begin, a stop does not.</summary>
    public PolicyDecision NodeStart(PolicySubject plugin, IReadOnlyList<ScopedTarget> targets, SandboxReport? sandbox, Hold? hold = null) =>
        Decide(EnforcementPoint.NodeStart, HoldRefusal(hold is { Kind: HoldKind.Stop } ? hold : null) ?? StartRefusal(plugin, targets, sandbox, time.GetUtcNow()), "node.start");

    /// <summary>Whether what a plugin says may become a record. Refused ones are kept and counted, and create nothing.</summary>
    /// <param name="refusal">What the check of the record answered; null = it is valid.</param>
    public PolicyDecision Ingestion(Diagnostic? refusal) => Decide(EnforcementPoint.Ingestion, refusal, "record.valid");

    /// <summary>Whether the plugin may reach this url by <paramref name="call"/> (<c>ctx.http</c>, <c>ctx.tls</c>). The scope is asked only when network access is declared, and only the one that was declared: the run's targets, or the hosts of the manifest.</summary>
    public PolicyDecision TargetCall(string call, PolicySubject plugin, TargetScope? scope, Uri url)
    {
        var declared = plugin.Permissions.Network;
        if (declared == NetworkPermission.None || (scope is not null && scope.OfHosts != (declared == NetworkPermission.Hosts)))
        {
            return Decide(EnforcementPoint.BrokerCall, NotDeclared(plugin, call, "permissions.network: targets"), "permission.network");
        }

        var answer = scope?.Check(url).Refusal;
        return scope is null
            ? Decide(EnforcementPoint.BrokerCall, Refuse(Codes.OutOfScope, "scope.targets", "This work has no targets, so nothing can be reached.", $"Use {call} in execute only."), "scope.targets")
            : scope.OfHosts && answer is { Code: Codes.OutOfScope, Rule: "scope.targets" }
            ? Decide(EnforcementPoint.BrokerCall, NotDeclared(plugin, $"{call} towards {Short(url.Authority)}", $"permissions.network: {{ hosts: [{Short(url.Host)}:{url.Port}] }}"), "permission.network")
            : Decide(EnforcementPoint.BrokerCall, answer, scope.OfHosts ? "permission.network" : "scope.targets");
    }

    /// <summary>Whether the plugin may run this tool: what the manifest of an enabled plugin declares was approved with it.</summary>
    public PolicyDecision ToolCall(PolicySubject plugin, string name, IReadOnlyList<PluginTool> tools) => Decide(
        EnforcementPoint.BrokerCall,
        tools.Any(tool => tool.Name == name) ? null : NotDeclared(plugin, $"ctx.tool('{Short(name)}')", $"tools: [{{ name: {Short(name)} }}]"),
        "permission.tool");

    /// <summary>Whether the plugin may read a resource: what the manifest of an enabled plugin declares is granted.</summary>
    /// <param name="plugin">Who asks.</param>
    /// <param name="uri">What for.</param>
    /// <param name="hasInstallation">False for code under development: there is nothing to take it from.</param>
    public PolicyDecision ResourceCall(PolicySubject plugin, ResourceUri uri, bool hasInstallation) => Decide(
        EnforcementPoint.BrokerCall,
        !plugin.Permissions.Resources.Any(uri.IsCoveredBy) ? NotDeclared(plugin, $"ctx.resource('{uri}')", $"permissions.resources: [res://{uri.Type}/*]")
        : hasInstallation ? null
        : Refuse(Codes.NotGranted, "permission.granted", $"{uri} belongs to an installation; code under development has none.", "Install the plugin, or answer the call from a recording."),
        "permission.resource");

    /// <summary>Whether the plugin gets a secret: it is declared, the one who asks may get secrets, and one is set for a target of the node or for the team.</summary>
    /// <param name="plugin">Who asks.</param>
    /// <param name="name">Name of the secret.</param>
    /// <param name="installed">False for unsigned code, which never gets one.</param>
    /// <param name="set">Whether there is one.</param>
    public PolicyDecision SecretCall(PolicySubject plugin, string name, bool installed, bool set)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        return Decide(
            EnforcementPoint.BrokerCall,
            !plugin.Permissions.Secrets.Contains(name, StringComparer.Ordinal) ? NotDeclared(plugin, $"ctx.secret('{Short(name)}')", Short($"permissions.secrets: [{name}]"))
            : !installed ? Refuse(Codes.SecretNotSet, "permission.secrets", $"Plugin {plugin.PluginId} is not installed: unsigned code gets no secrets.", "Sign and install it.")
            : !set ? Refuse(Codes.SecretNotSet, "permission.secrets", $"The secret '{Short(name)}' is set neither for a target of this node nor for the team.", "Have an administrator of the team set it on the page of the target or of the team's secrets.")
            : null,
            "permission.secrets");
    }

    private static Diagnostic? HoldRefusal(Hold? hold) => hold is null
        ? null
        : Refuse(
            Codes.WorkHeld, "hold.standing",
            $"The work {(hold.OfInstallation ? "of this installation" : "of this team")} is held ({hold.Kind.ToString().ToLowerInvariant()}) by {hold.BegunBy} since {hold.BegunAt:u}, because: {hold.Reason}.",
            $"Wait until {(hold.OfInstallation ? "an administrator of the installation" : "an admin of the team")} resumes it.");

    private static Diagnostic WithRule(Diagnostic refusal, string rule, string remedy) => refusal with { Rule = refusal.Rule ?? rule, Remedy = refusal.Remedy ?? remedy };

    /// <summary>What stands against a plugin that is at work: it was revoked, or quarantined after a violation elsewhere; null = nothing. One that was only disabled comes to its end. Only a refusal is counted: this is asked several times a second.</summary>
    public Diagnostic? Withdrawal(PolicySubject plugin) =>
        plugin.State is PluginState.Revoked or PluginState.Quarantined ? Decide(EnforcementPoint.NodeStart, NotEnabled(plugin), "plugin.enabled").Refusal : null;

    /// <summary>What stands against a tool that is at work: a target may not be touched any more, or less of it than when the tool began; null = nothing. Only a refusal is counted.</summary>
    /// <param name="plugin">Whose tool it is.</param>
    /// <param name="scope">The targets, as they are now.</param>
    /// <param name="begunWith">What the tool can reach; null = nothing.</param>
    public Diagnostic? Withdrawal(PolicySubject plugin, TargetScope scope, NetworkPlan? begunWith)
    {
        var refusal = TargetRefusal(plugin, scope.Targets, time.GetUtcNow())
            ?? (begunWith is not null && begunWith.Allowed.Except(scope.NetworkPlan().Allowed).FirstOrDefault() is { } gone
                ? Refuse(Codes.OutOfScope, "scope.targets", $"{gone.Network}, port {gone.FromPort}{(gone.ToPort == gone.FromPort ? "" : $" to {gone.ToPort}")} is not approved any more.", "Start the run again: it takes the targets as they are now.")
                : null);
        return refusal is null ? null : Decide(EnforcementPoint.BrokerCall, refusal, "scope.targets").Refusal;
    }

    private static Diagnostic NotEnabled(PolicySubject plugin) => plugin.State == PluginState.Revoked
        ? Refuse(Codes.Revoked, "plugin.revoked", $"Plugin {plugin.PluginId} is Revoked: expected a version that is not revoked; found one that was: {plugin.StateReason}.", "Use another version.")
        : Refuse(Codes.PluginNotEnabled, "plugin.enabled", $"Plugin {plugin.PluginId} is {plugin.State}; only enabled plugins run.", "Have an administrator approve and enable it.");

    private static Diagnostic? StartRefusal(PolicySubject plugin, IReadOnlyList<ScopedTarget> targets, SandboxReport? sandbox, DateTimeOffset now)
    {
        if (plugin.State != PluginState.Enabled)
        {
            return NotEnabled(plugin);
        }

        if (sandbox is { Level: SandboxLevel.L0 })
        {
            return SandboxRemedies.Refusal(sandbox.Layers);
        }

        if (sandbox is not null && sandbox.Level < plugin.MinLevel)
        {
            var why = sandbox.Layers.FirstOrDefault(layer => !layer.Enforced);
            return Refuse(Codes.SandboxLevelTooLow, "sandbox.level", $"Plugin {plugin.PluginId} needs sandbox level {plugin.MinLevel}; this machine offers {sandbox.Level}{(why is null ? "" : $" ({why.Name}: {why.Reason})")}.", why?.Remedy ?? "Run it on a machine with a stronger sandbox.");
        }

        return TargetRefusal(plugin, targets, now);
    }

    private static Diagnostic? TargetRefusal(PolicySubject plugin, IReadOnlyList<ScopedTarget> targets, DateTimeOffset now)
    {
        if (targets.Select(target => target.RefusalAt(now)).FirstOrDefault(refusal => refusal is not null) is { } closed)
        {
            return closed;
        }

        return targets.FirstOrDefault(target => plugin.Intrusiveness > target.MaxIntrusiveness) is { } gentle
            ? Refuse(Codes.IntrusivenessExceeded, "target.intrusiveness", $"Plugin {plugin.PluginId} is {plugin.Intrusiveness}; target '{gentle.Name}' allows at most {gentle.MaxIntrusiveness}.", $"Have the target approved for {plugin.Intrusiveness}, or leave the plugin out.")
            : null;
    }

    private static Diagnostic NotDeclared(PolicySubject plugin, string call, string key) =>
        Refuse(Codes.PermissionNotDeclared, "permission.declared", $"Plugin {plugin.PluginId} called {call} without declaring it.", $"Declare '{key}' in plugin.yaml and have the new version approved.");

    private static Diagnostic Refuse(string code, string rule, string message, string remedy) => new(code, $"{message} {remedy}") { Rule = rule, Remedy = remedy };

    private static string Short(string text) => text.Length <= 80 ? text : text[..80] + "...";

    private PolicyDecision Decide(EnforcementPoint point, Diagnostic? refusal, string rule)
    {
        var decision = new PolicyDecision(point, refusal?.Rule ?? rule, refusal);
        SecFlowMeter.PolicyDecision(decision.Allowed ? "allowed" : "refused", point.ToString());
        decided?.Invoke(decision);
        return decision;
    }
}
