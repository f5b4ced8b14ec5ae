using SecFlow.Sigstore.Certificates;

namespace SecFlow.Sigstore.Verification;

/// <summary>Who signed: the holder of a key that the caller trusts, or an identity that an authority vouches for.</summary>
public abstract record Signer;

/// <param name="Fingerprint"><c>sha256:hex</c> of the key's SubjectPublicKeyInfo.</param>
public sealed record KeySigner(string Fingerprint) : Signer;

/// <param name="Identity">Who, as the certificate says.</param>
/// <param name="Issuer">Who vouched for the identity (OIDC issuer); empty when the certificate does not say.</param>
/// <param name="Claims">What else was vouched for, by the names of <see cref="CertificateClaims"/>.</param>
/// <param name="CertificateFingerprint"><c>sha256:hex</c> of the certificate.</param>
public sealed record CertificateSigner(
    SignerIdentity Identity,
    string Issuer,
    IReadOnlyDictionary<string, string> Claims,
    string CertificateFingerprint) : Signer;

/// <summary>An identity and the issuer that must have vouched for it, both compared exactly.</summary>
public sealed record IdentityRequirement(string Identity, string Issuer);
