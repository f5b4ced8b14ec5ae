using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SecFlow.Sigstore.Certificates;

/// <summary>One DER certificate and nothing else: no PEM, no PKCS#7, no bytes after it.</summary>
internal static class CertificateBytes
{
    public static X509Certificate2 Load(ReadOnlySpan<byte> der)
    {
        var certificate = X509CertificateLoader.LoadCertificate(der);
        if (certificate.RawDataMemory.Span.SequenceEqual(der))
        {
            return certificate;
        }

        certificate.Dispose();
        throw new CryptographicException("Expected exactly one DER certificate.");
    }
}
