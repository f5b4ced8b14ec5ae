using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;

namespace SecFlow.Data.Runs;

/// <summary>A finding of a run as it stands there.</summary>
/// <param name="Fingerprint">Lower-case hex.</param>
/// <param name="Record">The author-set record as JSON.</param>
public sealed record RunFinding(string Fingerprint, string Record);

/// <summary>A finding that was read, beside what the node said of it before.</summary>
/// <param name="Fingerprint">Lower-case hex.</param>
/// <param name="Now">The record that was read, as JSON.</param>
/// <param name="Before">The record of the run; null when this node of it had not found it.</param>
public sealed record ReadBeside(string Fingerprint, string Now, string? Before);

/// <summary>One reading of what a node kept, on its way into the database: its records are staged under a number that no attempt of the node has.</summary>
/// <param name="Node">The node run, as the reading version of the plugin is to be seen: digest, signer, rule, policy.</param>
/// <param name="Attempt">Below zero.</param>
/// <param name="Earlier">How many readings of the node had been merged when this one was compared.</param>
/// <param name="Records">How many records it staged.</param>
public sealed record Reading(NodeRun Node, int Attempt, int Earlier, int Records);

/// <summary>
/// Raw outputs of runs, and what came of reading them again.
/// 1. What is read is staged in batches, like the records of a node, and compared page by page. Nobody sees it before it is merged.
/// 2. The merge is one transaction: the findings, the occurrences of the run, the row that says what changed, its event and its audit event. It begins with the run's row, like every write of a run's events.
/// 3. Decisions of people (status, assignee, notes) are never touched, and nothing becomes Fixed or Open by it: nobody has looked at the target again.
/// 4. A finding that a later run has seen keeps what that run said of it. What enrich nodes have put into a finding stays, but for the fields that the author sets.
/// 5. A finding that the other version does not report is kept.
/// </summary>
public sealed class ReparseStore(Database database)
{
    // Two records of at most Limits.FindingBytes for each.
    private const int PageSize = 100;

    /// <summary>Of a run by node, calls before tools, in the order of the calls.</summary>
    public async Task<IReadOnlyList<RawOutput>> OutputsAsync(Guid runId, CancellationToken ct) => await database.ReadAsync(
        db => db.RawOutputs.Where(row => row.RunId == runId).Join(db.NodeRuns, row => row.NodeRunId, node => node.Id, (row, node) => new { row, node.Ordinal })
            .OrderBy(pair => pair.Ordinal).ThenBy(pair => pair.row.Kind == RawOutputKind.Calls ? 0 : 1).ThenBy(pair => pair.row.Name).Select(pair => pair.row).ToListAsync(ct),
        ct);

    /// <summary>Readings of a run, newest first.</summary>
    public async Task<IReadOnlyList<Reparse>> ListAsync(Guid runId, CancellationToken ct) =>
        await database.ReadAsync(db => db.Reparses.Where(row => row.RunId == runId).OrderByDescending(row => row.At).ThenBy(row => row.Id).ToListAsync(ct), ct);

    /// <summary>The run of a node of the team; null when there is none.</summary>
    public Task<Guid?> RunOfAsync(Guid teamId, Guid nodeRunId, CancellationToken ct) =>
        database.ReadAsync(db => db.NodeRuns.Where(n => n.TeamId == teamId && n.Id == nodeRunId).Select(n => (Guid?)n.RunId).SingleOrDefaultAsync(ct), ct);

    /// <summary>How many readings of a node were merged.</summary>
    public Task<int> CountAsync(Guid nodeRunId, CancellationToken ct) => database.ReadAsync(db => db.Reparses.CountAsync(row => row.NodeRunId == nodeRunId, ct), ct);

    /// <summary>Stages findings of a reading.</summary>
    /// <param name="node">The node run.</param>
    /// <param name="attempt">Number of the reading, below zero.</param>
    /// <param name="records">At most <see cref="RunWriter.MaxBatch"/>, each fingerprint once in a reading: fingerprint, severity and JSON.</param>
    /// <param name="ct">Cancels.</param>
    public Task StageAsync(NodeRun node, int attempt, IReadOnlyList<(string Fingerprint, string Severity, string Data)> records, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(records.Count, RunWriter.MaxBatch);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(attempt, 0);
        return database.WriteAsync(
            write => RunWriter.StageAsync(
                write,
                [.. records.Select(record => new StagedRecord
                {
                    TeamId = node.TeamId,
                    RunId = node.RunId,
                    NodeRunId = node.Id,
                    Attempt = attempt,
                    Port = "findings",
                    Fingerprint = record.Fingerprint,
                    Severity = record.Severity,
                    Data = record.Data,
                })],
                database.Options.Kind,
                ct),
            ct);
    }

