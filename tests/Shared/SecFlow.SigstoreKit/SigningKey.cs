using System.Security.Cryptography;

namespace SecFlow.SigstoreKit;

public enum KeyKind
{
    P256,
    P384,
    P521,
    Rsa2048,
    Rsa3072,
    Ed25519,
}

/// <summary>A key pair that signs the way Sigstore wants it: the hash follows the key, ECDSA in DER, RSA with PKCS #1 v1.5.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly AsymmetricAlgorithm? _key;
    private readonly Ed25519Signer? _ed25519;

    public SigningKey(KeyKind kind)
    {
        Kind = kind;
        switch (kind)
        {
            case KeyKind.Ed25519:
                _ed25519 = new Ed25519Signer(RandomNumberGenerator.GetBytes(32));
                break;
            case KeyKind.Rsa2048 or KeyKind.Rsa3072:
                _key = RSA.Create(kind == KeyKind.Rsa2048 ? 2048 : 3072);
                break;
            default:
                _key = ECDsa.Create(kind switch { KeyKind.P256 => ECCurve.NamedCurves.nistP256, KeyKind.P384 => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 });
                break;
        }

        PublicKey = _ed25519?.SubjectPublicKeyInfo ?? _key!.ExportSubjectPublicKeyInfo();
    }

    public KeyKind Kind { get; }

    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public byte[] PublicKey { get; }

    public string PublicKeyPem => PemEncoding.WriteString("PUBLIC KEY", PublicKey) + "\n";

    public HashAlgorithmName Hash => Kind switch { KeyKind.P384 => HashAlgorithmName.SHA384, KeyKind.P521 or KeyKind.Ed25519 => HashAlgorithmName.SHA512, _ => HashAlgorithmName.SHA256 };

    /// <summary>The name that bundles and logs of version 2 have for it.</summary>
    public string KeyDetails => Kind switch
    {
        KeyKind.P256 => "PKIX_ECDSA_P256_SHA_256",
        KeyKind.P384 => "PKIX_ECDSA_P384_SHA_384",
        KeyKind.P521 => "PKIX_ECDSA_P521_SHA_512",
        KeyKind.Rsa2048 => "PKIX_RSA_PKCS1V15_2048_SHA256",
        KeyKind.Rsa3072 => "PKIX_RSA_PKCS1V15_3072_SHA256",
        _ => "PKIX_ED25519",
    };

    public byte[] Sign(ReadOnlySpan<byte> data) => _key switch
    {
        ECDsa ecdsa => ecdsa.SignData(data, Hash, DSASignatureFormat.Rfc3279DerSequence),
        RSA rsa => rsa.SignData(data, Hash, RSASignaturePadding.Pkcs1),
        _ => _ed25519!.Sign(data),
    };

    public void Dispose() => _key?.Dispose();
}
