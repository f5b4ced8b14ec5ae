using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Trust;

/// <summary>What was found out about a package's signature (contracts 5).</summary>
public enum TrustState
{
    Verified,
    Unsigned,
    Untrusted,
    Invalid,
    Tampered,
    Revoked,
    Unverifiable,
}

/// <summary>Answer of the verifier about exactly one set of bytes under exactly one policy revision.</summary>
/// <param name="State">What was found out.</param>
/// <param name="Digest">Package digest; null when there is no SHA256SUMS.</param>
/// <param name="Signer">Whose signature it is, as people know it; null unless one was verified.</param>
/// <param name="Rule">The rule that decided; null when none matched.</param>
/// <param name="Expected">What would have been accepted.</param>
/// <param name="Found">What was found.</param>
/// <param name="PolicyRevision">Revision of the policy that was asked.</param>
public sealed record TrustVerdict(TrustState State, string? Digest, string? Signer, string? Rule, string Expected, string Found, string PolicyRevision)
{
    /// <summary>Why a package that is not Verified may run all the same (audit mode, exception); null otherwise.</summary>
    public string? Tolerated { get; init; }

    /// <summary>Whether the package may run.</summary>
    public bool Allowed => State == TrustState.Verified || Tolerated is not null;

    /// <summary>The state as a diagnostic for a refusal.</summary>
    public Diagnostic ToDiagnostic(string pluginName) => new(Code, $"The plugin '{pluginName}' is {State}: expected {Expected}; found {Found}. {Remedy}")
    {
        Rule = Rule,
        Remedy = Remedy,
    };

    private string Code => State switch
    {
        TrustState.Unsigned => Codes.Unsigned,
        TrustState.Untrusted => Codes.Untrusted,
        TrustState.Invalid => Codes.SignatureInvalid,
        TrustState.Tampered => Codes.Tampered,
        TrustState.Revoked => Codes.Revoked,
        _ => Codes.Unverifiable,
    };

    private string Remedy => State switch
    {
        TrustState.Unsigned => "Install a signed package.",
        TrustState.Untrusted => "Add a rule for its signer's key to the trust policy if you trust it" + (Digest is null ? "" : $" (this rule is for these bytes alone: {TrustRuleText.ForArtifact(Digest)})") + ", or install a package of a trusted signer.",
        TrustState.Invalid => "Get the package again from its publisher.",
        TrustState.Tampered => "Install the package again; find out who changed it.",
        TrustState.Revoked => "Use another version.",
        _ => "Sign the package with a key that the trust policy lists with tlog: 0 and timestamps: 0.",
    };
}
