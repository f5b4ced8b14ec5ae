using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Tests.Fuzzing;

/// <summary>All that a verified bundle says, from the bundle and from the result.</summary>
internal sealed record BundleMeaning(string Digest, string Signature, string Certificate, string Signer, IReadOnlySet<string> LogEntries, IReadOnlySet<VerifiedTime> Times)
{
    public static BundleMeaning Of(SigstoreBundle bundle, VerifiedBundle verified) => new(
        verified.ArtifactDigest,
        bundle.Content is DsseEnvelope envelope
            ? $"{envelope.PayloadType} {Hex(envelope.Payload)} {Hex(envelope.Signature)}"
            : Hex(((MessageSignature)bundle.Content).Signature),
        bundle.Material is CertificateMaterial material ? Hex(material.Certificates[0]) : "key",
        verified.Signer is CertificateSigner signer ? $"{signer.Identity} {signer.Issuer} {signer.CertificateFingerprint}" : verified.Signer.ToString(),
        verified.LogEntries.Select((e, i) => $"{e} {Hex(bundle.LogEntries[i].LogId)} {bundle.LogEntries[i].Kind} {Hex(bundle.LogEntries[i].CanonicalizedBody!.Value)}").ToHashSet(StringComparer.Ordinal),
        verified.Times.ToHashSet());

    /// <summary>Equal but for log entries and times that are left out, as long as something is left where there was something.</summary>
    public bool IsSameAs(BundleMeaning original) =>
        (Digest, Signature, Certificate, Signer) == (original.Digest, original.Signature, original.Certificate, original.Signer)
        && LogEntries.IsSubsetOf(original.LogEntries) && Times.IsSubsetOf(original.Times)
        && LogEntries.Count > 0 == original.LogEntries.Count > 0 && Times.Count > 0 == original.Times.Count > 0;

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);
}
