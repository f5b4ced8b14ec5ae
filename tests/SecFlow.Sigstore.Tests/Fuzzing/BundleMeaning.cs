using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Tests.Fuzzing;

/// <summary>All that a verified bundle says, from the bundle and from the result.</summary>
internal sealed record BundleMeaning(string Digest, string Signature, string Certificate, string Signer, IReadOnlySet<string> LogEntries, IReadOnlySet<VerifiedTime> Times)
{
    /// <summary>The entries as they read without their promise: dated by nobody, and with no other index than that of the proof.</summary>
    private IReadOnlySet<string> Undated { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    public static BundleMeaning Of(SigstoreBundle bundle, VerifiedBundle verified)
    {
        var entries = verified.LogEntries.Zip(bundle.LogEntries).ToList();
        return new BundleMeaning(
            verified.ArtifactDigest,
            bundle.Content is DsseEnvelope envelope
                ? $"{envelope.PayloadType} {Hex(envelope.Payload)} {Hex(envelope.Signature)}"
                : Hex(((MessageSignature)bundle.Content).Signature),
            bundle.Material is CertificateMaterial material ? Hex(material.Certificates[0]) : "key",
            verified.Signer is CertificateSigner signer ? $"{signer.Identity} {signer.Issuer} {signer.CertificateFingerprint}" : verified.Signer.ToString(),
            entries.Select(e => Text(e.First, e.Second)).ToHashSet(StringComparer.Ordinal),
            verified.Times.ToHashSet())
        {
            Undated = entries.Where(e => e.Second.InclusionProof is not null)
                .Select(e => Text(e.First with { LogIndex = e.Second.InclusionProof!.LogIndex, IntegratedTime = null }, e.Second)).ToHashSet(StringComparer.Ordinal),
        };
    }

    /// <summary>Equal but for log entries, promises and times that are left out, as long as something is left where there was something.</summary>
    public bool IsSameAs(BundleMeaning original) =>
        (Digest, Signature, Certificate, Signer) == (original.Digest, original.Signature, original.Certificate, original.Signer)
        && LogEntries.All(e => original.LogEntries.Contains(e) || original.Undated.Contains(e)) && Times.IsSubsetOf(original.Times)
        && LogEntries.Count > 0 == original.LogEntries.Count > 0 && Times.Count > 0 == original.Times.Count > 0;

    private static string Text(VerifiedLogEntry verified, LogEntry entry) => $"{verified} {Hex(entry.LogId)} {entry.Kind} {entry.KindVersion} {Hex(entry.CanonicalizedBody!.Value)}";

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);
}
