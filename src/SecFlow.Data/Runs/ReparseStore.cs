using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;

namespace SecFlow.Data.Runs;

/// <summary>A finding of a run as it stands there.</summary>
/// <param name="Fingerprint">Lower-case hex.</param>
/// <param name="Record">The author-set record as JSON.</param>
public sealed record RunFinding(string Fingerprint, string Record);

/// <summary>
/// Raw outputs of runs, and what came of reading them again.
/// 1. A reading is one transaction: the findings, the occurrences of the run, the row that says what changed, its event and its audit event.
/// 2. Decisions of people (status, assignee, notes) are never touched, and nothing becomes Fixed or Open by it: nobody has looked at the target again.
/// 3. A finding that a later run has seen keeps what that run said of it. What enrich nodes have put into a finding stays, but for the fields that the author sets.
/// 4. A finding that the other version does not report is kept.
/// </summary>
public sealed class ReparseStore(Database database)
{
    /// <summary>Of a run by node, calls before tools, in the order of the calls.</summary>
    public async Task<IReadOnlyList<RawOutput>> OutputsAsync(Guid runId, CancellationToken ct) => await database.ReadAsync(
        db => db.RawOutputs.Where(row => row.RunId == runId).Join(db.NodeRuns, row => row.NodeRunId, node => node.Id, (row, node) => new { row, node.Ordinal })
            .OrderBy(pair => pair.Ordinal).ThenBy(pair => pair.row.Kind == RawOutputKind.Calls ? 0 : 1).ThenBy(pair => pair.row.Name).Select(pair => pair.row).ToListAsync(ct),
        ct);

    /// <summary>Readings of a run, newest first.</summary>
    public async Task<IReadOnlyList<Reparse>> ListAsync(Guid runId, CancellationToken ct) =>
        await database.ReadAsync(db => db.Reparses.Where(row => row.RunId == runId).OrderByDescending(row => row.At).ThenBy(row => row.Id).ToListAsync(ct), ct);

    /// <summary>What a node of a run found, readings included.</summary>
    public async Task<IReadOnlyList<RunFinding>> FindingsAsync(Guid nodeRunId, CancellationToken ct) => await database.ReadAsync(
        db => db.Occurrences.Where(o => o.NodeRunId == nodeRunId).Join(db.Findings, o => o.FindingId, f => f.Id, (o, f) => new RunFinding(f.Fingerprint, o.Record)).ToListAsync(ct), ct);

    /// <summary>Merges what was read. The records are those of one reading, each fingerprint once.</summary>
    /// <param name="node">The node run, as the reading version of the plugin is to be seen: id, digest, signer, rule, policy.</param>
    /// <param name="records">Fingerprint, severity and JSON.</param>
    /// <param name="reparse">The row to store.</param>
    /// <param name="audit">The event of it.</param>
    /// <param name="ct">Cancels.</param>
    public Task CommitAsync(NodeRun node, IReadOnlyList<(string Fingerprint, string Severity, string Data)> records, Reparse reparse, AuditEntry audit, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            var run = await write.Db.Runs.SingleAsync(r => r.Id == node.RunId, ct);

            // An attempt of its own, so that nothing that the node staged is touched.
            node.Attempt = -1;
            var staged = records.Select(record => new StagedRecord
            {
                TeamId = node.TeamId,
                RunId = node.RunId,
                NodeRunId = node.Id,
                Attempt = node.Attempt,
                Port = "findings",
                Fingerprint = record.Fingerprint,
                Severity = record.Severity,
                Data = record.Data,
            }).ToList();
            if (database.Options.Kind == DatabaseKind.Sqlite)
            {
                await StagedRecordsSqlite.InsertAsync(write.Db, staged, ct);
            }
            else
            {
                write.Db.StagedRecords.AddRange(staged);
                await write.Db.SaveChangesAsync(ct);
            }

            await FindingMerge.ReadAgainAsync(write, run, node, database.Options.Kind, ct);
            await write.Db.StagedRecords.Where(s => s.NodeRunId == node.Id && s.Attempt == node.Attempt).ExecuteDeleteAsync(ct);
            reparse.At = write.Now;
            write.Db.Reparses.Add(reparse);
            var said = new JsonObject
            {
                ["plugin"] = $"{reparse.PluginId} {reparse.ToVersion}",
                ["by"] = reparse.By,
                ["added"] = reparse.Added,
                ["changed"] = reparse.Changed,
                ["same"] = reparse.Same,
                ["gone"] = reparse.Gone,
            };
            RunWriter.Append(write, run, [new("node.reparsed", node.NodeId, said.ToJsonString())]);
            write.Audit(audit);
        },
        ct);
}
