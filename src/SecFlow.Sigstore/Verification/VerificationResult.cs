namespace SecFlow.Sigstore.Verification;

/// <summary>Step of the verification that decided.</summary>
public enum VerificationStage
{
    Bundle,
    Material,
    Policy,
    TransparencyLog,
    Timestamp,
    Digest,
    Signature,
}

/// <summary>Why a bundle was not accepted.</summary>
public enum RejectionReason
{
    /// <summary>The bundle does not have the prescribed form.</summary>
    MalformedBundle,

    /// <summary>The bundle carries a certificate; verification of certificates is not supported yet.</summary>
    CertificateNotSupported,

    /// <summary>The policy asks for log entries; verification of logs is not supported yet.</summary>
    TransparencyLogNotSupported,

    /// <summary>The policy asks for a time; verification of timestamps is not supported yet.</summary>
    TimestampNotSupported,

    /// <summary>The content is a DSSE envelope; only message signatures are supported.</summary>
    EnvelopeNotSupported,

    /// <summary>The version of the bundle is not among those that the policy accepts.</summary>
    VersionNotAccepted,

    /// <summary>The digest in the bundle is not the artifact's.</summary>
    DigestMismatch,

    /// <summary>The signature is not this key's over this artifact.</summary>
    SignatureInvalid,
}

/// <summary>Outcome of a verification: <see cref="VerifiedBundle"/> or <see cref="RejectedBundle"/>, nothing between.</summary>
public abstract record VerificationResult;

/// <summary>The artifact was signed with the caller's key, under the caller's thresholds.</summary>
/// <param name="KeyFingerprint"><c>sha256:hex</c> of the key's SubjectPublicKeyInfo.</param>
/// <param name="ArtifactDigest"><c>sha256:hex</c> of the artifact.</param>
/// <param name="UncheckedLogEntries">Log entries in the bundle that the policy did not ask for and that prove nothing here.</param>
/// <param name="UncheckedTimestamps">Timestamps in the bundle that the policy did not ask for and that prove nothing here.</param>
public sealed record VerifiedBundle(string KeyFingerprint, string ArtifactDigest, int UncheckedLogEntries, int UncheckedTimestamps) : VerificationResult;

/// <summary>The bundle was not accepted.</summary>
/// <param name="Reason">Why, stable for programs.</param>
/// <param name="Stage">Which step decided.</param>
/// <param name="Expected">What would have been accepted.</param>
/// <param name="Found">What was found.</param>
public sealed record RejectedBundle(RejectionReason Reason, VerificationStage Stage, string Expected, string Found) : VerificationResult
{
    /// <summary>True when the answer is "could not be checked" and not "is wrong".</summary>
    public bool Unverifiable => Reason is RejectionReason.CertificateNotSupported
        or RejectionReason.TransparencyLogNotSupported
        or RejectionReason.TimestampNotSupported
        or RejectionReason.EnvelopeNotSupported;

    public override string ToString() => Unverifiable
        ? $"unverifiable: not supported yet ({Stage}): expected {Expected}, found {Found}"
        : $"{Reason} ({Stage}): expected {Expected}, found {Found}";
}
