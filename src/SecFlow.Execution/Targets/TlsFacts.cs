namespace SecFlow.Execution.Targets;

/// <summary>Whether a server speaks one version of TLS.</summary>
public enum TlsAnswer
{
    Accepted,

    Refused,

    /// <summary>Not known: this machine's TLS library does not offer the version, or the connection failed for another reason.</summary>
    Untested,
}

/// <param name="Name"><c>Tls10</c>, <c>Tls11</c>, <c>Tls12</c>, <c>Tls13</c>.</param>
/// <param name="Cipher">The cipher suite that was agreed on; null unless accepted.</param>
/// <param name="Reason">Why it is untested or how it was refused; null when accepted.</param>
public sealed record TlsVersion(string Name, TlsAnswer Answer, string? Cipher, string? Reason);

/// <summary>One certificate as sent.</summary>
/// <param name="Names">DNS names and addresses of the subject alternative name, at most 100.</param>
/// <param name="KeyType"><c>RSA</c>, <c>ECDSA</c>, <c>DSA</c>, or the algorithm's object id.</param>
/// <param name="KeyBits">0 when not known.</param>
/// <param name="SignatureAlgorithm">Such as <c>sha256RSA</c>, or its object id.</param>
public sealed record TlsCertificate(
    string Subject, string Issuer, string Serial, DateTimeOffset NotBefore, DateTimeOffset NotAfter, IReadOnlyList<string> Names, string KeyType, int KeyBits, string SignatureAlgorithm, bool SelfSigned,
    string Sha256);

/// <summary>What the handshakes with one host and port showed. <see cref="Chain"/> begins with the server's own certificate.</summary>
/// <param name="TrustProblems">Why this machine does not trust the chain, such as <c>UntrustedRoot</c>, <c>NotTimeValid</c>; empty when it does.</param>
public sealed record TlsFacts(
    string Host, int Port, IReadOnlyList<TlsVersion> Versions, IReadOnlyList<TlsCertificate> Chain, bool ChainCut, bool Trusted, IReadOnlyList<string> TrustProblems, bool HostnameMatches, TimeSpan Elapsed);
