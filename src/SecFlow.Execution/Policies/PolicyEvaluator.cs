using System.Diagnostics.Metrics;
using SecFlow.Data.Plugins;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Policies;

/// <summary>Where a decision is made (contracts 5).</summary>
public enum EnforcementPoint
{
    /// <summary>Asked for a preview; nothing begins.</summary>
    Plan,
    RunStart,
    NodeStart,
    BrokerCall,
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
    public static PolicySubject Of(PluginVersion row, PluginManifest manifest) => new(manifest.Id, row.State, manifest.Intrusiveness, manifest.MinLevel, manifest.Permissions);
}

/// <summary>
/// The one place that answers allowed or refused. Nothing is cached: each question is answered at the time it is asked.
/// 1. The first rule that is broken decides; the order is the same for everyone: state, sandbox, authorisation, intrusiveness, permission, scope.
/// 2. Whatever is not declared is refused.
/// 3. Every decision is counted (<c>secflow.policy.decisions</c>). Auditing it is the caller's duty, in the transaction of what it decides.
/// </summary>
public sealed class PolicyEvaluator(TimeProvider time, Action<PolicyDecision>? decided = null)
{
    private static readonly Meter Meter = new("SecFlow");
    private static readonly Counter<long> Decisions = Meter.CreateCounter<long>("secflow.policy.decisions");

    /// <summary>What run start would answer about one plugin, for a preview.</summary>
    public PolicyDecision Plan(PolicySubject plugin, IReadOnlyList<ScopedTarget> targets, SandboxReport? sandbox) =>
        Decide(EnforcementPoint.Plan, StartRefusal(plugin, targets, sandbox), "run.start");

    /// <summary>Whether a run of these plugins against these targets may begin.</summary>
    /// <param name="plugins">The plugins of its nodes, in their order.</param>
    /// <param name="targets">What it is to look at.</param>
    /// <param name="sandbox">What confines plugins here; null when another machine executes the run, whose level is judged there, at each node.</param>
    public PolicyDecision RunStart(IReadOnlyList<PolicySubject> plugins, IReadOnlyList<ScopedTarget> targets, SandboxReport? sandbox) =>
        Decide(EnforcementPoint.RunStart, plugins.Select(plugin => StartRefusal(plugin, targets, sandbox)).FirstOrDefault(refusal => refusal is not null), "run.start");

    /// <summary>Whether this node may begin now. Asked again at each node: an authorisation may have ended since the run began.</summary>
    public PolicyDecision NodeStart(PolicySubject plugin, IReadOnlyList<ScopedTarget> targets, SandboxReport sandbox) =>
        Decide(EnforcementPoint.NodeStart, StartRefusal(plugin, targets, sandbox), "node.start");

    /// <summary>Whether the plugin may reach this url by <paramref name="call"/> (<c>ctx.http</c>, <c>ctx.tls</c>). The scope is asked only when network access to targets is declared.</summary>
    public PolicyDecision TargetCall(string call, PolicySubject plugin, TargetScope? scope, Uri url)
    {
        if (plugin.Permissions.Network != NetworkPermission.Targets)
        {
            return Decide(EnforcementPoint.BrokerCall, NotDeclared(plugin, call, "permissions.network: targets"), "permission.network");
        }

        return scope is null
            ? Decide(EnforcementPoint.BrokerCall, Refuse(Codes.OutOfScope, "scope.targets", "This work has no targets, so nothing can be reached.", $"Use {call} in execute only."), "scope.targets")
            : Decide(EnforcementPoint.BrokerCall, scope.Check(url).Refusal, "scope.targets");
    }

    /// <summary>Whether the plugin may use a tool, a secret or a resource: declared is not yet granted, and nothing grants them so far.</summary>
    /// <param name="plugin">Who asks.</param>
    /// <param name="method"><c>tool</c>, <c>secret</c> or <c>resource</c>; anything else is not a call that needs a grant and is refused.</param>
    /// <param name="name">Name of the tool or secret, or the resource's uri.</param>
    /// <param name="tools">Names of the tools that the manifest declares.</param>
    public PolicyDecision GrantedCall(PolicySubject plugin, string method, string name, IReadOnlyList<string> tools)
    {
        var (declared, key) = method switch
        {
            "tool" => (tools.Contains(name, StringComparer.Ordinal), $"tools: [{{ name: {name} }}]"),
            "secret" => (plugin.Permissions.Secrets.Contains(name, StringComparer.Ordinal), $"permissions.secrets: [{name}]"),
            "resource" => (plugin.Permissions.Resources.Contains(name, StringComparer.Ordinal), $"permissions.resources: [{name}]"),
            _ => (false, "a known call"),
        };
        return Decide(
            EnforcementPoint.BrokerCall,
            declared
                ? Refuse(Codes.NotGranted, "permission.granted", $"Plugin {plugin.PluginId} declares {method} '{Short(name)}', but this installation does not grant it.", "Use a plugin that needs only ctx.http, or wait until an administrator can grant it.")
                : NotDeclared(plugin, $"ctx.{method}('{Short(name)}')", Short(key)),
            "permission." + method);
    }

    private Diagnostic? StartRefusal(PolicySubject plugin, IReadOnlyList<ScopedTarget> targets, SandboxReport? sandbox)
    {
        if (plugin.State != PluginState.Enabled)
        {
            return Refuse(Codes.PluginNotEnabled, "plugin.enabled", $"Plugin {plugin.PluginId} is {plugin.State}; only enabled plugins run.", "Have an administrator approve and enable it.");
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

        var now = time.GetUtcNow();
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
        Decisions.Add(1, new KeyValuePair<string, object?>("result", decision.Allowed ? "allowed" : "refused"), new KeyValuePair<string, object?>("point", point.ToString()));
        decided?.Invoke(decision);
        return decision;
    }
}
