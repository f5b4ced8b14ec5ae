using SecFlow.Execution.Plans;
using SecFlow.Execution.Sandboxing.Network;
using SecFlow.Execution.Targets;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Components.Pages;

/// <summary>Parts of a plan in words.</summary>
public static class PlanWords
{
    public static string Of(AddressKind kind) => kind switch
    {
        AddressKind.OwnTargetOnly => "link-local or metadata",
        AddressKind.Never => "no host",
        _ => kind.ToString().ToLowerInvariant(),
    };

    public static string Of(ExpectedDuration expected) => expected.BasedOn > 0
        ? $"{Words.Duration(expected.Time)}, median of {Words.Count(expected.BasedOn, "earlier run")}"
        : $"at most {Words.Duration(expected.Time)}: the limit, there is no earlier run";

    public static string Of(NetworkRule rule) => $"{rule.Network}, tcp {rule.FromPort}{(rule.ToPort > rule.FromPort ? $" to {rule.ToPort}" : "")}";

    public static string Limits(PlannedNode node)
    {
        var limits = node.Limits;
        var tool = limits.Tool is { } t ? $"; each tool {Words.Duration(TimeSpan.FromSeconds(t.CpuSeconds))} of processor, {Words.Bytes(t.MemoryBytes)}, {t.Processes} processes, {Words.Bytes(t.ScratchBytes)} of scratch" : "";
        return $"{Words.Duration(node.Timeout)} in all; the script {Words.Duration(limits.Cpu)} of processor, {Words.Duration(limits.CallTime)} and {Words.Count(limits.Statements, "statement")} a call, {Words.Bytes(limits.HeapBytes)}{tool}";
    }

    /// <summary>The mark before a call; the page explains it once.</summary>
    public static (string Sign, string Meaning) Of(CallBasis basis) => basis switch
    {
        CallBasis.Known => ("=", "A run makes exactly this call"),
        CallBasis.Answers => ("~", "It came after an answer, and answers are empty in a plan"),
        _ => ("*", "It depends on earlier outputs"),
    };
}
