using System.Security.Cryptography;
using System.Text;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Transparency;

/// <summary>
/// Compares the body of a log entry with what was signed. Kinds (Rekor 1: the first three; Rekor 2: version 0.0.2 of the others):
/// <code>
/// hashedrekord 0.0.1  {"data":{"hash":{"algorithm":"sha256","value":HEX}},"signature":{"content":B64,"publicKey":{"content":B64(PEM)}}}
/// dsse         0.0.1  {"envelopeHash":..,"payloadHash":{"algorithm":"sha256","value":HEX},"signatures":[{"signature":B64,"verifier":B64(PEM)}]}
/// intoto       0.0.2  {"content":{"envelope":{"payload":B64(B64),"payloadType":T,"signatures":[{"publicKey":B64(PEM),"sig":B64(B64)}]},"hash":..,"payloadHash":{..}}}
/// hashedrekord 0.0.2  {"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":B64},"signature":{"content":B64,"verifier":VERIFIER}}}
/// dsse         0.0.2  {"dsseV002":{"payloadHash":{"algorithm":"SHA2_256","digest":B64},"signatures":[{"content":B64,"verifier":VERIFIER}]}}
/// VERIFIER            {"keyDetails":K,"x509Certificate":{"rawBytes":B64}} or {"keyDetails":K,"publicKey":{"rawBytes":B64}}
/// </code>
/// 1. Kind and version are those that the bundle names, and known here.
/// 2. Digest, signature and certificate (or key) are equal byte for byte, and there is exactly one signature. For an envelope a hashedrekord 0.0.2 has the
///    digest of its encoding (PAE). What hashes the envelope's JSON cannot be compared: that text is not in the bundle.
/// </summary>
internal static class LogEntryBody
{
    public static bool IsOfRekor2(LogEntry entry) => entry is { Kind: "hashedrekord" or "dsse", KindVersion: "0.0.2" };

    public static RejectedBundle? Check(LogEntry entry, SignedContent content)
    {
        try
        {
            StrictJson.Parse(entry.CanonicalizedBody!.Value, element =>
            {
                var body = StrictJson.Root(element, "apiVersion", "kind", "spec");
                Equal("the kind of the entry", entry.Kind + " " + entry.KindVersion, body.RequiredText("kind") + " " + body.RequiredText("apiVersion"));
                Compare(entry, body, content);
                return true;
            });
            return null;
        }
        catch (BundleFormatException e)
        {
            return Reject(RejectionReason.LogEntryMismatch, e.Expected, $"{e.Found} at '{e.Path}' of the log entry's body");
        }
        catch (MismatchException e)
        {
            return e.Rejection;
        }
    }

    private static void Compare(LogEntry entry, StrictJson body, SignedContent content)
    {
        switch (entry.Kind, entry.KindVersion, content.Envelope)
        {
            case ("hashedrekord", "0.0.1", null):
                HashedRekord1(body.RequiredObject("spec", "data", "signature"), content);
                break;
            case ("hashedrekord", "0.0.2", _):
                HashedRekord2(body.RequiredObject("spec", "hashedRekordV002").RequiredObject("hashedRekordV002", "data", "signature"), content);
                break;
            case ("dsse", "0.0.1", { } envelope):
                Dsse1(body.RequiredObject("spec", "envelopeHash", "payloadHash", "signatures"), envelope, content);
                break;
            case ("dsse", "0.0.2", { } envelope):
                Dsse2(body.RequiredObject("spec", "dsseV002").RequiredObject("dsseV002", "payloadHash", "signatures"), envelope, content);
                break;
            case ("intoto", "0.0.2", { } envelope):
                InToto(body.RequiredObject("spec", "content").RequiredObject("content", "envelope", "hash", "payloadHash"), envelope, content);
                break;
            case ("hashedrekord" or "dsse" or "intoto", _, _) when entry.KindVersion is "0.0.1" or "0.0.2" && !(entry.Kind == "intoto" && entry.KindVersion == "0.0.1"):
                throw new MismatchException(Reject(
                    RejectionReason.LogEntryMismatch, content.Envelope is null ? "an entry about a message signature" : "an entry about an envelope", $"one of kind {entry.Kind} {entry.KindVersion}"));
            default:
                throw new MismatchException(Reject(
                    RejectionReason.VersionNotSupported, "an entry of kind hashedrekord or dsse 0.0.1 or 0.0.2, or intoto 0.0.2", $"'{entry.Kind} {entry.KindVersion}'"));
        }
    }

