using System.Security.Cryptography;
using System.Text;

namespace SecFlow.Sigstore.Verification;

/// <summary>A public ECDSA key on P-256 or P-384 that the caller trusts. The hash follows the key: SHA-256 or SHA-384.</summary>
public sealed class VerificationKey : IDisposable
{
    private const string P256 = "1.2.840.10045.3.1.7";
    private const string P384 = "1.3.132.0.34";
    private readonly ECDsa _key;

    private VerificationKey(ECDsa key, HashAlgorithmName hash)
    {
        _key = key;
        Hash = hash;
        var spki = key.ExportSubjectPublicKeyInfo();
        Fingerprint = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(spki));
        Hint = Convert.ToBase64String(SHA256.HashData(spki));
    }

    /// <summary><c>sha256:hex</c> of the SubjectPublicKeyInfo.</summary>
    public string Fingerprint { get; }

    /// <summary>The hint that <c>BundleSigner</c> writes for this key.</summary>
    public string Hint { get; }

    public HashAlgorithmName Hash { get; }

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

    /// <summary>Reads a DER SubjectPublicKeyInfo.</summary>
    public static VerificationKey FromSubjectPublicKeyInfo(ReadOnlySpan<byte> spki)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(spki, out var read);
            if (read != spki.Length)
            {
                throw new CryptographicException("The key is followed by other bytes.");
            }

            return new VerificationKey(key, HashOf(key));
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>Whether <paramref name="signature"/> (DER) is this key's over <paramref name="artifact"/>.</summary>
    public bool Verify(ReadOnlySpan<byte> artifact, ReadOnlySpan<byte> signature)
    {
        try
        {
            return _key.VerifyData(artifact, signature, Hash, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            // a signature that is not DER is as wrong as one that does not fit
            return false;
        }
    }

    public void Dispose() => _key.Dispose();

    internal static HashAlgorithmName HashOf(ECDsa key) => key.ExportParameters(includePrivateParameters: false).Curve.Oid?.Value switch
    {
        P256 => HashAlgorithmName.SHA256,
        P384 => HashAlgorithmName.SHA384,
        var other => throw new CryptographicException($"Expected an ECDSA key on P-256 or P-384, found curve '{other ?? "with explicit parameters"}'."),
    };
}
