using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using static SecFlow.Execution.Plans.JsonForm;

namespace SecFlow.Cli.Workflows;

/// <summary>
/// The JSON of a run: <c>{"run": {...}, "nodes": [...], "assessments": [...], "findings": [...]}</c> (contracts 12).
/// Names are camelCase, enums lower-case words, times UTC with Z; an absent value is left out.
/// </summary>
internal static class RunDocument
{
    public static JsonObject Create(RunDetail detail, IReadOnlyList<Finding> findings) => new()
    {
        ["run"] = Run(detail.Run, detail.Hidden, detail.Artifacts),
        ["nodes"] = Array(detail.Nodes.OrderBy(n => n.Ordinal).Select(Node)),
        ["assessments"] = Array(detail.Assessments.Select(a => Assessment(a, detail.Nodes))),
        ["findings"] = Array(findings.Select(Finding)),
    };

    public static JsonArray Problems(IEnumerable<Diagnostic> problems) => Array(problems.Select(p => Object(
        ("code", p.Code),
        ("message", p.Message),
        ("line", p.Line),
        ("column", p.Column),
        ("path", p.Path),
        ("remedy", p.Remedy))));

    /// <summary>What the author said, then what the engine knows (contracts 9).</summary>
    public static JsonObject Finding(Finding finding)
    {
        var record = JsonNode.Parse(finding.Record) as JsonObject ?? [];
        var engine = Object(
            ("id", finding.Id.ToString()),
            ("fingerprint", finding.Fingerprint),
            ("fingerprintVersion", finding.FingerprintVersion),
            ("ruleId", finding.RuleId),
            ("title", finding.Title),
            ("severity", Word(finding.Severity)),
            ("confidence", finding.Confidence),
            ("location", finding.Location),
            ("target", finding.Target),
            ("status", Word(finding.Status)),
            ("risk", finding.Risk),
            ("plugin", Object(("id", finding.PluginId), ("version", finding.PluginVersion), ("digest", finding.PluginDigest), ("signer", finding.Signer), ("rule", Text(finding.TrustRule)))),
            ("tool", finding.Tool.Length == 0 ? null : Object(("name", finding.Tool), ("version", finding.ToolVersion))),
            ("policyRevision", finding.PolicyRevision),
            ("trustRoot", Text(finding.TrustRoot)),
            ("provenance", Provenance.Of(finding).ToString()),
            ("firstSeen", Time(finding.FirstSeenAt)),
            ("lastSeen", Time(finding.LastSeenAt)),
            ("traceId", finding.TraceId));
        foreach (var (name, value) in engine)
        {
            record[name] = value?.DeepClone();
        }

        return record;
    }

    /// <summary><c>FalsePositive</c> -> <c>false_positive</c>.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    public static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static JsonObject Run(Run run, int hidden, IReadOnlyList<Artifact> artifacts) => Object(
        ("id", run.Id.ToString()),
        ("workflow", run.WorkflowName),
        ("workflowVersion", run.WorkflowVersionNumber),
        ("status", run.Status.ToString()),
        ("trigger", Word(run.Trigger)),
        ("startedBy", run.StartedByName),
        ("parameters", JsonNode.Parse(run.Parameters)),
        ("queuedAt", Time(run.QueuedAt)),
        ("startedAt", Time(run.StartedAt)),
        ("endedAt", Time(run.EndedAt)),
        ("sandboxLevel", run.SandboxLevel),
        ("policyRevision", run.PolicyRevision),
        ("scopeRevision", run.ScopeRevision),
        ("traceId", run.TraceId),
        ("hiddenFindings", hidden == 0 ? null : hidden),
        ("artifacts", artifacts.Count == 0 ? null : Array(artifacts.Select(a => Object(("name", a.Name), ("mediaType", a.MediaType), ("size", a.Size), ("digest", a.BlobDigest))))),
        ("error", Error(run.ErrorCode, run.ErrorMessage)));

    private static JsonObject Node(NodeRun node) => Object(
        ("id", node.NodeId),
        ("status", node.Status.ToString()),
        ("attempt", node.Attempt),
        ("plugin", Object(("id", node.PluginId), ("version", node.PluginVersion), ("digest", node.PluginDigest), ("signer", node.Signer), ("rule", node.TrustRule))),
        ("policyRevision", node.PolicyRevision),
        ("trustRoot", node.TrustRoot),
        ("provenance", Provenance.Of(node).ToString()),
        ("startedAt", Time(node.StartedAt)),
        ("endedAt", Time(node.EndedAt)),
        ("findings", node.Findings),
        ("rejectedRecords", node.RejectedRecords),
        ("httpRequests", node.HttpRequests),
        ("refusedCalls", node.RefusedCalls),
        ("tools", node.Tool.Length == 0 ? null : JsonNode.Parse(node.Tools)),
        ("peakBytes", node.PeakBytes),
        ("cpuMs", node.CpuMilliseconds),
        ("error", Error(node.ErrorCode, node.ErrorMessage)));

    private static JsonObject Assessment(Assessment assessment, IReadOnlyList<NodeRun> nodes) => Object(
        ("node", nodes.FirstOrDefault(n => n.Id == assessment.NodeRunId)?.NodeId),
        ("target", assessment.Target),
        ("plugin", assessment.PluginId),
        ("verdict", Word(assessment.Verdict)),
        ("reason", assessment.Reason),
        ("checks", JsonNode.Parse(assessment.Checks)));

    private static JsonObject? Error(string? code, string? message) => code is null ? null : Object(("code", code), ("message", message));

    // an absent value is left out
    private static string? Text(string text) => text.Length == 0 ? null : text;
}