    private static void HashedRekord1(StrictJson spec, SignedContent content)
    {
        var hash = spec.RequiredObject("data", "hash").RequiredObject("hash", "algorithm", "value");
        var signature = spec.RequiredObject("signature", "content", "publicKey");
        EqualDigest("the artifact", content.Digest(Algorithm(hash)), hash.RequiredText("value"));
        Equal("the signature", content.Signature.Span, signature.RequiredBase64("content").Span);
        EqualVerifier(content, signature.RequiredObject("publicKey", "content").RequiredBase64("content"));
    }

    private static void HashedRekord2(StrictJson spec, SignedContent content)
    {
        var data = spec.RequiredObject("data", "algorithm", "digest");
        EqualDigest(content.Envelope is null ? "the artifact" : "the envelope", content.Digest(Algorithm(data)), Convert.ToHexStringLower(data.RequiredBase64("digest").Span));
        EqualSignature2(spec.RequiredObject("signature", "content", "verifier"), content);
    }

    private static void Dsse1(StrictJson spec, DsseEnvelope envelope, SignedContent content)
    {
        EqualPayload(spec.RequiredObject("payloadHash", "algorithm", "value"), envelope);
        var signature = Only(spec.Objects("signatures", 1, "signature", "verifier"), spec);
        Equal("the signature", content.Signature.Span, signature.RequiredBase64("signature").Span);
        EqualVerifier(content, signature.RequiredBase64("verifier"));
    }

    private static void Dsse2(StrictJson spec, DsseEnvelope envelope, SignedContent content)
    {
        var hash = spec.RequiredObject("payloadHash", "algorithm", "digest");
        EqualDigest("the payload", Artifact.FromBytes(envelope.Payload).Hash(Algorithm(hash)), Convert.ToHexStringLower(hash.RequiredBase64("digest").Span));
        EqualSignature2(Only(spec.Objects("signatures", 1, "content", "verifier"), spec), content);
    }

    private static void InToto(StrictJson spec, DsseEnvelope envelope, SignedContent content)
    {
        EqualPayload(spec.RequiredObject("payloadHash", "algorithm", "value"), envelope);
        var logged = spec.RequiredObject("envelope", "payload", "payloadType", "signatures");
        Equal("the payload type", envelope.PayloadType, logged.RequiredText("payloadType"));
        if (logged.Base64("payload") is { } payload)
        {
            Equal("the payload", envelope.Payload.Span, Again(payload, logged, "payload"));
        }

        var signature = Only(logged.Objects("signatures", 1, "sig", "publicKey", "keyid"), logged);
        Equal("the signature", content.Signature.Span, Again(signature.RequiredBase64("sig"), signature, "sig"));
        EqualVerifier(content, signature.RequiredBase64("publicKey"));
    }

    private static void EqualSignature2(StrictJson signature, SignedContent content)
    {
        var verifier = signature.RequiredObject("verifier", "keyDetails", "x509Certificate", "publicKey");
        if (verifier.Has("x509Certificate") == verifier.Has("publicKey"))
        {
            throw verifier.Wrong("", "exactly one of x509Certificate, publicKey", verifier.Has("publicKey") ? "both" : "neither");
        }

        Equal("the signature", content.Signature.Span, signature.RequiredBase64("content").Span);
        var name = content.HasCertificate ? "x509Certificate" : "publicKey";
        var logged = verifier.Object(name, "rawBytes")?.RequiredBase64("rawBytes") ?? throw verifier.Wrong(name, content.HasCertificate ? "the certificate" : "the key", "nothing");
        Equal(content.HasCertificate ? "the certificate" : "the key", content.Verifier.Span, logged.Span);
    }

