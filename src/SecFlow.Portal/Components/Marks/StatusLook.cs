using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;

namespace SecFlow.Portal.Components.Marks;

/// <summary>How a status is shown: tone (colour of the tokens), shape and word. Colour is never the only signal.</summary>
public sealed record StatusLook(string Tone, string Shape, string Word, bool Hatched = false)
{
    /// <summary>A plugin whose tool has not passed its self-test here: it reads reports that were recorded elsewhere, and runs nothing.</summary>
    public static readonly StatusLook RecordedOnly = new("partial", "half", "Recorded only", Hatched: true);

    /// <summary>A node that runs in a run that is paused.</summary>
    public static readonly StatusLook Frozen = new("ended", "pause", "Frozen");

    private static readonly StatusLook Unknown = new("ended", "dash", "-");

    public static StatusLook Of(RunStatus status) => status switch
    {
        RunStatus.Queued => new("ended", "clock", "Queued"),
        RunStatus.Paused => new("ended", "pause", "Paused"),
        RunStatus.Running => new("running", "ring", "Running"),
        RunStatus.Succeeded => new("succeeded", "check", "Succeeded"),
        RunStatus.Partial => new("partial", "half", "Partial", Hatched: true),
        RunStatus.Failed => new("failed", "cross", "Failed"),
        RunStatus.TimedOut => new("failed", "cross", "Timed out"),
        RunStatus.Denied => new("denied", "shield", "Denied"),
        RunStatus.Cancelled => new("ended", "dash", "Cancelled"),
        RunStatus.Interrupted => new("ended", "dash", "Interrupted"),
        _ => Unknown,
    };

    public static StatusLook Of(NodeStatus status) => status switch
    {
        NodeStatus.Pending => new("ended", "clock", "Waiting"),
        NodeStatus.Running => new("running", "ring", "Running"),
        NodeStatus.Succeeded => new("succeeded", "check", "Succeeded"),
        NodeStatus.Cached => new("succeeded", "check", "Cached"),
        NodeStatus.Partial => new("partial", "half", "Partial", Hatched: true),
        NodeStatus.Failed => new("failed", "cross", "Failed"),
        NodeStatus.TimedOut => new("failed", "cross", "Timed out"),
        NodeStatus.Denied => new("denied", "shield", "Denied"),
        NodeStatus.Skipped => new("ended", "dash", "Skipped"),
        NodeStatus.Cancelled => new("ended", "dash", "Cancelled"),
        NodeStatus.Interrupted => new("ended", "dash", "Interrupted"),
        _ => Unknown,
    };

    public static StatusLook Of(Verdict verdict) => verdict switch
    {
        Verdict.Completed => new("succeeded", "check", "Assessed"),
        Verdict.Partial => new("partial", "half", "Partly assessed", Hatched: true),
        Verdict.Unreachable => new("partial", "half", "Not assessed: unreachable", Hatched: true),
        Verdict.Misused => new("partial", "half", "Not assessed: misused", Hatched: true),
        Verdict.Failed => new("partial", "half", "Not assessed: failed", Hatched: true),
        _ => Unknown,
    };

    public static StatusLook Of(FindingStatus status) => status switch
    {
        FindingStatus.Open => new("failed", "clock", "Open"),
        FindingStatus.Triaged => new("running", "clock", "Triaged"),
        FindingStatus.AcceptedRisk => new("denied", "shield", "Accepted risk"),
        FindingStatus.FalsePositive => new("ended", "dash", "False positive"),
        FindingStatus.Fixed => new("succeeded", "check", "Fixed"),
        FindingStatus.Archived => new("ended", "dash", "Archived"),
        _ => Unknown,
    };

    public static StatusLook Of(PluginState state) => state switch
    {
        PluginState.Enabled => new("succeeded", "check", "Enabled"),
        PluginState.Approved => new("succeeded", "check", "Approved"),
        PluginState.Discovered => new("running", "clock", "Discovered"),
        PluginState.Submitted => new("running", "clock", "Submitted"),
        PluginState.ChangesRequested => new("partial", "half", "Changes requested"),
        PluginState.Disabled => new("ended", "dash", "Disabled"),
        PluginState.Rejected => new("failed", "cross", "Rejected"),
        PluginState.Quarantined => new("failed", "cross", "Quarantined"),
        PluginState.Revoked => new("denied", "shield", "Revoked"),
        _ => Unknown,
    };

    /// <summary>How much a plugin does to a target, or a target allows.</summary>
    public static StatusLook Of(Intrusiveness level) => level switch
    {
        Intrusiveness.Passive => new("ended", "dash", "Passive"),
        Intrusiveness.Safe => new("succeeded", "check", "Safe"),
        Intrusiveness.Intrusive => new("partial", "alert", "Intrusive"),
        Intrusiveness.Exploit => new("critical", "alert", "Exploit"),
        _ => Unknown,
    };

    /// <summary>Result of a verification, as it is stored (contracts 5).</summary>
    public static StatusLook OfTrust(string state) => state switch
    {
        "Verified" => new("succeeded", "shield", "Verified"),
        "Unsigned" or "Untrusted" or "Revoked" => new("denied", "shield", state),
        "Invalid" or "Tampered" => new("failed", "cross", state),
        "Unverifiable" => new("partial", "half", state, Hatched: true),
        _ => Unknown,
    };

    public static StatusLook Of(AuditOutcome outcome) => outcome switch
    {
        AuditOutcome.Allowed => new("succeeded", "check", "Allowed"),
        AuditOutcome.Denied => new("denied", "shield", "Denied"),
        AuditOutcome.Failed => new("failed", "cross", "Failed"),
        _ => Unknown,
    };
}
