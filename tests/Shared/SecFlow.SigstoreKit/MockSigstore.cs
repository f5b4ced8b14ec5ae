using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SecFlow.SigstoreKit;

/// <summary>
/// A Sigstore of one's own in memory: signs for any identity, issuer and claims, and gives the trusted root that belongs to it.
/// 1. Nothing of it is the code under test, and nothing leaves the process.
/// 2. With default options every bundle is good under <see cref="TrustedRoot()"/>; each option makes one thing wrong, with all that follows signed again.
/// 3. Parties that the trusted root shall not know (a foreign log) are made with their own constructors and given in the options.
/// </summary>
public sealed class MockSigstore : IDisposable
{
    private static readonly JsonSerializerOptions _json = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="now">When everything is signed; null = one hour ago. All parties are valid from a year before to ten years after.</param>
    /// <param name="name">Its host names end in it.</param>
    public MockSigstore(DateTimeOffset? now = null, string name = "sigstore.test")
    {
        var time = now ?? TimeProvider.System.GetUtcNow().AddHours(-1);
        Now = DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
        var (start, end) = (Now.AddYears(-1), Now.AddYears(10));
        Name = name;
        Fulcio = new MockAuthority("fulcio." + name, start, end);
        CertificateLog = new MockCertificateLog("https://ctlog." + name, start);
        TimestampAuthority = new MockTimestampAuthority("timestamp." + name, start, end);
        RekorV1 = new MockLog(1, "https://rekor." + name, start) { Operator = "rekor." + name };
        RekorV2 = new MockLog(2, "https://log2026." + name, start) { Operator = "log2026." + name };
    }

    public string Name { get; }

    public DateTimeOffset Now { get; }

    public MockAuthority Fulcio { get; }

    public MockCertificateLog CertificateLog { get; }

    public MockTimestampAuthority TimestampAuthority { get; }

    public MockLog RekorV1 { get; }

    public MockLog RekorV2 { get; }

    /// <summary>Further parties that the trusted root lists.</summary>
    public IList<MockAuthority> FurtherAuthorities { get; } = [];

    public IList<MockCertificateLog> FurtherCertificateLogs { get; } = [];

    public IList<MockTimestampAuthority> FurtherTimestampAuthorities { get; } = [];

    public IList<MockLog> FurtherLogs { get; } = [];

    public void Dispose()
    {
        Fulcio.Dispose();
        CertificateLog.Dispose();
        TimestampAuthority.Dispose();
        RekorV1.Dispose();
        RekorV2.Dispose();
    }

    /// <summary>Signs keylessly; UTF-8 JSON of the bundle.</summary>
    public byte[] Sign(ReadOnlySpan<byte> artifact, string identity, string issuer = Claims.GitHubIssuer, IReadOnlyDictionary<string, string>? claims = null, SignOptions? options = null)
    {
        var how = Complete(options);
        var time = how.Time ?? Now;
        using var key = new SigningKey(how.Key);
        using var certificate = (how.Authority ?? Fulcio).Issue(PublicKey.CreateFromSubjectPublicKeyInfo(key.PublicKey, out _), identity, issuer, claims ?? new Dictionary<string, string>(StringComparer.Ordinal), how, time);
        var leaf = new JsonObject { ["rawBytes"] = Convert.ToBase64String(certificate.RawData) };
        var material = new JsonObject();
        if (how.Version >= 3)
        {
            material["certificate"] = leaf;
        }
        else
        {
            var behind = (how.Chain ?? [(how.Authority ?? Fulcio).Intermediate]).Select(c => (JsonNode)new JsonObject { ["rawBytes"] = Convert.ToBase64String(c.RawData) });
            material["x509CertificateChain"] = new JsonObject { ["certificates"] = new JsonArray([leaf, .. behind]) };
        }

        return Bundle(artifact, key, certificate.RawData, material, how, time);
    }

    /// <summary>Signs as a run of a GitHub workflow, with the claims that belong to it.</summary>
    public byte[] SignAsGitHub(ReadOnlySpan<byte> artifact, string repository, string workflow = "release.yml", string reference = "refs/tags/v1.0.0", SignOptions? options = null) =>
        Sign(artifact, Claims.GitHubIdentity(repository, workflow, reference), Claims.GitHubIssuer, Claims.GitHub(repository, workflow, reference), options);