    /// <summary>One PEM block, of a certificate or of a key as it was signed with.</summary>
    private static void EqualVerifier(SignedContent content, ReadOnlyMemory<byte> pem)
    {
        var (label, what) = content.HasCertificate ? ("CERTIFICATE", "the certificate") : ("PUBLIC KEY", "the key");
        var text = Encoding.UTF8.GetString(pem.Span).Trim();
        if (!PemEncoding.TryFind(text, out var fields) || fields.Location.Start.Value != 0 || fields.Location.End.Value != text.Length
            || !text.AsSpan()[fields.Label].SequenceEqual(label))
        {
            throw new MismatchException(Reject(RejectionReason.LogEntryMismatch, $"{what} as one PEM block '{label}' in the log entry", "another form"));
        }

        Equal(what, content.Verifier.Span, Convert.FromBase64String(text[fields.Base64Data]));
    }

    private static void EqualPayload(StrictJson hash, DsseEnvelope envelope) =>
        EqualDigest("the payload", Artifact.FromBytes(envelope.Payload).Hash(Algorithm(hash)), hash.RequiredText("value"));

    private static void EqualDigest(string what, byte[]? real, string logged) => Equal(
        "the digest of " + what,
        real is null
            ? throw new MismatchException(Reject(RejectionReason.ArtifactBytesNeeded, "the artifact, for a log entry with another digest than SHA-256", "only its SHA-256"))
            : Convert.ToHexStringLower(real),
        logged);

    private static HashAlgorithmName Algorithm(StrictJson owner)
    {
        var name = owner.RequiredText("algorithm");
        return name switch
        {
            "sha256" or "SHA2_256" => HashAlgorithmName.SHA256,
            "sha384" or "SHA2_384" => HashAlgorithmName.SHA384,
            "sha512" or "SHA2_512" => HashAlgorithmName.SHA512,
            _ => throw new MismatchException(Reject(RejectionReason.AlgorithmNotSupported, "a digest with SHA-256, SHA-384 or SHA-512", "'" + name + "'")),
        };
    }

    private static byte[] Again(ReadOnlyMemory<byte> outer, StrictJson owner, string name) =>
        CanonicalBase64.TryDecode(Encoding.UTF8.GetString(outer.Span), out var inner) ? inner : throw owner.Wrong(name, "base64 of base64", "another form");

    private static StrictJson Only(List<StrictJson> signatures, StrictJson owner) =>
        signatures is [var signature] ? signature : throw owner.Wrong("signatures", "exactly one signature", "none");

    private static void Equal(string what, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> found)
    {
        if (!found.SequenceEqual(expected))
        {
            throw Mismatch(what, Shown(expected), Shown(found));
        }
    }

    private static void Equal(string what, string expected, string found)
    {
        if (!string.Equals(expected, found, StringComparison.Ordinal))
        {
            throw Mismatch(what, expected, found.Length <= 128 ? found : found[..128]);
        }
    }

    private static MismatchException Mismatch(string what, string expected, string found) =>
        new(Reject(RejectionReason.LogEntryMismatch, $"{what} in the log entry: {expected}", found));

    private static string Shown(ReadOnlySpan<byte> bytes) => "bytes of SHA-256 " + Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static RejectedBundle Reject(RejectionReason reason, string expected, string found) => new(reason, VerificationStage.TransparencyLog, expected, found);

    /// <summary>Ends a comparison; never leaves this class.</summary>
    private sealed class MismatchException(RejectedBundle rejection) : Exception(rejection.ToString())
    {
        public RejectedBundle Rejection { get; } = rejection;
    }
}
