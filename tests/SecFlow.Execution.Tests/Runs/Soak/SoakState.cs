using Microsoft.EntityFrameworkCore;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Tests.Runs.Crashes;

namespace SecFlow.Execution.Tests.Runs.Soak;

/// <summary>What all runs of a soak came to. Every number but the first three is zero when nothing was lost, nothing counts twice and nothing is left over.</summary>
internal sealed record SoakState(
    int Runs, int Attempts, int InterruptedAttempts, int Lost, int Doubled, int NotSucceeded, int WrongNodes, int WrongFindings, int WrongOccurrences, int WrongEvents, int WrongAttempts, int WrongAudit, int Left, string Audit)
{
    /// <summary>Findings of each node that no other node has, and those that all have.</summary>
    public const int Own = 27;
    public const int Common = 3;
    private const int Nodes = 3;
    private const int PerRun = (Nodes * Own) + Common;

    /// <summary>As it must be, for what may differ.</summary>
    public SoakState Right() => new(Runs, Attempts, InterruptedAttempts, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "intact");

    public static async Task<SoakState> ReadAsync(CrashInstallation installation, IReadOnlyDictionary<int, Guid> accepted)
    {
        var options = installation.Database ?? new DatabaseOptions(DatabaseKind.Sqlite, $"Data Source={Path.Combine(installation.Folder, "data", "secflow.db")}");
        var database = new Database(options, TimeProvider.System);
        var log = new AuditLog(database, AuditFiles.In(Path.Combine(installation.Folder, "data")));
        await log.CheckpointAsync();
        var audit = await log.VerifyAsync();
        return await database.ReadAsync(async db =>
        {
            var runs = await db.Runs.ToListAsync();
            var ids = runs.Select(r => r.Id).ToHashSet();
            var keys = runs.ToDictionary(r => r.IdempotencyKey!, r => r.Id);
            var nodes = (await db.NodeRuns.Select(n => new { n.RunId, n.Status, n.Findings }).ToListAsync()).ToLookup(n => n.RunId);
            var occurrences = (await db.Occurrences.GroupBy(o => o.RunId).Select(g => new { g.Key, All = g.Count(), Different = g.Select(o => o.FindingId).Distinct().Count() }).ToListAsync()).ToDictionary(o => o.Key);
            var events = (await db.RunEvents.OrderBy(e => e.Seq).Select(e => new { e.RunId, e.Seq, e.Type, e.NodeId, e.Data }).ToListAsync()).ToLookup(e => e.RunId);
            var attempts = await db.NodeAttempts.ToListAsync();
            var byNode = attempts.ToLookup(a => a.NodeRunId);
            var about = (await db.AuditEvents.Select(e => new { e.Action, e.ResourceId }).ToListAsync()).ToLookup(e => (e.Action, e.ResourceId?.Split('/')[0]));
            var assessments = await db.Assessments.GroupBy(a => a.RunId).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count);
            return new SoakState(
                runs.Count,
                attempts.Count,
                attempts.Count(a => a.Status == NodeStatus.Interrupted),
                Lost: accepted.Count(a => !ids.Contains(a.Value)),
                Doubled: runs.Count - keys.Count + accepted.Count(a => keys.GetValueOrDefault(SoakHost.Key(a.Key)) != a.Value) + Math.Abs(runs.Count - accepted.Count),
                NotSucceeded: runs.Count(r => r.Status != RunStatus.Succeeded),
                WrongNodes: runs.Count(r => nodes[r.Id].Count(n => n.Status == NodeStatus.Succeeded && n.Findings == Own + Common) != Nodes || nodes[r.Id].Count() != Nodes || assessments.GetValueOrDefault(r.Id) != Nodes),
                WrongFindings: Math.Abs(await db.Findings.CountAsync() - PerRun),
                WrongOccurrences: runs.Count(r => occurrences.GetValueOrDefault(r.Id) is not { All: PerRun, Different: PerRun }),
                WrongEvents: runs.Count(r => !events[r.Id].Select(e => e.Seq).SequenceEqual(Enumerable.Range(1, events[r.Id].Count()).Select(i => (long)i))
                    || events[r.Id].Count(e => e.Type == "node.status" && e.Data.Contains("\"Succeeded\"", StringComparison.Ordinal)) != Nodes
                    || events[r.Id].Count(e => e.Type == "run.status" && e.Data.Contains("\"Succeeded\"", StringComparison.Ordinal)) != 1),
                WrongAttempts: byNode.Count(node => node.Count(a => a.Status == NodeStatus.Succeeded) != 1 || node.Any(a => a.EndedAt is null)) + Math.Abs(byNode.Count - (Nodes * runs.Count)),
                WrongAudit: runs.Count(r => Audited(r, "start.run") != 1 || Audited(r, "finish.run") != 1 || Audited(r, "finish.node") != Nodes),
                Left: await db.StagedRecords.CountAsync() + runs.Count(r => r.LeaseUntil is not null),
                audit.Intact ? "intact" : audit.Reason ?? "broken");

            int Audited(Run run, string action) => about[(action, run.Id.ToString())].Count();
        });
    }
}
