using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SecFlow.Execution.Targets;

/// <summary>Reads what is said of a certificate. It comes from a target: every text is bounded, and what cannot be read is left out.</summary>
internal static class CertificateFacts
{
    private const int MostText = 500;
    private const int MostNames = 100;

    public static TlsCertificate Of(X509Certificate2 certificate)
    {
        var (type, bits) = Key(certificate);
        return new TlsCertificate(
            Short(certificate.Subject), Short(certificate.Issuer), Short(certificate.SerialNumber),
            new DateTimeOffset(certificate.NotBefore.ToUniversalTime()), new DateTimeOffset(certificate.NotAfter.ToUniversalTime()),
            Names(certificate), type, bits, Short(certificate.SignatureAlgorithm.FriendlyName ?? certificate.SignatureAlgorithm.Value ?? ""),
            certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData),
            Convert.ToHexStringLower(SHA256.HashData(certificate.RawData)));
    }

    private static (string Type, int Bits) Key(X509Certificate2 certificate)
    {
        try
        {
            using AsymmetricAlgorithm? key = (AsymmetricAlgorithm?)certificate.GetRSAPublicKey() ?? (AsymmetricAlgorithm?)certificate.GetECDsaPublicKey() ?? certificate.GetDSAPublicKey();
            return key switch
            {
                RSA rsa => ("RSA", rsa.KeySize),
                ECDsa ec => ("ECDSA", ec.KeySize),
                DSA dsa => ("DSA", dsa.KeySize),
                _ => (Short(certificate.PublicKey.Oid.FriendlyName ?? certificate.PublicKey.Oid.Value ?? "unknown"), 0),
            };
        }
        catch (CryptographicException)
        {
            // a key that this machine cannot read: its algorithm is all that is known
            return (Short(certificate.PublicKey.Oid.FriendlyName ?? certificate.PublicKey.Oid.Value ?? "unknown"), 0);
        }
    }

    private static IReadOnlyList<string> Names(X509Certificate2 certificate)
    {
        try
        {
            return certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is { } names
                ? [.. names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(a => a.ToString())).Take(MostNames).Select(Short)]
                : [];
        }
        catch (CryptographicException)
        {
            // an extension that is not DER: it names nobody
            return [];
        }
    }

    private static string Short(string text) => text.Length > MostText ? text[..MostText] : text;
}
