using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using SecFlow.Sigstore.Certificates;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Timestamps;

/// <summary>
/// Verifies RFC 3161 responses over the raw bytes of a signature.
/// 1. A certificate inside of the token proves nothing: its path must end at the anchor of an authority of the root, by certificates that were valid at the
///    time that the token states, while the authority was in use.
/// 2. The certificate whose path was found is the one that the token's signature is checked with.
/// 3. A token of an unknown authority does not count. Anything that is no token, and a wrong token of a known authority, is a rejection.
/// </summary>
internal static class TimestampVerifier
{
    private const string TimeStamping = "1.3.6.1.5.5.7.3.8";
    private const string TimestampContent = "1.2.840.113549.1.9.16.1.4";

    /// <summary>Verified times in the order of the bundle.</summary>
    public static List<VerifiedTime> Verify(IReadOnlyList<ReadOnlyMemory<byte>> responses, ReadOnlySpan<byte> signature, TrustedRoot root)
    {
        var times = new List<VerifiedTime>();
        foreach (var response in responses)
        {
            try
            {
                if (Verify(Unwrap(response), signature, root) is { } time)
                {
                    times.Add(time);
                }
            }
            catch (CryptographicException e)
            {
                throw Invalid("a timestamp token", "one that cannot be read: " + e.Message, e);
            }
        }

        return times;
    }

    private static VerifiedTime? Verify(ReadOnlyMemory<byte> token, ReadOnlySpan<byte> signature, TrustedRoot root)
    {
        var cms = Decode(token);
        var known = root.TimestampAuthorities.SelectMany(a => a.Certificates).ToArray();
        using var signer = SignerOf(cms, known);
        if (signer is null)
        {
            return null;
        }

        var paths = root.TimestampAuthorities.Select(a => CertificatePath.Find(signer, cms.Certificates, a, TimeStamping, out _)).OfType<CertificatePath>().ToList();
        if (paths.Count == 0)
        {
            return null;
        }

        if (!Rfc3161TimestampTokenInfo.TryDecode(cms.ContentInfo.Content, out var info, out _))
        {
            throw Invalid("the content of a timestamp token", "other bytes");
        }

        var outside = paths.Select(p => p.Outside([info.Timestamp])).ToList();
        if (outside.TrueForAll(o => o is not null))
        {
            throw Invalid("a time at which the timestamp authority was valid", outside[0]!);
        }

        if (info.HashAlgorithmId.Value is not ("2.16.840.1.101.3.4.2.1" or "2.16.840.1.101.3.4.2.2" or "2.16.840.1.101.3.4.2.3"))
        {
            throw new Rejection(RejectionReason.AlgorithmNotSupported, VerificationStage.Timestamp, "a timestamp over SHA-256, SHA-384 or SHA-512", $"algorithm {info.HashAlgorithmId.Value}");
        }

        CheckSignature(token, signature, signer, known);
        return new VerifiedTime(info.Timestamp, "timestamp authority " + paths[outside.FindIndex(o => o is null)].Authority.Uri);
    }

    private static void CheckSignature(ReadOnlyMemory<byte> token, ReadOnlySpan<byte> signature, X509Certificate2 signer, X509Certificate2[] known)
    {
        // The two calls check the certificate that the token commits to (ESSCertID), its use, the signature and the imprint; the first one only if it is inside.
        if (!Rfc3161TimestampToken.TryDecode(token, out var timestamp, out var read) || read != token.Length)
        {
            throw Invalid($"a timestamp of '{signer.Subject}'", "one that its certificate did not sign, or whose certificate is not for timestamps or another than it commits to");
        }

        if (!timestamp.VerifySignatureForData(signature, out var used, [.. known]) || !used.RawDataMemory.Span.SequenceEqual(signer.RawDataMemory.Span))
        {
            throw Invalid($"a timestamp of '{signer.Subject}' over this signature", "a timestamp of something else, or by somebody else");
        }
    }

    private static SignedCms Decode(ReadOnlyMemory<byte> token)
    {
        var cms = new SignedCms();
        cms.Decode(token.Span);
        return cms.ContentInfo.ContentType.Value == TimestampContent && cms.SignerInfos.Count == 1
            ? cms
            : throw Invalid("a timestamp token with one signer", $"content {cms.ContentInfo.ContentType.Value} with {cms.SignerInfos.Count} signers");
    }

    /// <summary>The certificate that the platform will check the signature with: one inside of the token if there is a fitting one, else one of the root.</summary>
    private static X509Certificate2? SignerOf(SignedCms cms, X509Certificate2[] known)
    {
        var info = cms.SignerInfos[0];
        if (info.Certificate is { } embedded)
        {
            return embedded;
        }

        var found = Array.Find(known, c => info.SignerIdentifier.MatchesCertificate(c));
        return found is null ? null : CertificateBytes.Load(found.RawDataMemory.Span);
    }

    /// <summary>The token of a TimeStampResp whose status is granted (0) or granted with modifications (1).</summary>
    private static ReadOnlyMemory<byte> Unwrap(ReadOnlyMemory<byte> response)
    {
        try
        {
            var reader = new AsnReader(response, AsnEncodingRules.BER);
            var sequence = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            if (!sequence.ReadSequence().TryReadInt32(out var status) || status is not (0 or 1))
            {
                throw Invalid("a timestamp that was granted", $"status {status}");
            }

            var token = sequence.ReadEncodedValue();
            sequence.ThrowIfNotEmpty();
            return token;
        }
        catch (AsnContentException e)
        {
            throw Invalid("a timestamp response", "bytes that are none: " + e.Message, e);
        }
    }

    private static Rejection Invalid(string expected, string found, Exception? inner = null) =>
        new(RejectionReason.TimestampInvalid, VerificationStage.Timestamp, expected, found, inner);
}
