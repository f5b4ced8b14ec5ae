using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using SecFlow.Data.Runs;

namespace SecFlow.Data.Findings;

/// <summary>How many findings a checkpoint brought, by severity and outcome (<c>new</c>, <c>seen</c>, <c>reopened</c>, <c>fixed</c>).</summary>
public sealed record FindingTally(Severity Severity, string Outcome, int Count);

/// <summary>
/// Merges what a node staged into the team's findings, set-based, inside the checkpoint's transaction.
/// 1. Same fingerprint in a team = same finding; the first record of a fingerprint wins within a node.
/// 2. One occurrence per finding and run.
/// 3. A Fixed finding that is seen is Open again; every other decision of a person stays.
/// 4. A finding that a complete assessment of its rule and target by its plugin did not see twice in a row is Fixed.
/// 5. A patch changes the fields that it names, of the finding and of its occurrence in this run; a hidden finding is hidden in this run only.
/// 6. Each change of a status leaves a <see cref="FindingChange"/>.
/// The SQL that differs stands in FindingMerge.Sqlite.cs and FindingMerge.Postgres.cs; staged data are the author's record plus
/// <c>target</c> and <c>targetId</c>, set by the engine.
/// </summary>
internal static class FindingMerge
{
    /// <summary>Consecutive complete assessments without it after which a finding is Fixed.</summary>
    public const int MissedRunsUntilFixed = 2;

    /// <summary>What differs between the databases.</summary>
    /// <param name="Patched">Expression: <c>record</c> with the fields of <c>s.data</c>.</param>
    /// <param name="Columns">Assignments of the columns that repeat fields of <c>record</c>.</param>
    /// <param name="Reason">Expression: the reason in <c>s.data</c>.</param>
    /// <param name="Author">Assignments of the columns that only the finder's record sets.</param>
    internal sealed record Dialect(string Upsert, string Occurrences, string NewId, string RuleInChecks, string Patched, string Columns, string Reason, string Author);

    public static async Task<IReadOnlyList<FindingTally>> RunAsync(Write write, Run run, NodeRun node, StagedFindings staged, DatabaseKind kind, CancellationToken ct)
    {
        var sql = kind == DatabaseKind.Sqlite ? FindingMergeSqlite.Dialect : FindingMergePostgres.Dialect;
        switch (staged)
        {
            case StagedFindings.Create:
                return await CreateAsync(write, run, node, sql, ct);
            case StagedFindings.Patch:
                await RunAsync(write, run, node, $"UPDATE occurrences SET record = {sql.Patched} FROM {Marks} WHERE {Marked}", ct);
                await RunAsync(write, run, node, $"UPDATE findings SET record = {sql.Patched} FROM {Marks} WHERE id = s.finding_id AND last_run_id = @run", ct);
                await RunAsync(write, run, node, $"UPDATE findings SET {sql.Columns} WHERE team_id = @team AND last_run_id = @run AND fingerprint IN ({Staged})", ct);
                return [];
            case StagedFindings.Hide:
                await RunAsync(write, run, node, $"UPDATE occurrences SET hidden = (1 = 1), hidden_reason = {sql.Reason} FROM {Marks} WHERE {Marked}", ct);
                return [];
            default:
                return [];
        }
    }

    /// <summary>The findings of a node that is used again occur in this run too, at the time when they were seen. The newest run of each that nobody saw later is this one; nothing else of them changes.</summary>
    public static async Task CopyAsync(Write write, Run run, NodeRun node, NodeRun source, DatabaseKind kind, CancellationToken ct)
    {
        var sql = kind == DatabaseKind.Sqlite ? FindingMergeSqlite.Dialect : FindingMergePostgres.Dialect;
        await RunAsync(
            write,
            run,
            node,
            $"""
            INSERT INTO occurrences (id, team_id, finding_id, run_id, node_run_id, seen_at, severity, record, hidden)
            SELECT {sql.NewId}, o.team_id, o.finding_id, @run, @node, o.seen_at, o.severity, o.record, (1 = 0) FROM occurrences o WHERE o.node_run_id = @source
            ON CONFLICT (finding_id, run_id) DO NOTHING
            """,
            ct,
            source);
        await RunAsync(write, run, node, "UPDATE findings SET last_run_id = @run WHERE last_run_id = @sourcerun AND id IN (SELECT o.finding_id FROM occurrences o WHERE o.node_run_id = @node)", ct, source);
    }

