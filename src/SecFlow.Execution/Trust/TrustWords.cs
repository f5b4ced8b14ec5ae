using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Trust;

/// <summary>Each state's own wording: what it means, and what to do about it. Wrong and "could not be checked" are never said alike.</summary>
public static class TrustWords
{
    /// <summary>The code of a refusal for this state; null for Verified.</summary>
    public static string? CodeOf(TrustState state) => state switch
    {
        TrustState.Verified => null,
        TrustState.Unsigned => Codes.Unsigned,
        TrustState.Untrusted => Codes.Untrusted,
        TrustState.Invalid => Codes.SignatureInvalid,
        TrustState.Tampered => Codes.Tampered,
        TrustState.Revoked => Codes.Revoked,
        _ => Codes.Unverifiable,
    };

    /// <summary>What the state means, one sentence.</summary>
    public static string Meaning(TrustState state) => state switch
    {
        TrustState.Verified => "These bytes were signed by somebody whom the trust policy names.",
        TrustState.Unsigned => "Nobody has signed these bytes.",
        TrustState.Untrusted => "It is signed, and by nobody whom the trust policy names.",
        TrustState.Invalid => "There is a signature, and it is not a good one over these bytes.",
        TrustState.Tampered => "A file is not what was signed.",
        TrustState.Revoked => "Somebody withdrew the trust in these bytes or in whoever signed them.",
        _ => "The signature could not be checked. That says nothing about the package.",
    };

    /// <summary>What to do; empty for Verified.</summary>
    public static string Remedy(TrustVerdict verdict) => verdict.State switch
    {
        TrustState.Verified => "",
        TrustState.Unsigned => "Install a signed package, or sign it with `secflow plugin sign`.",
        TrustState.Untrusted => Untrusted(verdict),
        TrustState.Invalid => "Get the package again from its publisher; when it comes like this twice, ask the publisher to sign it again.",
        TrustState.Tampered => "Install the package again; find out who changed it.",
        TrustState.Revoked => "Use another version; whoever revoked it knows why.",
        _ => Unverifiable(verdict),
    };

    /// <summary>What everybody should know about a policy, one sentence each; none when nothing needs attention.</summary>
    public static IReadOnlyList<string> Attention(TrustPolicy policy, DateTimeOffset now) =>
    [
        .. policy.InAudit(now).Select(r => $"The trust policy's rule {r.Name} is in audit mode until {r.AuditUntil:yyyy-MM-dd}: unsigned and untrusted plugins run."),
        .. policy.Roots.Where(r => r is { DemoOnly: false, MockSign: not null }).Select(r => $"The trust policy trusts a mock's root, {r.Name}: {r.MockSign}. Whoever runs it can sign as anyone."),
    ];

    private static string Untrusted(TrustVerdict verdict) => verdict.ProposedRule is { } rule
        ? $"If you trust {(verdict.Identity is { } who ? who.Name : "the signer")}, add this rule to the trust policy: {rule} Else install a package of a trusted signer."
        : "Add a rule for its signer's key to the trust policy if you trust it" + (verdict.Digest is { } digest ? $" (this rule is for these bytes alone: {TrustRuleText.ForArtifact(digest)})" : "") + ", or install a package of a trusted signer.";

    private static string Unverifiable(TrustVerdict verdict) => verdict.Stage switch
    {
        TrustStage.Root => "Add the trust root to the trust policy, or lower tlog and timestamps for the key.",
        TrustStage.Bundle => "Sign the package again in a form that this version reads, or update SecFlow.",
        _ => "Sign the package with a key that the trust policy lists with tlog: 0 and timestamps: 0.",
    };
}
