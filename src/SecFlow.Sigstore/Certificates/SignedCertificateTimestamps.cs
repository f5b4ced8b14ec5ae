using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Certificates;

/// <summary>
/// Checks the promises of certificate logs inside a certificate (RFC 6962, 3.2 and 3.3).
/// 1. A log counts once, however often it promises and under however many ids the root lists its key.
/// 2. A log that the root does not know, or whose key was not in use then, does not count. A wrong promise of a known log is a rejection.
/// </summary>
internal static class SignedCertificateTimestamps
{
    private const string Extension = "1.3.6.1.4.1.11129.2.4.2";
    private const int MaxPromises = 16;

    public static void Verify(X509Certificate2 certificate, CertificatePath path, TrustedRoot root, int threshold)
    {
        if (threshold == 0)
        {
            return;
        }

        var promises = Read(certificate);
        var entry = PreCertificate(certificate, path.Links[1].SubjectPublicKeyInfo.Span);
        var logs = new HashSet<string>(StringComparer.Ordinal);
        foreach (var promise in promises)
        {
            var known = root.CertificateLogs.Where(l => l.LogId.Span.SequenceEqual(promise.LogId.Span)).ToList();
            var inUse = known.Where(l => l.ValidFor.Covers(promise.Time)).ToList();
            if (inUse.Count == 0)
            {
                continue;
            }

            var signed = promise.SignedData(entry);
            var log = inUse.Find(l => promise.Fits(l.Key) && l.Key.Verify(signed, promise.Signature.Span))
                ?? throw new Rejection(RejectionReason.CertificateLogInvalid, VerificationStage.CertificateLog, $"a promise over this certificate by log '{inUse[0].Name}'", "one that this log did not sign");
            logs.Add(log.Key.Fingerprint);
        }

        if (logs.Count < threshold)
        {
            throw new Rejection(
                RejectionReason.CertificateNotLogged, VerificationStage.CertificateLog,
                $"promises (SCT) of {threshold} known certificate log{(threshold == 1 ? "" : "s")}", $"{logs.Count}, of {promises.Count} in the certificate");
        }
    }

    private static List<Promise> Read(X509Certificate2 certificate)
    {
        if (certificate.Extensions.FirstOrDefault(e => e.Oid?.Value == Extension) is not { } extension)
        {
            return [];
        }

        try
        {
            var list = new TlsReader(AsnDecoder.ReadOctetString(extension.RawData, AsnEncodingRules.DER, out var read)).Vector();
            if (read != extension.RawData.Length)
            {
                throw new FormatException("bytes after the list");
            }

            var promises = new List<Promise>();
            while (!list.IsEmpty)
            {
                if (Promise.Read(list.Vector()) is { } promise)
                {
                    promises.Add(promises.Count < MaxPromises ? promise : throw new FormatException($"more than {MaxPromises} promises"));
                }
            }

            return promises;
        }
        catch (Exception e) when (e is FormatException or AsnContentException)
        {
            throw new Rejection(RejectionReason.CertificateLogInvalid, VerificationStage.CertificateLog, "a list of promises (SCT)", e.Message, e);
        }
    }

    /// <summary>What a log signs of a certificate: digest of the issuer's key, then the certificate without the promises and without the signature.</summary>
    private static byte[] PreCertificate(X509Certificate2 certificate, ReadOnlySpan<byte> issuerKey)
    {
        try
        {
            var encoded = WithoutPromises(certificate);
            return [.. SHA256.HashData(issuerKey), (byte)(encoded.Length >> 16), (byte)(encoded.Length >> 8), (byte)encoded.Length, .. encoded];
        }
        catch (AsnContentException e)
        {
            throw new Rejection(RejectionReason.CertificateInvalid, VerificationStage.CertificateLog, "a certificate in DER", e.Message, e);
        }
    }

    private static byte[] WithoutPromises(X509Certificate2 certificate)
    {
        var toBeSigned = new AsnReader(certificate.RawDataMemory, AsnEncodingRules.DER).ReadSequence().ReadSequence();
        var writer = new AsnWriter(AsnEncodingRules.DER);
        var extensions = new Asn1Tag(TagClass.ContextSpecific, 3, isConstructed: true);
        using (writer.PushSequence())
        {
            while (toBeSigned.HasData)
            {
                if (toBeSigned.PeekTag() != extensions)
                {
                    writer.WriteEncodedValue(toBeSigned.ReadEncodedValue().Span);
                    continue;
                }

                var all = toBeSigned.ReadSequence(extensions).ReadSequence();
                using (writer.PushSequence(extensions))
                using (writer.PushSequence())
                {
                    while (all.HasData)
                    {
                        var one = all.ReadEncodedValue();
                        if (new AsnReader(one, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier() != Extension)
                        {
                            writer.WriteEncodedValue(one.Span);
                        }
                    }
                }
            }
        }

        return writer.Encode();
    }

    /// <summary>One SCT of version 1.</summary>
    private sealed record Promise(ReadOnlyMemory<byte> LogId, ulong Milliseconds, ReadOnlyMemory<byte> Extensions, byte HashAlgorithm, byte SignatureAlgorithm, ReadOnlyMemory<byte> Signature)
    {
        private const ulong LastMillisecond = 253_402_300_799_999;

        public DateTimeOffset Time => DateTimeOffset.FromUnixTimeMilliseconds((long)Milliseconds);

        /// <summary>Null for a version that is not known, which RFC 6962 wants to be passed over.</summary>
        public static Promise? Read(TlsReader reader)
        {
            if (reader.Bytes(1).Span[0] != 0)
            {
                return null;
            }

            var logId = reader.Bytes(32);
            var time = BinaryPrimitives.ReadUInt64BigEndian(reader.Bytes(8).Span);
            if (time > LastMillisecond)
            {
                throw new FormatException("a time after the year 9999");
            }

            var extensions = reader.Vector().Rest;
            var algorithms = reader.Bytes(2).Span;
            var promise = new Promise(logId, time, extensions, algorithms[0], algorithms[1], reader.Vector().Rest);
            return reader.IsEmpty ? promise : throw new FormatException("bytes after a promise");
        }

        /// <summary>SHA-256 with the algorithm of this key.</summary>
        public bool Fits(VerificationKey key) => HashAlgorithm == 4 && SignatureAlgorithm == key.Kind switch
        {
            KeyKind.EcdsaP256 => 3,
            KeyKind.Rsa => 1,
            _ => -1,
        };

        public byte[] SignedData(byte[] preCertificate)
        {
            var head = new byte[12];
            BinaryPrimitives.WriteUInt64BigEndian(head.AsSpan(2), Milliseconds);
            head[11] = 1;
            return [.. head, .. preCertificate, (byte)(Extensions.Length >> 8), (byte)Extensions.Length, .. Extensions.Span];
        }
    }
}
