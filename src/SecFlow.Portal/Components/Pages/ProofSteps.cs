using SecFlow.Execution.Plugins.Review;
using SecFlow.Execution.Trust;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Components.Pages;

/// <summary>One step of the proof.</summary>
/// <param name="Name">Bytes, Signature, Certificate or Key, Log, Rule.</param>
/// <param name="Mark"><c>good</c>, <c>bad</c>, or <c>open</c>: not asked for or not reached.</param>
/// <param name="Text">What was found.</param>
/// <param name="Expected">What would have been accepted, at the step that failed.</param>
public sealed record ProofStep(string Name, string Mark, string Text, string? Expected = null);

/// <summary>A verdict as five steps: bytes, signature, certificate, log, rule. The step that decided is the last that was reached.</summary>
public static class ProofSteps
{
    private static readonly string[] _names = ["Bytes", "Signature", "Certificate", "Log", "Rule"];

    /// <summary>What the page says about the package as it is now: a folder that is no package any more was changed.</summary>
    public static TrustState StateOf(PluginReview review) => review.Verdict?.State ?? TrustState.Tampered;

    public static IReadOnlyList<ProofStep> Of(PluginReview review)
    {
        if (review.Verdict is not { } verdict)
        {
            return [new("Bytes", "bad", review.Refusal?.Message ?? "The package is not there any more.", review.Plugin.Row.Digest), .. _names.Skip(1).Select(name => new ProofStep(name, "open", "not reached"))];
        }

        var decided = verdict.State == TrustState.Verified ? _names.Length : Step(verdict);
        return [.. _names.Select((name, at) => at == decided ? new ProofStep(Name(name, verdict), "bad", verdict.Found, verdict.Expected) : at > decided ? new ProofStep(name, "open", "not reached") : Reached(name, verdict, review.Files.Count))];
    }

    private static int Step(TrustVerdict verdict) => verdict.Stage switch
    {
        TrustStage.Bytes => 0,
        TrustStage.Bundle or TrustStage.Signature => 1,
        TrustStage.Root or TrustStage.Certificate or TrustStage.CertificateLog or TrustStage.Timestamp => 2,
        TrustStage.TransparencyLog => 3,
        _ => 4,
    };

    private static string Name(string name, TrustVerdict verdict) => name == "Certificate" && verdict is { KeyFingerprint: not null, Identity: null } ? "Key" : name;

    private static ProofStep Reached(string name, TrustVerdict verdict, int files) => name switch
    {
        "Bytes" => new(name, "good", $"{Words.Count(files, "file")}, each as SHA256SUMS says: {Words.Short(verdict.Digest)}"),
        "Signature" when verdict is { State: TrustState.Verified } or { Identity: not null } or { KeyFingerprint: not null } => verdict is { State: TrustState.Verified, Identity: null, KeyFingerprint: null }
            ? new(name, "open", "not asked for: the policy lists these bytes")
            : new(name, "good", "over the bytes of SHA256SUMS"),
        "Signature" => new(name, "open", "there is one, and nobody says whose"),
        "Certificate" when verdict.Identity is { } identity => new(name, "good", $"{identity.Name}, vouched for by {identity.Issuer}"),
        "Certificate" when verdict.KeyFingerprint is { } key => new("Key", "good", $"{verdict.Signer ?? "a key"}, {Words.Short(key)}"),
        "Certificate" => new(name, "open", verdict.State == TrustState.Verified ? "not asked for" : "not known"),
        "Log" when verdict.LogIndex is { } index => new(name, "good", $"entry {index} of {verdict.LogName}{(verdict.Times.Count > 0 ? $", {Words.Exact(verdict.Times[0].Time)}" : "")}"),
        "Log" => new(name, "open", verdict.State == TrustState.Verified ? "no entry is asked for" : "not known"),
        _ => new(name, "good", $"{verdict.Rule} of policy {Words.Short(verdict.PolicyRevision)}"),
    };
}
