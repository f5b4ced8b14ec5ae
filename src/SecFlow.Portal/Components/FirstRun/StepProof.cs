using System.Text.Json;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Components.FirstRun;

/// <summary>What the record of a run proves, as one line.</summary>
public static class StepProof
{
    /// <summary>"Signed by X, confined at level L3, reached 1 address, blocked 0."</summary>
    public static string Of(Run run, NodeRun node)
    {
        var reached = node.AddressesReached == 1 ? "1 address" : $"{node.AddressesReached} addresses";
        return $"Signed by {node.Signer ?? "nobody that counts here"}, confined at level {run.SandboxLevel ?? "-"}, reached {reached}, blocked {node.RefusedCalls}.";
    }

    /// <summary>Why an attempt ended, in the words of its audit event or of its node.</summary>
    public static string Why(AuditEvent proof, NodeRun? node)
    {
        using var json = JsonDocument.Parse(proof.Canonical);
        return json.RootElement.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Object && details.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.String
            ? message.GetString()!
            : node?.ErrorMessage ?? StatusLook.Of(proof.Outcome).Word;
    }
}
