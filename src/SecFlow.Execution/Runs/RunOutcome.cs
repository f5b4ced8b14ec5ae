using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>How a node ended, as far as its run's end depends on it.</summary>
/// <param name="Status">Its end.</param>
/// <param name="OnFailure">What its failure means.</param>
/// <param name="ByPerson">Whether a person skipped it.</param>
public sealed record NodeEnd(NodeStatus Status, OnFailure OnFailure, bool ByPerson = false);

/// <summary>
/// The one table: verdict -> node -> run.
/// <code>
///   how the plugin ended       verdicts of the targets          node
///   SF2, SF3, SF4030, SF4031   any                              Denied
///   SF4006 (wall time)         any                              TimedOut
///   SF7 (infrastructure)       any                              Interrupted (after its attempts)
///   any other error            any                              Failed
///   completed                  all Completed, or none expected  Succeeded
///   completed                  all Failed or Misused            Failed
///   completed                  anything else                    Partial
///
///   nodes of the run           (first line that fits)           run
///   a node Cancelled                                            Cancelled
///   a node Interrupted                                          Interrupted
///   a node Denied                                               Denied
///   a node TimedOut, on_failure stop                            TimedOut
///   a node Failed, on_failure stop; or every node Failed        Failed
///   a node Failed, TimedOut, Partial, or Skipped by a person    Partial
///   otherwise (Succeeded, Cached, Skipped by its condition)     Succeeded
/// </code>
/// </summary>
public static class RunOutcome
{
    public static NodeStatus NodeOf(Diagnostic? error, IReadOnlyCollection<Verdict> verdicts)
    {
        if (error is not null)
        {
            return (error.Code, Codes.CategoryOf(error.Code)) switch
            {
                (Codes.LimitWall, _) => NodeStatus.TimedOut,
                (Codes.SandboxUnavailable or Codes.SandboxLevelTooLow, _) => NodeStatus.Denied,
                (_, DiagnosticCategory.Trust or DiagnosticCategory.Policy) => NodeStatus.Denied,
                (_, DiagnosticCategory.Infrastructure) => NodeStatus.Interrupted,
                _ => NodeStatus.Failed,
            };
        }

        return verdicts.All(v => v == Verdict.Completed) ? NodeStatus.Succeeded
            : verdicts.All(v => v is Verdict.Failed or Verdict.Misused) ? NodeStatus.Failed
            : NodeStatus.Partial;
    }

    public static RunStatus RunOf(IReadOnlyList<NodeEnd> nodes)
    {
        bool Any(NodeStatus status) => nodes.Any(n => n.Status == status);
        bool Stops(NodeStatus status) => nodes.Any(n => n.Status == status && n.OnFailure == OnFailure.Stop);
        return Any(NodeStatus.Cancelled) ? RunStatus.Cancelled
            : Any(NodeStatus.Interrupted) ? RunStatus.Interrupted
            : Any(NodeStatus.Denied) ? RunStatus.Denied
            : Stops(NodeStatus.TimedOut) ? RunStatus.TimedOut
            : Stops(NodeStatus.Failed) || nodes.All(n => n.Status == NodeStatus.Failed) ? RunStatus.Failed
            : Any(NodeStatus.Failed) || Any(NodeStatus.TimedOut) || Any(NodeStatus.Partial) || nodes.Any(n => n.ByPerson) ? RunStatus.Partial
            : RunStatus.Succeeded;
    }

    /// <summary>True for a node that ended without doing its whole work: what depends on it may have to be skipped.</summary>
    public static bool IsFailure(NodeStatus status) =>
        status is NodeStatus.Failed or NodeStatus.TimedOut or NodeStatus.Denied or NodeStatus.Interrupted or NodeStatus.Cancelled;

    /// <summary>Whether another attempt may help: infrastructure always, a tool or target that failed by its verdict. A tool that is not there, too old, changed or misused is the same a minute later.</summary>
    public static bool IsRetryable(Diagnostic? error, IReadOnlyCollection<Verdict> verdicts) => error is null
        ? verdicts.Any(v => v is Verdict.Unreachable or Verdict.Failed)
        : Codes.CategoryOf(error.Code) is DiagnosticCategory.Infrastructure or DiagnosticCategory.Tool
            && error.Code is not (Codes.ToolMissing or Codes.ToolTooOld or Codes.ToolChanged or Codes.ToolUnusable or Codes.ToolArgument);
}
