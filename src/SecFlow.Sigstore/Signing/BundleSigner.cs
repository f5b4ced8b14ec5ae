using System.Security.Cryptography;
using System.Text.Json;
using SecFlow.Sigstore.Keys;

namespace SecFlow.Sigstore.Signing;

/// <summary>Makes bundles of version 0.3 with a message signature and a key hint; no log entry, no timestamp.</summary>
public static class BundleSigner
{
    private static readonly JsonWriterOptions _options = new()
    {
        Indented = true,
        NewLine = "\n",

        // base64 has '+', which the default encoder would escape; the file is data, never part of a page
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The UTF-8 JSON of a bundle over <paramref name="artifact"/>. The key is ECDSA on P-256 or P-384 and stays with the caller.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> artifact, ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var hash = VerificationKey.KindOf(key) switch
        {
            KeyKind.EcdsaP256 => HashAlgorithmName.SHA256,
            KeyKind.EcdsaP384 => HashAlgorithmName.SHA384,
            var other => throw new CryptographicException($"Expected an ECDSA key on P-256 or P-384, found {other}."),
        };
        var signature = key.SignData(artifact, hash, DSASignatureFormat.Rfc3279DerSequence);
        var (name, digest) = hash == HashAlgorithmName.SHA256 ? ("SHA2_256", SHA256.HashData(artifact)) : ("SHA2_384", SHA384.HashData(artifact));
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, _options))
        {
            json.WriteStartObject();
            json.WriteString("mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json");
            json.WriteStartObject("verificationMaterial");
            json.WriteStartObject("publicKey");
            json.WriteString("hint", Convert.ToBase64String(SHA256.HashData(key.ExportSubjectPublicKeyInfo())));
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteStartObject("messageSignature");
            json.WriteStartObject("messageDigest");
            json.WriteString("algorithm", name);
            json.WriteString("digest", Convert.ToBase64String(digest));
            json.WriteEndObject();
            json.WriteString("signature", Convert.ToBase64String(signature));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }
}
