using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Certificates;

/// <summary>The certificates behind the leaf in a bundle: candidates for a path, never its end. A self-signed one has no business there and rejects the bundle.</summary>
internal sealed class CandidateIssuers : IDisposable
{
    /// <param name="chain">Certificates of the bundle, leaf first.</param>
    public CandidateIssuers(IReadOnlyList<ReadOnlyMemory<byte>> chain)
    {
        try
        {
            for (var i = 0; i < chain.Count; i++)
            {
                var certificate = Load(chain[i].Span, i);
                if (i > 0)
                {
                    Certificates.Add(certificate);
                }

                if (CertificatePath.IsSelfIssued(certificate))
                {
                    throw new Rejection(
                        RejectionReason.MalformedBundle, VerificationStage.Bundle, "certificates up to the authority, without the authority's own root", $"a self-signed certificate '{certificate.Subject}' at place {i}");
                }
            }
        }
        catch (Rejection)
        {
            Dispose();
            throw;
        }
    }

    public X509Certificate2Collection Certificates { get; } = [];

    public void Dispose()
    {
        foreach (var certificate in Certificates)
        {
            certificate.Dispose();
        }
    }

    private static X509Certificate2 Load(ReadOnlySpan<byte> der, int place)
    {
        try
        {
            return CertificateBytes.Load(der);
        }
        catch (CryptographicException e)
        {
            throw new Rejection(RejectionReason.CertificateInvalid, VerificationStage.Certificate, "a certificate in DER", $"bytes at place {place} of the chain that are none: {e.Message}", e);
        }
    }
}
