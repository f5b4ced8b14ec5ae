using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace SecFlow.SigstoreKit;

/// <summary>A trusted root (sigstore_trustroot.proto) of version 0.1 for these parties.</summary>
internal static class TrustedRootJson
{
    public static JsonObject Write(IEnumerable<MockLog> logs, IEnumerable<MockCertificateLog> certificateLogs, IEnumerable<MockAuthority> authorities, IEnumerable<MockTimestampAuthority> timestampAuthorities) => new()
    {
        ["mediaType"] = "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        ["tlogs"] = new JsonArray([.. logs.Select(l => (JsonNode)Log(l.BaseUrl, l.PublicKey, l.KeyDetails, l.LogId, l.Start, l.End, l.Operator))]),
        ["certificateAuthorities"] = new JsonArray([.. authorities.Select(a => (JsonNode)Authority("https://" + a.Name, [a.Intermediate, a.Root], a.Start, null))]),
        ["ctlogs"] = new JsonArray([.. certificateLogs.Select(l => (JsonNode)Log(l.BaseUrl, l.PublicKey, "PKIX_ECDSA_P256_SHA_256", l.LogId, l.Start, l.End, null))]),
        ["timestampAuthorities"] = new JsonArray([.. timestampAuthorities.Select(a => (JsonNode)Authority("https://" + a.Name, a.ListsSigner ? [a.Signer, a.Root] : [a.Root], a.Start, a.End))]),
    };

    private static JsonObject Log(string baseUrl, byte[] key, string details, byte[] id, DateTimeOffset start, DateTimeOffset? end, string? @operator)
    {
        var log = new JsonObject
        {
            ["baseUrl"] = baseUrl,
            ["hashAlgorithm"] = "SHA2_256",
            ["publicKey"] = new JsonObject { ["rawBytes"] = Convert.ToBase64String(key), ["keyDetails"] = details, ["validFor"] = Period(start, end) },
            ["logId"] = new JsonObject { ["keyId"] = Convert.ToBase64String(id) },
        };
        if (@operator is not null)
        {
            log["operator"] = @operator;
        }

        return log;
    }

    private static JsonObject Authority(string uri, IReadOnlyList<X509Certificate2> chain, DateTimeOffset start, DateTimeOffset? end) => new()
    {
        ["subject"] = new JsonObject { ["organization"] = "mock", ["commonName"] = uri },
        ["uri"] = uri,
        ["certChain"] = new JsonObject { ["certificates"] = new JsonArray([.. chain.Select(c => (JsonNode)new JsonObject { ["rawBytes"] = Convert.ToBase64String(c.RawData) })]) },
        ["validFor"] = Period(start, end),
    };

    private static JsonObject Period(DateTimeOffset start, DateTimeOffset? end)
    {
        var period = new JsonObject { ["start"] = Text(start) };
        if (end is { } known)
        {
            period["end"] = Text(known);
        }

        return period;
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
