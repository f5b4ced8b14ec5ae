using System.Security.Cryptography;
using SecFlow.Sigstore.Bundles;

namespace SecFlow.Sigstore.Verification;

/// <summary>What a caller demands beside the signature itself. The defaults are those of the client specification.</summary>
public sealed record VerificationThresholds
{
    /// <summary>No log and no time: the key alone decides.</summary>
    public static readonly VerificationThresholds KeyOnly = new() { LogEntries = 0, Timestamps = 0 };

    /// <summary>Distinct transparency logs.</summary>
    public int LogEntries { get; init; } = 1;

    /// <summary>Verified times.</summary>
    public int Timestamps { get; init; } = 1;

    /// <summary>Versions of the bundle format that are accepted.</summary>
    public IReadOnlyList<BundleVersion> Versions { get; init; } = [BundleVersion.V01, BundleVersion.V02, BundleVersion.V03];
}

/// <summary>
/// Verifies a bundle with a key of the caller.
/// 1. The key comes from the caller, never from the bundle; the bundle's hint is not looked at.
/// 2. What the caller demands and this library cannot check yet is a rejection, never a skipped step.
/// 3. A digest in the bundle must be the artifact's; absent is fine, since the signature covers the artifact.
/// </summary>
public static class KeyVerifier
{
    /// <summary>Reads and verifies; a malformed bundle is a rejection, not an exception.</summary>
    public static VerificationResult Verify(ReadOnlyMemory<byte> bundle, ReadOnlySpan<byte> artifact, VerificationKey key, VerificationThresholds thresholds)
    {
        try
        {
            return Verify(BundleReader.Read(bundle), artifact, key, thresholds);
        }
        catch (BundleFormatException e)
        {
            return new RejectedBundle(RejectionReason.MalformedBundle, VerificationStage.Bundle, e.Expected, $"{e.Found} at '{(e.Path.Length == 0 ? "$" : e.Path)}'");
        }
    }

    public static VerificationResult Verify(SigstoreBundle bundle, ReadOnlySpan<byte> artifact, VerificationKey key, VerificationThresholds thresholds)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(thresholds);
        ArgumentOutOfRangeException.ThrowIfNegative(thresholds.LogEntries);
        ArgumentOutOfRangeException.ThrowIfNegative(thresholds.Timestamps);
        if (!thresholds.Versions.Contains(bundle.Version))
        {
            return new RejectedBundle(
                RejectionReason.VersionNotAccepted, VerificationStage.Policy, "a bundle of version " + string.Join(" or ", thresholds.Versions), bundle.Version.ToString());
        }

        return CannotCheck(bundle, thresholds) ?? CheckSignature(bundle, (MessageSignature)bundle.Content, artifact, key);
    }

    private static RejectedBundle? CannotCheck(SigstoreBundle bundle, VerificationThresholds thresholds)
    {
        if (bundle.Material is CertificateMaterial)
        {
            return new RejectedBundle(
                RejectionReason.CertificateNotSupported, VerificationStage.Material, "a bundle made with a public key", "a bundle made with a certificate");
        }

        if (thresholds.LogEntries > 0)
        {
            return new RejectedBundle(
                RejectionReason.TransparencyLogNotSupported, VerificationStage.TransparencyLog,
                $"{thresholds.LogEntries} verified log entries", $"{bundle.LogEntries.Count} entries that cannot be checked");
        }

        if (thresholds.Timestamps > 0)
        {
            return new RejectedBundle(
                RejectionReason.TimestampNotSupported, VerificationStage.Timestamp,
                $"{thresholds.Timestamps} verified times", $"{bundle.Timestamps.Count} timestamps that cannot be checked");
        }

        return bundle.Content is MessageSignature
            ? null
            : new RejectedBundle(RejectionReason.EnvelopeNotSupported, VerificationStage.Signature, "a message signature", "a DSSE envelope");
    }

    private static VerificationResult CheckSignature(SigstoreBundle bundle, MessageSignature message, ReadOnlySpan<byte> artifact, VerificationKey key)
    {
        if (message.Digest is { } stated)
        {
            var real = Hash(stated.Algorithm, artifact);
            if (!real.AsSpan().SequenceEqual(stated.Digest.Span))
            {
                return new RejectedBundle(
                    RejectionReason.DigestMismatch, VerificationStage.Digest,
                    $"{stated.Algorithm} {Convert.ToHexStringLower(stated.Digest.Span)} as the bundle says", Convert.ToHexStringLower(real));
            }
        }

        return key.Verify(artifact, message.Signature.Span)
            ? new VerifiedBundle(
                key.Fingerprint, "sha256:" + Convert.ToHexStringLower(SHA256.HashData(artifact)), bundle.LogEntries.Count, bundle.Timestamps.Count)
            : new RejectedBundle(
                RejectionReason.SignatureInvalid, VerificationStage.Signature, $"a signature by key {key.Fingerprint}", "a signature that this key did not make over this artifact");
    }

    private static byte[] Hash(BundleHash algorithm, ReadOnlySpan<byte> data) => algorithm switch
    {
        BundleHash.Sha256 => SHA256.HashData(data),
        BundleHash.Sha384 => SHA384.HashData(data),
        _ => SHA512.HashData(data),
    };
}
