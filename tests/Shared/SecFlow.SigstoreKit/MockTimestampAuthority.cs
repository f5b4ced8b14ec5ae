using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace SecFlow.SigstoreKit;

/// <summary>How a timestamp comes out wrong; all of it signed again, unless it says otherwise.</summary>
public enum TimestampFault
{
    None,

    /// <summary>The last byte of the authority's signature is another one.</summary>
    ForgedSignature,

    /// <summary>It is about other bytes.</summary>
    OtherImprint,

    /// <summary>The status says "rejection", the token is good.</summary>
    Rejected,

    /// <summary>The token does not name the certificate that signed it.</summary>
    NoCertificateId,
}

/// <summary>A timestamp authority (RFC 3161) with root, intermediate-less signer on P-256 or P-384, and SHA-256 imprints unless told.</summary>
public sealed class MockTimestampAuthority : IDisposable
{
    private readonly ECDsa _rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private long _serial = 1;

    public MockTimestampAuthority(string name, DateTimeOffset start, DateTimeOffset end, string? usage = "1.3.6.1.5.5.7.3.8")
    {
        (Name, Start) = (name, start);
        Root = MockAuthority.Authority(_rootKey, $"CN={name} TSA root,O={name}", $"CN={name} TSA root,O={name}", _rootKey, start, end, pathLength: 0);
        var request = new CertificateRequest(new X500DistinguishedName($"CN={name} TSA,O={name}"), _key, HashAlgorithmName.SHA384);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        if (usage is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: true));
        }

        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        Signer = request.Create(Root.SubjectName, X509SignatureGenerator.CreateForECDsa(_rootKey), start, end, [1, .. RandomNumberGenerator.GetBytes(15)]);
    }

    public string Name { get; }

    public DateTimeOffset Start { get; }

    /// <summary>Until when the trusted root lets it count; null = open.</summary>
    public DateTimeOffset? End { get; init; }

    public X509Certificate2 Root { get; }

    public X509Certificate2 Signer { get; }

    /// <summary>Whether tokens carry the signer's certificate. What they carry proves nothing.</summary>
    public bool EmbedsCertificate { get; init; } = true;

    public HashAlgorithmName Imprint { get; init; } = HashAlgorithmName.SHA256;

    public TimestampFault Fault { get; init; }

    /// <summary>Whether the trusted root lists the signer beside its root; when not, only the embedded certificate leads there.</summary>
    public bool ListsSigner { get; init; } = true;

    public void Dispose()
    {
        Root.Dispose();
        Signer.Dispose();
        _rootKey.Dispose();
        _key.Dispose();
    }

    /// <summary>A DER TimeStampResp over <paramref name="data"/>.</summary>
    public byte[] Stamp(ReadOnlySpan<byte> data, DateTimeOffset time)
    {
        using var certificate = Signer.CopyWithPrivateKey(_key);
        var cms = new SignedCms(new ContentInfo(new Oid("1.2.840.113549.1.9.16.1.4"), Info(data, time)));
        var signer = new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, certificate)
        {
            DigestAlgorithm = new Oid("2.16.840.1.101.3.4.2.1"),
            IncludeOption = EmbedsCertificate ? X509IncludeOption.EndCertOnly : X509IncludeOption.None,
        };
        if (Fault != TimestampFault.NoCertificateId)
        {
            signer.SignedAttributes.Add(new AsnEncodedData(new Oid("1.2.840.113549.1.9.16.2.47"), SigningCertificate()));
        }

        cms.ComputeSignature(signer);
        var token = cms.Encode();
        if (Fault == TimestampFault.ForgedSignature)
        {
            // a signature stands at the very end: no unsigned attributes follow
            token[^1] ^= 1;
        }

        var asn = new AsnWriter(AsnEncodingRules.DER);
        using (asn.PushSequence())
        {
            using (asn.PushSequence())
            {
                asn.WriteInteger(Fault == TimestampFault.Rejected ? 2 : 0);
            }

            asn.WriteEncodedValue(token);
        }

        return asn.Encode();
    }

    private byte[] Info(ReadOnlySpan<byte> data, DateTimeOffset time)
    {
        var (algorithm, imprint) = Imprint.Name switch
        {
            "SHA384" => ("2.16.840.1.101.3.4.2.2", SHA384.HashData(data)),
            "SHA512" => ("2.16.840.1.101.3.4.2.3", SHA512.HashData(data)),
            "SHA1" => ("1.3.14.3.2.26", CryptographicOperations.HashData(HashAlgorithmName.SHA1, data)),
            _ => ("2.16.840.1.101.3.4.2.1", SHA256.HashData(data)),
        };
        if (Fault == TimestampFault.OtherImprint)
        {
            imprint[0] ^= 1;
        }

        var asn = new AsnWriter(AsnEncodingRules.DER);
        using (asn.PushSequence())
        {
            asn.WriteInteger(1);
            asn.WriteObjectIdentifier("1.3.6.1.4.1.57264.2");
            using (asn.PushSequence())
            {
                using (asn.PushSequence())
                {
                    asn.WriteObjectIdentifier(algorithm);
                    asn.WriteNull();
                }

                asn.WriteOctetString(imprint);
            }

            asn.WriteInteger(new BigInteger(Interlocked.Increment(ref _serial)));
            asn.WriteGeneralizedTime(time, omitFractionalSeconds: true);
        }

        return asn.Encode();
    }

    /// <summary>SigningCertificateV2 (RFC 5035) with SHA-256, which is its default and therefore not written.</summary>
    private byte[] SigningCertificate()
    {
        var asn = new AsnWriter(AsnEncodingRules.DER);
        using (asn.PushSequence())
        using (asn.PushSequence())
        using (asn.PushSequence())
        {
            asn.WriteOctetString(SHA256.HashData(Signer.RawData));
        }

        return asn.Encode();
    }
}
