namespace SecFlow.Data.Findings;

/// <summary>The merge on PostgreSQL.</summary>
internal static class FindingMergePostgres
{
    private const string NewId = "gen_random_uuid()";

    private const string First = """
        SELECT DISTINCT ON (s.fingerprint) s.fingerprint, s.severity, s.data AS text, s.data::jsonb AS data
        FROM staged_records s WHERE s.node_run_id = @node AND s.attempt = @attempt AND s.rejection IS NULL AND s.fingerprint IS NOT NULL
        ORDER BY s.fingerprint, s.id
        """;

    public static readonly FindingMerge.Dialect Dialect = new(
        Upsert: $"""
            {FindingMerge.Insert}
            SELECT {NewId}, @team, s.fingerprint, 1, s.data ->> 'ruleId', s.data ->> 'title', {FindingMerge.SeverityNumber}, round(coalesce((s.data ->> 'confidence')::numeric, 50))::int,
              s.data ->> 'location', s.data ->> 'method', s.data ->> 'parameter', coalesce(s.data ->> 'description', ''), coalesce(s.data ->> 'remediation', ''),
              (s.data ->> 'targetId')::uuid, s.data ->> 'target', s.text,
              coalesce((SELECT string_agg(j, ' ') FROM jsonb_array_elements_text(s.data -> 'cwe') j), ''), coalesce(s.data ->> 'owasp', ''),
              coalesce((SELECT string_agg(j, ' ') FROM jsonb_array_elements_text(s.data -> 'cve') j), ''), 'Open', @plugin, @version, @digest, @signer, @accepted, @policy, @root, @tool, @toolversion,
              @run, @run, @now, @now, @trace, 0
            FROM ({First}) s
            {FindingMerge.Update}
            """,
        Occurrences: $"""
            INSERT INTO occurrences (id, team_id, finding_id, run_id, node_run_id, seen_at, severity, record, hidden)
            SELECT {NewId}, @team, f.id, @run, @node, @now, {FindingMerge.SeverityNumber}, s.text, false
            FROM ({First}) s JOIN findings f ON f.team_id = @team AND f.fingerprint = s.fingerprint
            ON CONFLICT (finding_id, run_id) DO NOTHING
            """,
        NewId: NewId,
        RuleInChecks: "f.rule_id IN (SELECT jsonb_array_elements_text(a.checks::jsonb))",
        Patched: "(record::jsonb || s.data::jsonb)::text",
        Columns: """
            description = coalesce(record::jsonb ->> 'description', ''), remediation = coalesce(record::jsonb ->> 'remediation', ''), owasp = coalesce(record::jsonb ->> 'owasp', ''),
              cwe = coalesce((SELECT string_agg(j, ' ') FROM jsonb_array_elements_text(record::jsonb -> 'cwe') j), ''),
              cve = coalesce((SELECT string_agg(j, ' ') FROM jsonb_array_elements_text(record::jsonb -> 'cve') j), '')
            """,
        Reason: "s.data::jsonb ->> 'hidden'",
        Author: """
            title = record::jsonb ->> 'title', confidence = round(coalesce((record::jsonb ->> 'confidence')::numeric, 50))::int, location = record::jsonb ->> 'location', method = record::jsonb ->> 'method',
              parameter = record::jsonb ->> 'parameter',
              severity = CASE record::jsonb ->> 'severity' WHEN 'critical' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END
            """);
}