    /// <summary>
    /// What another version of the plugin read in what this run kept: new findings, fields of those that no later run has seen, and the run's occurrences. No status changes, and no time but that of the run is recorded.
    /// The insert comes first and takes the rows that are there already, all in the order of their fingerprints as a checkpoint's does: whoever else merges the same findings waits, and never crosswise.
    /// </summary>
    public static async Task ReadAgainAsync(Write write, Run run, NodeRun node, DatabaseKind kind, CancellationToken ct)
    {
        var sql = kind == DatabaseKind.Sqlite ? FindingMergeSqlite.Dialect : FindingMergePostgres.Dialect;
        var seen = node.EndedAt ?? run.EndedAt ?? write.Now;
        foreach (var text in new[]
        {
            sql.Upsert.Replace(Update, "ON CONFLICT (team_id, fingerprint) DO UPDATE SET missed_runs = findings.missed_runs", StringComparison.Ordinal),
            $"UPDATE findings SET record = {sql.Patched} FROM {Marks} WHERE id = s.finding_id AND last_run_id = @run",
            $"UPDATE findings SET {sql.Author}, {sql.Columns}, plugin_version = @version, plugin_digest = @digest, signer = @signer, trust_rule = @accepted, policy_revision = @policy, trust_root = @root WHERE team_id = @team AND last_run_id = @run AND fingerprint IN ({Staged})",
            sql.Occurrences,
        })
        {
            await RunAsync(write, run, node, text, ct, seen: seen);
        }
    }

    private static async Task<IReadOnlyList<FindingTally>> CreateAsync(Write write, Run run, NodeRun node, Dialect sql, CancellationToken ct)
    {
        var tallies = new List<FindingTally>();
        tallies.AddRange(await TallyAsync(write, run, node, ct));
        await ReopenAsync(write, run, node, sql, ct);
        await RunAsync(write, run, node, sql.Upsert, ct);
        await RunAsync(write, run, node, sql.Occurrences, ct);
        tallies.AddRange(await FixAsync(write, run, node, sql, ct));
        return tallies;
    }

    internal const string Insert = """
        INSERT INTO findings (id, team_id, fingerprint, fingerprint_version, rule_id, title, severity, confidence, location, method, parameter, description, remediation,
          target_id, target, record, cwe, owasp, cve, status, plugin_id, plugin_version, plugin_digest, signer, trust_rule, policy_revision, trust_root, tool, tool_version,
          first_run_id, last_run_id, first_seen_at, last_seen_at, trace_id, missed_runs)
        """;

    internal const string Update = """
        ON CONFLICT (team_id, fingerprint) DO UPDATE SET
          rule_id = excluded.rule_id, title = excluded.title, severity = excluded.severity, confidence = excluded.confidence, location = excluded.location, method = excluded.method,
          parameter = excluded.parameter, description = excluded.description, remediation = excluded.remediation, target_id = excluded.target_id, target = excluded.target,
          record = excluded.record, cwe = excluded.cwe, owasp = excluded.owasp, cve = excluded.cve, plugin_id = excluded.plugin_id, plugin_version = excluded.plugin_version,
          plugin_digest = excluded.plugin_digest, signer = excluded.signer, trust_rule = excluded.trust_rule, policy_revision = excluded.policy_revision, trust_root = excluded.trust_root,
          tool = excluded.tool, tool_version = excluded.tool_version, last_run_id = excluded.last_run_id,
          last_seen_at = excluded.last_seen_at, trace_id = excluded.trace_id, missed_runs = 0
        """;

    internal const string SeverityNumber = "CASE s.severity WHEN 'critical' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END";

    private const string Marks = """
        (SELECT f.id AS finding_id, r.data FROM staged_records r JOIN findings f ON f.team_id = @team AND f.fingerprint = r.fingerprint
         WHERE r.node_run_id = @node AND r.attempt = @attempt AND r.rejection IS NULL AND r.fingerprint IS NOT NULL) s
        """;

    private const string Marked = "occurrences.finding_id = s.finding_id AND run_id = @run";

    private const string Staged = "SELECT s.fingerprint FROM staged_records s WHERE s.node_run_id = @node AND s.attempt = @attempt AND s.rejection IS NULL AND s.fingerprint IS NOT NULL";

    private static async Task<List<FindingTally>> TallyAsync(Write write, Run run, NodeRun node, CancellationToken ct)
    {
        // The staged severity is the author's word; the enum's name starts with a capital.
        var staged = write.Db.StagedRecords.Where(s => s.NodeRunId == node.Id && s.Attempt == node.Attempt && s.Rejection == null && s.Fingerprint != null)
            .GroupBy(s => s.Fingerprint).Select(g => new { Fingerprint = g.Key, Severity = g.Max(s => s.Severity) });
        var rows = await staged
            .Select(s => new { s.Severity, Known = write.Db.Findings.Where(f => f.TeamId == run.TeamId && f.Fingerprint == s.Fingerprint).Select(f => (FindingStatus?)f.Status).FirstOrDefault() })
            .GroupBy(s => new { s.Severity, s.Known }).Select(g => new { g.Key.Severity, g.Key.Known, Count = g.Count() }).ToListAsync(ct);
        return [.. rows.Select(r => new FindingTally(
            Enum.Parse<Severity>(r.Severity ?? nameof(Severity.Info), ignoreCase: true),
            r.Known switch { null => "new", FindingStatus.Fixed => "reopened", _ => "seen" },
            r.Count))];
    }

