using Microsoft.EntityFrameworkCore;
using SecFlow.Data;
using SecFlow.Data.Runs;

namespace SecFlow.Execution.Tests.Runs.Crashes;

/// <summary>What a run came to, without what may differ: identities, times, numbers of attempts and epochs.</summary>
internal sealed record CrashState(
    RunStatus Run, string Nodes, int Findings, string FindingCounts, int Occurrences, int DoubledOccurrences, int Assessments, int Datasets, string Events, int Staged, string Audit, int Open, string Attempts)
{
    public static readonly CrashState Undisturbed = new(
        RunStatus.Succeeded,
        "first Succeeded 300, second Succeeded 300, third Succeeded 300",
        (3 * CrashInstallation.Own) + CrashInstallation.Common,
        "common 30, first 270, second 270, third 270",
        (3 * CrashInstallation.Own) + CrashInstallation.Common,
        0,
        3,
        3,
        "whole, ends with Succeeded, each node ended once",
        0,
        "start.run 1, finish.node 3, finish.run 1",
        0,
        "each node succeeded once, none open");

    public static Task<CrashState> ReadAsync(Database database, Run run) => database.ReadAsync(async db =>
    {
        var nodes = await db.NodeRuns.Where(n => n.RunId == run.Id).OrderBy(n => n.Ordinal).ToListAsync();
        var rules = await db.Findings.Select(f => f.RuleId).ToListAsync();
        var occurrences = await db.Occurrences.Where(o => o.RunId == run.Id).Select(o => o.FindingId).ToListAsync();
        var events = await db.RunEvents.Where(e => e.RunId == run.Id).OrderBy(e => e.Seq).ToListAsync();
        var actions = await db.AuditEvents.Select(e => new { e.Action, e.ResourceId }).ToListAsync();
        var about = actions.Where(a => a.ResourceId != null && a.ResourceId.StartsWith(run.Id.ToString(), StringComparison.Ordinal)).GroupBy(a => a.Action).ToDictionary(g => g.Key, g => g.Count());
        return new CrashState(
            run.Status,
            string.Join(", ", nodes.Select(n => $"{n.NodeId} {n.Status} {n.Findings}")),
            rules.Count,
            string.Join(", ", rules.GroupBy(r => r.Split('-')[0]).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key} {g.Distinct().Count()}")),
            occurrences.Count,
            occurrences.Count - occurrences.Distinct().Count(),
            await db.Assessments.CountAsync(a => a.RunId == run.Id),
            await db.Datasets.CountAsync(d => d.RunId == run.Id),
            Describe(events),
            await db.StagedRecords.CountAsync(),
            string.Join(", ", new[] { "start.run", "finish.node", "finish.run" }.Select(action => $"{action} {about.GetValueOrDefault(action)}")),
            await db.Runs.CountAsync(r => r.Status == RunStatus.Queued || r.Status == RunStatus.Running),
            Describe(await db.NodeAttempts.Where(a => a.RunId == run.Id).ToListAsync()));
    });

    private static string Describe(List<NodeAttempt> attempts)
    {
        var succeeded = attempts.GroupBy(a => a.NodeId).Select(g => g.Count(a => a.Status == NodeStatus.Succeeded)).ToList();
        var open = attempts.Count(a => a.EndedAt is null || a.Status == NodeStatus.Running);
        return $"{(succeeded is [1, 1, 1] ? "each node succeeded once" : $"nodes succeeded {string.Join('/', succeeded)} times")}, {(open == 0 ? "none open" : $"{open} open")}";
    }

    private static string Describe(List<RunEvent> events)
    {
        var whole = events.Select(e => e.Seq).SequenceEqual(Enumerable.Range(1, events.Count).Select(i => (long)i));
        var last = events[^1] is { Type: "run.status" } end && end.Data.Contains("\"Succeeded\"", StringComparison.Ordinal);
        var ended = events.Where(e => e.Type == "node.status" && e.Data.Contains("\"Succeeded\"", StringComparison.Ordinal)).GroupBy(e => e.NodeId).Select(g => g.Count()).ToList();
        return $"{(whole ? "whole" : "gaps")}, {(last ? "ends with Succeeded" : "ends with " + events[^1].Type)}, {(ended is [1, 1, 1] ? "each node ended once" : $"nodes ended {string.Join('/', ended)} times")}";
    }
}
