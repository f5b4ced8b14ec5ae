namespace SecFlow.Data.Findings;

/// <summary>The merge on SQLite: JSON functions, ids as EF writes them (upper-case text).</summary>
internal static class FindingMergeSqlite
{
    private const string NewId = "upper(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-A' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))";

    private const string First = """
        SELECT s.*, ROW_NUMBER() OVER (PARTITION BY s.fingerprint ORDER BY s.id) AS n
        FROM staged_records s WHERE s.node_run_id = @node AND s.attempt = @attempt AND s.rejection IS NULL AND s.fingerprint IS NOT NULL
        """;

    public static readonly FindingMerge.Dialect Dialect = new(
        Upsert: $"""
            {FindingMerge.Insert}
            SELECT {NewId}, @team, s.fingerprint, 1, s.data ->> '$.ruleId', s.data ->> '$.title', {FindingMerge.SeverityNumber}, coalesce(s.data ->> '$.confidence', 50),
              s.data ->> '$.location', s.data ->> '$.method', s.data ->> '$.parameter', coalesce(s.data ->> '$.description', ''), coalesce(s.data ->> '$.remediation', ''),
              s.data ->> '$.targetId', s.data ->> '$.target', s.data,
              coalesce((SELECT group_concat(j.value, ' ') FROM json_each(s.data, '$.cwe') j), ''), coalesce(s.data ->> '$.owasp', ''),
              coalesce((SELECT group_concat(j.value, ' ') FROM json_each(s.data, '$.cve') j), ''), 'Open', @plugin, @version, @digest, @signer, @accepted, @policy, @root, @tool, @toolversion,
              @run, @run, @now, @now, @trace, 0
            FROM ({First}) s WHERE s.n = 1
            {FindingMerge.Update}
            """,
        Occurrences: $"""
            INSERT INTO occurrences (id, team_id, finding_id, run_id, node_run_id, seen_at, severity, record, hidden)
            SELECT {NewId}, @team, f.id, @run, @node, @now, {FindingMerge.SeverityNumber}, s.data, 0
            FROM ({First}) s JOIN findings f ON f.team_id = @team AND f.fingerprint = s.fingerprint WHERE s.n = 1
            ON CONFLICT (finding_id, run_id) DO NOTHING
            """,
        NewId: NewId,
        RuleInChecks: "f.rule_id IN (SELECT j.value FROM json_each(a.checks) j)",
        Patched: "json_patch(record, s.data)",
        Columns: """
            description = coalesce(record ->> '$.description', ''), remediation = coalesce(record ->> '$.remediation', ''), owasp = coalesce(record ->> '$.owasp', ''),
              cwe = coalesce((SELECT group_concat(j.value, ' ') FROM json_each(record, '$.cwe') j), ''),
              cve = coalesce((SELECT group_concat(j.value, ' ') FROM json_each(record, '$.cve') j), '')
            """,
        Reason: "s.data ->> '$.hidden'",
        Author: """
            title = record ->> '$.title', confidence = coalesce(record ->> '$.confidence', 50), location = record ->> '$.location', method = record ->> '$.method', parameter = record ->> '$.parameter',
              severity = CASE record ->> '$.severity' WHEN 'critical' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END
            """);
}