    /// <summary>Signs with a key that the verifier knows; UTF-8 JSON of the bundle.</summary>
    public byte[] SignWithKey(ReadOnlySpan<byte> artifact, SigningKey key, SignOptions? options = null)
    {
        var how = Complete(options);
        var material = new JsonObject { ["publicKey"] = new JsonObject { ["hint"] = Convert.ToBase64String(SHA256.HashData(key.PublicKey)) } };
        return Bundle(artifact, key, null, material, how, how.Time ?? Now);
    }

    /// <summary>UTF-8 JSON of the trusted root.</summary>
    public byte[] TrustedRoot() => TrustedRoot(null);

    /// <summary>UTF-8 JSON of the trusted root after <paramref name="change"/>.</summary>
    public byte[] TrustedRoot(Action<JsonObject>? change)
    {
        var root = TrustedRootJson.Write(
            [RekorV1, RekorV2, .. FurtherLogs], [CertificateLog, .. FurtherCertificateLogs], [Fulcio, .. FurtherAuthorities], [TimestampAuthority, .. FurtherTimestampAuthorities]);
        change?.Invoke(root);
        return Utf8(root);
    }

    private SignOptions Complete(SignOptions? options)
    {
        var how = options ?? new SignOptions();
        return how with
        {
            CertificateLogs = how.CertificateLogs ?? [CertificateLog],
            Logs = how.Logs ?? [RekorV1],
            TimestampAuthorities = how.TimestampAuthorities ?? [TimestampAuthority],
        };
    }

    private static byte[] Bundle(ReadOnlySpan<byte> artifact, SigningKey key, byte[]? certificate, JsonObject material, SignOptions how, DateTimeOffset time)
    {
        var payload = how.Envelope ? Encoding.UTF8.GetBytes(how.Payload ?? Statement(artifact)) : [];
        byte[] signed = how.Envelope ? [.. Encoding.UTF8.GetBytes($"DSSEv1 {Encoding.UTF8.GetByteCount(how.PayloadType)} {how.PayloadType} {payload.Length} "), .. payload] : artifact.ToArray();
        var signature = key.Sign(signed);
        var digest = CryptographicOperations.HashData(key.Hash, signed);
        var logged = new LoggedSignature(key.Hash, digest, signature, certificate, key.PublicKey, key.KeyDetails, how.Envelope ? how.PayloadType : null, payload);
        if (how.Logs is { Count: > 0 } logs)
        {
            material["tlogEntries"] = new JsonArray([.. logs.Select(log => (JsonNode)log.Add(logged, how, time + how.IntegratedTime))]);
        }

        if (how.TimestampAuthorities is { Count: > 0 } authorities)
        {
            material["timestampVerificationData"] = new JsonObject
            {
                ["rfc3161Timestamps"] = new JsonArray([.. authorities.Select(a => (JsonNode)new JsonObject { ["signedTimestamp"] = Convert.ToBase64String(a.Stamp(signature, time + how.TimestampTime)) })]),
            };
        }

        var bundle = new JsonObject
        {
            ["mediaType"] = how.Version >= 3 ? "application/vnd.dev.sigstore.bundle.v0.3+json" : string.Create(CultureInfo.InvariantCulture, $"application/vnd.dev.sigstore.bundle+json;version=0.{how.Version}"),
            ["verificationMaterial"] = material,
        };
        if (how.Envelope)
        {
            bundle["dsseEnvelope"] = new JsonObject
            {
                ["payload"] = Convert.ToBase64String(payload),
                ["payloadType"] = how.PayloadType,
                ["signatures"] = new JsonArray(new JsonObject { ["sig"] = Convert.ToBase64String(signature), ["keyid"] = "" }),
            };
        }
        else
        {
            var message = new JsonObject();
            if (how.MessageDigest)
            {
                message["messageDigest"] = new JsonObject { ["algorithm"] = "SHA2_" + key.Hash.Name![3..], ["digest"] = Convert.ToBase64String(digest) };
            }

            message["signature"] = Convert.ToBase64String(signature);
            bundle["messageSignature"] = message;
        }

        how.Bundle?.Invoke(bundle);
        return Utf8(bundle);
    }

    private static string Statement(ReadOnlySpan<byte> artifact) =>
        $$$"""{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"artifact","digest":{"sha256":"{{{Convert.ToHexStringLower(SHA256.HashData(artifact))}}}"}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{}}""";

    private static byte[] Utf8(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString(_json) + "\n");
}
