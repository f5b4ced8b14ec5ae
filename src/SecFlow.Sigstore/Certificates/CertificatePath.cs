using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SecFlow.Sigstore.Roots;

namespace SecFlow.Sigstore.Certificates;

/// <summary>One certificate on a path.</summary>
internal sealed record PathLink(string Subject, ReadOnlyMemory<byte> SubjectPublicKeyInfo, Period ValidFor);

/// <summary>
/// The way from a certificate to the anchor of one authority: signatures, names, constraints and use are right.
/// 1. Time is not looked at here: every link is compared with every verified time (<see cref="Outside"/>), both ends inclusive, and never with "now".
/// 2. Only the anchor of this authority ends a path, be it self-signed or not. Certificates of the bundle are candidates for the way, nothing more.
/// 3. No network, no store of the system.
/// </summary>
internal sealed record CertificatePath(CertificateChain Authority, IReadOnlyList<PathLink> Links)
{
    private const X509ChainStatusFlags DecidedHere = X509ChainStatusFlags.NotTimeValid;

    /// <summary>The path, or null and why there is none.</summary>
    public static CertificatePath? Find(X509Certificate2 leaf, X509Certificate2Collection candidates, CertificateChain authority, string use, out string why)
    {
        var anchor = authority.Certificates[^1];
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = leaf.NotBefore;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(use));
        chain.ChainPolicy.CustomTrustStore.Add(anchor);
        foreach (var certificate in authority.Certificates.SkipLast(1))
        {
            chain.ChainPolicy.ExtraStore.Add(certificate);
        }

        chain.ChainPolicy.ExtraStore.AddRange(candidates);
        try
        {
            // its answer is about time too, which is decided elsewhere: the states are looked at one by one below
            chain.Build(leaf);
        }
        catch (CryptographicException e)
        {
            why = e.Message;
            return null;
        }

        var elements = chain.ChainElements.Select(e => e.Certificate).ToList();
        try
        {
            return Check(chain, elements, anchor, out why) ? new CertificatePath(authority, elements.ConvertAll(Link)) : null;
        }
        finally
        {
            elements.ForEach(e => e.Dispose());
        }
    }

    /// <summary>Says which link or authority was not valid at one of the times; null when all were.</summary>
    public string? Outside(IEnumerable<DateTimeOffset> times)
    {
        foreach (var time in times)
        {
            if (!Authority.ValidFor.Covers(time))
            {
                return $"{Period.Text(time)}, and the authority '{Authority.Uri}' {Authority.ValidFor}";
            }

            if (Links.FirstOrDefault(l => !l.ValidFor.Covers(time)) is { } link)
            {
                return $"{Period.Text(time)}, and the certificate '{link.Subject}' {link.ValidFor}";
            }
        }

        return null;
    }

    private static bool Check(X509Chain chain, List<X509Certificate2> elements, X509Certificate2 anchor, out string why)
    {
        // An anchor that is not self-signed ends a path that the platform calls partial: then the end is compared below, and nothing else is forgiven.
        var forgiven = DecidedHere | (IsSelfIssued(anchor) ? X509ChainStatusFlags.NoError : X509ChainStatusFlags.PartialChain);
        var problem = chain.ChainStatus.Concat(chain.ChainElements.SelectMany(e => e.ChainElementStatus)).Select(s => s.Status & ~forgiven).Aggregate(X509ChainStatusFlags.NoError, (a, b) => a | b);
        var ends = elements.Count > 0 && elements[^1].RawDataMemory.Span.SequenceEqual(anchor.RawDataMemory.Span);
        why = problem != X509ChainStatusFlags.NoError ? problem.ToString() : ends ? "" : "a path that ends elsewhere";
        return why.Length == 0;
    }

    internal static bool IsSelfIssued(X509Certificate2 certificate) => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static PathLink Link(X509Certificate2 certificate) => new(
        certificate.Subject, certificate.PublicKey.ExportSubjectPublicKeyInfo(), new Period(certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime()));
}
