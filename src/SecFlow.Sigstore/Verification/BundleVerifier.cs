using System.Security.Cryptography;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Roots;

namespace SecFlow.Sigstore.Verification;

/// <summary>
/// Verifies bundles offline, without state: the same bytes, root and demands give the same answer at any time.
/// 1. A key comes from the caller, never from the bundle; the bundle's hint is not looked at. A bundle with a certificate does not fit a key, nor the reverse.
/// 2. What the caller demands and cannot be checked here is a rejection, never a skipped step.
/// 3. An identity that fits nobody is a rejection; a caller who names nobody has made a mistake.
/// </summary>
public static class BundleVerifier
{
    /// <summary>Verifies a bundle made with a certificate, and that one of <paramref name="accepted"/> signed.</summary>
    /// <param name="bundle">The bundle.</param>
    /// <param name="artifact">What it should be over.</param>
    /// <param name="root">Whom the caller trusts.</param>
    /// <param name="accepted">Alternatives, at least one.</param>
    /// <param name="thresholds">What the caller demands.</param>
    public static VerificationResult Verify(
        SigstoreBundle bundle, Artifact artifact, TrustedRoot root, IReadOnlyList<IdentityRequirement> accepted, VerificationThresholds thresholds)
    {
        ArgumentNullException.ThrowIfNull(accepted);
        ArgumentOutOfRangeException.ThrowIfZero(accepted.Count);
        return Identify(bundle, artifact, root, thresholds);
    }

    /// <summary>Everything but the comparison of the identity, for callers that compare in their own way. Its result says who signed, not that the caller trusts them.</summary>
    public static VerificationResult Identify(SigstoreBundle bundle, Artifact artifact, TrustedRoot root, VerificationThresholds thresholds)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        ArgumentNullException.ThrowIfNull(artifact);
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(thresholds);
        thresholds.ThrowIfNegative();
        return bundle.Material is CertificateMaterial
            ? new RejectedBundle(RejectionReason.AlgorithmNotSupported, VerificationStage.Certificate, "a bundle made with a public key", "a bundle made with a certificate")
            : new RejectedBundle(RejectionReason.MaterialNotAccepted, VerificationStage.Policy, "a bundle made with a certificate", "a bundle made with a key");
    }

    /// <summary>Verifies a bundle made with a key of the caller.</summary>
    /// <param name="bundle">The bundle.</param>
    /// <param name="artifact">What it should be over.</param>
    /// <param name="key">The key that must have signed.</param>
    /// <param name="root">For logs and times; may be null only when <paramref name="thresholds"/> demands neither.</param>
    /// <param name="keyValidFor">Every verified time must be inside; null = any.</param>
    /// <param name="thresholds">What the caller demands.</param>
    public static VerificationResult Verify(
        SigstoreBundle bundle, Artifact artifact, VerificationKey key, TrustedRoot? root, Period? keyValidFor, VerificationThresholds thresholds)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        ArgumentNullException.ThrowIfNull(artifact);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(thresholds);
        thresholds.ThrowIfNegative();
        if (!thresholds.Versions.Contains(bundle.Version))
        {
            return new RejectedBundle(
                RejectionReason.VersionNotAccepted, VerificationStage.Policy, "a bundle of version " + string.Join(" or ", thresholds.Versions), bundle.Version.ToString());
        }

        if (bundle.Material is CertificateMaterial)
        {
            return new RejectedBundle(RejectionReason.MaterialNotAccepted, VerificationStage.Policy, "a bundle made with a key", "a bundle made with a certificate");
        }

        if (thresholds.LogEntries > 0 || thresholds.Timestamps > 0)
        {
            return new RejectedBundle(
                RejectionReason.RootMissing, thresholds.LogEntries > 0 ? VerificationStage.TransparencyLog : VerificationStage.Timestamp,
                $"{thresholds.LogEntries} verified log entries and {thresholds.Timestamps} verified times", "nothing to verify them with");
        }

        return bundle.Content is MessageSignature message
            ? CheckSignature(message, artifact, key)
            : new RejectedBundle(RejectionReason.AlgorithmNotSupported, VerificationStage.Signature, "a message signature", "a DSSE envelope");
    }

    private static VerificationResult CheckSignature(MessageSignature message, Artifact artifact, VerificationKey key)
    {
        if (message.Digest is { } stated && artifact.Hash(NameOf(stated.Algorithm)) is { } real && !real.AsSpan().SequenceEqual(stated.Digest.Span))
        {
            return new RejectedBundle(
                RejectionReason.DigestMismatch, VerificationStage.Signature,
                $"{stated.Algorithm} {Convert.ToHexStringLower(stated.Digest.Span)} as the bundle says", Convert.ToHexStringLower(real));
        }

        var digest = key.Hash is { } hash ? artifact.Hash(hash) : null;
        if (digest is null && artifact.Bytes is null)
        {
            return new RejectedBundle(RejectionReason.ArtifactBytesNeeded, VerificationStage.Signature, $"the artifact, for a signature by a key of kind {key.Kind}", "only its SHA-256");
        }

        return (digest is null ? key.Verify(artifact.Bytes!.Value.Span, message.Signature.Span) : key.VerifyDigest(digest, message.Signature.Span))
            ? new VerifiedBundle(new KeySigner(key.Fingerprint), artifact.Digest, [], [])
            : new RejectedBundle(
                RejectionReason.SignatureInvalid, VerificationStage.Signature, $"a signature by key {key.Fingerprint}", "a signature that this key did not make over this artifact");
    }

    private static HashAlgorithmName NameOf(BundleHash hash) => hash switch
    {
        BundleHash.Sha256 => HashAlgorithmName.SHA256,
        BundleHash.Sha384 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };
}
