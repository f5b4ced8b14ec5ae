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

    private const string SeverityNumber = "CASE s.severity WHEN 'critical' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END";

    public static readonly FindingMerge.Dialect Dialect = new(
        Upsert: $"""
            INSERT INTO findings (id, team_id, fingerprint, fingerprint_version, rule_id, title, severity, confidence, location, method, parameter, description, remediation,
              target_id, target, record, cwe, owasp, cve, status, plugin_id, plugin_version, plugin_digest, signer, policy_revision,
              first_run_id, last_run_id, first_seen_at, last_seen_at, trace_id, missed_runs)
            SELECT {NewId}, @team, s.fingerprint, 1, s.data ->> 'ruleId', s.data ->> 'title', {SeverityNumber}, round(coalesce((s.data ->> 'confidence')::numeric, 50))::int,
              s.data ->> 'location', s.data ->> 'method', s.data ->> 'parameter', coalesce(s.data ->> 'description', ''), coalesce(s.data ->> 'remediation', ''),
              (s.data ->> 'targetId')::uuid, s.data ->> 'target', s.text,
              coalesce((SELECT string_agg(j, ' ') FROM jsonb_array_elements_text(s.data -> 'cwe') j), ''), coalesce(s.data ->> 'owasp', ''),
              coalesce((SELECT string_agg(j, ' ') FROM jsonb_array_elements_text(s.data -> 'cve') j), ''), 'Open', @plugin, @version, @digest, @signer, @policy,
              @run, @run, @now, @now, @trace, 0
            FROM ({First}) s
            ON CONFLICT (team_id, fingerprint) DO UPDATE SET
              rule_id = excluded.rule_id, title = excluded.title, severity = excluded.severity, confidence = excluded.confidence, location = excluded.location, method = excluded.method,
              parameter = excluded.parameter, description = excluded.description, remediation = excluded.remediation, target_id = excluded.target_id, target = excluded.target,
              record = excluded.record, cwe = excluded.cwe, owasp = excluded.owasp, cve = excluded.cve, plugin_id = excluded.plugin_id, plugin_version = excluded.plugin_version,
              plugin_digest = excluded.plugin_digest, signer = excluded.signer, policy_revision = excluded.policy_revision, last_run_id = excluded.last_run_id,
              last_seen_at = excluded.last_seen_at, trace_id = excluded.trace_id, missed_runs = 0
            """,
        Occurrences: $"""
            INSERT INTO occurrences (id, team_id, finding_id, run_id, node_run_id, seen_at, severity, record, hidden)
            SELECT {NewId}, @team, f.id, @run, @node, @now, {SeverityNumber}, s.text, false
            FROM ({First}) s JOIN findings f ON f.team_id = @team AND f.fingerprint = s.fingerprint
            ON CONFLICT (finding_id, run_id) DO NOTHING
            """,
        NewId: NewId,
        RuleInChecks: "f.rule_id IN (SELECT jsonb_array_elements_text(a.checks::jsonb))");
}
