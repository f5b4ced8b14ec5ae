using System.Security.Cryptography.X509Certificates;
using SecFlow.Sigstore.Keys;

namespace SecFlow.Sigstore.Roots;

/// <summary>One key of a transparency log or of a certificate transparency log.</summary>
/// <param name="Name">Base URL without its scheme and without a slash at the end, which is the name in a checkpoint.</param>
/// <param name="LogId">Id by which entries and SCTs name the log.</param>
/// <param name="Key">Its key.</param>
/// <param name="ValidFor">When the key was in use.</param>
/// <param name="Operator">Who runs it; empty when the root does not say.</param>
public sealed record LogInstance(string Name, ReadOnlyMemory<byte> LogId, VerificationKey Key, Period ValidFor, string Operator);

/// <summary>Certificates of one authority. The last one is the anchor, self-signed or not.</summary>
/// <param name="Certificates">At least one, from the issuing (or signing) one to the anchor.</param>
/// <param name="ValidFor">When the authority was in use.</param>
/// <param name="Uri">Its address, for messages.</param>
public sealed record CertificateChain(IReadOnlyList<X509Certificate2> Certificates, Period ValidFor, string Uri);

/// <summary>Whom a verifier trusts for certificates, logs and times. An empty list trusts nobody; it never means "skip the check".</summary>
public sealed record TrustedRoot
{
    /// <summary><c>sha256:hex</c> of the bytes that were read.</summary>
    public required string Digest { get; init; }

    public required IReadOnlyList<LogInstance> TransparencyLogs { get; init; }

    public required IReadOnlyList<LogInstance> CertificateLogs { get; init; }

    public required IReadOnlyList<CertificateChain> CertificateAuthorities { get; init; }

    public required IReadOnlyList<CertificateChain> TimestampAuthorities { get; init; }
}