    /// <summary>What a reading staged, in its order, beside what the node found in the run (earlier readings included); a page is in memory at a time.</summary>
    public async IAsyncEnumerable<ReadBeside> BesideAsync(NodeRun node, int attempt, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        long after = 0;
        while (true)
        {
            var from = after;
            var page = await database.ReadAsync(
                db => db.StagedRecords.Where(s => s.NodeRunId == node.Id && s.Attempt == attempt && s.Id > from).OrderBy(s => s.Id).Take(PageSize)
                    .Select(s => new
                    {
                        s.Id,
                        s.Fingerprint,
                        s.Data,
                        Before = db.Findings.Where(f => f.TeamId == node.TeamId && f.Fingerprint == s.Fingerprint)
                            .SelectMany(f => db.Occurrences.Where(o => o.FindingId == f.Id && o.RunId == node.RunId && o.NodeRunId == node.Id)).Select(o => o.Record).FirstOrDefault(),
                    })
                    .ToListAsync(ct),
                ct);
            foreach (var row in page)
            {
                yield return new ReadBeside(row.Fingerprint!, row.Data, row.Before);
            }

            if (page.Count < PageSize)
            {
                yield break;
            }

            after = page[^1].Id;
        }
    }

    /// <summary>Fingerprints of what a node of a run found, readings included.</summary>
    public async Task<IReadOnlyList<string>> FingerprintsAsync(NodeRun node, CancellationToken ct) => await database.ReadAsync(
        db => db.Occurrences.Where(o => o.RunId == node.RunId && o.NodeRunId == node.Id).Join(db.Findings, o => o.FindingId, f => f.Id, (o, f) => f.Fingerprint).ToListAsync(ct), ct);

    /// <summary>What a node of a run found, of these fingerprints.</summary>
    public async Task<IReadOnlyList<RunFinding>> FindingsAsync(NodeRun node, IReadOnlyList<string> fingerprints, CancellationToken ct) => await database.ReadAsync(
        db => db.Findings.Where(f => f.TeamId == node.TeamId && fingerprints.Contains(f.Fingerprint))
            .Join(db.Occurrences.Where(o => o.RunId == node.RunId && o.NodeRunId == node.Id), f => f.Id, o => o.FindingId, (f, o) => new RunFinding(f.Fingerprint, o.Record)).ToListAsync(ct),
        ct);

    /// <summary>Merges what was staged. False when another reading of the node was merged since this one was compared: nothing is changed then, and it has to be compared again.</summary>
    /// <param name="reading">What was staged, and compared with what.</param>
    /// <param name="reparse">The row to store.</param>
    /// <param name="audit">The event of it.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="ConflictException">What was staged is not there any more.</exception>
    public Task<bool> CommitAsync(Reading reading, Reparse reparse, AuditEntry audit, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            var node = reading.Node;

            var run = await RunStore.TakeAsync(write, node.RunId, ct);
            if (await write.Db.Reparses.CountAsync(row => row.NodeRunId == node.Id, ct) != reading.Earlier)
            {
                return false;
            }

            if (await write.Db.StagedRecords.CountAsync(s => s.NodeRunId == node.Id && s.Attempt == reading.Attempt, ct) != reading.Records)
            {
                throw new ConflictException("What was read was cleared away by an engine that started meanwhile. Nothing was changed; read it again.");
            }

            node.Attempt = reading.Attempt;
            await FindingMerge.ReadAgainAsync(write, run, node, database.Options.Kind, ct);
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
            return true;
        },
        ct);

    /// <summary>Removes what a reading staged, in pieces. After a crash the next engine that starts does so (<see cref="RunStore.RemoveMergedAsync"/>).</summary>
    public Task RemoveAsync(Guid nodeRunId, int attempt, CancellationToken ct) => RunWriter.RemoveStagedAsync(database, s => s.NodeRunId == nodeRunId && s.Attempt == attempt, ct);
}
