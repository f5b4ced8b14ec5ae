using System.Security.Cryptography;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Envelopes;
using SecFlow.Sigstore.Keys;

namespace SecFlow.Sigstore.Verification;

/// <summary>
/// Checks that a key signed exactly this artifact.
/// 1. A message signature is over the artifact. A digest beside it is a hint that must not contradict.
/// 2. An envelope's signature is over the encoding of its type and payload (PAE). The payload is an in-toto statement, and the artifact is one of its subjects by SHA-256.
/// </summary>
internal static class ContentVerifier
{
    public static void Verify(BundleContent content, Artifact artifact, VerificationKey key)
    {
        if (content is DsseEnvelope envelope)
        {
            CheckEnvelope(envelope, artifact, key);
        }
        else
        {
            CheckMessage((MessageSignature)content, artifact, key);
        }
    }

    private static void CheckMessage(MessageSignature message, Artifact artifact, VerificationKey key)
    {
        if (message.Digest is { } stated && artifact.Hash(NameOf(stated.Algorithm)) is { } real && !real.AsSpan().SequenceEqual(stated.Digest.Span))
        {
            throw new Rejection(
                RejectionReason.DigestMismatch, VerificationStage.Signature,
                $"{stated.Algorithm} {Convert.ToHexStringLower(stated.Digest.Span)} as the bundle says", Convert.ToHexStringLower(real));
        }

        var digest = key.Hash is { } hash ? artifact.Hash(hash) : null;
        if (digest is null && artifact.Bytes is null)
        {
            throw new Rejection(RejectionReason.ArtifactBytesNeeded, VerificationStage.Signature, $"the artifact, for a signature by a key of kind {key.Kind}", "only its SHA-256");
        }

        if (!(digest is null ? key.Verify(artifact.Bytes!.Value.Span, message.Signature.Span) : key.VerifyDigest(digest, message.Signature.Span)))
        {
            throw Wrong(key, "this artifact");
        }
    }

    private static void CheckEnvelope(DsseEnvelope envelope, Artifact artifact, VerificationKey key)
    {
        if (envelope.PayloadType != Envelope.InTotoPayload)
        {
            throw new Rejection(RejectionReason.StatementInvalid, VerificationStage.Signature, $"an envelope of type {Envelope.InTotoPayload}", "'" + envelope.PayloadType + "'");
        }

        if (!key.Verify(Envelope.Pae(envelope.PayloadType, envelope.Payload.Span), envelope.Signature.Span))
        {
            throw Wrong(key, "this envelope");
        }

        var statement = Read(envelope);
        var wanted = Convert.ToHexStringLower(artifact.Sha256.Span);
        if (!statement.IsAbout(wanted))
        {
            var others = statement.Subjects.Select(s => s.Digests.GetValueOrDefault("sha256", "no SHA-256")).Take(4);
            throw new Rejection(
                RejectionReason.SubjectMismatch, VerificationStage.Signature, $"a statement about an artifact of SHA-256 {wanted}",
                $"one about {statement.Subjects.Count} others ({string.Join(", ", others)})");
        }
    }

    private static Statement Read(DsseEnvelope envelope)
    {
        try
        {
            return Statement.Read(envelope.Payload);
        }
        catch (BundleFormatException e)
        {
            throw new Rejection(RejectionReason.StatementInvalid, VerificationStage.Signature, e.Expected, $"{e.Found} at '{e.Path}'", e);
        }
    }

    private static Rejection Wrong(VerificationKey key, string what) => new(
        RejectionReason.SignatureInvalid, VerificationStage.Signature, $"a signature by key {key.Fingerprint}", $"a signature that this key did not make over {what}");

    private static HashAlgorithmName NameOf(BundleHash hash) => hash switch
    {
        BundleHash.Sha256 => HashAlgorithmName.SHA256,
        BundleHash.Sha384 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };
}
