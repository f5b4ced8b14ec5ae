using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests.Runs;

public sealed class RunOutcomeTests
{
    [Theory]
    [InlineData("", NodeStatus.Succeeded)]
    [InlineData("Completed", NodeStatus.Succeeded)]
    [InlineData("Completed Completed", NodeStatus.Succeeded)]
    [InlineData("Completed Partial", NodeStatus.Partial)]
    [InlineData("Unreachable", NodeStatus.Partial)]
    [InlineData("Completed Failed", NodeStatus.Partial)]
    [InlineData("Failed Misused", NodeStatus.Failed)]
    public void Verdicts_decide_a_node_that_completed(string verdicts, NodeStatus expected) =>
        RunOutcome.NodeOf(null, [.. verdicts.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Enum.Parse<Verdict>)]).ShouldBe(expected);

    [Theory]
    [InlineData("Succeeded/Stop", RunStatus.Succeeded)]
    [InlineData("Succeeded/Stop Skipped/Stop Cached/Stop", RunStatus.Succeeded)]
    [InlineData("Succeeded/Stop Partial/Stop", RunStatus.Partial)]
    [InlineData("Succeeded/Stop Failed/Continue", RunStatus.Partial)]
    [InlineData("Failed/Continue", RunStatus.Failed)]
    [InlineData("Failed/Stop Skipped/Stop", RunStatus.Failed)]
    [InlineData("TimedOut/Stop Skipped/Stop", RunStatus.TimedOut)]
    [InlineData("TimedOut/Continue Succeeded/Stop", RunStatus.Partial)]
    [InlineData("Succeeded/Stop Denied/Continue", RunStatus.Denied)]
    [InlineData("Interrupted/Continue Denied/Stop", RunStatus.Interrupted)]
    [InlineData("Cancelled/Stop Interrupted/Stop", RunStatus.Cancelled)]
    public void Nodes_decide_the_run(string nodes, RunStatus expected) =>
        RunOutcome.RunOf([.. nodes.Split(' ').Select(n => new NodeEnd(Enum.Parse<NodeStatus>(n.Split('/')[0]), Enum.Parse<OnFailure>(n.Split('/')[1])))]).ShouldBe(expected);

    [Theory]
    [InlineData(Codes.ScriptError, false)]
    [InlineData(Codes.Tampered, false)]
    [InlineData(Codes.OutOfScope, false)]
    [InlineData(Codes.LimitMemory, false)]
    [InlineData(Codes.ToolMissing, false)]
    [InlineData(Codes.ToolTooOld, false)]
    [InlineData(Codes.ToolChanged, false)]
    [InlineData(Codes.TargetUnreachable, true)]
    [InlineData(Codes.HostStartFailed, true)]
    public void Only_tools_and_infrastructure_are_tried_again(string code, bool retryable) =>
        RunOutcome.IsRetryable(new Diagnostic(code, "x"), []).ShouldBe(retryable);
}
