using System.Security.Cryptography;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Envelopes;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Transparency;

/// <summary>What a log entry must be about: this signature, over this artifact or envelope, by this certificate or key.</summary>
public sealed class SignedContent
{
    private SignedContent(BundleContent content, Artifact artifact, ReadOnlyMemory<byte> verifier, bool hasCertificate) =>
        (Content, Artifact, Verifier, HasCertificate) = (content, artifact, verifier, hasCertificate);

    public BundleContent Content { get; }

    public Artifact Artifact { get; }

    /// <summary>DER of the certificate, or SubjectPublicKeyInfo of the key.</summary>
    public ReadOnlyMemory<byte> Verifier { get; }

    public bool HasCertificate { get; }

    /// <summary>The envelope; null for a signature over the artifact itself.</summary>
    public DsseEnvelope? Envelope => Content as DsseEnvelope;

    /// <summary>Raw signature bytes.</summary>
    public ReadOnlyMemory<byte> Signature => Content is DsseEnvelope envelope ? envelope.Signature : ((MessageSignature)Content).Signature;

    public static SignedContent ByCertificate(BundleContent content, Artifact artifact, ReadOnlyMemory<byte> certificate) => new(content, artifact, certificate, true);

    public static SignedContent ByKey(BundleContent content, Artifact artifact, ReadOnlyMemory<byte> subjectPublicKeyInfo) => new(content, artifact, subjectPublicKeyInfo, false);

    /// <summary>Digest of the signed bytes: of the artifact, or of the envelope's encoding; null when the artifact's bytes are needed and unknown.</summary>
    internal byte[]? Digest(HashAlgorithmName algorithm) =>
        Envelope is { } envelope ? Artifact.FromBytes(Envelopes.Envelope.Pae(envelope.PayloadType, envelope.Payload.Span)).Hash(algorithm) : Artifact.Hash(algorithm);
}
