using SecFlow.Data.Runs;
using SecFlow.Execution.Runs;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Live;

/// <summary>The status of a run as one sentence.</summary>
public static class RunSentence
{
    public static string Of(RunDetail detail)
    {
        var run = detail.Run;
        return run.Status switch
        {
            RunStatus.Queued => "Waiting for a worker.",
            RunStatus.Paused => Paused(run),
            RunStatus.Running => Running(detail),
            RunStatus.Succeeded => "All right: " + Targets(detail) + ".",
            RunStatus.Partial => "Partial: " + Targets(detail) + Reasons(detail) + Skipped(detail) + ".",
            RunStatus.Denied => "Refused: " + Error(detail),
            RunStatus.Failed => "Failed: " + Error(detail),
            RunStatus.TimedOut => "Timed out: " + Error(detail),
            RunStatus.Cancelled => $"Cancelled by {run.CancelRequestedBy ?? "a user"}.",
            RunStatus.Interrupted => "Interrupted by the system: " + Error(detail),
            _ => "-",
        };
    }

    /// <summary>True for an end after which something of the targets was not assessed. A run that a person cancelled is not counted: that was meant.</summary>
    public static bool IsIncomplete(RunStatus status) => status is RunStatus.Partial or RunStatus.Failed or RunStatus.TimedOut or RunStatus.Denied or RunStatus.Interrupted;

    private static string Paused(Run run) =>
        $"Paused by {run.PauseRequestedBy ?? "the system"}{(run.PauseReason is { Length: > 0 } reason ? ": " + reason : "")}. Nothing of it runs{(run.LeaseUntil is null ? "" : "; its node is frozen")}.";

    private static string Running(RunDetail detail)
    {
        var node = detail.Nodes.FirstOrDefault(n => n.Status == NodeStatus.Running);
        if (node is null)
        {
            return "Running.";
        }

        var text = node.ProgressText is { Length: > 0 } words ? words : "working";
        return $"Running {node.NodeId}: {text}{(node.Progress is { } percent ? $" ({percent} %)" : "")}.";
    }

    private static string Targets(RunDetail detail)
    {
        var targets = detail.Assessments.GroupBy(a => a.TargetId).ToList();
        if (targets.Count == 0)
        {
            return detail.Run.Status == RunStatus.Partial ? "not everything was assessed" : Words.Count(detail.Nodes.Count, "node") + " done";
        }

        var complete = targets.Count(t => t.All(a => a.Verdict == Verdict.Completed));
        return $"{complete} of {Words.Count(targets.Count, "target")} assessed completely";
    }

    private static string Reasons(RunDetail detail)
    {
        var words = detail.Assessments
            .Where(a => a.Verdict != Verdict.Completed)
            .GroupBy(a => a.Verdict)
            .Select(g => $"{g.Select(a => a.TargetId).Distinct().Count()} {g.Key switch { Verdict.Unreachable => "unreachable", Verdict.Partial => "partly assessed", Verdict.Misused => "misused", _ => "failed" }}")
            .ToList();
        return words.Count == 0 ? "" : "; " + string.Join(", ", words);
    }

    private static string Skipped(RunDetail detail) => string.Concat(detail.Nodes.OrderBy(n => n.Ordinal).Where(n => n.Status == NodeStatus.Skipped && n.SkipRequestedAt is not null).Select(n => $"; {n.NodeId} was skipped by {n.SkipRequestedBy}"));

    private static string Error(RunDetail detail)
    {
        var node = detail.Nodes.FirstOrDefault(n => n.ErrorMessage is not null);
        var message = detail.Run.ErrorMessage ?? node?.ErrorMessage;
        var code = detail.Run.ErrorCode ?? node?.ErrorCode;
        return message is null ? "no reason was recorded." : code is null ? message : $"{message} ({code})";
    }
}
