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

/// <summary>The step that decided, in the order of the proof: bytes, signature, certificate, log, rule.</summary>
public enum TrustStage
{
    /// <summary>The files against SHA256SUMS.</summary>
    Bytes,

    /// <summary>The trust root that the policy names.</summary>
    Root,

    /// <summary>The form of the bundle.</summary>
    Bundle,

    /// <summary>Times by timestamp authorities and logs.</summary>
    Timestamp,

    /// <summary>The certificate and its path to the root.</summary>
    Certificate,

    /// <summary>The certificate's entry in a certificate log.</summary>
    CertificateLog,

    /// <summary>Who the certificate or key stands for.</summary>
    Identity,

    /// <summary>The signature's entry in a transparency log.</summary>
    TransparencyLog,

    /// <summary>The signature over SHA256SUMS.</summary>
    Signature,

    /// <summary>Rules, revocations and exceptions.</summary>
    Policy,
}

/// <summary>Whom a certificate stands for.</summary>
/// <param name="Name">The subject's alternative name: a URI, an e-mail address or a user name.</param>
/// <param name="Issuer">Who vouched for the name when the certificate was issued.</param>
public sealed record SignerIdentity(string Name, string Issuer)
{
    public override string ToString() => $"{Name} by {Issuer}";
}

/// <summary>A moment at which the signature existed, as somebody outside proved.</summary>
/// <param name="Time">UTC.</param>
/// <param name="Source">Name of the timestamp authority or log.</param>
public sealed record SignatureTime(DateTimeOffset Time, string Source);

/// <summary>Answer of the verifier about exactly one set of bytes under exactly one policy revision.</summary>
/// <param name="State">What was found out.</param>
/// <param name="Digest">Package digest; null when there is no SHA256SUMS.</param>
/// <param name="Signer">Whose signature it is, as people know it; null unless one was verified and trusted.</param>
/// <param name="Rule">The rule that decided; null when none matched.</param>
/// <param name="Expected">What would have been accepted.</param>
/// <param name="Found">What was found.</param>
/// <param name="PolicyRevision">Revision of the policy that was asked, <c>sha256:hex</c>.</param>
public sealed record TrustVerdict(TrustState State, string? Digest, string? Signer, string? Rule, string Expected, string Found, string PolicyRevision)
{
    /// <summary>The step that decided; for a package that is trusted, the last one.</summary>
    public TrustStage Stage { get; init; } = TrustStage.Policy;

    /// <summary>Whom the certificate stands for, also when no rule names it; null for keys and for whatever could not be verified.</summary>
    public SignerIdentity? Identity { get; init; }

    /// <summary>Claims of the certificate by the names of the policy's <c>claims</c>.</summary>
    public IReadOnlyDictionary<string, string> Claims { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Proven times of the signature; empty where none was asked for.</summary>
    public IReadOnlyList<SignatureTime> Times { get; init; } = [];

    /// <summary>Where the signature stands in its transparency log; null where none was verified.</summary>
    public long? LogIndex { get; init; }

    /// <summary>The log of <see cref="LogIndex"/>.</summary>
    public string? LogName { get; init; }

    /// <summary><c>sha256:hex</c> of the signing certificate.</summary>
    public string? CertificateFingerprint { get; init; }

    /// <summary><c>sha256:hex</c> of the SubjectPublicKeyInfo of the key that signed.</summary>
    public string? KeyFingerprint { get; init; }

    /// <summary><c>sha256:hex</c> of the trust root that was asked; null where none was.</summary>
    public string? TrustRootDigest { get; init; }

    /// <summary>Revision of the team's additions, <c>sha256:hex</c>; null where it has none.</summary>
    public string? TeamRevision { get; init; }

    /// <summary>The exact rule that would make an Untrusted package Verified, one line below <c>spec.rules</c>; null otherwise.</summary>
    public string? ProposedRule { get; init; }

    /// <summary>Why a package that is not Verified may run all the same (audit mode, exception); null otherwise.</summary>
    public string? Tolerated { get; init; }

    /// <summary>Whether the package may run.</summary>
    public bool Allowed => State == TrustState.Verified || Tolerated is not null;

    /// <summary>The code of a refusal for this state; null when it is Verified.</summary>
    public string? Code => TrustWords.CodeOf(State);

    /// <summary>What to do about it; empty when it is Verified.</summary>
    public string Remedy => TrustWords.Remedy(this);

    /// <summary>The state as a diagnostic for a refusal.</summary>
    public Diagnostic ToDiagnostic(string pluginName) => new(Code ?? Codes.Unverifiable, $"The plugin '{pluginName}' is {State}: expected {Expected}; found {Found}. {Remedy}".TrimEnd())
    {
        Rule = Rule,
        Remedy = Remedy,
    };
}
