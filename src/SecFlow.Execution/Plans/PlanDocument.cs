using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Workflows;
using static SecFlow.Execution.Plans.JsonForm;

namespace SecFlow.Execution.Plans;

/// <summary>
/// The JSON of a plan (docs/schemas/run-plan.schema.json), the same from the command line and the API.
/// Names are camelCase, enums lower-case words, times UTC with Z, durations in seconds; an absent value is left out.
/// </summary>
public static class PlanDocument
{
    public static JsonObject Create(RunPlan plan) => Object(
        ("workflow", plan.Workflow),
        ("version", plan.Version),
        ("plannedAt", plan.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
        ("allowed", plan.Allowed),
        ("sandboxLevel", plan.Level?.ToString()),
        ("policyRevision", plan.PolicyRevision),
        ("expected", Expected(plan.Expected)),
        ("targets", Array(plan.Targets.Select(Target))),
        ("nodes", Array(plan.Nodes.Select(Node))),
        ("cascades", Array(plan.Cascades.Select(Cascade))),
        ("refusals", Array(plan.Refusals.Select(Refusal))));

    private static JsonObject Cascade(Cascade cascade) => Object(
        ("workflow", cascade.Workflow),
        ("from", cascade.From),
        ("when", cascade.When?.Text),
        ("minSeverity", cascade.MinSeverity is { } severity ? Word(severity) : null),
        ("maxRuns", cascade.MaxRuns),
        ("maxDepth", cascade.MaxDepth));

    private static JsonObject Target(PlannedTarget planned) => Object(
        ("id", planned.Target.Id.ToString()),
        ("name", planned.Target.Name),
        ("kind", Word(planned.Target.Kind)),
        ("value", planned.Target.Value),
        ("maxIntrusiveness", Word(planned.Target.MaxIntrusiveness)),
        ("requestsPerSecond", planned.Target.RequestsPerSecond),
        ("resolves", planned.Resolves),
        ("addresses", Array(planned.Addresses.Select(a => Object(("address", a.Address.ToString()), ("kind", Word(a.Kind)), ("approved", a.Approved))))),
        ("refusal", planned.Refusal is { } refusal ? Diagnostic(refusal) : null));

    private static JsonObject Node(PlannedNode node) => Object(
        ("id", node.NodeId),
        ("plugin", Object(
            ("id", node.Plugin.Manifest.Id),
            ("version", node.Plugin.Manifest.Version),
            ("digest", node.Plugin.Row.Digest),
            ("trust", node.Plugin.Row.TrustState),
            ("signer", node.Signer),
            ("rule", node.TrustRule),
            ("intrusiveness", Word(node.Plugin.Manifest.Intrusiveness)))),
        ("runs", Word(node.Runs)),
        ("when", node.When),
        ("dependsOn", Texts(node.Inputs)),
        ("foreach", node.ForEach is { } each ? Object(("port", each.Port), ("chunk", each.Chunk)) : null),
        ("subWorkflow", node.From is { } pin ? Object(("workflow", pin.Name), ("version", pin.Version)) : null),
        ("attempts", node.Retry.MaxAttempts),
        ("expected", Expected(node.Expected)),
        ("limits", Object(
            ("wallSeconds", node.Timeout.TotalSeconds),
            ("callMilliseconds", node.Limits.CallTime.TotalMilliseconds),
            ("statements", node.Limits.Statements),
            ("cpuSeconds", node.Limits.Cpu.TotalSeconds),
            ("heapBytes", node.Limits.HeapBytes),
            ("tool", node.Limits.Tool is { } tool ? Object(("cpuSeconds", tool.CpuSeconds), ("memoryBytes", tool.MemoryBytes), ("processes", tool.Processes), ("openFiles", tool.OpenFiles), ("scratchBytes", tool.ScratchBytes), ("outputBytes", tool.OutputBytes)) : null))),
        ("tools", Array(node.Tools.Select(Tool))),
        ("network", Network(node.Network)),
        ("calls", Object(
            ("http", Calls(node.Http, Request)),
            ("tls", Calls(node.Tls, Request)),
            ("tool", Calls(node.ToolCalls, call => Object(("tool", call.Tool), ("arguments", Texts(call.Arguments)), ("inputs", Texts(call.Inputs)), ("stdin", call.Stdin), ("basis", Word(call.Basis))))),
            ("secrets", Texts(node.Secrets)),
            ("resources", Array(node.Resources.Select(r => Object(("uri", r.Uri), ("version", r.Version), ("digest", r.Digest))))))),
        ("followed", Word(node.Followed)),
        ("followedWhy", node.FollowedWhy),
        ("misused", node.Misused.Count == 0 ? null : Texts(node.Misused)),
        ("refusals", Array(node.Refusals.Select(Refusal))));

    private static JsonObject Tool(PlannedTool tool) => Object(
        ("name", tool.Declared.Name),
        ("minVersion", tool.Declared.MinVersion),
        ("version", tool.State.Version.Length == 0 ? null : tool.State.Version),
        ("path", tool.State.Path),
        ("digest", tool.State.Digest),
        ("problem", tool.State.Problem is { } problem ? Diagnostic(problem) : null));

    private static JsonObject Network(PlannedNetwork? network) => Object(
        ("access", network?.Access ?? "none"),
        ("allowed", Array((network?.Plan.Allowed ?? []).Select(rule => Object(("network", rule.Network.ToString()), ("fromPort", rule.FromPort), ("toPort", rule.ToPort))))),
        ("names", Object([.. (network?.Plan.Names ?? new Dictionary<string, IReadOnlyList<System.Net.IPAddress>>(StringComparer.Ordinal)).Select(name => (name.Key, (JsonNode?)Texts(name.Value.Select(a => a.ToString()))))])));

    private static JsonObject Request(PlannedRequest request) => Object(("method", request.Method), ("url", request.Url), ("basis", Word(request.Basis)));

    private static JsonObject Calls<T>(PlannedCalls<T> calls, Func<T, JsonObject> each) => Object(("count", calls.Count), ("first", Array(calls.First.Select(each))));

    private static JsonObject Expected(ExpectedDuration expected) =>
        Object(("seconds", Math.Round(expected.Time.TotalSeconds, 1)), ("basis", expected.BasedOn > 0 ? "history" : "limit"), ("runs", expected.BasedOn));

    private static JsonObject Refusal(PlannedRefusal refused)
    {
        var document = Object(("what", refused.What), ("count", refused.Count));
        foreach (var (name, value) in Diagnostic(refused.Refusal))
        {
            document[name] = value?.DeepClone();
        }

        return document;
    }

    private static JsonObject Diagnostic(Diagnostic refusal) => Object(("code", refusal.Code), ("rule", refusal.Rule), ("message", refusal.Message), ("remedy", refusal.Remedy));

    /// <summary><c>EarlierOutputs</c> -> <c>earlier_outputs</c>.</summary>
    private static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(t => JsonValue.Create(t))];
}