    private static async Task ReopenAsync(Write write, Run run, NodeRun node, Dialect sql, CancellationToken ct)
    {
        await RunAsync(
            write,
            run,
            node,
            $"""
            INSERT INTO finding_changes (id, team_id, finding_id, time, actor, field, "from", "to", reason)
            SELECT {sql.NewId}, f.team_id, f.id, @now, 'system', 'status', 'Fixed', 'Open', 'Seen again'
            FROM findings f WHERE f.team_id = @team AND f.status = 'Fixed' AND f.fingerprint IN ({Staged})
            """,
            ct);
        await RunAsync(write, run, node, $"UPDATE findings SET status = 'Open' WHERE team_id = @team AND status = 'Fixed' AND fingerprint IN ({Staged})", ct);
    }

    private static async Task<List<FindingTally>> FixAsync(Write write, Run run, NodeRun node, Dialect sql, CancellationToken ct)
    {
        // A second node of the same run with the same plugin must not count the same run twice.
        var missed = $"""
            f.team_id = @team AND f.plugin_id = @plugin AND f.status IN ('Open', 'Triaged') AND f.last_run_id <> @run
            AND EXISTS (SELECT 1 FROM assessments a WHERE a.node_run_id = @node AND a.target_id = f.target_id AND a.verdict = 'Completed' AND {sql.RuleInChecks}
              AND NOT EXISTS (SELECT 1 FROM assessments b WHERE b.run_id = @run AND b.node_run_id <> @node AND b.target_id = f.target_id AND b.plugin_id = @plugin AND b.verdict = 'Completed'))
            """;
        await RunAsync(write, run, node, $"UPDATE findings SET missed_runs = missed_runs + 1 WHERE id IN (SELECT f.id FROM findings f WHERE {missed})", ct);
        var due = write.Db.Findings.Where(f => f.TeamId == run.TeamId && f.PluginId == node.PluginId && f.MissedRuns >= MissedRunsUntilFixed && (f.Status == FindingStatus.Open || f.Status == FindingStatus.Triaged));
        var tallies = await due.GroupBy(f => f.Severity).Select(g => new FindingTally(g.Key, "fixed", g.Count())).ToListAsync(ct);
        if (tallies.Count > 0)
        {
            await RunAsync(
                write,
                run,
                node,
                $"""
                INSERT INTO finding_changes (id, team_id, finding_id, time, actor, field, "from", "to", reason)
                SELECT {sql.NewId}, f.team_id, f.id, @now, 'system', 'status', f.status, 'Fixed', 'Not seen in {MissedRunsUntilFixed} consecutive complete assessments'
                FROM findings f WHERE f.team_id = @team AND f.plugin_id = @plugin AND f.missed_runs >= {MissedRunsUntilFixed} AND f.status IN ('Open', 'Triaged')
                """,
                ct);
            await due.ExecuteUpdateAsync(set => set.SetProperty(f => f.Status, FindingStatus.Fixed), ct);
        }

        return tallies;
    }

    private static async Task RunAsync(Write write, Run run, NodeRun node, string text, CancellationToken ct, NodeRun? source = null, DateTimeOffset? seen = null)
    {
        // Plain ADO on the transaction's connection: the statements use names, and few of them use all parameters.
        await using var command = write.Db.Database.GetDbConnection().CreateCommand();
        command.Transaction = write.Db.Database.CurrentTransaction!.GetDbTransaction();
        command.CommandText = text;
        Add(command, "team", run.TeamId);
        Add(command, "run", run.Id);
        Add(command, "node", node.Id);
        Add(command, "attempt", node.Attempt);
        Add(command, "now", (seen ?? write.Now).UtcTicks);
        Add(command, "plugin", node.PluginId);
        Add(command, "version", node.PluginVersion);
        Add(command, "digest", node.PluginDigest);
        Add(command, "signer", node.Signer ?? "");
        Add(command, "accepted", node.TrustRule ?? "");
        Add(command, "policy", node.PolicyRevision ?? run.PolicyRevision);
        Add(command, "root", node.TrustRoot ?? "");
        Add(command, "tool", node.Tool);
        Add(command, "toolversion", node.ToolVersion);
        Add(command, "trace", (object?)run.TraceId ?? DBNull.Value);
        Add(command, "source", source?.Id ?? Guid.Empty);
        Add(command, "sourcerun", source?.RunId ?? Guid.Empty);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static void Add(DbCommand command, string name, object value)
    {
        if (!command.CommandText.Contains("@" + name, StringComparison.Ordinal))
        {
            return;
        }

        var parameter = command.CreateParameter();
        parameter.ParameterName = "@" + name;
        parameter.Value = value;
        if (value is DBNull)
        {
            parameter.DbType = System.Data.DbType.String;
        }

        command.Parameters.Add(parameter);
    }
}
