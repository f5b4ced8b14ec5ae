using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SecFlow.SigstoreKit;

/// <summary>A certificate transparency log (RFC 6962) with a key on P-256: signs statements over certificates before they are issued.</summary>
public sealed class MockCertificateLog : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public MockCertificateLog(string baseUrl, DateTimeOffset start)
    {
        (BaseUrl, Start) = (baseUrl, start);
        PublicKey = _key.ExportSubjectPublicKeyInfo();
        LogId = SHA256.HashData(PublicKey);
    }

    public string BaseUrl { get; }

    /// <summary>From when the trusted root lets it count.</summary>
    public DateTimeOffset Start { get; }

    /// <summary>Until when; null = open.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>SubjectPublicKeyInfo.</summary>
    public byte[] PublicKey { get; }

    /// <summary>SHA-256 of the key.</summary>
    public byte[] LogId { get; }

    /// <summary>When true, its signatures are over other bytes.</summary>
    public bool Forges { get; init; }

    public void Dispose() => _key.Dispose();

    /// <summary>The extension 1.3.6.1.4.1.11129.2.4.2: an OCTET STRING with a TLS list of statements.</summary>
    internal static X509Extension Extension(IReadOnlyList<MockCertificateLog> logs, X509Certificate2 bare, X509Certificate2 issuer, DateTimeOffset time, ReadOnlySpan<byte> extensions)
    {
        var tbs = ToBeSigned(bare.RawDataMemory);
        var issuerKey = SHA256.HashData(issuer.PublicKey.ExportSubjectPublicKeyInfo());
        using var list = new MemoryStream();
        foreach (var log in logs)
        {
            var statement = log.Statement(tbs, issuerKey, time, extensions);
            WriteLength16(list, statement.Length);
            list.Write(statement);
        }

        var inner = list.ToArray();
        using var outer = new MemoryStream();
        WriteLength16(outer, inner.Length);
        outer.Write(inner);
        var asn = new AsnWriter(AsnEncodingRules.DER);
        asn.WriteOctetString(outer.ToArray());
        return new X509Extension("1.3.6.1.4.1.11129.2.4.2", asn.Encode(), critical: false);
    }

    private byte[] Statement(ReadOnlySpan<byte> tbs, byte[] issuerKey, DateTimeOffset time, ReadOnlySpan<byte> extensions)
    {
        Span<byte> stamp = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(stamp, time.ToUnixTimeMilliseconds());
        using var signed = new MemoryStream();
        signed.Write([0, 0]);
        signed.Write(stamp);
        signed.Write([0, 1]);
        signed.Write(issuerKey);
        signed.Write([(byte)(tbs.Length >> 16), (byte)(tbs.Length >> 8), (byte)tbs.Length]);
        signed.Write(tbs);
        WriteLength16(signed, extensions.Length);
        signed.Write(extensions);
        if (Forges)
        {
            signed.WriteByte(0);
        }

        var signature = _key.SignData(signed.ToArray(), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        using var statement = new MemoryStream();
        statement.WriteByte(0);
        statement.Write(LogId);
        statement.Write(stamp);
        WriteLength16(statement, extensions.Length);
        statement.Write(extensions);

        // SHA-256, ECDSA
        statement.Write([4, 3]);
        WriteLength16(statement, signature.Length);
        statement.Write(signature);
        return statement.ToArray();
    }

    private static void WriteLength16(MemoryStream to, int length) => to.Write([(byte)(length >> 8), (byte)length]);

    private static ReadOnlySpan<byte> ToBeSigned(ReadOnlyMemory<byte> certificate) =>
        new AsnReader(certificate, AsnEncodingRules.DER).ReadSequence().PeekEncodedValue().Span;
}
