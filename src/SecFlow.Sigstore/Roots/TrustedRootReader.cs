using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Keys;

namespace SecFlow.Sigstore.Roots;

/// <summary>
/// Reads the JSON form of a trusted root (sigstore_trustroot.proto) as strictly as a bundle. Anything that is not understood refuses the whole root:
/// 1. Only known media types, names, key kinds and hash algorithms.
/// 2. Every key and every authority says from when it is valid.
/// 3. A key is what its <c>keyDetails</c> say.
/// </summary>
public static class TrustedRootReader
{
    /// <summary>Largest trusted root that is read.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    private const int MaxInstances = 64;

    /// <summary>The root in <paramref name="utf8"/>. Throws <see cref="BundleFormatException"/>.</summary>
    public static TrustedRoot Read(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Length > MaxBytes)
        {
            throw new BundleFormatException("", $"at most {MaxBytes} bytes", $"{utf8.Length}");
        }

        return StrictJson.Parse(utf8, element => Root(element, utf8));
    }

    private static TrustedRoot Root(JsonElement element, ReadOnlyMemory<byte> utf8)
    {
        var root = StrictJson.Root(element, "mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities");
        var mediaType = root.RequiredText("mediaType");
        if (mediaType is not ("application/vnd.dev.sigstore.trustedroot+json;version=0.1"
            or "application/vnd.dev.sigstore.trustedroot.v0.1+json"
            or "application/vnd.dev.sigstore.trustedroot.v0.2+json"))
        {
            throw root.Unsupported("mediaType", "a trusted root of version 0.1 or 0.2", "'" + mediaType + "'");
        }

        return new TrustedRoot
        {
            Digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(utf8.Span)),
            TransparencyLogs = Logs(root, "tlogs"),
            CertificateLogs = Logs(root, "ctlogs"),
            CertificateAuthorities = Authorities(root, "certificateAuthorities"),
            TimestampAuthorities = Authorities(root, "timestampAuthorities"),
        };
    }

    private static List<LogInstance> Logs(StrictJson root, string name) =>
        [.. root.Objects(name, MaxInstances, "baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator").Select(Log)];

    private static LogInstance Log(StrictJson log)
    {
        if (log.RequiredText("hashAlgorithm") is not "SHA2_256" and var hash)
        {
            throw log.Unsupported("hashAlgorithm", "SHA2_256", "'" + hash + "'");
        }

        var publicKey = log.RequiredObject("publicKey", "rawBytes", "keyDetails", "validFor");
        log.Object("checkpointKeyId", "keyId")?.RequiredBase64("keyId");
        return new LogInstance(
            NameOf(log),
            log.RequiredObject("logId", "keyId").RequiredBase64("keyId"),
            Key(publicKey),
            ValidFor(publicKey),
            log.Text("operator") ?? "");
    }

    private static string NameOf(StrictJson log)
    {
        var baseUrl = log.RequiredText("baseUrl");
        return Uri.TryCreate(baseUrl, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? baseUrl[(uri.Scheme.Length + "://".Length)..].TrimEnd('/')
            : throw log.Wrong("baseUrl", "an http or https address", "'" + baseUrl + "'");
    }

    private static VerificationKey Key(StrictJson publicKey)
    {
        var details = publicKey.RequiredText("keyDetails");
        var bytes = publicKey.RequiredBase64("rawBytes").Span;
        try
        {
            var (key, kind) = details switch
            {
                "PKIX_ECDSA_P256_SHA_256" => (VerificationKey.FromSubjectPublicKeyInfo(bytes), KeyKind.EcdsaP256),
                "PKIX_ECDSA_P384_SHA_384" => (VerificationKey.FromSubjectPublicKeyInfo(bytes), KeyKind.EcdsaP384),
                "PKIX_ECDSA_P521_SHA_512" => (VerificationKey.FromSubjectPublicKeyInfo(bytes), KeyKind.EcdsaP521),
                "PKIX_ED25519" => (VerificationKey.FromSubjectPublicKeyInfo(bytes), KeyKind.Ed25519),
                "PKIX_RSA_PKCS1V15_2048_SHA256" or "PKIX_RSA_PKCS1V15_3072_SHA256" or "PKIX_RSA_PKCS1V15_4096_SHA256" or "PKIX_RSA_PKCS1V5" =>
                    (VerificationKey.FromSubjectPublicKeyInfo(bytes), KeyKind.Rsa),
                "PKCS1_RSA_PKCS1V5" => (VerificationKey.FromRsaPublicKey(bytes), KeyKind.Rsa),
                _ => throw publicKey.Unsupported("keyDetails", "a kind of key that is supported", "'" + details + "'"),
            };
            return key.Kind == kind ? key : throw publicKey.Wrong("rawBytes", "a key of kind " + details, key.Kind.ToString());
        }
        catch (CryptographicException e)
        {
            throw publicKey.Wrong("rawBytes", "a key of kind " + details, e.Message);
        }
    }

    private static List<CertificateChain> Authorities(StrictJson root, string name) =>
        [.. root.Objects(name, MaxInstances, "subject", "uri", "certChain", "validFor", "operator").Select(Authority)];

    private static CertificateChain Authority(StrictJson authority)
    {
        if (authority.Object("subject", "organization", "commonName") is { } subject)
        {
            // only checked: the certificates say who it is
            subject.Text("organization");
            subject.Text("commonName");
        }

        var chain = authority.RequiredObject("certChain", "certificates");
        var certificates = chain.Objects("certificates", BundleLimits.Certificates, "rawBytes").ConvertAll(c =>
        {
            var bytes = c.RequiredBase64("rawBytes");
            try
            {
                return Certificates.CertificateBytes.Load(bytes.Span);
            }
            catch (CryptographicException e)
            {
                throw c.Wrong("rawBytes", "a DER certificate", e.Message);
            }
        });
        return certificates.Count > 0
            ? new CertificateChain(certificates, ValidFor(authority), authority.Text("uri") ?? "")
            : throw chain.Wrong("certificates", "at least one certificate", "none");
    }

    private static Period ValidFor(StrictJson owner)
    {
        var validFor = owner.RequiredObject("validFor", "start", "end");
        var period = new Period(Time(validFor, "start") ?? throw validFor.Wrong("start", "when it starts to be valid", "nothing"), Time(validFor, "end"));
        return period.End < period.Start ? throw validFor.Wrong("end", "a time after the start", period.ToString()) : period;
    }

    private static DateTimeOffset? Time(StrictJson owner, string name)
    {
        if (owner.Text(name, 40) is not { } text)
        {
            return null;
        }

        // RFC 3339 with up to nine digits of a second, of which .NET keeps seven
        return DateTimeOffset.TryParseExact(Truncated(text), "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time)
            && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > text.IndexOf('T', StringComparison.Ordinal))
            ? time
            : throw owner.Wrong(name, "a time such as 2026-01-31T12:00:00Z", "'" + text + "'");
    }

    private static string Truncated(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
        {
            return text;
        }

        var end = dot + 1;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        return end - dot - 1 is > 7 and <= 9 ? text[..(dot + 8)] + text[end..] : text;
    }
}
