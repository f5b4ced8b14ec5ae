using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;

namespace SecFlow.Sigstore.Keys;

/// <summary>A public key that the caller trusts, or one out of a certificate or trusted root. The hash follows the key (<see cref="KeyKind"/>).</summary>
public sealed class VerificationKey : IDisposable
{
    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string RsaEncryption = "1.2.840.113549.1.1.1";
    private const string Ed25519Key = "1.3.101.112";
    private readonly AsymmetricAlgorithm? _key;
    private readonly byte[] _spki;

    private VerificationKey(KeyKind kind, AsymmetricAlgorithm? key, byte[] spki)
    {
        Kind = kind;
        _key = key;
        _spki = spki;
        var digest = SHA256.HashData(spki);
        Fingerprint = "sha256:" + Convert.ToHexStringLower(digest);
        Hint = Convert.ToBase64String(digest);
    }

    public KeyKind Kind { get; }

    /// <summary><c>sha256:hex</c> of the SubjectPublicKeyInfo.</summary>
    public string Fingerprint { get; }

    /// <summary>The hint that <c>BundleSigner</c> writes for this key.</summary>
    public string Hint { get; }

    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public ReadOnlyMemory<byte> SubjectPublicKeyInfo => _spki;

    /// <summary>The hash that <see cref="VerifyDigest"/> expects; null for Ed25519, which has none.</summary>
    public HashAlgorithmName? Hash => Kind switch
    {
        KeyKind.EcdsaP256 or KeyKind.Rsa => HashAlgorithmName.SHA256,
        KeyKind.EcdsaP384 => HashAlgorithmName.SHA384,
        KeyKind.EcdsaP521 => HashAlgorithmName.SHA512,
        _ => null,
    };

    /// <summary>Reads one PEM block with label <c>PUBLIC KEY</c> and nothing else. Throws <see cref="CryptographicException"/> for anything else, also for a private key.</summary>
    public static VerificationKey FromPem(ReadOnlySpan<byte> pem)
    {
        if (pem.Length > 8 * 1024)
        {
            throw new CryptographicException("A public key file is at most 8 KiB.");
        }

        var text = Encoding.UTF8.GetString(pem).Trim();
        if (!PemEncoding.TryFind(text, out var fields) || fields.Location.Start.Value != 0 || fields.Location.End.Value != text.Length
            || !text[fields.Label].Equals("PUBLIC KEY", StringComparison.Ordinal))
        {
            throw new CryptographicException("Expected exactly one PEM block 'PUBLIC KEY'.");
        }

        return FromSubjectPublicKeyInfo(Convert.FromBase64String(text[fields.Base64Data]));
    }

    /// <summary>Reads a DER SubjectPublicKeyInfo. Throws <see cref="CryptographicException"/>.</summary>
    public static VerificationKey FromSubjectPublicKeyInfo(ReadOnlySpan<byte> spki)
    {
        var (algorithm, curve, key) = Open(spki);
        return algorithm switch
        {
            EcPublicKey => Ecdsa(spki, KindOf(curve)),
            RsaEncryption => Rsa(spki),
            Ed25519Key when Ed25519.IsKey(key) => new VerificationKey(KeyKind.Ed25519, null, spki.ToArray()),
            _ => throw new CryptographicException($"Expected an ECDSA, RSA or Ed25519 key, found algorithm {algorithm}."),
        };
    }

    /// <summary>Reads a DER RSAPublicKey (PKCS #1), as old certificate logs have it. Throws <see cref="CryptographicException"/>.</summary>
    public static VerificationKey FromRsaPublicKey(ReadOnlySpan<byte> pkcs1)
    {
        using var rsa = RSA.Create();
        rsa.ImportRSAPublicKey(pkcs1, out var read);
        return read == pkcs1.Length ? Rsa(rsa.ExportSubjectPublicKeyInfo()) : throw new CryptographicException("The key is followed by other bytes.");
    }

    /// <summary>Whether <paramref name="signature"/> (DER for ECDSA) is this key's over <paramref name="data"/>.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) => Kind == KeyKind.Ed25519
        ? signature.Length == Ed25519.SignatureLength && Ed25519.Verify(_spki.AsSpan(^Ed25519.PublicKeyLength..), data, signature)
        : VerifyDigest(Digest(data), signature);

    /// <summary>Whether <paramref name="signature"/> is this key's over data with this digest (<see cref="Hash"/>). Ed25519 has no such form: <see cref="InvalidOperationException"/>.</summary>
    public bool VerifyDigest(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        try
        {
            return _key switch
            {
                ECDsa ecdsa => ecdsa.VerifyHash(digest, signature, DSASignatureFormat.Rfc3279DerSequence),
                RSA rsa => rsa.VerifyHash(digest, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
                _ => throw new InvalidOperationException("An Ed25519 signature is over the message itself."),
            };
        }
        catch (CryptographicException)
        {
            // a signature that is not DER is as wrong as one that does not fit
            return false;
        }
    }

    public void Dispose() => _key?.Dispose();

    /// <summary>The kind of an ECDSA key. Throws <see cref="CryptographicException"/> for other curves.</summary>
    internal static KeyKind KindOf(ECDsa key) => KindOf(key.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value);

    private static KeyKind KindOf(string? curve) => curve switch
    {
        "1.2.840.10045.3.1.7" => KeyKind.EcdsaP256,
        "1.3.132.0.34" => KeyKind.EcdsaP384,
        "1.3.132.0.35" => KeyKind.EcdsaP521,
        var other => throw new CryptographicException($"Expected an ECDSA key on P-256, P-384 or P-521, found curve '{other ?? "with explicit parameters"}'."),
    };

    private static VerificationKey Ecdsa(ReadOnlySpan<byte> spki, KeyKind kind)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(spki, out _);
            return new VerificationKey(kind, key, spki.ToArray());
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static VerificationKey Rsa(ReadOnlySpan<byte> spki)
    {
        var key = RSA.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(spki, out _);
            return key.KeySize is >= 2048 and <= 8192
                ? new VerificationKey(KeyKind.Rsa, key, spki.ToArray())
                : throw new CryptographicException($"Expected an RSA key of 2048 to 8192 bits, found {key.KeySize}.");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>Algorithm, name of the curve and key bits of exactly one SubjectPublicKeyInfo in DER.</summary>
    private static (string Algorithm, string? Curve, byte[] Key) Open(ReadOnlySpan<byte> spki)
    {
        try
        {
            var reader = new AsnReader(spki.ToArray(), AsnEncodingRules.DER);
            var outer = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            var identifier = outer.ReadSequence();
            var algorithm = identifier.ReadObjectIdentifier();
            var curve = algorithm == EcPublicKey && identifier.HasData && identifier.PeekTag() == Asn1Tag.ObjectIdentifier ? identifier.ReadObjectIdentifier() : null;
            var key = outer.ReadBitString(out _);
            outer.ThrowIfNotEmpty();
            return (algorithm, curve, key);
        }
        catch (AsnContentException e)
        {
            throw new CryptographicException("Expected exactly one public key in DER.", e);
        }
    }

    private byte[] Digest(ReadOnlySpan<byte> data) => Kind switch
    {
        KeyKind.EcdsaP384 => SHA384.HashData(data),
        KeyKind.EcdsaP521 => SHA512.HashData(data),
        _ => SHA256.HashData(data),
    };
}
