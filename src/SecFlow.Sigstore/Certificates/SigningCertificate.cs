using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Certificates;

/// <summary>
/// The certificate of a signer, its form checked, its issuer not.
/// 1. No extension occurs twice. It is for signing code (EKU) by digital signatures (KU), and is no authority's.
/// 2. It names exactly one signer, and says its issuer once or twice the same.
/// </summary>
internal sealed class SigningCertificate : IDisposable
{
    public const string CodeSigning = "1.3.6.1.5.5.7.3.3";

    private SigningCertificate(X509Certificate2 certificate, VerificationKey key, SignerIdentity identity, FulcioExtensions extensions)
    {
        Certificate = certificate;
        Key = key;
        Signer = new CertificateSigner(
            identity, extensions.Issuer, extensions.Claims, "sha256:" + Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span)));
        ValidFor = new Period(certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
    }

    public X509Certificate2 Certificate { get; }

    public VerificationKey Key { get; }

    public CertificateSigner Signer { get; }

    public Period ValidFor { get; }

    /// <summary>Reads DER. Throws <see cref="Rejection"/>.</summary>
    public static SigningCertificate Read(ReadOnlySpan<byte> der)
    {
        X509Certificate2? certificate = null;
        VerificationKey? key = null;
        try
        {
            certificate = CertificateBytes.Load(der);
            CheckUse(certificate);
            key = KeyOf(certificate);
            return new SigningCertificate(certificate, key, AlternativeName.Read(certificate), FulcioExtensions.Read(certificate));
        }
        catch (Exception e)
        {
            key?.Dispose();
            certificate?.Dispose();
            if (e is CryptographicException or AsnContentException)
            {
                throw Invalid("a certificate in DER", "bytes that are none: " + e.Message, e);
            }

            throw;
        }
    }

    public void Dispose()
    {
        Key.Dispose();
        Certificate.Dispose();
    }

    private static void CheckUse(X509Certificate2 certificate)
    {
        var twice = certificate.Extensions.GroupBy(e => e.Oid?.Value).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null)
        {
            throw Invalid("each extension once", $"extension {twice.Key} {twice.Count()} times");
        }

        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(b => b.CertificateAuthority))
        {
            throw Invalid("the certificate of a signer", "the certificate of an authority");
        }

        if (certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } use || !use.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature))
        {
            throw Invalid("key usage digitalSignature", certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault()?.KeyUsages.ToString() ?? "none");
        }

        var uses = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().SelectMany(e => e.EnhancedKeyUsages.Cast<Oid>()).Select(o => o.Value).ToList();
        if (!uses.Contains(CodeSigning, StringComparer.Ordinal))
        {
            throw Invalid("extended key usage codeSigning", uses.Count == 0 ? "none" : string.Join(", ", uses));
        }
    }

    private static VerificationKey KeyOf(X509Certificate2 certificate)
    {
        var spki = certificate.PublicKey.ExportSubjectPublicKeyInfo();
        try
        {
            return VerificationKey.FromSubjectPublicKeyInfo(spki);
        }
        catch (CryptographicException e)
        {
            throw new Rejection(RejectionReason.AlgorithmNotSupported, VerificationStage.Certificate, "a certificate with a kind of key that is supported", e.Message, e);
        }
    }

    private static Rejection Invalid(string expected, string found, Exception? inner = null) =>
        new(RejectionReason.CertificateInvalid, VerificationStage.Certificate, expected, found, inner);
}
