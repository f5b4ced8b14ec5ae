namespace SecFlow.Sigstore.Bundles;

/// <summary>Version of the bundle format, as its media type says.</summary>
public enum BundleVersion
{
    V01,
    V02,
    V03,
}

/// <summary>Hash algorithms that a bundle may name.</summary>
public enum BundleHash
{
    Sha256,
    Sha384,
    Sha512,
}

/// <summary>A Sigstore bundle whose form was checked. Nothing in it has been verified.</summary>
/// <param name="Version">Version of the format.</param>
/// <param name="Material">What the signer says about its key.</param>
/// <param name="LogEntries">Entries of transparency logs, at most <see cref="BundleLimits.LogEntries"/>.</param>
/// <param name="Timestamps">Raw RFC 3161 responses, at most <see cref="BundleLimits.Timestamps"/>.</param>
/// <param name="Content">What was signed.</param>
public sealed record SigstoreBundle(
    BundleVersion Version,
    KeyMaterial Material,
    IReadOnlyList<LogEntry> LogEntries,
    IReadOnlyList<ReadOnlyMemory<byte>> Timestamps,
    BundleContent Content);

/// <summary>Exactly one form of key material.</summary>
public abstract record KeyMaterial;

/// <summary>The key is known to the verifier; the hint may select among several, and proves nothing.</summary>
public sealed record PublicKeyHint(string Hint) : KeyMaterial;

/// <summary>A certificate, leaf first; further ones are only candidates for a path.</summary>
public sealed record CertificateMaterial(IReadOnlyList<ReadOnlyMemory<byte>> Certificates) : KeyMaterial;

/// <summary>Exactly one form of signed content.</summary>
public abstract record BundleContent;

/// <summary>A signature over the artifact itself.</summary>
/// <param name="Digest">Digest of the artifact as the signer states it, null when absent; only a hint that must not contradict.</param>
/// <param name="Signature">Raw signature bytes.</param>
public sealed record MessageSignature(MessageDigest? Digest, ReadOnlyMemory<byte> Signature) : BundleContent;

/// <summary>A digest with its algorithm.</summary>
public sealed record MessageDigest(BundleHash Algorithm, ReadOnlyMemory<byte> Digest);

/// <summary>A DSSE envelope with its single signature.</summary>
public sealed record DsseEnvelope(string PayloadType, ReadOnlyMemory<byte> Payload, ReadOnlyMemory<byte> Signature, string KeyId) : BundleContent;

/// <summary>One entry of a transparency log, form checked only.</summary>
public sealed record LogEntry(
    long LogIndex,
    ReadOnlyMemory<byte> LogId,
    string Kind,
    string KindVersion,
    long? IntegratedTime,
    ReadOnlyMemory<byte>? SignedEntryTimestamp,
    LogInclusionProof? InclusionProof,
    ReadOnlyMemory<byte>? CanonicalizedBody);

/// <summary>Proof that an entry is in a tree.</summary>
public sealed record LogInclusionProof(long LogIndex, long TreeSize, ReadOnlyMemory<byte> RootHash, IReadOnlyList<ReadOnlyMemory<byte>> Hashes, string? Checkpoint);

/// <summary>Upper bounds of a bundle.</summary>
public static class BundleLimits
{
    public const int Bytes = 1024 * 1024;
    public const int Depth = 16;
    public const int LogEntries = 16;
    public const int Timestamps = 16;
    public const int Certificates = 8;
    public const int ProofHashes = 64;
    public const int TextLength = 1024;
}
