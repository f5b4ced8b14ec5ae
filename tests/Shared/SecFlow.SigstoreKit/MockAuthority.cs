using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SecFlow.SigstoreKit;

/// <summary>Where an identity stands in a certificate's subject alternative name.</summary>
public enum IdentityForm
{
    Uri,
    Email,

    /// <summary>otherName 1.3.6.1.4.1.57264.1.7, a UTF-8 string.</summary>
    UserName,
}

/// <summary>A certificate authority with a root and an intermediate, both on P-384, as Fulcio has them.</summary>
public sealed class MockAuthority : IDisposable
{
    private static readonly Oid _codeSigning = new("1.3.6.1.5.5.7.3.3");
    private readonly ECDsa _rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    /// <param name="name">Common name.</param>
    /// <param name="start">From when both certificates are valid.</param>
    /// <param name="end">Until when.</param>
    public MockAuthority(string name, DateTimeOffset start, DateTimeOffset end)
    {
        Name = name;
        Start = start;
        Root = Authority(_rootKey, $"CN={name} root,O={name}", $"CN={name} root,O={name}", _rootKey, start, end, pathLength: 1);
        Intermediate = Authority(_key, $"CN={name},O={name}", Root.SubjectName.Name, _rootKey, start, end, pathLength: 0);
    }

    public string Name { get; }

    public DateTimeOffset Start { get; }

    public X509Certificate2 Root { get; }

    /// <summary>Signs the leaves.</summary>
    public X509Certificate2 Intermediate { get; }

    public void Dispose()
    {
        Root.Dispose();
        Intermediate.Dispose();
        _rootKey.Dispose();
        _key.Dispose();
    }

    /// <summary>A code signing certificate for <paramref name="key"/>, with the statements of <paramref name="logs"/> inside.</summary>
    internal X509Certificate2 Issue(PublicKey key, string identity, string issuer, IReadOnlyDictionary<string, string> claims, SignOptions options, DateTimeOffset time)
    {
        var request = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA384);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(options.KeyUsage, critical: true));
        if (options.ExtendedKeyUsage is { } usage)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        }

        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(options.LeafIsAuthority, false, 0, critical: true));
        request.CertificateExtensions.Add(Names([(options.IdentityForm ?? FormOf(identity), identity), .. options.FurtherIdentities]));
        foreach (var extension in Claims.Extensions(issuer, claims, options))
        {
            request.CertificateExtensions.Add(extension);
        }

        options.Certificate?.Invoke(request);
        var (start, end) = (time + options.LeafStart, time + options.LeafStart + options.LeafLifetime);
        byte[] serial = [1, .. RandomNumberGenerator.GetBytes(15)];
        var generator = X509SignatureGenerator.CreateForECDsa(_key);
        if (options.CertificateLogs is { Count: > 0 } logs)
        {
            using var bare = request.Create(Intermediate.SubjectName, generator, start, end, serial);
            request.CertificateExtensions.Add(MockCertificateLog.Extension(logs, bare, Intermediate, time + options.CertificateLogTime, options.CertificateLogExtensions.Span));
        }

        return request.Create(Intermediate.SubjectName, generator, start, end, serial);
    }

    internal static X509Certificate2 Authority(ECDsa key, string subject, string issuer, ECDsa issuerKey, DateTimeOffset start, DateTimeOffset end, int pathLength)
    {
        var request = new CertificateRequest(new X500DistinguishedName(subject), key, HashAlgorithmName.SHA384);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLength, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        if (pathLength == 0 && !subject.Contains("TSA", StringComparison.Ordinal))
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([_codeSigning], critical: false));
        }

        return request.Create(new X500DistinguishedName(issuer), X509SignatureGenerator.CreateForECDsa(issuerKey), start, end, [1, .. RandomNumberGenerator.GetBytes(15)]);
    }

    private static IdentityForm FormOf(string identity) =>
        identity.Contains("://", StringComparison.Ordinal) || !identity.Contains('@', StringComparison.Ordinal) ? IdentityForm.Uri : IdentityForm.Email;

    /// <summary>Written by hand: the framework's builder would normalise a URI, and the point of many tests is that it is not normal.</summary>
    private static X509Extension Names(IReadOnlyList<(IdentityForm Form, string Value)> names)
    {
        var asn = new AsnWriter(AsnEncodingRules.DER);
        using (asn.PushSequence())
        {
            foreach (var (form, value) in names)
            {
                switch (form)
                {
                    case IdentityForm.Uri:
                        asn.WriteCharacterString(UniversalTagNumber.IA5String, value, new Asn1Tag(TagClass.ContextSpecific, 6));
                        break;
                    case IdentityForm.Email:
                        asn.WriteCharacterString(UniversalTagNumber.IA5String, value, new Asn1Tag(TagClass.ContextSpecific, 1));
                        break;
                    default:
                        using (asn.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                        {
                            asn.WriteObjectIdentifier("1.3.6.1.4.1.57264.1.7");
                            using (asn.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                            {
                                asn.WriteCharacterString(UniversalTagNumber.UTF8String, value);
                            }
                        }

                        break;
                }
            }
        }

        return new X509Extension("2.5.29.17", asn.Encode(), critical: true);
    }
}
