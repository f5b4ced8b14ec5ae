using System.Text.Json.Nodes;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;

namespace SecFlow.Cli.Workflows;

/// <summary>SARIF 2.1.0: one run, one rule per rule id, one result per finding. What was not assessed is a notification, so that an empty result list is not read as "clean".</summary>
internal static class SarifDocument
{
    public static JsonObject Create(RunDetail detail, IReadOnlyList<Finding> findings)
    {
        var rules = findings.GroupBy(f => f.RuleId, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => g.First()).ToList();
        var index = rules.Select((rule, i) => (rule.RuleId, i)).ToDictionary(r => r.RuleId, r => r.i, StringComparer.Ordinal);
        return new JsonObject
        {
            ["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json",
            ["version"] = "2.1.0",
            ["runs"] = new JsonArray(new JsonObject
            {
                ["tool"] = new JsonObject
                {
                    ["driver"] = new JsonObject { ["name"] = "SecFlow", ["version"] = typeof(SarifDocument).Assembly.GetName().Version!.ToString(3), ["rules"] = new JsonArray([.. rules.Select(Rule)]) },
                },
                ["invocations"] = new JsonArray(Invocation(detail)),
                ["results"] = new JsonArray([.. findings.Select(f => Result(f, index[f.RuleId]))]),
            }),
        };
    }

    private static JsonObject Rule(Finding finding)
    {
        var tags = new JsonArray("security");
        foreach (var cwe in finding.Cwe.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            tags.Add($"external/cwe/cwe-{cwe}");
        }

        return new JsonObject
        {
            ["id"] = finding.RuleId,
            ["shortDescription"] = Text(finding.Title),
            ["fullDescription"] = Text(finding.Description.Length > 0 ? finding.Description : finding.Title),
            ["help"] = Text(finding.Remediation.Length > 0 ? finding.Remediation : finding.Title),
            ["properties"] = new JsonObject { ["tags"] = tags, ["security-severity"] = Score(finding.Severity) },
        };
    }

    private static JsonObject Result(Finding finding, int rule) => new()
    {
        ["ruleId"] = finding.RuleId,
        ["ruleIndex"] = rule,
        ["level"] = finding.Severity switch { Severity.Critical or Severity.High => "error", Severity.Medium => "warning", _ => "note" },
        ["message"] = Text(finding.Title),
        ["locations"] = new JsonArray(new JsonObject { ["physicalLocation"] = new JsonObject { ["artifactLocation"] = new JsonObject { ["uri"] = Uri(finding.Location) } } }),
        ["partialFingerprints"] = new JsonObject { [$"secflow/v{finding.FingerprintVersion}"] = finding.Fingerprint },
        ["properties"] = new JsonObject { ["severity"] = RunDocument.Word(finding.Severity), ["confidence"] = finding.Confidence, ["target"] = finding.Target, ["plugin"] = finding.PluginId, ["provenance"] = Origin(finding) },
    };

    /// <summary>Which bytes found it, and on whose word they ran; the text is the line that pages show.</summary>
    private static JsonObject Origin(Finding finding) => new()
    {
        ["plugin"] = finding.PluginId,
        ["version"] = finding.PluginVersion,
        ["digest"] = finding.PluginDigest,
        ["signer"] = finding.Signer,
        ["rule"] = finding.TrustRule,
        ["policyRevision"] = finding.PolicyRevision,
        ["trustRoot"] = finding.TrustRoot,
        ["tool"] = finding.Tool,
        ["toolVersion"] = finding.ToolVersion,
        ["text"] = Provenance.Of(finding).ToString(),
    };

    private static JsonObject Invocation(RunDetail detail)
    {
        var invocation = new JsonObject { ["executionSuccessful"] = detail.Run.Status is RunStatus.Succeeded };
        if (detail.Run.StartedAt is { } started)
        {
            invocation["startTimeUtc"] = RunDocument.Time(started);
        }

        if (detail.Run.EndedAt is { } ended)
        {
            invocation["endTimeUtc"] = RunDocument.Time(ended);
        }

        var gaps = detail.Assessments.Where(a => a.Verdict is not Verdict.Completed)
            .Select(a => new JsonObject { ["level"] = "warning", ["message"] = Text($"{a.Target} was not assessed by {a.PluginId}: {a.Verdict}, {a.Reason}") });
        invocation["toolExecutionNotifications"] = new JsonArray([.. gaps]);
        return invocation;
    }

    private static JsonObject Text(string text) => new() { ["text"] = text };

    /// <summary>A location as a URI reference: <c>host:port</c> is no URI and becomes a path.</summary>
    private static string Uri(string location) =>
        System.Uri.TryCreate(location, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" or "file" ? uri.AbsoluteUri : System.Uri.EscapeDataString(location).Replace("%2F", "/", StringComparison.Ordinal);

    private static string Score(Severity severity) => severity switch
    {
        Severity.Critical => "9.5",
        Severity.High => "8.0",
        Severity.Medium => "5.5",
        Severity.Low => "3.0",
        _ => "0.0",
    };
}
